import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../plans.ts';
import { onEvents, runPoint } from '../runs.ts';

// Defaults: 500 ns a hit, 1 µs a fault, 100 µs latency, 4 KiB at 150 MB/s in 27 307 ns.
const HIT = 500;
const FAULT = 1_000;
const LATENCY = 100_000;
const TRANSFER = 27_307;
const SECOND = 1_000_000_000;

const reader = (name: string, object: number, pages: number, rest: Partial<make.Rest> = {}) =>
  make.process(name, [make.phase('', [make.passes(object, 1, { pages, ...rest })])]);

test('a thread that waits for each page takes latency, transfer, fault and copy for each', () => {
  const point = runPoint(
    make.plan({ memoryPages: 1000, objects: [make.file('f', 100)], processes: [reader('p', 0, 100)] }),
    onEvents,
  );
  assert.equal(point.time, 100 * (HIT + FAULT + LATENCY + TRANSFER));
});

test('latencies of several readers overlap, transfers share the bandwidth', () => {
  const world = (threads: number, queue: number): make.World => ({
    memoryPages: 4000,
    machine: { cpus: 8 },
    disk: { queue },
    objects: Array.from({ length: threads }, (_, i) => make.file(`f${i}`, 50)),
    processes: Array.from({ length: threads }, (_, i) => reader(`p${i}`, i, 50)),
  });
  const time = (threads: number, queue: number) => runPoint(make.plan(world(threads, queue))).time;
  // Two readers fit side by side into latency + transfer; eight are limited by the bandwidth.
  const alone = time(1, 32);
  assert.ok(time(2, 32) < alone * 1.25, 'two readers take hardly longer than one');
  const eight = time(8, 32);
  assert.ok(eight >= 400 * TRANSFER && eight < 400 * TRANSFER * 1.1, `eight take ${eight} ns`);
  // With one slot nothing overlaps.
  const one = time(8, 1);
  assert.ok(one >= 400 * (LATENCY + TRANSFER), `one slot takes ${one} ns`);
});

test('two threads that only hit take twice as long on one processor as on two', () => {
  const world = (cpus: number): make.World => ({
    memoryPages: 1000,
    machine: { cpus },
    objects: [make.anon('a', 10, 0), make.anon('b', 10, 1)],
    processes: [0, 1].map((i) =>
      make.process(`p${i}`, [make.phase('', [make.passes(i, 2000, { pages: 10, verb: 'write' })])]),
    ),
  });
  const one = runPoint(make.plan(world(1))).time;
  const two = runPoint(make.plan(world(2))).time;
  assert.equal(two, 20_000 * HIT + 10 * FAULT);
  assert.equal(one, 2 * two);
});

test('read-ahead: a sequential reader misses once and then goes at the speed of the disk', () => {
  const pages = 4000;
  const point = runPoint(
    make.plan({
      memoryPages: 8000,
      reclaim: 'v6.1',
      objects: [make.file('f', pages, { readahead: 131_072 })],
      processes: [reader('p', 0, pages)],
    }),
  );
  assert.equal(point.path, 'events');
  assert.equal(point.measures['misses'], 1);
  assert.equal(point.counters['pgpgin'], pages);
  const wire = Math.ceil((pages * 4096 * SECOND) / 150_000_000);
  assert.ok(point.time >= wire && point.time < wire * 1.02, `${point.time} ns against ${wire} on the wire`);
});

test('read-ahead does nothing for random reads', () => {
  const world = (readahead: number): make.World => ({
    memoryPages: 8000,
    reclaim: 'v6.1',
    objects: [make.file('f', 4000, { readahead })],
    processes: [
      make.process('p', [make.phase('', [make.times(0, 500, { pages: 4000, pattern: { kind: 'stride', pages: 7 } })])]),
    ],
  });
  const point = runPoint(make.plan(world(131_072)));
  // The first page of a file is taken for the start of a sequential read: four pages.
  assert.equal(point.counters['pgpgin'], 500 + 3);
});

test('a rate of 20 MB/s for 10 s makes 48 829 accesses, one every 204.8 µs', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 1000,
      objects: [make.anon('a', 10)],
      processes: [
        make.process('p', [
          make.phase('', [make.lasting(0, 10 * SECOND, { pages: 10, verb: 'write', rate: 20_000_000 })]),
        ]),
      ],
    }),
  );
  assert.equal(point.measures['accesses'], 48_829);
  assert.equal(point.time, 10 * SECOND);
});

test('think time passes after every access, on both speeds alike', () => {
  const plan = make.plan({
    memoryPages: 1000,
    objects: [make.anon('a', 10)],
    processes: [
      make.process('p', [make.phase('', [make.times(0, 1000, { pages: 10, verb: 'write', think: 25_000 })])]),
    ],
  });
  assert.equal(runPoint(plan).path, 'blocks');
  assert.equal(runPoint(plan).time, 1000 * (HIT + 25_000) + 10 * FAULT);
  assert.equal(runPoint(plan, onEvents).time, runPoint(plan).time);
});

test('think time passes after accesses that waited for the disk, too, while others run', () => {
  const threads = (n: number) =>
    runPoint(
      make.plan({
        memoryPages: 1000,
        machine: { cpus: 4 },
        objects: [make.file('f', 1000)],
        processes: Array.from({ length: n }, (_, i) =>
          make.process(`p${i}`, [make.phase('', [make.times(0, 100, { pages: 1000, think: 1e6 })])]),
        ),
      }),
      onEvents,
    );
  assert.equal(threads(1).measures['misses'], 100);
  assert.ok(threads(2).time >= 100e6, `${threads(2).time} ns for 100 pauses of 1 ms`);
  assert.ok(threads(4).time >= 100e6, `${threads(4).time} ns for 100 pauses of 1 ms`);
});

test('a phase for a time repeats its steps until then and idles out its end', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 1000,
      objects: [make.anon('a', 10)],
      processes: [
        make.process('p', [
          make.phase('work', [make.times(0, 3, { pages: 10, verb: 'write' }), { kind: 'idle', time: 4_000 }], 100_000),
          make.phase('rest', [{ kind: 'idle', time: 7_000 }]),
          make.phase('nothing to do', [], 1_000),
        ]),
      ],
    }),
  );
  const [work, rest, nothing] = point.phases;
  assert.equal(work.end, 100_000);
  assert.equal(rest.end, 107_000);
  assert.equal(nothing.end, 108_000);
  // Ten first touches at 1 500 ns, the others 500: rounds of three with 4 µs between.
  assert.ok(work.accesses > 45 && work.accesses < 60, `${work.accesses} accesses`);
});

test('a run that ends by time ends exactly then, whatever is going on', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 1000,
      objects: [make.file('f', 500)],
      processes: [reader('p', 0, 500)],
      duration: 10_000_000,
    }),
  );
  assert.equal(point.time, 10_000_000);
  assert.ok(point.complete);
  assert.equal(point.phases[0].end, 10_000_000);
});

test('out of memory: the largest process is killed, its frames come back, the others go on', () => {
  const heap = (i: number, pages: number, rounds: number) =>
    make.process(`p${i}`, [make.phase('', [make.passes(i, rounds, { pages, verb: 'write' })])]);
  const point = runPoint(
    make.plan({
      memoryPages: 1000,
      reclaim: 'v6.1',
      objects: [make.anon('small', 300, 0), make.anon('large', 900, 1)],
      processes: [heap(0, 300, 40), heap(1, 900, 3)],
    }),
  );
  const [kill] = point.events.filter((event) => event.rule === 'oom.kill');
  assert.equal(kill.subject, 'p1');
  assert.match(kill.text, /^out of memory in the machine: p1 is killed and gives back \d+ pages$/);
  assert.equal(point.counters['oom_kill'], 1);
  assert.equal(point.phases.find((phase) => phase.process === 'p0')?.accesses, 300 * 40);
  assert.ok((point.gauges?.['nr_free_pages'] ?? 0) > 600);
});

test('a cgroup that exceeds its limit kills within itself, however much larger others are', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 4000,
      reclaim: 'v6.1',
      cgroups: [
        { name: '', parent: null, values: {} },
        { name: 'web', parent: 0, values: { 'memory.max': 400 * 4096 } },
      ],
      objects: [make.anon('large', 1500, 0), make.anon('small', 500, 1)],
      processes: [
        make.process('outside', [make.phase('', [make.passes(0, 4, { pages: 1500, verb: 'write' })])]),
        make.process('inside', [make.phase('', [make.passes(1, 4, { pages: 500, verb: 'write' })])], {}, 1),
      ],
    }),
  );
  assert.deepEqual(
    point.events
      .filter(({ rule }) => rule === 'oom.kill')
      .map(({ subject, text }) => [subject, text.includes("cgroup 'web'")]),
    [['inside', true]],
  );
  assert.equal(point.phases.find((phase) => phase.process === 'outside')?.accesses, 6000);
});

test('a killed process gives its anonymous memory back; what it read stays cached', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 4000,
      reclaim: 'v6.1',
      objects: [make.anon('heap', 500), make.file('f', 100)],
      processes: [
        make.process('p', [
          make.phase('', [
            make.passes(0, 1, { pages: 500, verb: 'write' }),
            make.passes(1, 1, { pages: 100 }),
            { kind: 'idle', time: SECOND },
          ]),
        ]),
      ],
      timeline: [{ time: SECOND / 2, actions: [{ kind: 'kill', process: 0 }] }],
    }),
  );
  // 500 pages at 222 ns each are given up first (58.1 ms/GiB, Hildenbrand 2024)
  assert.equal(point.time, SECOND / 2 + 500 * 222);
  assert.deepEqual(point.exits, [{ process: 'p', start: SECOND / 2, end: point.time, pages: 500 }]);
  const gauges = point.gauges ?? {};
  assert.equal(gauges['nr_inactive_anon'] + gauges['nr_active_anon'], 0);
  assert.equal(gauges['nr_inactive_file'] + gauges['nr_active_file'], 100);
  assert.deepEqual(
    point.events.slice(-2).map(({ rule }) => rule),
    ['process.kill', 'exit.done'],
  );
});

test('a writer faster than the disk is held to the disk’s speed, with dirty pages between freerun and limit (balance_dirty_pages)', () => {
  const pages = 40_000;
  const point = runPoint(
    make.plan({
      memoryPages: 16_384,
      reclaim: 'v6.1',
      objects: [make.file('log', pages)],
      processes: [reader('w', 0, pages, { verb: 'write' })],
    }),
  );
  const series = (name: string) => point.series.find((one) => one.name === name)!;
  const most = Math.max(...series('nr_dirty').y);
  const limit = Math.max(...series('nr_dirty_threshold').y);
  // at most two lots of 256 pages are under writeback beside them
  assert.ok(most > (limit * 3) / 4 - 512 && most <= limit, `${most} dirty pages at most, limit ${limit}`);
  assert.ok(point.counters['balance-pauses'] > 0);
  const wire = ((pages - most - 512) * 4096 * SECOND) / 150_000_000;
  assert.ok(point.time > wire, `${point.time} ns, ${wire} on the wire`);
  assert.ok(point.time < wire * 1.15, `${point.time} ns, ${wire} on the wire`);
});

test('fsync returns when everything dirty at that time is on disk', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 16_384,
      reclaim: 'v6.1',
      objects: [make.file('log', 1000)],
      processes: [
        make.process('w', [
          make.phase('write', [make.passes(0, 1, { pages: 1000, verb: 'write' })]),
          make.phase('sync', [{ kind: 'fsync', target: { object: 0, start: 0, pages: 1000 } }]),
        ]),
      ],
    }),
  );
  const [write, sync] = point.phases;
  assert.equal(write.gauges?.['nr_dirty'], 1000);
  assert.equal(sync.gauges?.['nr_dirty'], 0);
  assert.equal(sync.gauges?.['nr_writeback'], 0);
  assert.equal(sync.counters['pgpgout'], 1000);
  assert.equal(sync.counters['nr_written'], 1000);
  // writes of up to 256 pages, two under way at a time: the second's latency is over while the first is on the wire
  const time = sync.end - sync.start;
  assert.ok(Math.abs(time - (LATENCY + 1000 * TRANSFER)) < 1000, `${time}`);
});

/** A device that has written lately has a share of the thresholds; one that never has is written to at the flusher's first look. */
const agingDirty = (before: number) => {
  const write = (pages: number) => make.passes(0, 1, { pages, verb: 'write' });
  const point = runPoint(
    make.plan({
      memoryPages: 16_384,
      reclaim: 'v6.1',
      objects: [make.file('log', 2000)],
      processes: [
        make.process('w', [
          make.phase('before', [
            ...(before > 0 ? [write(before)] : []),
            { kind: 'fsync', target: { object: 0, start: 0, pages: 2000 } },
          ]),
          make.phase('write', [write(100)]),
          make.phase('wait', [{ kind: 'idle', time: 29 * SECOND }]),
          make.phase('wait longer', [{ kind: 'idle', time: 12 * SECOND }]),
        ]),
      ],
    }),
  );
  return point.phases.slice(2).map((phase) => phase.gauges?.['nr_dirty']);
};

test('dirty pages grow old and are written after 30 s whatever their number (dirty_expire_centisecs)', () => {
  assert.deepEqual(agingDirty(2000), [100, 0]);
});

test('a device without any share of the thresholds is written to in the background at once (wb_over_bg_thresh of 6.1)', () => {
  assert.deepEqual(agingDirty(0), [0, 0]);
});

test('kswapd, concurrent: it reclaims, and readers faster than it must reclaim for themselves', () => {
  const world = (scan: number): make.World => ({
    memoryPages: 4096,
    reclaim: 'v6.1',
    machine: { cpus: 4, 'scan-cost': scan },
    disk: { latency: 1_000, bandwidth: 4_000_000_000 },
    objects: [make.file('f', 40_000)],
    processes: [make.process('p', [make.phase('', [make.passes(0, 1, { pages: 40_000 })])], { threads: 4 })],
  });
  const quick = runPoint(make.plan(world(50)));
  const slow = runPoint(make.plan(world(20_000)));
  assert.ok(quick.counters['pgscan_kswapd'] > quick.counters['pgscan_direct']);
  assert.ok(slow.counters['pgscan_direct'] > 0, 'a slow kswapd is overtaken');
  assert.ok(slow.counters['allocstall'] > quick.counters['allocstall']);
  assert.ok(slow.measures['memory.pressure.some.total'] > quick.measures['memory.pressure.some.total']);
});

test('a step that ends by time but takes none is given up, not run for ever', () => {
  const point = runPoint(
    make.plan({
      memoryPages: 1000,
      machine: { 'hit-cost': 0, 'fault-cost': 0 },
      objects: [make.anon('a', 10)],
      processes: [make.process('p', [make.phase('', [make.lasting(0, SECOND, { pages: 10, verb: 'write' })])])],
    }),
  );
  assert.equal(point.events.at(-1)?.rule, 'run.timeless');
  assert.ok(point.complete);
});

test('memory pressure: alone on the machine, a thread that waits for refaulted workingset pages is stalled fully', () => {
  const point = runPoint(
    make.plan(
      {
        memoryPages: 4096,
        reclaim: 'v6.1',
        objects: [make.file('f', 6000)],
        processes: [
          make.process('p', [
            make.phase('', [make.times(0, 300_000, { pages: 6000, pattern: { kind: 'zipf', s: 0.8 } })]),
          ]),
        ],
      },
      { plots: [{ metrics: [{ name: 'memory.pressure.some.avg10' }], over: 'time', text: '' }] },
    ),
  );
  assert.equal(point.path, 'events');
  const some = point.measures['memory.pressure.some.total'];
  const full = point.measures['memory.pressure.full.total'];
  assert.ok(some > 0);
  assert.equal(some, full);
  // What it waits for are restored pages, 128.8 µs each with their fault, plus reclaim.
  const restores = point.counters['workingset_restore_file'];
  assert.ok(some >= restores * (LATENCY + TRANSFER) * 0.99, `${some} ns for ${restores} restores`);
  const series = point.series.find(({ name }) => name === 'memory.pressure.some.avg10');
  assert.ok(series && Math.max(...series.y) > 0);
});

test('kernel events are logged with their time when asked for a window', () => {
  const plan = make.plan({
    memoryPages: 500,
    reclaim: 'v6.1',
    objects: [make.file('f', 2000)],
    processes: [reader('p', 0, 2000)],
  });
  const window = { from: 100_000_000, to: 200_000_000, limit: 50 };
  const point = runPoint(plan, (p) => onEvents(p, { log: window }));
  const logged = point.events.filter(({ rule }) => rule === 'reclaim.evict');
  assert.ok(logged.length > 0 && logged.length <= 50);
  for (const { time, subject } of logged) {
    assert.ok(time >= window.from && time < window.to);
    assert.match(subject, /^f\[\d+\]$/);
  }
});
