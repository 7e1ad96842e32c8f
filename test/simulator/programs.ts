/** Random programs that a person could have written: every one compiles, and runs to an end in a bounded number of accesses. */
import fc from 'fast-check';
import { reclaimVariants } from '../../simulator/reclaim/registry.ts';

type Text = fc.Arbitrary<string>;

const oneOf = (...texts: string[]): Text => fc.constantFrom(...texts);
const natural = (min: number, max: number) => fc.integer({ min, max });
const maybe = (text: Text, freq = 2): Text =>
  fc.oneof({ weight: freq - 1, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text });
const joined = (...parts: (Text | string)[]): Text =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(''));
const lines = (text: Text, min: number, max: number): Text =>
  fc.array(text, { minLength: min, maxLength: max }).map((all) => all.join('\n'));

const files = ['fa', 'fb', 'fc'] as const;
const groups = ['outer', 'inner', 'side'] as const;

/** Pages a whole pass takes are bounded, so that no program runs for minutes. */
const size = (max: number): Text =>
  fc.oneof(
    natural(1, max).map((pages) => `${pages} pages`),
    natural(1, Math.max(1, max >> 8)).map((mib) => `${mib} MiB`),
  );

const pattern = (times: number): Text => {
  const count = natural(1, times).map((n) => `, ${n} times`);
  const limited = fc.oneof(
    { weight: 6, arbitrary: count },
    {
      weight: 1,
      arbitrary: joined(
        ' for ',
        natural(1, 300).map(String),
        ' ms',
        oneOf(' at 4 MB/s', ' every 50 us', ' at 300 pages/s'),
      ),
    },
    {
      weight: 1,
      arbitrary: joined(
        ', ',
        natural(1, 40).map((n) => `${n * 64} KiB`),
      ),
    },
  );
  const kind = oneOf(
    'uniform',
    'zipf 1.0',
    'zipf 0.6',
    'zipf 0',
    'hot-cold 10% of pages 90% of accesses',
    'hot-cold 1% of pages 100% of accesses',
    'gaussian mean 50% deviation 10%',
    'gaussian mean 0% deviation 30%',
    'stream',
    'stride 4 KiB',
    'stride 64 KiB',
    'sequentially',
  );
  return fc.oneof(
    { weight: 2, arbitrary: joined(' sequentially ', oneOf('once', '2 times', '3 times')) },
    { weight: 5, arbitrary: joined(' ', kind, limited) },
    { weight: 1, arbitrary: fc.constant('') },
  );
};

const pace: Text = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: oneOf(' every 5 us', ' every 1 ms', ' at 30 MB/s', ' at 2000 pages/s', ' at 1 GB/s') },
);

const range: Text = maybe(oneOf('[0 .. 1 page]', '[.. 1 page]', '[0 ..]'), 5);

function step(objects: readonly string[], mine: readonly string[], times: number): Text {
  const own = fc.constantFrom(...objects, ...mine);
  return fc.oneof(
    { weight: 10, arbitrary: access(own, times) },
    { weight: 1, arbitrary: oneOf('idle 1 ms', 'idle 3 s', 'idle 7 us') },
    { weight: 1, arbitrary: joined('mlock ', own, range) },
    { weight: 1, arbitrary: joined('munlock ', own, range) },
    { weight: 1, arbitrary: joined('fsync ', fc.constantFrom(...files)) },
    { weight: 1, arbitrary: joined('munmap ', own, range) },
  );
}

const access = (object: Text, times: number): Text =>
  fc
    .tuple(joined(oneOf('read ', 'read ', 'write ', 'touch '), object, range, pattern(times)), pace)
    .map(([text, speed]) => (/ at | every /.test(text) ? text : text + speed));

/** What stands alone in its phase, or outside of phases. */
const repeated = (object: Text, times: number): Text =>
  fc.oneof(
    joined(
      'for ',
      natural(1, times).map((n) => `${n} times`),
      ' {\n',
      natural(1, 99).chain((share) =>
        joined(
          `${share}% `,
          oneOf('read ', 'write '),
          object,
          ' uniform\n',
          `${100 - share}% touch `,
          object,
          oneOf(' sequentially', ' zipf 0.9', ' stream'),
          '\n',
        ),
      ),
      '}',
    ),
    joined('for 20 ms { ', oneOf('read ', 'write '), object, ' uniform, 50 times; idle 1 ms }'),
  );

const process = (name: string, pages: number, times: number, inGroup: boolean): Text =>
  fc.tuple(natural(0, 2), natural(1, 3)).chain(([anons, threads]) => {
    const mine = Array.from({ length: anons }, (_, i) => `${name}-heap${i}`);
    const objects = [...files, ...mine, ...mine];
    const many = Math.ceil(times / threads);
    const steps = (min: number, max: number): Text => lines(step(objects, mine, many), min, max);
    const loop = repeated(fc.constantFrom(...objects), many);
    return joined(
      `process ${name}`,
      inGroup ? maybe(fc.constantFrom(...groups).map((group) => ` in ${group}`)) : '',
      ' {\n',
      threads > 1 ? `threads ${threads}\n` : '',
      ...mine.map((anon) => joined(`anon ${anon} `, size(pages), maybe(oneOf(' { locked on }'), 8), '\n')),
      fc.oneof(
        lines(fc.oneof({ weight: 3, arbitrary: step(objects, mine, many) }, { weight: 1, arbitrary: loop }), 1, 4),
        joined('phase "one" { ', loop, ' }\n', steps(0, 2)),
        joined(
          joined('phase "one"', maybe(oneOf(' for 5 ms', ' for 100 ms'), 3), ' {\n', steps(1, 3)),
          '\n}\nphase two {\n',
          steps(1, 3),
          '\n}',
        ),
      ),
      maybe(fc.constant('\nexit'), 4),
      '\n}\n',
    );
  });

const cgroup = (name: string, parent: string, pages: number): Text =>
  joined(
    `cgroup ${name}${parent} { `,
    maybe(natural(1, pages).map((n) => `memory.max ${n} pages; `)),
    maybe(
      natural(0, pages).map((n) => `memory.low ${n} pages; `),
      3,
    ),
    maybe(
      natural(0, pages >> 1).map((n) => `memory.min ${n} pages; `),
      3,
    ),
    '}\n',
  );

const event = (processes: readonly string[], inGroups: boolean): Text =>
  joined(
    'at ',
    oneOf('0 s', '1 us', '2 ms', '40 ms', '1 s'),
    ' { ',
    fc.oneof(
      oneOf(
        'sysctl vm.swappiness 0',
        'sysctl vm.swappiness 200',
        'sysctl vm.dirty_ratio 1',
        'sysctl vm.dirty_background_ratio 0',
        'sysctl vm.min_free_kbytes 1024',
        'sysctl vm.watermark_scale_factor 500',
      ),
      fc.constantFrom(...processes).map((name) => `kill ${name}`),
      ...(inGroups
        ? [
            joined(
              'set ',
              fc.constantFrom(...groups),
              oneOf('.memory.max ', '.memory.low ', '.memory.min '),
              natural(1, 2000).map((n) => `${n} pages`),
            ),
          ]
        : []),
    ),
    ' }\n',
  );

const machine = (mib: number): Text =>
  joined(
    `machine m { memory ${mib} MiB\n`,
    maybe(oneOf('cpus 1\n', 'cpus 2\n'), 3),
    maybe(oneOf('kswapd synchronous\n', 'kswapd concurrent\n'), 2),
    maybe(oneOf('tlb 64\n'), 5),
    maybe(oneOf('hit-cost 0 ns\n', 'fault-cost 0 ns\n', 'scan-cost 0 ns\n', 'hit-cost 100 us\n'), 4),
    maybe(
      joined(
        'disk { ',
        oneOf('latency 0 ns', 'latency 5 ms', 'latency 20 us'),
        ', ',
        oneOf('bandwidth 1 GB/s', 'bandwidth 5 MB/s'),
        maybe(oneOf(', queue 1')),
        ' }\n',
      ),
    ),
    '}\n',
    maybe(
      joined(
        'swap ',
        oneOf('', 'zram ', 'disk '),
        natural(1, 4000).map((n) => `${n} pages`),
        maybe(oneOf(' { latency 0 ns }'), 4),
        '\n',
      ),
    ),
  );

const variants = (max: number): Text =>
  fc
    .uniqueArray(fc.constantFrom(...reclaimVariants.map(({ id }) => id)), { minLength: 1, maxLength: max })
    .map((ids) => `compare reclaim: ${ids.join(', ')}\n`);

const runBlock: Text = joined(
  'run "All of it"',
  maybe(oneOf(' for 2 s', ' for 10 ms'), 4),
  ' {\n',
  maybe(variants(3), 6).map((text) => text || 'compare reclaim: v6.1, mglru-6.14\n'),
  maybe(oneOf('sweep m.memory 4 MiB .. 12 MiB step 4 MiB\n', 'sweep vm.swappiness 0 .. 200 in 2 steps\n'), 5),
  oneOf(
    '',
    'plot hit-ratio by pass\n',
    'plot nr_active_file, nr_inactive_file, nr_dirty over time\n',
    'plot hit-ratio by phase; plot pswpin, pswpout over time\n',
    'plot hit-ratio, throughput by variant\n',
    'plot memory.pressure.some.avg10 over time\n',
    'plot refault-distance\n',
    'plot hit-ratio of fa by variant\n',
  ),
  maybe(oneOf('expect hit-ratio > 50%\n', 'expect no oom\n', 'expect pgscan_file >= pgsteal_file\n'), 3),
  '}\n',
);

/** Programs for machines of up to `mib` MiB, each step of up to `times` accesses. */
export const program = (mib: number, times: number): Text =>
  fc
    .tuple(natural(1, mib), fc.subarray(['pa', 'pb', 'pc'], { minLength: 1 }), fc.boolean())
    .chain(([memory, processes, inGroups]) => {
      const pages = memory * 256;
      const most = Math.min(pages * 2, times * 2);
      return joined(
        machine(memory),
        maybe(
          natural(0, 1000).map((n) => `seed ${n}\n`),
          4,
        ),
        ...files.map((name) =>
          joined(`file ${name} `, size(most), maybe(oneOf(' { readahead 128 KiB }', ' { advice random }'), 3), '\n'),
        ),
        ...(inGroups
          ? [cgroup('outer', '', pages), cgroup('inner', ' in outer', pages), cgroup('side', '', pages)]
          : []),
        ...processes.map((name) => process(name, most, times, inGroups)),
        lines(event(processes, inGroups), 0, 2),
        '\n',
        runBlock,
      );
    });
