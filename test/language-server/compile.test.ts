import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram, type CompileOptions } from '../../language-server/language/index.ts';
import { program, tour } from './programs.ts';

const compile = (text: string, options?: CompileOptions) => compileProgram([{ uri: 'test:', text }], options);

function plan(text: string, options?: CompileOptions) {
  const { plans, diagnostics } = compile(text, options);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => `${d.range.start.line + 1}: ${d.message}`),
    [],
  );
  return plans[0];
}

const MIB = 1024 * 1024;
const BASE = 'file db 96 MiB\nprocess p { read db uniform, 10 times }\n';
const codes = (text: string, options?: CompileOptions) =>
  compile(text, options).diagnostics.map((d) => `${d.range.start.line + 1}:${d.range.start.character + 1} ${d.code}`);
const message = (text: string) => compile(text).diagnostics[0]?.message;
const scenario = (text: string, options?: CompileOptions) => plan(text, options).points[0].scenario;
const steps = (body: string) =>
  scenario(`file db 96 MiB\nfile log 64 MiB\nprocess p { anon heap 16 MiB; ${body} }\nrun`).processes[0].phases[0]
    .steps;
const access = (body: string) => {
  const [step] = steps(body);
  assert.equal(step.kind, 'access');
  return step;
};

// ---- programs of the tour

test('the shortest program of the tour runs a million zipf reads on a machine with all defaults', () => {
  const p = plan(program('shortest'));
  assert.equal(p.points.length, 1);
  const { machine, objects, processes, reclaim } = p.points[0].scenario;
  assert.deepEqual(machine, { name: 'machine', values: {}, disk: {}, swap: [] });
  assert.deepEqual([objects[0].kind, objects[0].name, objects[0].pages], ['file', 'db', 24_576]);
  assert.equal(reclaim.id, 'v6.1');
  const [step] = processes[0].phases[0].steps;
  assert.ok(step.kind === 'access');
  assert.deepEqual(
    [step.pattern, step.amount],
    [
      { kind: 'zipf', s: 1 },
      { kind: 'accesses', count: 1_000_000 },
    ],
  );
});

test('the workload shift of the tour: seven variants times four sizes, the sweep fastest', () => {
  const p = plan(program('workload-shift'));
  assert.equal(p.title, 'Workload shift');
  assert.deepEqual(
    p.axes.map((a) => [a.kind, a.name, a.unit, a.values.map((v) => v.label)]),
    [
      ['compare', 'reclaim', '', ['classic', 'refault-2013', 'v3.15', 'v6.1', 'mglru-6.7', 'lru', 'opt']],
      ['sweep', 'server.memory', 'bytes', ['56 MiB', '64 MiB', '72 MiB', '80 MiB']],
    ],
  );
  assert.equal(p.points.length, 28);
  assert.deepEqual(p.points[1].coordinates, [0, 1]);
  assert.deepEqual(
    p.points.slice(0, 5).map((x) => [x.scenario.reclaim.id, x.scenario.machine.values['memory']]),
    [
      ['classic', 56 * MIB],
      ['classic', 64 * MIB],
      ['classic', 72 * MIB],
      ['classic', 80 * MIB],
      ['refault-2013', 56 * MIB],
    ],
  );
  assert.deepEqual(p.points[0].scenario.machine.disk, { latency: 100_000, bandwidth: 150_000_000 });
  const [a, b] = p.points[0].scenario.processes[0].phases;
  assert.deepEqual([a.name, b.name], ['A is hot', 'B is hot']);
  assert.ok(b.steps[0].kind === 'access');
  assert.deepEqual([b.steps[0].pattern, b.steps[0].amount], [{ kind: 'sequential' }, { kind: 'passes', count: 30 }]);
  assert.deepEqual(
    p.plots.map((x) => [x.metrics.map((m) => m.name), x.over]),
    [
      [['hit-ratio'], 'pass'],
      [['nr_active_file', 'nr_inactive_file'], 'time'],
    ],
  );
  const [expect] = p.expects;
  assert.deepEqual(expect.variants, ['refault-2013', 'v3.15']);
  assert.deepEqual(expect.condition, {
    kind: 'compare',
    op: '<',
    left: { kind: 'metric', metric: { name: 'workingset_refault_file', phase: 'B is hot' } },
    right: { kind: 'number', value: 100_000 },
  });
});

test('every program of the tour parses into the items it has, none of them unknown', () => {
  for (const { name, text } of tour) {
    for (const d of compile(text).diagnostics) {
      assert.ok(!['S06', 'S10', 'S12', 'S01'].includes(d.code), `${name}:${d.range.start.line + 1} ${d.message}`);
    }
  }
});

test('the tour’s program about coprocessors compiles word for word: four policies by seven sizes, phases on the device', () => {
  const { plans, diagnostics } = compile(program('coprocessor'));
  assert.deepEqual(diagnostics, []);
  const [{ axes, points, plots }] = plans;
  assert.deepEqual(
    axes[0].values.map((v) => v.label),
    ['migrate', 'remote', 'counter 256', 'adaptive'],
  );
  assert.deepEqual(
    axes[1].values.map((v) => v.value),
    [2, 3, 4, 5, 6, 7, 8].map((n) => n * 256 * 1024 ** 2),
  );
  assert.equal(points.length, 28);
  const { devices, processes } = points[14].scenario;
  assert.deepEqual(devices![0].values, {
    policy: 'counter',
    threshold: 256,
    prefetch: 'tree',
    'prefetch-density': 510_000,
    memory: 512 * 1024 ** 2,
    evict: 'uvm',
  });
  assert.deepEqual(devices![0].link, { h2d: 25e9, d2h: 25e9, latency: 1000 });
  assert.deepEqual(
    processes[0].phases.map((p) => p.device),
    [undefined, 0, undefined],
  );
  assert.deepEqual(plots[1].metrics, [{ name: 'residency', object: 'grid' }]);
});

test('the further forms of the tour compile once their names are declared', () => {
  const declared = 'machine server { memory 64 MiB }\nfile db 96 MiB\nfile log 64 MiB\n';
  const text = program('further-forms')
    .replace('import "machines.refault"\n', '')
    .replace(', jail', '')
    .replace(/ {2}fork.*\n/, '')
    .replace(/ {2}madvise.*\n/, '')
    .replace('process worker in web {', 'process worker in web {\n  anon heap 64 MiB');
  const p = plan(declared + text);
  const s = p.points[0].scenario;
  assert.equal(p.seed, 42);
  assert.deepEqual(s.cgroups[1], { name: 'web', parent: 0, values: { 'memory.max': 32 * MIB } });
  assert.deepEqual(s.sysctls, { 'vm.swappiness': 60 });
  assert.deepEqual(s.machine.swap, [{ name: 'zram', values: { latency: 5000, bandwidth: 1e9, size: 1024 * MIB } }]);
  assert.equal(s.duration, 60e9);
  assert.deepEqual(
    s.timeline.map((t) => [t.time, t.actions]),
    [
      [3e9, [{ kind: 'kill', process: 0 }]],
      [5e9, [{ kind: 'sysctl', name: 'vm.dirty_ratio', value: 10 }]],
    ],
  );
  assert.deepEqual(
    s.processes[0].phases[0].steps.map((x) => x.kind),
    ['access', 'access', 'access', 'access', 'mlock', 'fsync', 'munmap', 'exit'],
  );
  assert.deepEqual(
    p.points.map((x) => x.scenario.reclaim),
    [
      { id: 'refault-2013', values: { ratio: 'sqrt', throttle: true } },
      { id: 'v6.1', values: {} },
      { id: 's3-fifo', values: { small: 100_000 } },
    ],
  );
});

// ---- accesses

test('amounts: passes after sequentially, single accesses after other patterns, bytes, time; once unless said', () => {
  assert.deepEqual(access('read db').amount, { kind: 'passes', count: 1 });
  assert.deepEqual(access('read db').pattern, { kind: 'sequential' });
  assert.deepEqual(access('read db sequentially 4 times').amount, { kind: 'passes', count: 4 });
  assert.deepEqual(access('read db uniform, 400k times').amount, { kind: 'accesses', count: 400_000 });
  assert.deepEqual(access('read db stride 64 KiB, 10k times'), {
    ...access('read db stride 64 KiB, 10k times'),
    pattern: { kind: 'stride', pages: 16 },
    amount: { kind: 'accesses', count: 10_000 },
  });
  assert.deepEqual(access('write log 32 MiB').amount, { kind: 'bytes', bytes: 32 * MIB });
  assert.deepEqual(access('touch db uniform for 5 s').amount, { kind: 'time', time: 5e9 });
});

test('patterns take their parameters as the tour writes them', () => {
  assert.deepEqual(access('read db hot-cold 10% of pages 90% of accesses, 1M times').pattern, {
    kind: 'hot-cold',
    share: 100_000,
    accesses: 900_000,
  });
  assert.deepEqual(access('read db hot-cold 90% of accesses 10% of pages, 1M times').pattern, {
    kind: 'hot-cold',
    share: 100_000,
    accesses: 900_000,
  });
  assert.deepEqual(access('read db gaussian mean 50% deviation 10%, 5 times').pattern, {
    kind: 'gaussian',
    mean: 500_000,
    deviation: 100_000,
  });
  assert.deepEqual(access('read db zipf 0.7, 5 times').pattern, { kind: 'zipf', s: 0.7 });
  assert.deepEqual(access('read log stream, 5 times').pattern, { kind: 'stream' });
});

test('rate and think time', () => {
  const step = access('write log sequentially at 20 MB/s every 25 us for 10 s');
  assert.deepEqual([step.rate, step.think, step.amount], [20_000_000, 25_000, { kind: 'time', time: 10e9 }]);
});

test('ranges are half-open and cover whole pages', () => {
  const { target } = access('read db[0 .. 38 MiB] uniform, 5 times');
  assert.deepEqual([target.start, target.pages], [0, 9728]);
  const odd = access('read db[5 KiB .. 9 KiB] once').target;
  assert.deepEqual([odd.start, odd.pages], [1, 2]);
  const share = access('read db[50% ..] once').target;
  assert.deepEqual([share.start, share.pages], [12_288, 12_288]);
});

test('neighbouring lines with shares are one mixture that takes the amount of the block around', () => {
  const s = scenario(
    'file db 1 MiB\nfile log 1 MiB\nprocess p { for 20 s { 50% read db uniform; 50% read log sequentially } }\nrun',
  );
  const [phase] = s.processes[0].phases;
  assert.equal(phase.duration, 20e9);
  assert.ok(phase.steps[0].kind === 'mix');
  assert.deepEqual(
    phase.steps[0].parts.map((x) => x.weight),
    [500_000, 500_000],
  );
  assert.deepEqual(phase.steps[0].amount, { kind: 'time', time: 20e9 });
  const counted = scenario(
    'file db 1 MiB\nprocess p { for 1M times { 30% read db uniform; 70% touch db uniform } }\nrun',
  ).processes[0].phases[0];
  assert.ok(counted.steps[0].kind === 'mix');
  assert.deepEqual(counted.steps[0].amount, { kind: 'accesses', count: 1_000_000 });
  assert.equal(counted.duration, undefined);
});

// ---- values

test('let is worked out anew at each point of a sweep', () => {
  const p = plan(
    'machine server { memory 64 MiB }\nlet hot = 0.5 * server.memory\nfile db hot\nprocess p { read db }\nrun { sweep server.memory 32 MiB .. 64 MiB step 16 MiB }',
  );
  assert.deepEqual(
    p.points.map((x) => x.scenario.objects[0].pages * 4096),
    [16 * MIB, 24 * MIB, 32 * MIB],
  );
});

test('arithmetic keeps units: rate by time is a size, size by size a number', () => {
  const size = (text: string) => scenario(`file db ${text}\nprocess p { read db }\nrun`).objects[0].pages * 4096;
  assert.equal(size('2 s * 4096 B/s'), 8192);
  assert.equal(size('(3 MiB / 1 MiB) * 1 MiB'), 3 * MIB);
  assert.equal(size('50% * 2 MiB'), MIB);
  assert.equal(size('1 MiB - 4 pages'), MIB - 4 * 4096);
  assert.equal(size('0.5 * memory'), 32 * MIB);
  assert.deepEqual(codes('let x = 64 MiB + 2 s'), ['1:9 U04']);
});

test('a sweep may go over let, sizes, sysctls, threads, seeds and parameters of variants', () => {
  const values = (clause: string, more = '') =>
    plan(
      `machine m { memory 64 MiB }\nlet hot = 8 MiB\nfile db hot\ncgroup web { memory.max 32 MiB }\nprocess p in web { read db }\nrun { ${clause}; ${more} }`,
    );
  assert.deepEqual(
    values('sweep hot 4 MiB .. 8 MiB step 4 MiB').points.map((x) => x.scenario.objects[0].pages),
    [1024, 2048],
  );
  assert.deepEqual(
    values('sweep db.size 4 MiB .. 8 MiB in 2 steps').points.map((x) => x.scenario.objects[0].pages),
    [1024, 2048],
  );
  assert.deepEqual(
    values('compare vm.swappiness: 0, 60, 100').points.map((x) => x.scenario.sysctls['vm.swappiness']),
    [0, 60, 100],
  );
  assert.deepEqual(
    values('sweep p.threads 1 .. 3').points.map((x) => x.scenario.processes[0].values['threads']),
    [1, 2, 3],
  );
  assert.deepEqual(
    values('sweep web.memory.max 8 MiB .. 16 MiB step 8 MiB').points.map(
      (x) => x.scenario.cgroups[1].values['memory.max'],
    ),
    [8 * MIB, 16 * MIB],
  );
  assert.deepEqual(
    values('sweep m.disk.latency 50 us .. 100 us step 50 us').points.map((x) => x.scenario.machine.disk['latency']),
    [50_000, 100_000],
  );
  assert.deepEqual(
    values('sweep s3-fifo.small 10% .. 20% step 10%', 'compare reclaim: s3-fifo').points.map(
      (x) => x.scenario.reclaim.values['small'],
    ),
    [100_000, 200_000],
  );
});

test('in N steps gives N values, both ends among them', () => {
  const p = plan(`machine gpu { memory 1 GiB }\n${BASE}run { sweep gpu.memory 512 MiB .. 2 GiB in 7 steps }`);
  assert.deepEqual(
    p.axes[0].values.map((v) => v.label),
    ['512 MiB', '768 MiB', '1 GiB', '1.25 GiB', '1.5 GiB', '1.75 GiB', '2 GiB'],
  );
});

test('a variant compared twice is told apart by its parameters, or by a name of its own', () => {
  const p = plan(
    `${BASE}run { compare reclaim: refault-2013 { ratio sqrt }, refault-2013 { throttle on } as throttled, lru\nexpect refault-2013: hit-ratio >= 0%\nexpect throttled: hit-ratio >= 0% }`,
  );
  assert.deepEqual(
    p.axes[0].values.map((v) => v.label),
    ['refault-2013', 'throttled', 'lru'],
  );
  assert.deepEqual(
    p.expects.map((e) => e.variants),
    [['refault-2013', 'throttled'], ['throttled']],
  );
  const twice = plan(
    `${BASE}run { compare reclaim: refault-2013 { ratio sqrt }, refault-2013 { ratio 1:1 } as x, refault-2013 }`.replace(
      ' { ratio 1:1 } as x',
      ' as x',
    ),
  );
  assert.deepEqual(
    twice.axes[0].values.map((v) => v.label),
    ['refault-2013 { ratio sqrt }', 'x', 'refault-2013'],
  );
  assert.deepEqual(codes(`${BASE}run { compare reclaim: lru, lru }`), ['3:29 V11']);
});

test('expectations speak in the unit of the metric: sizes of pages, shares of ratios', () => {
  const numbers = (text: string) =>
    plan(`${BASE}run { expect ${text} }`).expects.map(
      (e) => e.condition.kind === 'compare' && e.condition.right.kind === 'number' && e.condition.right.value,
    )[0];
  assert.equal(numbers('hit-ratio > 90%'), 0.9);
  assert.equal(numbers('nr_active_file < 32 MiB'), 8192);
  assert.equal(numbers('elapsed < 30 s'), 30e9);
  assert.equal(numbers('workingset_refault_file < 100k'), 100_000);
  assert.deepEqual(codes(`${BASE}run { expect elapsed < 30 }`), ['3:24 U03']);
});

test('at narrows an expectation to points of the sweep', () => {
  const p = plan(
    `${BASE}run { sweep machine.memory 32 MiB .. 64 MiB step 16 MiB\nexpect hit-ratio > 0% at machine.memory >= 48 MiB\nexpect no oom before 20 s }`,
  );
  assert.deepEqual(p.expects[0].where, [{ axis: 'machine.memory', op: '>=', value: 48 * MIB }]);
  assert.deepEqual(p.expects[1].condition, { kind: 'event', event: 'oom', absent: true, before: 20e9 });
});

// ---- cells, runs

test('cells are one program: a run in the last uses what the first declare, and knows its own cell', () => {
  const { plans, diagnostics } = compileProgram([
    { uri: 'cell:1', text: 'machine small { memory 16 MiB }' },
    { uri: 'cell:2', text: 'file db 8 MiB' },
    { uri: 'cell:3', text: 'process a { read db }\nrun "one"' },
    { uri: 'cell:4', text: 'machine big { memory 32 MiB }' },
    { uri: 'cell:5', text: 'process b { read db twice }' },
    { uri: 'cell:6', text: 'run "two" of a' },
  ]);
  assert.deepEqual(
    diagnostics.map((d) => `${d.uri} ${d.code}`),
    ['cell:5 N08'],
  );
  assert.deepEqual(
    plans.map((p) => [p.title, p.source?.uri, p.points[0].scenario.machine.name]),
    [
      ['one', 'cell:3', 'small'],
      ['two', 'cell:6', 'big'],
    ],
  );
});

test('a run takes the processes since the run before, or those it names', () => {
  const text = `${BASE}run\nprocess q { read db }\nprocess r { read db }\nrun\nrun "again" of p, r`;
  assert.deepEqual(
    compile(text).plans.map((p) => p.points[0].scenario.processes.map((x) => x.name)),
    [['p'], ['q', 'r'], ['p', 'r']],
  );
  assert.deepEqual(codes(`${BASE}run\nrun "x"`), ['4:1 R01']);
});

test('imports share declarations, not runs', () => {
  const options: CompileOptions = {
    resolveImport: (from, path) =>
      path === 'machines.refault'
        ? {
            uri: `${from}/${path}`,
            text: 'machine server { memory 16 MiB }\nfile x 1 MiB\nprocess w { read x }\nrun "theirs"',
          }
        : null,
  };
  const { plans, diagnostics } = compile(
    `import "machines.refault"\nfile db 8 MiB\nprocess p { read db }\nrun "ours"`,
    options,
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    plans.map((p) => [p.title, p.points[0].scenario.machine.name, p.points[0].scenario.processes.length]),
    [['ours', 'server', 2]],
  );
  assert.deepEqual(codes('import "nowhere.refault"', options), ['1:8 N12']);
});

test('an error in one declaration stops the runs that need it, and no other', () => {
  const { plans } = compile(
    'file a 1 MiB\nprocess p { read a }\nrun "good"\nfile b 96\nprocess q { read b }\nrun "bad"',
  );
  assert.deepEqual(
    plans.map((p) => p.title),
    ['good'],
  );
});

test('--set overrides properties, sysctls, lets and reclaim; --seed the seed', () => {
  const p = plan(`machine server { memory 64 MiB }\nlet hot = 8 MiB\nfile db hot\nprocess p { read db }\nseed 3\nrun`, {
    seed: 7,
    set: { 'server.memory': '32MiB', hot: '4 MiB', 'vm.swappiness': '100', reclaim: 'lru' },
  });
  const s = p.points[0].scenario;
  assert.deepEqual(
    [p.seed, s.machine.values['memory'], s.objects[0].pages, s.sysctls['vm.swappiness'], s.reclaim.id],
    [7, 32 * MIB, 1024, 100, 'lru'],
  );
  assert.match(compile(BASE, { set: { nonsense: '1' } }).diagnostics[0].message, /'nonsense' cannot be set/);
});

// ---- messages

test('a missing unit is named with what to write, and fixed by either', () => {
  const [d] = compile('machine server { memory 64 }').diagnostics;
  assert.equal(d.message, "'memory' needs a unit: write '64 MiB' or '64 pages'");
  assert.deepEqual(
    d.fixes?.map((f) => f.edits[0].newText),
    ['64 MiB', '64 pages', '64 GiB', '64 KiB'],
  );
});

test('impossible machines and sweeps are named with their limit and the way out', () => {
  assert.equal(
    message('machine server { memory 0 MiB }'),
    "'memory' is 0 B, but must be from 1 MiB to 4 TiB: write for example '1 MiB'",
  );
  assert.equal(
    message('file db 8 TiB'),
    "'db' has 2147483648 pages, but a scenario holds at most 1073741824 (4 TiB): write at most '4 TiB'",
  );
  assert.equal(
    message(`${BASE}run { sweep machine.memory 1 MiB .. 4 TiB step 4 KiB }`),
    "this run has 1073741569 points, but at most 10000 are allowed: take a larger step, for example '512 GiB'",
  );
  assert.match(message('file db 1e999 MiB'), /too big a number/);
  assert.equal(message('let x = 0 MiB / 0'), "'0 MiB / 0' divides by zero: divide by something that is not 0");
  assert.match(
    message(`file a 3 TiB\nfile b 3 TiB\nprocess p { read a; read b }\nrun`),
    /'b' and what is used with it have \d+ pages/,
  );
  assert.match(
    message(`${BASE}run { sweep machine.memory 1 MiB .. 2 MiB in 200 steps\nsweep machine.cpus 1 .. 200 }`),
    /40000 points, but at most 10000/,
  );
});

test('a name that is nearly right is suggested', () => {
  assert.equal(message('machine m { memroy 64 MiB }'), "machine 'm' has no property 'memroy': did you mean 'memory'?");
  assert.equal(
    message(`${BASE}run { compare reclaim: clasic }`),
    "there is no reclaim variant 'clasic': did you mean 'classic'?",
  );
  assert.equal(
    message('file db 1 MiB\nprocess p { read bd }'),
    "there is no file or anonymous memory 'bd': did you mean 'db'?",
  );
  assert.equal(message('proces p { }'), "'proces' begins no statement at the top level: did you mean 'process'?");
});

test('a name declared twice points to the first', () => {
  const { diagnostics } = compileProgram([
    { uri: 'cell:1', text: 'file A 48 MiB' },
    { uri: 'cell:2', text: 'file A 64 MiB' },
  ]);
  assert.deepEqual(
    diagnostics.map((d) => [d.uri, d.code, d.related?.[0].uri]),
    [['cell:2', 'N02', 'cell:1']],
  );
});

test('amounts inside of a mixture are given once, or by the block around; nothing is ignored', () => {
  const mixture = (body: string) => codes(`file db 1 MiB\nprocess p { ${body} }\nrun`);
  assert.deepEqual(mixture('for 2 s { 50% read db uniform, 10 times; 50% touch db }'), ['2:44 S01']);
  assert.deepEqual(mixture('50% read db uniform, 10 times; 50% touch db uniform, 20 times'), ['2:66 S01']);
  assert.deepEqual(mixture('50% read db uniform, 10 times; 50% touch db'), []);
  assert.deepEqual(mixture('50% read db uniform; 50% touch db'), ['2:13 R02']);
  assert.deepEqual(mixture('for 2 s { 50% read db stride 8 KiB; 50% touch db }'), []);
});

test('what stands behind the last run and would count for the next is faded', () => {
  assert.deepEqual(codes(`${BASE}run\nsysctl vm.swappiness 10\nat 2 s { sysctl vm.swappiness 3 }\nseed 4`), [
    '4:1 R12',
    '5:1 R12',
    '6:1 R12',
  ]);
});

test('setting what a run varies itself is said to have no effect', () => {
  const text = `${BASE}run { compare vm.swappiness: 0, 60 }`;
  assert.deepEqual(codes(text, { set: { 'vm.swappiness': '10' } }), ['3:7 R13']);
});

test('a run whose names are in doubt is not started, one that does not use them is', () => {
  const twice =
    'file a 1 MiB\nfile a 2 MiB\nfile b 1 MiB\nprocess p { read a }\nrun "doubtful"\nprocess q { read b }\nrun "clear"';
  assert.deepEqual(
    compile(twice).plans.map((p) => p.title),
    ['clear'],
  );
  assert.deepEqual(compile('machine m { memory 64 MiB\nfile db 96 MiB\nprocess p { read db }\nrun').plans, []);
  assert.deepEqual(codes('file my.db 1 MiB\nprocess p { read my.db }\nrun'), ['1:6 N04']);
  assert.deepEqual(codes('file d 1 MiB\nprocess p { phase a { read d }\nphase a { read d } }\nrun'), ['3:7 N02']);
  assert.deepEqual(compile('let x = 1 / 0\nfile d 1 MiB * x\nprocess p { read d }\nrun').plans, []);
});

test('conditions that other languages would join or turn round are told how to write them', () => {
  const run = (text: string) => compile(`${BASE}run { ${text} }`).diagnostics.map((d) => d.message);
  assert.deepEqual(run('expect hit-ratio > 0.9 and misses < 3'), [
    "'misses < 3' is left over: conditions are not joined; write one 'expect' for each",
  ]);
  assert.deepEqual(run('expect hit-ratio => 5%'), ["'> 5 %' is left over: write '>=' for at least"]);
  assert.match(run('compare reclaim: lru, arc\nexpect lru, arc hit-ratio > 5%')[0], /stands a ':'/);
});

test('parameters of a variant follow what is swept; axis values and expectations that would are refused', () => {
  const text = (clauses: string) =>
    `machine m { memory 64 MiB }\nlet part = 10%\nfile db 96 MiB\nprocess p { read db }\nrun {\n${clauses}\n}`;
  const p = plan(text('compare reclaim: s3-fifo { small part }\nsweep part 10% .. 30% step 10%'));
  assert.deepEqual(
    p.points.map((x) => x.scenario.reclaim.values['small']),
    [100_000, 200_000, 300_000],
  );
  assert.deepEqual(codes(text('sweep m.memory 32 MiB .. 64 MiB step 32 MiB\nexpect nr_active_file < 0.5 * m.memory')), [
    '7:1 R14',
  ]);
  assert.deepEqual(codes(text('compare m.memory: 32 MiB, 96 MiB\ncompare db.size: m.memory, 2 * m.memory')), [
    '7:1 R14',
  ]);
  assert.deepEqual(codes(text('sweep m.memory 0.5 * m.memory .. 2 * m.memory in 3 steps')), ['2:5 N10']);
  assert.deepEqual(codes(text('expect nr_active_file < 0.5 * m.memory')), ['2:5 N10']);
});

test('what is the same for all points of a plan cannot be varied: its seed, its traces', () => {
  const text = (clause: string) => `trace t "x"\nprocess p { replay t }\nrun { ${clause} }`;
  assert.match(message(text('sweep seed 1 .. 3')), /'seed' cannot be swept: a run has one seed/);
  assert.match(message(text('compare t.format: txt, csv')), /a trace is read once/);
});

test('errors of an imported file are listed under it, and told on the line that imports it', () => {
  const { plans, diagnostics } = compile('import "m.refault"\nfile db 1 MiB\nprocess p { read db }\nrun', {
    resolveImport: () => ({ uri: 'test:m', text: '# first line\nmachine server { memory 64 }' }),
  });
  assert.deepEqual(
    diagnostics.map((d) => `${d.uri} ${d.range.start.line + 1} ${d.code}`),
    ['test: 1 N13', 'test:m 2 U01'],
  );
  assert.equal(
    diagnostics[0].message,
    "'m.refault' has an error; the first is on line 2: 'memory' needs a unit: write '64 MiB' or '64 pages'",
  );
  assert.deepEqual(plans, []);
});

test('files that import each other are read once each', () => {
  const texts: Readonly<Record<string, string>> = { a: 'import "b"\nfile x 1 MiB', b: 'import "a"\nfile y 1 MiB' };
  const { diagnostics, plans } = compile('import "a"\nprocess p { read x; read y }\nrun', {
    resolveImport: (_, path) => ({ uri: `test:${path}`, text: texts[path] }),
  });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    plans[0].points[0].scenario.objects.map((o) => o.name),
    ['x', 'y'],
  );
});

test('a property of something that is not there is looked for on what is there', () => {
  const text = 'machine m { memory 16 MiB }\nfile f 8 MiB\nprocess p { read f }\n';
  const sweep = (name: string) => `${text}run { sweep ${name} 8 MiB .. 16 MiB step 8 MiB }`;
  const [d] = compile(sweep('server.memory')).diagnostics;
  assert.equal(d.message, "'server.memory' cannot be swept: nothing is called 'server': did you mean 'm.memory'?");
  assert.deepEqual(
    d.fixes?.map(({ title }) => title),
    ["Change to 'm.memory'"],
  );
  assert.deepEqual(codes(sweep('m.memory')), []);
});

test('a mixture with an object in error is not said to lack shares', () => {
  assert.deepEqual(
    codes(
      'file db 96 MB/s\nfile log 1 MiB\nprocess p { for 1 s {\n50% read db uniform\n50% read log uniform\n} }\nrun',
    ).filter((code) => code.endsWith('V09')),
    [],
  );
});

test('a ratio is not held against ninety, unless somebody makes it a percentage', () => {
  const expect = (condition: string) => `${BASE}run { expect ${condition} }`;
  assert.equal(
    message(expect('hit-ratio > 90')),
    "'hit-ratio' is in ratio, but '90' is a plain number: write for example '90%'",
  );
  for (const condition of ['hit-ratio > 90%', 'hit-ratio > 0.9', 'hit-ratio <= 1', 'hit-ratio * 100 > 90'])
    assert.deepEqual(codes(expect(condition)), [], condition);
});

test('locked memory is in use though nobody accesses it', () => {
  assert.deepEqual(codes('file db 1 MiB\nprocess p { anon heap 1 MiB { locked on }; read db }\nrun'), []);
  assert.deepEqual(codes('file db 1 MiB\nprocess p { anon heap 1 MiB; read db }\nrun'), ['2:18 N10']);
});
