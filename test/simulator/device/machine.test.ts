/** Devices on the whole machine: phases, processors, host memory, ends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { DeviceSpec, MetricRef, PhaseSpec, Plan, Scenario, TimelineEntry } from '../../../simulator/plan.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { createSimulation, simulationsOn, type CreateSimulation } from '../../../simulator/simulate.ts';
import { GIB, MIB, PAGE_SIZE } from '../../../simulator/units.ts';
import { anon, file, passes, phase, process, times } from '../plans.ts';
import { deviceSpec, type SpecParts } from './support.ts';

const checked: CreateSimulation = simulationsOn(createMemory, { check: true });

interface Setting {
  readonly memory?: number;
  readonly swap?: number;
  readonly devices?: readonly DeviceSpec[];
  readonly processes: Scenario['processes'];
  readonly objects: Scenario['objects'];
  readonly cgroups?: Scenario['cgroups'];
  readonly timeline?: readonly TimelineEntry[];
  readonly metrics?: readonly (MetricRef & { readonly over?: string })[];
  readonly reclaim?: string;
  readonly seed?: number;
}

const planOf = (s: Setting): Plan => ({
  version: 1,
  title: 'devices',
  seed: s.seed ?? 1,
  axes: [],
  points: [
    {
      coordinates: [],
      scenario: {
        machine: {
          name: 'host',
          values: { memory: s.memory ?? 256 * MIB },
          disk: {},
          swap: s.swap ? [{ name: 'disk', values: { size: s.swap } }] : [],
        },
        cgroups: s.cgroups ?? [{ name: 'root', parent: null, values: {} }],
        objects: s.objects,
        processes: s.processes,
        timeline: s.timeline ?? [],
        reclaim: { id: s.reclaim ?? 'v6.1', values: {} },
        sysctls: {},
        devices: s.devices ?? [gpu()],
      },
    },
  ],
  plots: (s.metrics ?? []).map(({ over, ...metric }) => ({
    metrics: [metric],
    ...(over ? { over } : {}),
    text: metric.name,
  })),
  expects: [],
  traces: [],
});

const gpu = (parts: SpecParts = {}, name = 'gpu'): DeviceSpec => ({
  ...deviceSpec({ ...parts, device: { memory: 32 * MIB, ...parts.device } }),
  name,
});
const on = (device: number, spec: PhaseSpec): PhaseSpec => ({ ...spec, device });

function run(setting: Setting, make: CreateSimulation = checked): PointReport {
  const simulation = make(planOf(setting));
  while (!simulation.advance(100_000).done);
  return simulation.report().points[0];
}

const grid = (16 * MIB) / PAGE_SIZE;
const solver = (
  middle: readonly PhaseSpec[],
  last: readonly PhaseSpec[] = [],
): Pick<Setting, 'objects' | 'processes'> => ({
  objects: [anon('grid', grid)],
  processes: [process('solver', [phase('fill', [passes(0, 1, { verb: 'write', pages: grid })]), ...middle, ...last])],
});
const iterate = on(0, phase('iterate', [passes(0, 3, { pages: grid })]));
const collect = phase('collect', [passes(0, 1, { pages: 64 })]);
const level = (point: PointReport, name: string): number => point.measures[name];
const events = (point: PointReport, rule: string): string[] =>
  point.events.filter((e) => e.rule === rule).map((e) => e.text);

test('pages that move to a device leave the host as if they were swapped out: frames free, no swap slot, entries counted (hmm.rst)', () => {
  const stay = run({ ...solver([]) });
  const moved = run({ ...solver([iterate]) });
  assert.equal(level(moved, 'nr_device_private'), grid);
  assert.equal(level(moved, 'nr_swap_entries'), grid);
  assert.equal(moved.gauges!['nr_swap_used'], 0);
  assert.equal(moved.gauges!['nr_free_pages'] - stay.gauges!['nr_free_pages'], grid);
  assert.equal(moved.counters['pswpout'], 0);
});

test('a processor that touches such a page faults it back, one page at a time: 64 faults, 64 pages over the link', () => {
  const point = run({ ...solver([iterate], [collect]) });
  assert.equal(level(point, 'host-faults'), 64);
  assert.equal(level(point, 'd2h.demand'), 64 * PAGE_SIZE);
  assert.equal(level(point, 'nr_device_private'), grid - 64);
  const without = run({ ...solver([], [collect]) });
  assert.equal(point.counters['pgfault'] - without.counters['pgfault'], 64);
  const last = point.phases.find((p) => p.name === 'collect')!;
  assert.ok(last.end - last.start > 64 * 2500, 'each waits for its transfer');
});

test('cpu-unit brings neighbours along, and a coherent device is reached without faulting anything back', () => {
  const unit = run({ ...solver([iterate], [collect]), devices: [gpu({ device: { 'cpu-unit': 64 * 1024 } })] });
  assert.equal(level(unit, 'host-faults'), 4);
  const coherent = run({ ...solver([iterate], [collect]), devices: [gpu({ device: { coherent: true } })] });
  assert.equal(level(coherent, 'host-faults'), 0);
  assert.equal(level(coherent, 'nr_device_private'), grid);
  assert.equal(level(coherent, 'd2h.remote'), 64 * PAGE_SIZE);
});

test('a device too small sends chunks back to the host and runs on; the host gets its frames taken again', () => {
  const point = run({ ...solver([iterate]), devices: [gpu({ device: { memory: 8 * MIB } })] });
  // Cyclic, 8 chunks through 4: each new chunk evicts one, from the fifth on.
  assert.equal(level(point, 'device-evictions'), 3 * 8 - 4);
  assert.equal(level(point, 'd2h.eviction'), (3 * 8 - 4) * 2 * MIB);
  assert.equal(level(point, 'nr_device_private'), 4 * 512);
});

test('under host pressure remote pages are swapped out, and the device faults them in again by way of the host', () => {
  const setting = (memory: number): Setting => ({
    ...solver([iterate]),
    memory,
    swap: 64 * MIB,
    devices: [gpu({ device: { policy: 'remote' } })],
  });
  const roomy = run(setting(64 * MIB));
  assert.equal(level(roomy, 'device-faults'), 0);
  const tight = run(setting(12 * MIB));
  assert.ok(tight.counters['pswpout'] > 0);
  assert.ok(level(tight, 'device-faults') > 0);
  assert.ok(tight.counters['pswpin'] > 0);
});

test('a grid larger than the host’s memory fits host and device together: lending frees frames', () => {
  // 16 MiB of grid on a host of 12 MiB, without swap: only because the device takes pages.
  const half = grid / 2;
  const point = run({
    memory: 12 * MIB,
    objects: [anon('grid', grid)],
    processes: [
      process('solver', [
        phase('first half', [passes(0, 1, { verb: 'write', pages: half })]),
        on(0, phase('take it', [passes(0, 1, { pages: half })])),
        phase('second half', [passes(0, 1, { verb: 'write', start: half, pages: half })]),
      ]),
    ],
  });
  assert.deepEqual(events(point, 'oom.kill'), []);
  assert.equal(level(point, 'nr_device_private'), half);
});

test('what a device touches first is made there, without a byte over the link; under remote it is made on the host', () => {
  const first = (policy: string): PointReport =>
    run({
      objects: [anon('grid', grid)],
      processes: [process('solver', [on(0, phase('touch', [passes(0, 1, { verb: 'write', pages: grid })]))])],
      devices: [gpu({ device: { policy } })],
    });
  const there = first('migrate');
  assert.equal(level(there, 'h2d.bytes'), 0);
  assert.equal(level(there, 'nr_device_private'), grid);
  const here = first('remote');
  assert.equal(level(here, 'nr_device_private'), 0);
  assert.equal(level(here, 'd2h.remote'), grid * PAGE_SIZE);
});

test('charges stay with the cgroup while pages are on a device (hmm.rst), and go when the process exits', () => {
  const cgroups = [
    { name: 'root', parent: null, values: {} },
    { name: 'box', parent: 0, values: { 'memory.max': 24 * MIB } },
  ];
  // 16 MiB on the device and 12 MiB on the host are more than 24: the cgroup's limit strikes though the host is empty.
  const setting = (second: number): Setting => ({
    cgroups,
    memory: GIB,
    objects: [anon('grid', grid), anon('heap', second)],
    processes: [
      process(
        'solver',
        [
          phase('fill', [passes(0, 1, { verb: 'write', pages: grid })]),
          iterate,
          phase('more', [passes(1, 1, { verb: 'write', pages: second })]),
        ],
        {},
        1,
      ),
    ],
  });
  assert.equal(events(run(setting((12 * MIB) / PAGE_SIZE)), 'oom.kill').length, 1);
  assert.equal(events(run(setting((4 * MIB) / PAGE_SIZE)), 'oom.kill').length, 0);
});

test('exit and munmap take pages from the device: nothing is copied, nothing stays', () => {
  const whole = { object: 0, start: 0, pages: grid };
  for (const step of [{ kind: 'exit' }, { kind: 'munmap', target: whole }] as const) {
    const point = run({ ...solver([iterate], [phase('end', [step])]) });
    assert.equal(level(point, 'nr_device_private'), 0, step.kind);
    assert.equal(level(point, 'd2h.bytes'), 0, step.kind);
  }
});

test('mlock brings pages back from the device', () => {
  const point = run({
    ...solver([iterate], [phase('lock', [{ kind: 'mlock', target: { object: 0, start: 0, pages: 256 } }])]),
  });
  assert.equal(level(point, 'nr_device_private'), grid - 256);
  // The last of them may still be in a per-CPU batch.
  assert.ok(point.gauges!['nr_unevictable'] > 256 - 15);
});

const long = on(0, phase('iterate', [passes(0, 4000, { pages: grid })]));
const atOnce = (state: 'reset' | 'die', pages?: 'give-back' | 'lose'): readonly TimelineEntry[] => [
  { time: 40_000_000, actions: [{ kind: 'device', device: 0, state, ...(pages ? { pages } : {}) }] },
];

test('a device that is reset and gives its pages back ends its kernels; the grid is on the host again and whole', () => {
  const point = run({ ...solver([long], [collect]), timeline: atOnce('reset', 'give-back') });
  assert.match(events(point, 'device.reset')[0], /4096 pages go back/);
  assert.equal(events(point, 'device.give-back').length, 1);
  assert.equal(level(point, 'd2h.eviction'), grid * PAGE_SIZE);
  assert.equal(level(point, 'nr_device_private'), 0);
  assert.equal(level(point, 'device-lost-pages'), 0);
  assert.equal(events(point, 'process.kill').length, 0);
  assert.ok(point.phases.some((p) => p.name === 'collect' && p.accesses === 64));
});

test('one that loses its pages does so at once, and whoever touches one of them is killed', () => {
  const point = run({ ...solver([long], [collect]), timeline: atOnce('reset', 'lose') });
  assert.equal(level(point, 'device-lost-pages'), grid);
  assert.match(events(point, 'device.lost')[0], /solver is killed/);
  assert.equal(level(point, 'd2h.bytes'), 0);
});

test('a dead device runs nothing any more, and says so', () => {
  const again = on(0, phase('again', [passes(0, 1, { pages: grid })]));
  const point = run({ ...solver([long], [again]), timeline: atOnce('die', 'give-back') });
  assert.match(events(point, 'device.gone')[0], /gpu is dead/);
  assert.equal(point.phases.find((p) => p.name === 'again')!.accesses, 0);
  const reset = run({ ...solver([long], [again]), timeline: atOnce('reset', 'give-back') });
  assert.equal(reset.phases.find((p) => p.name === 'again')!.accesses, grid);
});

test('several devices and processors at once: each region has its device, and all finish', () => {
  const part = (8 * MIB) / PAGE_SIZE;
  const one = (i: number): Scenario['processes'][number] =>
    process(`p${i}`, [
      phase('fill', [passes(i, 1, { verb: 'write', pages: part })]),
      on(i, phase('iterate', [passes(i, 5, { verb: 'write', pages: part })])),
      phase('back', [times(i, 2000, { pages: part, pattern: { kind: 'uniform' } })]),
    ]);
  const point = run({
    objects: [anon('a', part, 0), anon('b', part, 1), file('f', part)],
    processes: [one(0), one(1), process('reader', [phase('read', [passes(2, 3, { pages: part })])])],
    devices: [gpu(), gpu({ device: { policy: 'counter', threshold: 64 } }, 'npu')],
    metrics: [{ name: 'device-faults', object: 'gpu' }],
  });
  assert.equal(point.phases.filter((p) => p.name === 'iterate' && p.accesses === 5 * part).length, 2);
  const values = point.objects!.find((o) => o.name === 'gpu')!.values!;
  const both = level(point, 'h2d.bytes');
  const other = point.objects!.find((o) => o.name === 'npu')!.values!;
  assert.equal(values['h2d.bytes'] + other['h2d.bytes'], both);
});

test('files are reached where they are: a device maps the page cache and moves none of it (migrate_vma takes anonymous memory)', () => {
  const pages = 1024;
  const point = run({
    objects: [file('model', pages)],
    processes: [process('p', [on(0, phase('infer', [passes(0, 3, { pages })]))])],
  });
  assert.equal(level(point, 'nr_device_private'), 0);
  assert.equal(level(point, 'h2d.remote'), 3 * pages * PAGE_SIZE);
  assert.equal(point.counters['pgpgin'], pages);
});

test('a network card has its mapping taken away when the host reclaims the page, and faults again', () => {
  const setting = (memory: number): Setting => ({
    ...solver([on(0, phase('send', [passes(0, 3, { pages: grid })]))]),
    memory,
    swap: 64 * MIB,
    devices: [gpu({ device: { kind: 'rdma' } })],
  });
  assert.equal(level(run(setting(64 * MIB)), 'device-faults'), grid);
  assert.ok(level(run(setting(12 * MIB)), 'device-faults') > 2 * grid);
});

test('hits and misses of a device phase are accesses to its own memory and all others; passes add up', () => {
  const point = run({ ...solver([iterate]) });
  const found = point.phases.find((p) => p.name === 'iterate')!;
  assert.equal(found.accesses, 3 * grid);
  assert.equal(found.hits + found.misses, found.accesses);
  assert.deepEqual(
    found.passes.map((p) => p.accesses),
    [grid, grid, grid],
  );
  // The first pass faults 6 times a block, the others never.
  assert.deepEqual(
    found.passes.map((p) => p.misses),
    [(6 * grid) / 512, 0, 0],
  );
});

test('speedup is over the same work with all devices under remote, whole and by phase', () => {
  const setting = (policy: string, memory = 32 * MIB): Setting => ({
    ...solver([on(0, phase('iterate', [passes(0, 40, { pages: grid })]))]),
    devices: [gpu({ device: { policy, memory } })],
    metrics: [{ name: 'speedup' }],
  });
  const remote = run(setting('remote'));
  assert.equal(level(remote, 'speedup'), 1);
  const moved = run(setting('migrate'));
  assert.equal(level(moved, 'speedup'), remote.time / moved.time);
  const phaseOf = (p: PointReport): PointReport['phases'][number] => p.phases.find((q) => q.name === 'iterate')!;
  const took = (p: PointReport): number => phaseOf(p).end - phaseOf(p).start;
  assert.equal(phaseOf(moved).measures!['speedup'], took(remote) / took(moved));
  assert.ok(phaseOf(moved).measures!['speedup'] > 4, 'reuse of 40 is far above break-even');
  const small = run(setting('migrate', 8 * MIB));
  assert.ok(level(small, 'speedup') < 1, 'reuse of 1 is far below');
});

test('the verdict follows: reuse above the break-even pays, below it does not, and the run agrees', () => {
  for (const [times, memory, pays] of [
    [40, 32 * MIB, true],
    [1, 32 * MIB, false],
    [40, 8 * MIB, false],
  ] as const) {
    const point = run({
      ...solver([on(0, phase('iterate', [passes(0, times, { pages: grid })]))]),
      devices: [gpu({ device: { memory } })],
      metrics: [{ name: 'break-even' }, { name: 'speedup' }],
    });
    const { breakEven } = point.devices![0];
    assert.match(breakEven!.verdict, pays ? /^Moving pays/ : /^Moving does not pay/);
    assert.equal(level(point, 'reuse-margin') > 1, pays);
    assert.equal(level(point, 'speedup') > 1, pays);
    // The simulated points lie on the closed form, to the rounding of nanoseconds.
    const { simulated, move, local, remote } = breakEven!;
    simulated.reuse.forEach((n, i) => {
      assert.ok(Math.abs(simulated.moved[i] - (move + n * local)) < 1, `moved, ${n} uses`);
      assert.ok(Math.abs(simulated.remote[i] - n * remote) < 1, `remote, ${n} uses`);
    });
  }
});

test('residency is a picture of blocks by time: it fills in order, and never says more than all', () => {
  const point = run({ ...solver([iterate]), metrics: [{ name: 'residency', object: 'grid' }] });
  const [{ residency }] = point.devices!;
  const [picture] = residency;
  assert.equal(picture.object, 'grid');
  assert.equal(picture.rows, 8);
  const columns = picture.t.length;
  for (const value of picture.values) assert.ok(value >= 0 && value <= 1);
  for (let row = 0; row < picture.rows; row++) assert.equal(picture.values[row * columns + columns - 1], 1);
  const firstFull = (row: number): number => picture.values.slice(row * columns, (row + 1) * columns).indexOf(1);
  for (let row = 1; row < picture.rows; row++) assert.ok(firstFull(row) >= firstFull(row - 1));
});

test('figures over time and distributions are there when asked for', () => {
  const point = run({
    ...solver([iterate]),
    devices: [gpu({ device: { streams: 32 } })],
    metrics: [
      { name: 'link.utilisation', over: 'time' },
      { name: 'device-faults', over: 'time' },
      { name: 'nr_device_private', over: 'time' },
      { name: 'batch-size' },
      { name: 'link.queue-delay' },
    ],
  });
  const series = (name: string) => point.series.find((s) => s.name === name)!;
  assert.ok(series('link.utilisation').y.some((y) => y > 0.05));
  assert.equal(series('device-faults').y.at(-1), level(point, 'device-faults'));
  assert.equal(Math.max(...series('nr_device_private').y), grid);
  const sizes = point.distributions.find((d) => d.name === 'batch-size')!;
  assert.equal(
    sizes.counts.reduce((a, b) => a + b),
    level(point, 'fault-batches'),
  );
  assert.ok(point.distributions.some((d) => d.name === 'link.queue-delay'));
});

test('plans that the language would not make are refused with what to do', () => {
  const broken = (change: (setting: Setting) => Setting): (() => unknown) => {
    const setting = change({ ...solver([iterate]) });
    return () => createSimulation(planOf(setting));
  };
  assert.throws(
    broken((s) => ({ ...s, devices: [gpu({ device: { memory: 3 * MIB } })] })),
    /memory of device 'gpu' is 3145728 bytes/,
  );
  assert.throws(
    broken((s) => ({ ...s, devices: [gpu({ link: { h2d: 0 } })] })),
    /'h2d' of 'link' of device 'gpu' is 0/,
  );
  assert.throws(
    broken((s) => ({ ...s, devices: [gpu({ device: { threshold: 70_000 } })] })),
    /'threshold' of device 'gpu' is 70000/,
  );
  assert.throws(
    broken(() => solver([on(3, phase('nowhere', [passes(0, 1, { pages: grid })]))])),
    /device of a phase .* names number 3 of 1/,
  );
  assert.throws(
    broken((s) => ({
      ...s,
      timeline: [{ time: 0, actions: [{ kind: 'device', device: 1, state: 'reset' }] }],
    })),
    /a device of the timeline names number 1 of 1/,
  );
});

test('the literature’s policies know no memory whose pages could look swapped out: said, not guessed', () => {
  assert.throws(() => run({ ...solver([iterate]), reclaim: 'lru' }, createSimulation), /knows only the page cache/);
});

test('memory pressure of the host changes nothing it should not: the same plan gives the same report', () => {
  const setting: Setting = {
    ...solver([iterate], [collect]),
    memory: 24 * MIB,
    swap: 64 * MIB,
    devices: [gpu({ device: { memory: 6 * MIB, evict: 'random', streams: 8 } })],
  };
  const first = run(setting);
  const simulation = createSimulation(planOf(setting));
  while (!simulation.advance(1).done);
  assert.deepEqual(simulation.report().points[0], first);
});

const scenario = fc.record({
  policy: fc.constantFrom('migrate', 'remote', 'counter', 'adaptive'),
  evict: fc.constantFrom('uvm', 'true-lru', 'fifo', 'random', 'off'),
  prefetch: fc.constantFrom('none', 'sequential', 'tree'),
  streams: fc.constantFrom(1, 7),
  duplication: fc.boolean(),
  coherent: fc.boolean(),
  visible: fc.constantFrom(undefined, 4 * MIB),
  host: fc.constantFrom(8, 16, 64),
  device: fc.constantFrom(2, 6, 32),
  reset: fc.option(
    fc.record({ at: fc.nat(60_000_000), pages: fc.constantFrom('give-back' as const, 'lose' as const) }),
  ),
  phases: fc.array(
    fc.record({
      on: fc.option(fc.nat(1)),
      verb: fc.constantFrom('read' as const, 'write' as const),
      start: fc.nat(1500),
      uniform: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  threads: fc.constantFrom(1, 2),
});

test('random machines with two devices run to their end with every frame and every page accounted for', () => {
  const pages = 2560;
  fc.assert(
    fc.property(scenario, (s) => {
      const device = (name: string): DeviceSpec =>
        gpu(
          {
            device: {
              memory: s.device * MIB,
              policy: s.policy,
              evict: s.evict,
              prefetch: s.prefetch,
              streams: s.streams,
              coherent: s.coherent,
              'read-duplication': s.duplication,
              ...(s.visible ? { visible: s.visible } : {}),
            },
          },
          name,
        );
      const point = run({
        memory: s.host * MIB,
        swap: 32 * MIB,
        objects: [anon('grid', pages, 0)],
        processes: [
          process(
            'p',
            s.phases.map((p, i) => {
              const spec = phase(`phase ${i}`, [
                times(0, 1500, {
                  verb: p.verb,
                  start: p.start,
                  pages: pages - p.start,
                  pattern: { kind: p.uniform ? 'uniform' : 'sequential' },
                }),
              ]);
              return p.on === null ? spec : on(p.on, spec);
            }),
            { threads: s.threads },
          ),
        ],
        devices: [device('gpu'), device('npu')],
        ...(s.reset
          ? {
              timeline: [
                { time: s.reset.at, actions: [{ kind: 'device', device: 0, state: 'reset', pages: s.reset.pages }] },
              ],
            }
          : {}),
      });
      assert.ok(point.complete);
      assert.deepEqual(events(point, 'run.stuck'), []);
      const killed = point.events.some((e) => /kill|lost/.test(e.rule));
      if (!killed && !s.reset)
        for (const p of point.phases) {
          assert.equal(p.accesses, 1500 * s.threads);
          assert.equal(p.hits + p.misses, p.accesses);
        }
    }),
    { numRuns: 20 },
  );
});
