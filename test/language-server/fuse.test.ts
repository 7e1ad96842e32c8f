/** FUSE mounts, their daemons and the limits on dirty memory: what programs about them compile to, and what is said of mistakes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion } from '../../language-server/features/completion.ts';
import { hover } from '../../language-server/features/hover.ts';
import { inlayHints } from '../../language-server/features/inlay-hints.ts';
import { codeActions } from '../../language-server/features/code-actions.ts';
import { formatText } from '../../language-server/language/format.ts';
import { compileProgram } from '../../language-server/language/index.ts';
import { accountings } from '../../simulator/tables/fuse-accounting.ts';
import { knobOf } from '../../language-server/language/tables.ts';
import { apply, fixture } from './fixture.ts';
import { program } from './programs.ts';

const compile = (text: string, set: Record<string, string> = {}) => compileProgram([{ uri: 'test:', text }], { set });
const told = (text: string): string[] =>
  compile(text).diagnostics.map(
    (d) => `${d.range.start.line + 1}:${d.range.start.character + 1} ${d.code} ${d.message}`,
  );
function plan(text: string, set?: Record<string, string>) {
  const { plans, diagnostics } = compile(text, set);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    [],
  );
  return plans[0];
}
const scenario = (text: string) => plan(text).points[0].scenario;
/** The text after the preferred fix, or the only one, of its first complaint. */
function fixed(text: string): string {
  const [found] = compile(text).diagnostics;
  const fix = found?.fixes?.find((f) => f.preferred) ?? found?.fixes?.[0];
  assert.ok(fix, `there is a fix for ${found?.message ?? 'nothing'}`);
  return apply(text, [...fix.edits]);
}

const COPIER = 'process copier { write photos sequentially at 2 GB/s for 60 s }\nrun';
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

// ---- programs

test('the program of the tour, word for word: six ways of counting, one mount, a daemon of 200 MB/s', () => {
  const p = plan(program('fuse'));
  assert.deepEqual(
    p.axes.map((a) => [a.kind, a.name, a.unit, a.values.map((v) => v.label)]),
    [['compare', 'photos.accounting', '', ['none', 'count-temps', 'exempt', 'double', 'strict', 'notemp']]],
  );
  assert.deepEqual(
    p.points.map((x) => x.scenario.fuse?.map(({ name, values, daemon }) => ({ name, values, daemon }))),
    ['none', 'count-temps', 'exempt', 'double', 'strict', 'notemp'].map((accounting) => [
      { name: 'photos', values: { max_ratio: 10_000, accounting }, daemon: { bandwidth: 200_000_000, threads: 1 } },
    ]),
  );
  const { objects, processes } = p.points[0].scenario;
  assert.deepEqual(
    objects.map(({ kind, name, fuse }) => ({ kind, name, fuse })),
    [{ kind: 'file', name: 'photos', fuse: 0 }],
  );
  const [step] = processes[0].phases[0].steps;
  assert.ok(step.kind === 'access');
  assert.deepEqual([step.verb, step.target.object, step.rate], ['write', 0, 2_000_000_000]);
  assert.deepEqual(
    p.expects.map(({ variants, condition }) => ({ variants, condition })),
    [
      { variants: ['none'], condition: { kind: 'event', event: 'lockup', absent: false, before: 20e9 } },
      { variants: ['exempt', 'strict', 'notemp'], condition: { kind: 'event', event: 'lockup', absent: true } },
    ],
  );
  assert.deepEqual(
    p.plots[0].metrics.map((m) => m.name),
    ['nr_dirty', 'nr_writeback', 'nr_writeback_temp', 'nr_dirty_threshold'],
  );
});

test('the ways of counting that the language takes are those of the table, each with a year and a line', () => {
  const { type } = knobOf('fuse', 'accounting')!;
  assert.ok(type.kind === 'choice');
  assert.deepEqual(
    type.of.map((c) => c.id),
    accountings.map((row) => row.id),
  );
  for (const row of accountings) assert.ok(row.year > 2000 && row.summary.length > 40, row.id);
});

test('a way of counting may carry properties of the mount and its daemon, in the place of what is declared', () => {
  const p = plan(
    `fuse photos { max_ratio 1%, daemon { threads 1 } }\nprocess copier { write photos for 2 s }\nrun {\n  compare photos.accounting: exempt, exempt { flag full, threads 4 } as marked, strict { max_ratio 5% }\n}`,
  );
  assert.deepEqual(
    p.axes[0].values.map((v) => v.label),
    ['exempt', 'marked', 'strict'],
  );
  assert.deepEqual(
    p.points.map((x) => [x.scenario.fuse![0].values, x.scenario.fuse![0].daemon]),
    [
      [{ max_ratio: 10_000, accounting: 'exempt' }, { threads: 1 }],
      [
        { max_ratio: 10_000, accounting: 'exempt' },
        { threads: 4, flag: 'full' },
      ],
      [{ max_ratio: 50_000, accounting: 'strict' }, { threads: 1 }],
    ],
  );
});

test('without an alias, one way twice is told apart by its properties', () => {
  const p = plan(
    `fuse photos\nprocess p { write photos for 2 s }\nrun { compare photos.accounting: exempt { flag local }, exempt { flag full } }`,
  );
  assert.deepEqual(
    p.axes[0].values.map((v) => v.label),
    ['exempt { flag local }', 'exempt { flag full }'],
  );
});

test('a mount that is used itself is a file of four times the memory, or of the size that it is given', () => {
  const pages = (text: string) => scenario(text).objects[0].pages;
  assert.equal(pages(`machine m { memory 1 GiB }\nfuse photos\n${COPIER}`), (4 * GIB) / 4096);
  assert.equal(pages(`machine m { memory 1 GiB }\nfuse photos 10 GiB { max_ratio 2% }\n${COPIER}`), (10 * GIB) / 4096);
  const swept = plan(
    'machine m { memory 1 GiB }\nfuse photos 1 GiB\nprocess p { write photos once }\nrun { sweep photos.size 1 GiB .. 3 GiB step 1 GiB }',
  );
  assert.deepEqual(
    swept.points.map((x) => x.scenario.objects[0].pages),
    [GIB / 4096, (2 * GIB) / 4096, (3 * GIB) / 4096],
  );
});

test('several mounts stand beside files on the disk, and files lie on mounts', () => {
  const s = scenario(
    'fuse photos\nfuse mail { accounting notemp, daemon { backing none } }\nfile album 64 MiB on photos\nfile db 96 MiB\nprocess p { write album once; write photos, 1 MiB; write mail, 1 MiB; write db once; fsync album; sync; sync mail }\nrun',
  );
  assert.deepEqual(
    s.objects.map(({ name, kind, fuse }) => [name, kind, fuse]),
    [
      ['album', 'file', 0],
      ['photos', 'file', 0],
      ['mail', 'file', 1],
      ['db', 'file', undefined],
    ],
  );
  assert.deepEqual(
    s.fuse!.map(({ name, values, daemon }) => [name, values, daemon]),
    [
      ['photos', {}, {}],
      ['mail', { accounting: 'notemp' }, { backing: 'none' }],
    ],
  );
  const steps = s.processes[0].phases[0].steps;
  assert.deepEqual(
    steps.slice(4).map(({ kind, ...rest }) => [kind, 'fuse' in rest ? rest.fuse : undefined]),
    [
      ['fsync', undefined],
      ['sync', undefined],
      ['sync', 1],
    ],
  );
});

test('daemons stall, go on and die, and mounts change, at fixed times', () => {
  const { timeline } = scenario(
    `fuse photos\nat 1 s { stall photos.daemon }\nat 2 s { resume photos.daemon; set photos.max_ratio 5%; set photos.daemon.bandwidth 50 MB/s }\nat 3 s { kill photos.daemon; sysctl vm.dirty_bytes 67108864 }\n${COPIER}`,
  );
  assert.deepEqual(
    timeline.flatMap((entry) => entry.actions),
    [
      { kind: 'daemon', fuse: 0, state: 'stall' },
      { kind: 'daemon', fuse: 0, state: 'resume' },
      { kind: 'fuse', fuse: 0, scope: 'fuse', name: 'max_ratio', value: 50_000 },
      { kind: 'fuse', fuse: 0, scope: 'daemon', name: 'bandwidth', value: 50_000_000 },
      { kind: 'daemon', fuse: 0, state: 'die' },
      { kind: 'sysctl', name: 'vm.dirty_bytes', value: 67_108_864 },
    ],
  );
});

test('limits in bytes are plain integers as in /proc, or say their unit', () => {
  const sysctls = (value: string) => scenario(`sysctl vm.dirty_bytes ${value}\nfuse photos\n${COPIER}`).sysctls;
  assert.deepEqual(sysctls('67108864'), { 'vm.dirty_bytes': 64 * MIB });
  assert.deepEqual(sysctls('64 MiB'), { 'vm.dirty_bytes': 64 * MIB });
});

test('figures of mounts, daemons and processes can be plotted and expected', () => {
  const p = plan(
    'fuse photos\nprocess copier { write photos for 2 s }\nrun {\n  plot throughput of copier, photos.daemon by variant\n  plot nr_writeback_temp of photos, disk over time\n  expect throughput of photos.daemon > 1 MB/s\n}',
  );
  assert.deepEqual(p.plots[0].metrics, [
    { name: 'throughput', object: 'copier' },
    { name: 'throughput', object: 'photos.daemon' },
  ]);
  assert.deepEqual(p.plots[1].metrics, [
    { name: 'nr_writeback_temp', object: 'photos' },
    { name: 'nr_writeback_temp', object: 'disk' },
  ]);
  const { condition } = p.expects[0];
  assert.ok(condition.kind === 'compare');
  assert.deepEqual(condition.left, { kind: 'metric', metric: { name: 'throughput', object: 'photos.daemon' } });
});

test('properties of mounts and daemons can be swept and set from outside', () => {
  const p = plan(
    `fuse photos { daemon { bandwidth 100 MB/s } }\nlet half = 0.5 * photos.daemon.bandwidth\nprocess copier { write photos for 2 s at half }\nrun { sweep photos.max_ratio 1% .. 3% step 1% }`,
    { 'photos.daemon.bandwidth': '60MB/s' },
  );
  assert.deepEqual(
    p.points.map((x) => [x.scenario.fuse![0].values['max_ratio'], x.scenario.fuse![0].daemon['bandwidth']]),
    [
      [10_000, 60_000_000],
      [20_000, 60_000_000],
      [30_000, 60_000_000],
    ],
  );
  const [step] = p.points[0].scenario.processes[0].phases[0].steps;
  assert.equal(step.kind === 'access' && step.rate, 30_000_000);
});

test('the formatter keeps a mount as people write it', () => {
  const text = 'fuse photos{daemon{bandwidth 200MB/s,threads 1}\nmax_ratio 1 %}\nfile a 1GiB on   photos\n';
  const formatted = formatText(text);
  assert.match(formatted, /^fuse photos \{ daemon \{ bandwidth 200 MB\/s, threads 1 \}$/m);
  assert.match(formatted, /max_ratio 1% \}/);
  assert.match(formatted, /^file a 1 GiB on photos$/m);
  assert.equal(formatText(formatted), formatted);
});

// ---- mistakes, each with its way out

const mistakes: readonly (readonly [what: string, text: string, says: RegExp, mended?: RegExp])[] = [
  ['a ratio over 100 %', `fuse photos { max_ratio 120% }\n${COPIER}`, /1:25 V01 'max_ratio' is 120%/, /max_ratio 100%/],
  ['a negative ratio', `fuse photos { min_ratio -5% }\n${COPIER}`, /1:25 V01 'min_ratio' is -5%/, /min_ratio 0%/],
  [
    'a ratio without its sign',
    `fuse photos { max_ratio 1 }\n${COPIER}`,
    /U01 'max_ratio' needs a unit/,
    /max_ratio 1%/,
  ],
  [
    'min above max',
    `fuse photos { min_ratio 5%, max_ratio 2% }\n${COPIER}`,
    /1:15 F01 .*is 5%, more than .* of 2%/,
    /min_ratio 5%, max_ratio 5%|min_ratio 2%/,
  ],
  ['min above the default of max', `fuse photos { min_ratio 5% }\n${COPIER}`, /1:15 F01/, /max_ratio 5%|min_ratio 1%/],
  [
    'a daemon of no threads',
    `fuse photos { daemon { threads 0 } }\n${COPIER}`,
    /1:32 V01 'threads' is 0/,
    /threads 1 /,
  ],
  ['half a thread', `fuse photos { daemon { threads 1.5 } }\n${COPIER}`, /V02 'threads' is 1.5/, /threads 2 /],
  [
    'a daemon that takes nothing',
    `fuse photos { daemon { bandwidth 0 MB/s } }\n${COPIER}`,
    /1:34 V01 'bandwidth' is 0/,
    /bandwidth 200 MB\/s/,
  ],
  [
    'a daemon that gives back',
    `fuse photos { daemon { bandwidth -1 MB/s } }\n${COPIER}`,
    /V01 'bandwidth' is -1 MB\/s/,
    /bandwidth 200 MB\/s/,
  ],
  ['a daemon without braces', `fuse photos { daemon }\n${COPIER}`, /S07 'daemon' needs its properties in braces/],
  ['two daemons', `fuse photos { daemon { threads 1 }\ndaemon { threads 2 } }\n${COPIER}`, /2:1 V10 'daemon'/],
  [
    'a writer of no rate',
    'fuse photos\nprocess p { write photos at 0 MB/s for 2 s }\nrun',
    /2:29 V01 the rate is 0/,
    /at 20 MB\/s/,
  ],
  [
    'a writer of a negative rate',
    'fuse photos\nprocess p { write photos at -2 MB/s for 2 s }\nrun',
    /V01 the rate is -2 MB\/s/,
    /at 20 MB\/s/,
  ],
  [
    'a writer faster than any processor',
    'fuse photos\nprocess p { write photos for 2 s at 900 GB/s }\nrun',
    /2:34 F07 no thread gets to 900 GB\/s: at hit-cost 500 ns a page it does at most 8.192 GB\/s/,
    /for 2 s {2}\}/,
  ],
  [
    'a way of counting that is none',
    `fuse photos { accounting sometimes }\n${COPIER}`,
    /V04 'accounting' is one of none, count-temps/,
  ],
  [
    'a misspelt way in compare',
    'fuse photos\nprocess p { write photos for 1 s }\nrun { compare photos.accounting: none, strikt }',
    /V04 .*did you mean 'strict'/,
    /none, strict/,
  ],
  [
    'a parameter that no mount has',
    'fuse photos\nprocess p { write photos for 1 s }\nrun { compare photos.accounting: exempt { flagg local } }',
    /N05 .*did you mean 'flag'/,
    /\{ flag local/,
  ],
  [
    'a misspelt property',
    `fuse photos { max_ration 1% }\n${COPIER}`,
    /N05 mount 'photos' has no property 'max_ration'.*'max_ratio'/,
    /max_ratio 1%/,
  ],
  ['a mount of a misspelt kind', `fues photos\n${COPIER}`, /1:1 S06 .*did you mean 'fuse'/, /^fuse photos/],
  [
    'a file on what is no mount',
    'file db 1 MiB\nfile a 1 MiB on db\nprocess p { write a; read db }\nrun',
    /N03 'db' is a file, but a mount is needed/,
  ],
  [
    'shares that leave nothing',
    'fuse a { min_ratio 60%, max_ratio 100% }\nfuse b { min_ratio 40%, max_ratio 100% }\nprocess p { write a for 1 s; write b for 1 s }\nrun',
    /2:10 F02 .* 100%/,
  ],
  [
    'the disk’s share counts too',
    'machine m { disk { min_ratio 50% } }\nfuse a { min_ratio 50%, max_ratio 100% }\nprocess p { write a for 1 s }\nrun',
    /F02/,
  ],
  [
    'both kinds of limit',
    `sysctl vm.dirty_ratio 20\nsysctl vm.dirty_bytes 64 MiB\nfuse photos\n${COPIER}`,
    /1:1 F04 'vm.dirty_ratio' has no effect/,
    /^\nsysctl vm.dirty_bytes/,
  ],
  [
    'background above the limit',
    `sysctl vm.dirty_ratio 10\nsysctl vm.dirty_background_ratio 20\nfuse photos\n${COPIER}`,
    /2:1 F03 .*half the limit then, 5/,
    /background_ratio 5/,
  ],
  [
    'background above the limit, in bytes',
    `sysctl vm.dirty_bytes 8 MiB\nsysctl vm.dirty_background_bytes 16 MiB\nfuse photos\n${COPIER}`,
    /F03 .*4 MiB/,
    /background_bytes 4 MiB/,
  ],
  [
    'a limit of one page',
    `sysctl vm.dirty_bytes 4096\nfuse photos\n${COPIER}`,
    /1:23 F05 'vm.dirty_bytes' is 4 KiB/,
    /dirty_bytes 8 KiB/,
  ],
  [
    'a limit of one page, later',
    `fuse photos\nat 2 s { sysctl vm.dirty_bytes 1 }\n${COPIER}`,
    /2:32 F05/,
    /dirty_bytes 8 KiB/,
  ],
  [
    'an exemption that exempts nobody',
    `fuse photos { accounting exempt; daemon { flag none } }\n${COPIER}`,
    /F06 'flag none' takes back/,
  ],
  [
    'a ratio over 100 % in a sysctl',
    `sysctl vm.dirty_ratio 150\nfuse photos\n${COPIER}`,
    /V01 'vm.dirty_ratio' is 150/,
    /vm.dirty_ratio 100/,
  ],
  [
    'a mount is told to stall',
    `fuse photos\nat 1 s { stall photos }\n${COPIER}`,
    /2:16 N03 'photos' is a FUSE mount, but the daemon of a mount is needed here: write 'stall photos.daemon'/,
    /stall photos\.daemon \}/,
  ],
  [
    'said the other way round',
    `fuse photos\nat 1 s { stall daemon of photos }\n${COPIER}`,
    /2:16 S01 'daemon of photos'.*stall photos\.daemon/,
    /stall photos\.daemon \}/,
  ],
  [
    'a process is told to stall',
    `fuse photos\nat 1 s { stall copier }\n${COPIER}`,
    /N03 'copier' is a process/,
    /stall photos\.daemon/,
  ],
  ['a daemon that nobody declared', `fuse photos\nat 1 s { kill phtos.daemon }\n${COPIER}`, /N01 .*'phtos\.daemon'/],
  [
    'going on without having stopped',
    `fuse photos\nat 1 s { resume photos.daemon }\n${COPIER}`,
    /2:10 F08 .*the daemon runs then/,
  ],
  [
    'stalling twice',
    `fuse photos\nat 1 s { stall photos.daemon }\nat 2 s { stall photos.daemon }\n${COPIER}`,
    /3:10 F08 .*the daemon stalls then/,
  ],
  [
    'anything after its end',
    `fuse photos\nat 1 s { kill photos.daemon }\nat 2 s { resume photos.daemon }\n${COPIER}`,
    /3:10 F08 .*is dead then/,
  ],
  [
    'what is fixed when the mount is made',
    `fuse photos\nat 1 s { set photos.accounting strict }\n${COPIER}`,
    /N09 .*it is fixed when the mount is made/,
  ],
  ['sync of a file', 'file db 1 MiB\nprocess p { write db; sync db }\nrun', /R11 'db' is a file/, /fsync db/],
  [
    'a mount without writers is compared',
    'fuse photos\nprocess p { read photos for 1 s }\nrun { compare photos.accounting: none, strict }',
    /3:15 R08 .*has no process that writes to it/,
  ],
  [
    'a figure of one device without the device',
    'fuse photos\nprocess p { write photos for 1 s }\nrun { plot BdiDirtyThresh over time }',
    /3:12 F09 'BdiDirtyThresh' is a figure of one device: write 'BdiDirtyThresh of photos'/,
    /BdiDirtyThresh of photos over time/,
  ],
  [
    'the same in an expectation',
    'fuse photos\nprocess p { write photos for 1 s }\nrun { expect BdiWritten > 1k }',
    /3:14 F09/,
    /BdiWritten of photos > 1k/,
  ],
  [
    'a mount that another run uses',
    'fuse photos\nfuse mail\nprocess p { write photos for 1 s }\nrun { sweep mail.max_ratio 1% .. 2% step 1% }',
    /R08 'mail' is no part of this run/,
  ],
];

for (const [what, text, says, mended] of mistakes)
  test(`${what}: said where it is${mended ? ', with a way out that leads out' : ''}`, () => {
    const found = told(text);
    assert.match(found[0] ?? 'nothing was said', says);
    assert.equal(found.length, 1, found.join('\n'));
    if (!mended) return;
    const after = fixed(text);
    assert.match(after, mended);
    assert.deepEqual(told(after), [], after);
  });

test('a mount without writers is no mistake by itself: it takes no part', () => {
  const s = scenario('fuse photos\nprocess p { read photos, 1 MiB }\nrun');
  assert.equal(s.fuse?.length, 1);
  assert.deepEqual(
    told('fuse photos\nfile db 1 MiB\nprocess p { read db }\nrun').map((line) => line.slice(4, 7)),
    ['N10'],
  );
});

test('a parameter of a way of counting is not varied by the same run besides', () => {
  const text =
    'fuse photos\nprocess p { write photos for 1 s }\nrun {\n  compare photos.accounting: exempt { flag local }, none\n  compare photos.daemon.flag: none, full\n}';
  assert.match(told(text)[0] ?? '', /R03/);
});

// ---- the editor

const labels = (text: string): string[] => completion(fixture(text).context).map((i) => i.label);
const hoverText = (text: string): string => {
  const found = hover(fixture(text).context);
  return found && typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
};
const M = 'fuse photos\nprocess p { write photos for 1 s }\n';

test('completion offers what a mount, its daemon, a way of counting and an action take', () => {
  const has = (text: string, ...wanted: string[]) => {
    const found = labels(text);
    for (const label of wanted)
      assert.ok(found.includes(label), `${label} at ${text}: ${found.slice(0, 30).join(', ')}`);
  };
  has('|', 'fuse');
  has('fuse photos { | }', 'accounting', 'max_ratio', 'min_ratio', 'strictlimit', 'daemon');
  has('fuse photos { daemon { | } }', 'bandwidth', 'threads', 'flag', 'reserve', 'backing');
  has('fuse photos { accounting | }', 'none', 'count-temps', 'exempt', 'double', 'strict', 'notemp');
  has('fuse photos { daemon { flag | } }', 'none', 'less', 'local', 'full');
  has(`${M}file a 1 MiB on |`, 'photos');
  has('fuse photos\nprocess p { write | }', 'photos');
  has('fuse photos\nprocess p { fsync | }', 'photos');
  has('fuse photos\nprocess p { sync | }', 'photos');
  has(`${M}run { compare | }`, 'photos.accounting', 'photos.max_ratio', 'photos.daemon.bandwidth');
  has(`${M}run { compare photos.accounting: | }`, 'none', 'notemp');
  has(`${M}run { compare photos.accounting: exempt { | } }`, 'flag', 'max_ratio');
  has(`${M}run { plot throughput of | }`, 'photos', 'photos.daemon', 'p');
  has(`${M}at 1 s { | }`, 'stall', 'resume', 'kill', 'set');
  has(`${M}at 1 s { stall | }`, 'photos.daemon');
  has(`${M}at 1 s { kill | }`, 'photos.daemon', 'p');
  has(`${M}at 1 s { set | }`, 'photos.max_ratio', 'photos.daemon.bandwidth');
  assert.ok(!labels(`${M}at 1 s { set | }`).includes('photos.accounting'));
  assert.ok(!labels('fuse photos { daemon { | } }').includes('max_ratio'));
});

test('hover tells of knobs, ways of counting with their year and commit, daemons and rules of the kernel', () => {
  assert.match(hoverText('fuse photos { max_|ratio 1% }'), /share of the dirty threshold[\s\S]*sys\/class\/bdi/);
  assert.match(hoverText('fuse photos { daemon { band|width 1 MB/s } }'), /bandwidth[\s\S]*daemon/);
  assert.match(hoverText('fuse photos { accounting str|ict }'), /Linux 3\.12[\s\S]*5a53748568f7/);
  assert.match(hoverText(`${M}run { compare photos.accounting: no|temp }`), /6\.16[\s\S]*0c58a97f919c/);
  assert.match(hoverText(`${M}run { compare photos.accounting: exempt { fl|ag local } }`), /PF_LOCAL_THROTTLE/);
  assert.match(hoverText('sysctl vm.dirty_by|tes 67108864'), /dirty_bytes/);
  assert.match(hoverText('fu|se photos'), /daemon in user space/);
});

test('notes in the text say how much memory a ratio is at most', () => {
  const notes = (text: string) => {
    const { context } = fixture(text);
    return inlayHints(context, { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } }).map(
      (h) => h.label,
    );
  };
  // TD2: 1 % of 20 % of 16 GiB are 8 388 pages.
  assert.ok(notes(`machine m { memory 16 GiB }\nfuse photos { max_ratio 1% }\n${COPIER}`).includes('≤ 32.77 MiB'));
  assert.ok(
    notes(
      `machine m { memory 16 GiB }\nsysctl vm.dirty_bytes 64 MiB\nfuse photos { max_ratio 50% }\n${COPIER}`,
    ).includes('≤ 32 MiB'),
  );
  assert.ok(notes('machine m { memory 16 GiB }\nsysctl vm.dirty_background_ratio 10').includes('≤ 1.6 GiB'));
  assert.ok(
    !notes(`machine m { memory 16 GiB }\nfuse photos { min_ratio 0% }\n${COPIER}`).some(
      (n) => typeof n === 'string' && n.includes('≤'),
    ),
  );
});

test('the fix of a ratio over 100 % is offered at the cursor', () => {
  const { context } = fixture(`fuse photos { max_ratio 12|0% }\n${COPIER}`);
  const at = { start: context.position, end: context.position };
  assert.ok(codeActions(context, at).some((a) => a.title === 'Change to 100%'));
});
