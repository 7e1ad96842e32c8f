/** Random scenarios for property tests: small machines under pressure. */
import fc from 'fast-check';
import type { MixStep, Pattern, Step } from '../../../simulator/plan.ts';
import * as make from '../plans.ts';

export const VARIANTS = [
  'v6.1',
  'v3.15',
  'classic',
  'mglru-6.1',
  'mglru-6.14',
  'refault-2013',
  'lru',
  'arc',
  'sieve',
] as const;

export const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  fc.constant<Pattern>({ kind: 'sequential' }),
  fc.integer({ min: 1, max: 9 }).map((pages): Pattern => ({ kind: 'stride', pages })),
  fc.constant<Pattern>({ kind: 'uniform' }),
  fc.constantFrom(0, 0.7, 1, 1.3).map((s): Pattern => ({ kind: 'zipf', s })),
  fc.constant<Pattern>({ kind: 'hot-cold', share: 100_000, accesses: 800_000 }),
  fc.constant<Pattern>({ kind: 'gaussian', mean: 500_000, deviation: 100_000 }),
  fc.constant<Pattern>({ kind: 'stream' }),
);

/** A world for one thread that the fast path can run: two files, an anonymous region, swap or none. */
export const singleThread = fc
  .record({
    memoryPages: fc.integer({ min: 400, max: 1500 }),
    swapPages: fc.constantFrom(0, 5000),
    files: fc.tuple(fc.integer({ min: 50, max: 2500 }), fc.integer({ min: 1, max: 800 })),
    anonymous: fc.integer({ min: 1, max: 250 }),
    steps: fc.array(
      fc.record({
        target: fc.integer({ min: 0, max: 2 }),
        pattern,
        verb: fc.constantFrom('read', 'touch', 'write'),
        amount: fc.integer({ min: 0, max: 3000 }),
        passes: fc.boolean(),
        mixed: fc.boolean(),
        other: pattern,
        pause: fc.constantFrom(0, 0, 1000, 50_000_000),
        think: fc.constantFrom(0, 0, 777),
        after: fc.constantFrom('nothing', 'nothing', 'nothing', 'mlock', 'munlock', 'munmap'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    reclaim: fc.constantFrom(...VARIANTS),
    limit: fc.constantFrom(0, 0, 300),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
  })
  .map(({ memoryPages, swapPages, files, anonymous, steps, reclaim, limit, seed }) => {
    const objects = [make.file('a', files[0]), make.file('b', files[1]), make.anon('h', anonymous)];
    const program = steps.flatMap((s): Step[] => {
      const { pages } = objects[s.target];
      const verb = s.target === 2 ? s.verb : s.verb === 'touch' ? 'touch' : 'read';
      const whole = Math.min(3, Math.floor(s.amount / pages));
      const access =
        s.passes && whole > 0
          ? make.passes(s.target, whole, { pages, pattern: s.pattern, verb, think: s.think })
          : make.times(s.target, s.amount, { pages, pattern: s.pattern, verb, think: s.think });
      const mix: MixStep = {
        kind: 'mix',
        amount: { kind: 'accesses', count: s.amount },
        parts: [
          { weight: 300_000, access },
          { weight: 700_000, access: make.times(0, 1, { pages: objects[0].pages, pattern: s.other }) },
        ],
      };
      const region = { object: s.target, start: 0, pages: Math.min(pages, 40) };
      return [
        s.mixed ? mix : access,
        { kind: 'idle', time: s.pause },
        ...(s.after === 'nothing' ? [] : [{ kind: s.after, target: region } as Step]),
      ];
    });
    const half = program.length >> 1;
    const world: make.World = {
      memoryPages,
      swapPages,
      objects,
      reclaim,
      cgroups: [
        { name: '', parent: null, values: {} },
        { name: 'web', parent: 0, values: limit > 0 ? { 'memory.max': limit * 4096 } : {} },
      ],
      processes: [
        make.process(
          'job',
          [make.phase('first', program.slice(0, half)), make.phase('second', program.slice(half))],
          {},
          limit > 0 ? 1 : 0,
        ),
      ],
    };
    return make.plan(world, { seed });
  });

/** A world for the full machine: several processes and threads, writers, rates, times, a timeline. */
export const manyThreads = fc
  .record({
    memoryPages: fc.integer({ min: 500, max: 1500 }),
    swapPages: fc.constantFrom(0, 3000),
    cpus: fc.integer({ min: 1, max: 4 }),
    kswapd: fc.constantFrom('synchronous', 'concurrent'),
    readahead: fc.constantFrom(0, 131_072),
    processes: fc.array(
      fc.record({
        threads: fc.integer({ min: 1, max: 3 }),
        cgroup: fc.integer({ min: 0, max: 1 }),
        duration: fc.constantFrom(undefined, 5_000_000),
        steps: fc.array(
          fc.record({
            target: fc.integer({ min: 0, max: 1 }),
            pattern,
            verb: fc.constantFrom('read', 'touch', 'write'),
            amount: fc.integer({ min: 1, max: 1500 }),
            time: fc.boolean(),
            rate: fc.constantFrom(undefined, undefined, 50_000_000),
            think: fc.constantFrom(undefined, 3000),
            then: fc.constantFrom('idle', 'fsync', 'mlock', 'munlock', 'munmap', 'nothing', 'nothing', 'exit'),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    limit: fc.constantFrom(0, 350),
    kill: fc.boolean(),
    duration: fc.constantFrom(undefined, undefined, 30_000_000),
    reclaim: fc.constantFrom('v6.1', 'v3.15', 'classic', 'mglru-6.1', 'mglru-6.14', 'lru', 's3-fifo'),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
  })
  .map((given) => {
    const objects = [
      make.file('f', 1200, { readahead: given.readahead }),
      ...given.processes.map((_, i) => make.anon(`heap${i}`, 400, i)),
    ];
    const processes = given.processes.map((p, i) =>
      make.process(
        `p${i}`,
        [
          make.phase(
            'work',
            p.steps.flatMap((s): Step[] => {
              const target = s.target === 0 ? 0 : 1 + i;
              const { pages } = objects[target];
              const rest = {
                pages,
                pattern: s.pattern,
                verb: s.verb,
                ...(s.rate !== undefined ? { rate: s.rate } : {}),
                ...(s.think !== undefined ? { think: s.think } : {}),
              };
              const access = s.time ? make.lasting(target, s.amount * 2000, rest) : make.times(target, s.amount, rest);
              const region = { object: target, start: 0, pages: 50 };
              switch (s.then) {
                case 'nothing':
                  return [access];
                case 'idle':
                  return [access, { kind: 'idle', time: 100_000 }];
                case 'exit':
                  return [access, { kind: 'exit' }];
                default:
                  return [access, { kind: s.then, target: region }];
              }
            }),
            p.duration,
          ),
        ],
        { threads: p.threads },
        p.cgroup,
      ),
    );
    const world: make.World = {
      memoryPages: given.memoryPages,
      swapPages: given.swapPages,
      machine: { cpus: given.cpus, kswapd: given.kswapd },
      objects,
      processes,
      reclaim: given.reclaim,
      cgroups: [
        { name: '', parent: null, values: {} },
        { name: 'web', parent: 0, values: given.limit > 0 ? { 'memory.max': given.limit * 4096 } : {} },
      ],
      timeline: [
        { time: 1_000_000, actions: [{ kind: 'sysctl', name: 'vm.swappiness', value: 100 }] },
        ...(given.kill ? [{ time: 3_000_000, actions: [{ kind: 'kill', process: 0 } as const] }] : []),
        { time: 4_000_000, actions: [{ kind: 'cgroup', cgroup: 1, name: 'memory.max', value: 320 * 4096 }] },
      ],
      ...(given.duration !== undefined ? { duration: given.duration } : {}),
    };
    return make.plan(world, { seed: given.seed });
  });
