/** Nodes, cpusets, tmpfs mounts, policies and hotplug: programs, what is said while typing, and the editor's help. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion } from '../../language-server/features/completion.ts';
import { foldingRanges } from '../../language-server/features/folding.ts';
import { hover } from '../../language-server/features/hover.ts';
import { inlayHints } from '../../language-server/features/inlay-hints.ts';
import { rename } from '../../language-server/features/rename.ts';
import { SemanticTokensCache, tokenTypes } from '../../language-server/features/semantic-tokens.ts';
import { documentSymbols } from '../../language-server/features/symbols.ts';
import { formatText } from '../../language-server/language/format.ts';
import { compileProgram, type CompileOptions } from '../../language-server/language/index.ts';
import { validatePlan } from '../../simulator/validate.ts';
import { diagnostics as rows } from '../../simulator/tables/diagnostics.ts';
import { apply, fixture } from './fixture.ts';
import { program } from './programs.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const compile = (text: string, options?: CompileOptions) => compileProgram([{ uri: 'test:', text }], options);
const labelOf = (h: { readonly label: unknown }): string => (typeof h.label === 'string' ? h.label : '');
const said = (text: string) => compile(text).diagnostics.map((d) => `${d.range.start.line + 1} ${d.code} ${d.message}`);
const codes = (text: string) => compile(text).diagnostics.map((d) => d.code);
const errors = (text: string) => compile(text).diagnostics.filter((d) => d.severity === 'error');
const scenario = (text: string, options?: CompileOptions) => {
  const { plans, diagnostics } = compile(text, options);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    [],
  );
  validatePlan(JSON.parse(JSON.stringify(plans[0])));
  return plans[0].points[0].scenario;
};
const bare = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, v: unknown) => (key === 'source' ? undefined : v)));

const MACHINE = 'machine m { node 0-3 { memory 64 MiB, cpus 2 } }\n';
const MOVABLE = 'machine m { node 0 { memory 64 MiB }\n node 1-3 { memory 64 MiB, movable } }\n';
const body = (text: string): string => `process p { anon heap 1 MiB; ${text}; write heap }\nrun`;

// ---- programs

test('the placement program of the tour compiles as it stands there, to nodes, a cpuset, a mount, policies and events', () => {
  const { machine, cpusets, mounts, objects, processes, timeline } = scenario(program('mempolicy'));
  assert.deepEqual(bare(machine.nodes), Array(4).fill({ values: { memory: 4 * GIB, cpus: 4 } }));
  assert.deepEqual([machine.values['memory'], machine.values['cpus']], [16 * GIB, 16], 'what its nodes have together');
  assert.deepEqual(bare(cpusets), [
    { name: '', parent: null, values: {} },
    { name: 'jail', parent: 0, mems: [2, 3], values: {} },
  ]);
  assert.deepEqual(bare(mounts), [{ name: 'scratch', mpol: 'bind=relative:0-1', values: { size: 2 * GIB } }]);
  assert.deepEqual(
    objects.map((o) => [o.kind, o.name, o.pages, o.mount]),
    [
      ['anon', 'heap', 262_144, undefined],
      ['tmpfs', 'scratch', 524_288, 0],
    ],
  );
  assert.deepEqual(
    [processes[0].cpuset, processes[0].cgroup, bare(processes[0].policy)],
    [1, 0, { mode: 'interleave', flag: 'static', nodes: [0, 1, 2, 3] }],
  );
  assert.deepEqual(
    timeline.flatMap((t) => t.actions),
    [
      { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [1, 2] },
      { kind: 'node', node: 2, online: false },
    ],
  );
  const { plans } = compile(program('mempolicy'));
  assert.deepEqual(
    [plans[0].plots[0].metrics, plans[0].plots[0].over],
    [
      [
        { name: 'placement', object: 'scratch' },
        { name: 'placement', object: 'heap' },
      ],
      'node',
    ],
  );
});

test('node lists are written without spaces, in any of the places that take them', () => {
  const s = scenario(
    `machine m { node 0,2 { memory 32 MiB }; node 1,3 { memory 64 MiB } }\ncpuset a { mems 0,2-3, cpus 1,3 }\nprocess p in a { mempolicy bind:0,2; anon heap 1 MiB { mpol interleave:2,3 }; write heap; mbind heap bind:0,3 move }\nat 1 s { set a.mems 0,3 }\nrun`,
  );
  assert.deepEqual(
    s.machine.nodes?.map((n) => n.values['memory']),
    [32 * MIB, 64 * MIB, 32 * MIB, 64 * MIB],
  );
  assert.deepEqual(bare(s.cpusets?.[1]), { name: 'a', parent: 0, mems: [0, 2, 3], cpus: [1, 3], values: {} });
  assert.deepEqual(bare(s.processes[0].policy), { mode: 'bind', nodes: [0, 2] });
  assert.deepEqual(bare(s.objects[0].policy), { mode: 'interleave', nodes: [2, 3] });
  assert.deepEqual(bare(s.processes[0].phases[0].steps[1]), {
    kind: 'mempolicy',
    policy: { mode: 'bind', nodes: [0, 3] },
    target: { object: 0, start: 0, pages: 256 },
    move: true,
  });
  assert.deepEqual(s.timeline[0].actions[0], { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [0, 3] });
});

test('a comma between numbers elsewhere separates, spaced or not', () => {
  const { plans } = compile('file db 1 MiB\nprocess p { read db }\nrun { compare p.threads: 1,2,4 }');
  assert.deepEqual(
    plans[0].axes[0].values.map((v) => v.value),
    [1, 2, 4],
  );
});

test('nodes without memory of their own share the machine’s, to the page', () => {
  const nodes = scenario(
    `machine m { memory 100 MiB, cpus 7; node 0 { memory 10 MiB, cpus 1 }; node 1-3 { } }\n${body('idle 1 s')}`,
  ).machine.nodes!;
  const memory = nodes.map((n) => n.values['memory'] as number);
  assert.equal(
    memory.reduce((a, b) => a + b),
    100 * MIB,
  );
  assert.deepEqual(
    nodes.map((n) => n.values['cpus']),
    [1, 2, 2, 2],
  );
  assert.ok(Math.max(...memory.slice(1)) - Math.min(...memory.slice(1)) <= 4096);
});

test('the memory of a machine is that of its nodes in expressions, and nodes can be swept', () => {
  assert.equal(
    scenario(`${MACHINE}let half = 0.5 * m.memory\nfile db half\nprocess p { read db }\nrun`).objects[0].pages,
    32_768,
  );
  const { plans } = compile(`${MACHINE}${body('idle 1 s')} { sweep m.node2.memory 32 MiB .. 64 MiB step 32 MiB }`);
  assert.deepEqual(
    plans[0].points.map((p) => p.scenario.machine.nodes?.[2].values['memory']),
    [32 * MIB, 64 * MIB],
  );
});

test('distances hold both ways, 20 where nothing is said', () => {
  const text = `machine m { node 0-2 { memory 64 MiB }; distance 0-1 15; distance 2-1 30 }\n${body('idle 1 s')}`;
  assert.deepEqual(scenario(text).machine.distances, [
    [10, 15, 20],
    [15, 10, 30],
    [20, 30, 10],
  ]);
});

test('a policy before the first step is what the process begins with, one between steps is a step', () => {
  const [p] = scenario(`${MACHINE}${body('mempolicy bind:0; write heap; mempolicy default')}`).processes;
  assert.equal(p.policy?.mode, 'bind');
  assert.deepEqual(
    p.phases[0].steps.map((s) => s.kind),
    ['access', 'mempolicy', 'access'],
  );
});

test('files lie on a mount that is named, and each mount is one of the plan', () => {
  const s = scenario(
    `${MACHINE}tmpfs a 8 MiB { mpol=prefer (many):0,2 }\ntmpfs b 8 MiB\nfile x 4 MiB on a\nfile y 4 MiB on a\nprocess p { write x; write y; write b }\nat 1 s { remount a mpol=interleave:0,3; remount b }\nrun`,
  );
  assert.deepEqual(
    s.objects.map((o) => [o.kind, o.name, o.mount]),
    [
      ['tmpfs', 'x', 0],
      ['tmpfs', 'y', 0],
      ['tmpfs', 'b', 1],
    ],
  );
  assert.deepEqual(
    s.mounts?.map((m) => m.mpol),
    ['prefer (many):0,2', undefined],
  );
  assert.deepEqual(s.timeline[0].actions, [
    { kind: 'remount', mount: 0, mpol: 'interleave:0,3' },
    { kind: 'remount', mount: 1 },
  ]);
});

test('a process joins a cgroup and a cpuset, in any order, one of each', () => {
  const groups = 'cgroup web { memory.max 32 MiB }\ncpuset jail { mems 1 }\ncpuset inner in jail { mems 1 }\n';
  const [p] = scenario(`${MACHINE}${groups}process p in inner, web { anon h 1 MiB; write h }\nrun`).processes;
  assert.deepEqual([p.cgroup, p.cpuset], [1, 2], 'the parent of a cpuset comes before it');
  assert.deepEqual(codes(`${MACHINE}${groups}process p in jail, inner { anon h 1 MiB; write h }\nrun`), ['V10']);
});

test('events: attach, online as movable or for the kernel, memory_migrate', () => {
  const { timeline } = scenario(
    `${MOVABLE}cpuset a { mems 0-1 }\n${body('idle 9 s').replace('\nrun', '')}\nat 1 s { offline node 3; attach p to a; set a.memory_migrate on }\nat 2 s { online node 3 kernel }\nrun`,
  );
  assert.deepEqual(
    timeline.flatMap((t) => t.actions),
    [
      { kind: 'node', node: 3, online: false },
      { kind: 'attach', process: 0, cpuset: 1 },
      { kind: 'cpuset', cpuset: 1, name: 'memory_migrate', value: true },
      { kind: 'node', node: 3, online: true, movable: false },
    ],
  );
});

test('policies, mems and mounts can be compared, and each value is judged where it is written', () => {
  const text = (clause: string): string =>
    `${MACHINE}cpuset a { mems 0-1 }\ntmpfs s 1 MiB\nprocess p in a { anon heap 1 MiB; write heap; write s }\nrun { compare ${clause} }`;
  const axis = (clause: string) => compile(text(clause)).plans[0].axes[0].values.map((v) => v.label);
  assert.deepEqual(axis('p.mempolicy: default, bind:0, interleave=static:0,1'), [
    'default',
    'bind:0',
    'interleave=static:0,1',
  ]);
  assert.deepEqual(axis('a.mems: 0-1, 2-3, 0,2'), ['0-1', '2-3', '0,2']);
  assert.deepEqual(axis('s.mpol: bind:0, interleave'), ['bind:0', 'interleave']);
  assert.deepEqual(axis('heap.mpol: bind:0, local'), ['bind:0', 'local']);
  assert.deepEqual(axis('m.cgroup-version: v2, v1').length, 2);
  const points = compile(text('p.mempolicy: default, bind:0')).plans[0].points;
  assert.deepEqual(
    points.map((p) => p.scenario.processes[0].policy?.mode),
    ['default', 'bind'],
  );
  const wrong = compile(text('p.mempolicy: bind:0, bind:2')).diagnostics;
  assert.deepEqual(
    wrong.map((d) => [
      d.code,
      d.range.start.line,
      text('p.mempolicy: bind:0, bind:2').split('\n')[4].slice(d.range.start.character, d.range.end.character),
    ]),
    [['P01', 4, 'bind:2']],
  );
});

test('sysctl-like settings from outside reach policies and mems', () => {
  const text = `${MACHINE}cpuset a { mems 0-1 }\nprocess p in a { anon heap 1 MiB; write heap }\nrun`;
  const set = { 'm.bug.foldZero': 'on', 'p.mempolicy': 'bind=static:0', 'a.mems': '0,2-3' };
  const s = scenario(text, { set });
  assert.equal(s.machine.values['bug.foldZero'], true);
  assert.deepEqual(bare(s.processes[0].policy), { mode: 'bind', flag: 'static', nodes: [0] });
  assert.deepEqual(s.cpusets?.[1].mems, [0, 2, 3]);
  assert.deepEqual(
    compile(text, { set: { 'p.mempolicy': 'bind' } }).diagnostics.map((d) => [d.code, d.uri]),
    [['P08', 'set:p.mempolicy=bind']],
  );
});

// ---- what is said while typing

for (const row of rows.filter((r) => /^P\d/.test(r.code))) {
  test(`${row.code} (${row.title}): each quick fix takes it away and brings no error`, () => {
    const frames = [
      row.wrong,
      `machine m { ${row.wrong} }`,
      `${MACHINE}process p { anon heap 1 MiB; ${row.wrong}; write heap }\nrun`,
    ];
    const text = frames.find((t) => codes(t).some((code) => code === row.code));
    assert.ok(text, row.wrong);
    const found = compile(text).diagnostics.filter((d) => d.code === row.code);
    assert.ok(
      found.every((d) => !/undefined|NaN|\{\w+\}/.test(d.message)),
      found[0].message,
    );
    for (const fix of found.flatMap((d) => d.fixes ?? [])) {
      const mended = apply(text, fix.edits);
      const before = errors(text).filter((d) => d.code !== row.code).length;
      const left = compile(mended).diagnostics.filter((d) => d.code === row.code);
      assert.equal(left.length, 0, `${fix.title}: ${left[0]?.message}\n${mended}`);
      assert.ok(errors(mended).length <= before, `${fix.title}: ${errors(mended)[0]?.message}\n${mended}`);
    }
  });
}

test('fixes add the static flag, narrow the mask, and order the events', () => {
  const titles = (text: string): string[] =>
    compile(text).diagnostics.flatMap((d) => (d.fixes ?? []).map((f) => f.title));
  const jail = 'cpuset jail { mems 0-3 }\n';
  const events = '\nat 1 s { set jail.mems 1-2 }\nat 2 s { set jail.mems 0-3 }\nrun';
  assert.ok(
    titles(`${MACHINE}${jail}process p in jail { mempolicy bind:2-3; anon h 1 MiB; write h }${events}`).includes(
      "Make it static: 'bind=static:2-3'",
    ),
  );
  assert.deepEqual(
    titles(`${MACHINE}cpuset j { mems 2-3 }\nprocess p in j { mempolicy bind:1-2; anon h 1 MiB; write h }\nrun`),
    ["Narrow to 'bind:2'"],
  );
  const order = `${MOVABLE}process p { anon h 1 MiB; write h }\nat 1 s { online node 1 }\nat 2 s { offline node 1 }\nrun`;
  assert.deepEqual(titles(order), ['Order the events: swap 1 s and 2 s']);
});

test('a plain bind in mems that shrink and grow drifts as measured on 6.1: {2} → {1} → {0}, and 2-3 → 1-2 → 0-1', () => {
  const text = (policy: string): string =>
    `${MACHINE}cpuset jail { mems 0-3 }\nprocess p in jail { mempolicy ${policy}; anon h 1 MiB; write h }\nat 1 s { set jail.mems 1-2 }\nat 2 s { set jail.mems 0-3 }\nrun`;
  assert.match(said(text('bind:2'))[0], /P07 .*it becomes 2 → 1 → 0$/);
  assert.match(said(text('bind:2-3'))[0], /P07 .*mems of 'p' go 0-3 → 1-2 → 0-3, it becomes 2-3 → 1-2 → 0-1$/);
  assert.deepEqual(codes(text('bind=static:2-3')), []);
  assert.deepEqual(codes(text('preferred:2')), [], '6.1 never remaps preferred policies (measured)');
});

test('of a plain policy whose node goes and comes back P06 says what it is then: renumbered by ordinal both ways, in v1 once (6.1, measured)', () => {
  const text = (version: string, member: string): string =>
    `machine m { cgroup-version ${version}\n node 0 { memory 64 MiB }\n node 1-3 { memory 64 MiB, movable } }
cpuset outer { mems 1-3, cpus 0-15 }\ncpuset inner in outer { mems 2, cpus 0-15 }
process p in ${member} { mempolicy bind:2; anon h 1 MiB; write h }\nat 1 s { offline node 2 }\nat 2 s { online node 2 }\nrun`;
  const effect = (version: string, member: string) =>
    said(text(version, member))
      .find((line) => line.includes(' P06 '))!
      .split(': ')
      .at(-1);
  assert.equal(effect('v2', 'inner'), 'it becomes 1, and 2 when the node is back');
  assert.equal(effect('v1', 'inner'), 'it becomes 1, and stays so when the node is back');
  assert.equal(effect('v2', 'outer'), 'it becomes 3, and 2 when the node is back', 'renumbered by ordinal both ways');
  assert.equal(effect('v1', 'outer'), 'it becomes 3, and stays so when the node is back');
});

test('a mount of relative nodes and creators in two cpusets: where whose files are is said', () => {
  const text = `${MACHINE}cpuset a { mems 0-1 }\ncpuset b { mems 2-3 }\ntmpfs s 8 MiB { mpol bind=relative:0-1 }\nprocess p in a { write s }\nprocess q in b { write s }\nrun`;
  assert.deepEqual(said(text), [
    "4 P05 the nodes of 'bind=relative:0-1' depend on who creates a file on 's': 0-1 for 'p' in 'a', 2-3 for 'q' in 'b'",
  ]);
});

test('with mems that do not hold a node of it, a plain mount policy silently comes to none (6.1, measured)', () => {
  const text = `${MACHINE}cpuset a { mems 0-1 }\ncpuset b { mems 2 }\ntmpfs s 8 MiB { mpol bind:0-1 }\nprocess p in a { write s }\nprocess q in b { write s }\nrun`;
  assert.match(said(text)[0], /no policy for 'q' in 'b'/);
});

test('bad input: absent nodes, impossible distances, too many nodes, weights, empty cpusets, unknown nodes, the last node', () => {
  const one = (text: string, code: string, message: RegExp): void => {
    const [first] = said(text);
    assert.match(first ?? '', new RegExp(`^\\d+ ${code} `), text);
    assert.match(first, message);
  };
  const end = `\n${body('idle 1 s')}`;
  one(
    `${MACHINE}cpuset j { mems 2-5 }\nprocess p in j { anon heap 1 MiB; write heap }\nrun`,
    'P16',
    /no node 4; nodes are 0 to 3/,
  );
  one(`${MACHINE}${body('mempolicy bind:3-5')}`, 'P02', /only 3 is in force/);
  one(`${MACHINE}${body('mempolicy bind:4-5')}`, 'P01', /EINVAL/);
  assert.deepEqual(codes(`${MACHINE}${body('mempolicy bind=relative:4-5')}`), [], 'relative nodes always fold to some');
  one(`machine m { node 0-1 { memory 64 MiB }; distance 0-1 5 }${end}`, 'P15', /less than 11/);
  one(`machine m { node 0-1 { memory 64 MiB }; distance 1-1 11 }${end}`, 'P15', /10 from itself/);
  one(
    `machine m { node 0-1 { memory 64 MiB }\n distance 0-1 15\n distance 1-0 25 }${end}`,
    'P15',
    /25 from 1 to 0, but 15 the other way/,
  );
  one(`machine m { node 0-1024 { memory 64 MiB } }${end}`, 'P14', /beyond 1023/);
  assert.deepEqual(
    codes(`machine m { node 0-1023 { memory 4 MiB, cpus 0 }; cpus 4 }${end}`).filter((c) => c !== 'P14'),
    [],
  );
  one(`machine m { node 0-1 { memory 64 MiB, weight 256 } }${end}`, 'V01', /from 1 to 255/);
  one(`machine m { node 0-1 { memory 64 MiB, weight 0 } }${end}`, 'V01', /from 1 to 255/);
  one(
    `machine m { cgroup-version v1; node 0-1 { memory 64 MiB } }\ncpuset j\nprocess p in j { anon heap 1 MiB; write heap }\nrun`,
    'P17',
    /ENOSPC/,
  );
  one(`${MACHINE}${body('idle 1 s').replace('\nrun', '')}\nat 1 s { offline node 9 }\nrun`, 'P16', /no node 9/);
  one(
    `machine m { node 0 { memory 64 MiB } }\n${body('idle 1 s').replace('\nrun', '')}\nat 1 s { offline node 0 }\nrun`,
    'P17',
    /EBUSY: it is the last node/,
  );
  one(`machine m { node 0-1 { memory 64 MiB, movable } }${end}`, 'P14', /all nodes are movable/);
  one(`machine m { node 0-1 { memory 0 MiB } }${end}`, 'P14', /no node has memory/);
  one(`${MACHINE}${body('mempolicy bind=static|relative:0')}`, 'P08', /exclude each other/);
  one(`${MACHINE}${body('mempolicy local:0')}`, 'P08', /takes no nodes/);
  one(
    `cpuset a in b { mems 0 }\ncpuset b in a { mems 0 }\nprocess p in a { anon heap 1 MiB; write heap }\nrun`,
    'N11',
    /defined by itself/,
  );
});

test('cgroup v1: a write of mems naming a node that is offline then is refused, v2 takes it (6.1, measured)', () => {
  const text = (version: string): string =>
    `machine m { cgroup-version ${version}; node 0 { memory 64 MiB, cpus 4 }; node 1 { memory 64 MiB, cpus 0, movable } }\ncpuset j { mems 0, cpus 0-3 }\nprocess p in j { anon h 1 MiB; write h }\nat 1 s { offline node 1 }\nat 2 s { set j.mems 0-1 }\nrun`;
  assert.match(said(text('v1')).find((m) => m.includes('P17')) ?? '', /EINVAL/);
  assert.deepEqual(
    codes(text('v2')).filter((c) => c === 'P17'),
    [],
  );
});

test('policies and hotplug on a machine of one node are judged too', () => {
  assert.deepEqual(codes(body('mempolicy bind:1')), ['P01']);
  assert.deepEqual(codes(body('mempolicy bind:0')), []);
  assert.deepEqual(codes(`${body('idle 1 s').replace('\nrun', '')}\nat 1 s { offline node 0 }\nrun`), ['P17']);
});

test('pictures of nodes are plotted of files and memory, and never expected', () => {
  const text = (clause: string): string => `${MACHINE}process p { anon heap 1 MiB; write heap }\nrun { ${clause} }`;
  assert.deepEqual(
    codes(text('plot placement of heap by node; plot numastat; plot migrations; plot why-here of heap')),
    [],
  );
  assert.match(
    said(text('plot placement of p by node'))[0],
    /N03 'p' is a process, but a file or memory is needed here/,
  );
  assert.match(said(text('expect placement > 0'))[0], /R11 'placement' is a picture and has no number/);
  assert.deepEqual(codes(text('expect wrong-node == 0; expect numa_miss of heap == 0; expect no crash')), []);
});

test('a machine of 1024 nodes whose mems change is checked', () => {
  const text = `machine m { cpus 64; node 0-1023 { memory 16 MiB } }\ncpuset j { mems 0-511 }\nprocess p in j { mempolicy bind:3; anon h 1 MiB; write h }\nat 1 s { set j.mems 1-2 }\nat 2 s { set j.mems 0-1023 }\nrun`;
  assert.deepEqual(codes(text), ['P07']);
});

// ---- the editor

const labels = (text: string): string[] => completion(fixture(text).context).map((i) => i.label);
const offers = (text: string, ...wanted: string[]): void => {
  const found = labels(text);
  for (const label of wanted)
    assert.ok(found.includes(label), `'${label}' is not among ${found.slice(0, 20).join(', ')}`);
};

test('completion: nodes, cpusets, mounts, policies, events', () => {
  offers('machine m { | }', 'node', 'distance', 'cgroup-version', 'bug.foldZero');
  offers('machine m { node 0 { | } }', 'memory', 'cpus', 'movable', 'weight');
  offers('cpuset jail { | }', 'mems', 'cpus', 'memory_migrate', 'mem_hardwall');
  offers(`${MACHINE}cpuset jail { mems | }`, '0-3');
  offers('tmpfs s 1 MiB { | }', 'mpol');
  offers(`${MACHINE}tmpfs s 1 MiB { mpol | }`, 'bind', 'prefer (many)', 'interleave');
  offers(`${MACHINE}process p { mempolicy | }`, 'bind', 'preferred-many', 'weighted-interleave');
  offers(`${MACHINE}process p { mempolicy bind=| }`, 'static', 'relative', 'balancing');
  offers(`${MACHINE}process p { mempolicy bind:| }`, '0-3');
  offers('process p { anon heap 1 MiB; mbind | }', 'heap');
  offers('cgroup web\ncpuset jail\nprocess p in |', 'web', 'jail');
  offers('cpuset jail\ncpuset inner in |', 'jail');
  offers('tmpfs s 1 MiB\nfile x 1 MiB on |', 's');
  offers('at 1 s { | }', 'offline', 'online', 'attach', 'remount', 'set');
  offers('at 1 s { offline | }', 'node');
  offers('at 1 s { online node 2 | }', 'movable', 'kernel');
  offers('cpuset jail\nprocess p { }\nat 1 s { attach | }', 'p');
  offers('cpuset jail\nprocess p { }\nat 1 s { attach p to | }', 'jail');
  offers('cpuset jail\nat 1 s { set | }', 'jail.mems', 'jail.memory_migrate');
  offers('tmpfs s 1 MiB\nat 1 s { remount | }', 's');
  offers('file db 1 MiB\nprocess p { read db }\nrun { plot placement by | }', 'node');
  offers('tmpfs s 1 MiB\nrun { plot placement of | }', 's');
});

test('hover on a policy says what it means and which nodes are in force, when', () => {
  const text = program('mempolicy').replace('interleave=static', 'inter|leave=static');
  const found = hover(fixture(text).context);
  assert.ok(found && typeof found.contents === 'object' && 'value' in found.contents);
  const { value } = found.contents;
  assert.match(value, /\*\*interleave\*\*: One page on each node/);
  assert.match(value, /\*\*static\*\*: Nodes are physical/);
  assert.match(value, /at the start: \*\*2-3\*\* in force, mems 2-3/);
  assert.match(value, /from 2 s: \*\*1-2\*\* in force, mems 1-2/);
});

test('hover on mpol of a mount says what a file would get, and from whom', () => {
  const found = hover(fixture(program('mempolicy').replace('bind=relative', 'bi|nd=relative')).context);
  assert.ok(found && typeof found.contents === 'object' && 'value' in found.contents);
  assert.match(found.contents.value, /2-3 for 'writer' in 'jail'/);
});

test('inlay hints show the nodes in force behind each policy', () => {
  const { context } = fixture(program('mempolicy'));
  const hints = inlayHints(context, { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } });
  assert.deepEqual(
    hints
      .filter((h) => labelOf(h).startsWith('→'))
      .map((h) => [h.position.line + 1, h.label])
      .sort(),
    [
      [4, '→ 2-3'],
      [7, '→ 2-3'],
    ],
  );
});

test('a cpuset shows the nodes in force where they are not those written, and its properties explain themselves', () => {
  const text = `${MACHINE}cpuset outer { mems 1-2 }\ncpuset inner in outer { mems 2-3 }\ncpuset open in outer\nprocess p in inner { idle 1 s }\nprocess q in open { idle 1 s }\nrun`;
  const { context } = fixture(text);
  const hints = inlayHints(context, { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } });
  assert.deepEqual(
    hints.filter((h) => labelOf(h).startsWith('→')).map((h) => [h.position.line + 1, h.label]),
    [
      [3, '→ 2'],
      [4, '→ 1-2'],
    ],
  );
  const about = (at: string): string => {
    const found = hover(fixture(at).context);
    return found && typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
  };
  assert.match(about('cpuset a { me|ms 0-1 }'), /cpuset\.mems/);
  assert.match(about('machine m { no|de 0 { } }'), /at most 1024/);
  assert.match(about('machine m { dis|tance 0-1 15 }'), /SLIT/);
  assert.match(about('machine m { node 0 { mova|ble } }'), /movable zone/);
  assert.match(about('tmpfs s 1 MiB { mp|ol local }'), /mount option|creator/);
  assert.match(about('cpuset a { memory_mi|grate on }'), /memory_migrate/);
});

test('renaming a cpuset, a mount and a process reaches events, groups and plots', () => {
  const text = program('mempolicy');
  const renamed = (from: string, to: string): string => {
    const f = fixture(text.replace(from, `|${from}`));
    const changes = rename(f.context, [f.view], to).changes ?? {};
    return apply(text, Object.values(changes).flat());
  };
  assert.equal(renamed('jail', 'cage'), text.replaceAll('jail', 'cage'));
  assert.equal(renamed('scratch', 'tmp'), text.replaceAll('scratch', 'tmp'));
  const attach = `${text.replace('at 4 s', 'at 3 s { attach writer to jail }\nat 4 s')}`;
  const f = fixture(attach.replace('process writer', 'process |writer'));
  assert.match(apply(attach, Object.values(rename(f.context, [f.view], 'w').changes ?? {}).flat()), /attach w to jail/);
});

test('semantic tokens colour cpusets, mounts, modes and flags', () => {
  const text = program('mempolicy');
  const { context } = fixture(text);
  const { data } = new SemanticTokensCache().full(context);
  const found = new Map<string, string>();
  let line = 0;
  let character = 0;
  for (let i = 0; i < data.length; i += 5) {
    line += data[i];
    character = data[i] === 0 ? character + data[i + 1] : data[i + 1];
    found.set(text.split('\n')[line].slice(character, character + data[i + 2]), tokenTypes[data[i + 3]]);
  }
  assert.deepEqual(
    ['jail', 'scratch', 'interleave', 'static', 'bind', 'relative'].map((w) => found.get(w)),
    ['namespace', 'variable', 'enumMember', 'enumMember', 'enumMember', 'enumMember'],
  );
});

test('outline, folding and formatting know the new statements', () => {
  const messy =
    'machine quad{\nnode 0-3{memory 4GiB,cpus 4}\ndistance 0-1   15\n}\ncpuset jail{mems 0,2}\ntmpfs s 2GiB{mpol=bind=relative:0,2}\nprocess p in jail{\nmempolicy   interleave=static:0-3\nanon h 1MiB{mpol prefer (many):0,2}\nwrite h;mbind h bind:0,2   move\n}\nat 2s{set jail.mems 0,2;offline node 2;remount s mpol=bind:0,2}\n';
  const tidy = formatText(messy);
  assert.equal(
    tidy,
    'machine quad {\n  node 0-3 { memory 4 GiB, cpus 4 }\n  distance 0-1 15\n}\ncpuset jail { mems 0,2 }\ntmpfs s 2 GiB { mpol=bind=relative:0,2 }\nprocess p in jail {\n  mempolicy interleave=static:0-3\n  anon h 1 MiB { mpol prefer (many):0,2 }\n  write h; mbind h bind:0,2 move\n}\nat 2 s { set jail.mems 0,2; offline node 2; remount s mpol=bind:0,2 }\n',
  );
  assert.equal(formatText(tidy), tidy);
  const { context } = fixture(tidy);
  assert.deepEqual(
    documentSymbols(context).map((s) => [s.name, s.detail]),
    [
      ['quad', 'machine'],
      ['jail', 'cpuset'],
      ['s', 'tmpfs 2 GiB'],
      ['p', 'process'],
    ],
  );
  assert.ok(foldingRanges(context).some((r) => r.startLine === 0));
});
