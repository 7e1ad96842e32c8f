import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PointReport } from '../../../simulator/report.ts';
import * as make from '../plans.ts';
import { checked, run, runPoint } from '../runs.ts';
import { copier, fusePlan, fuseWorld, GIB_PAGES, mount, onFuse, peak, SECOND, type FuseWorld } from './worlds.ts';

const COPIER = 2_000_000_000;
const MIB = 256;

const outcome = (world: FuseWorld): PointReport => runPoint(fusePlan({ rate: COPIER, ...world }));
const lockupsOf = (point: PointReport) => point.events.filter(({ rule }) => rule.startsWith('lockup.'));
/** What the daemon wrote to its file, MiB a second over the run. */
const daemonRate = (point: PointReport) =>
  (point.counters['nr_dirtied'] - point.measures['accesses']) / MIB / (point.time / SECOND);

test('TD4: `none` fills memory with copies in 8.7 s and locks up D-A five seconds later (model: 8.65 s, 8.5 s + 5 s)', () => {
  const point = outcome({ accounting: 'none' });
  const [lockup] = lockupsOf(point);
  assert.equal(lockup.rule, 'lockup.memory');
  assert.ok(lockup.time > 13 * SECOND && lockup.time < 14.5 * SECOND, `${lockup.time}`);
  assert.equal(point.time, lockup.time);
  // all but reserves, the background threshold’s worth the daemon had dirtied itself, and what is on the way
  assert.ok(peak(point, 'nr_writeback_temp') > 14.4 * GIB_PAGES, `${peak(point, 'nr_writeback_temp')}`);
});

test('TD4: `none` with a copier no faster than daemon and disk never locks up', () => {
  const point = outcome({ accounting: 'none', rate: 140_000_000 });
  assert.deepEqual(lockupsOf(point), []);
  assert.equal(point.time, 60 * SECOND);
});

test('TD5: under `none` time to exhaustion is in proportion to memory (model: 1.1, 2.2, 4.3, 8.5, 16.9 s)', () => {
  const until = (gib: number) => {
    const point = outcome({ accounting: 'none', gib, seconds: 40 });
    const temps = point.series.find(({ name }) => name === 'nr_writeback_temp')!;
    const most = 0.9 * gib * GIB_PAGES;
    return temps.t[temps.y.findIndex((pages) => pages >= most)] / SECOND;
  };
  const times = [2, 4, 8, 16, 32].map(until);
  for (const [i, expected] of [1.1, 2.2, 4.3, 8.5, 16.9].entries())
    assert.ok(Math.abs(times[i] / expected - 1) < 0.12, `${times[i]} s against ${expected} s`);
});

test('TD6: with a reserve of its own the daemon goes on although memory is exhausted (model: ≈ 139 MiB/s)', () => {
  const point = outcome({ accounting: 'none', daemon: { reserve: 16 * 1_048_576 } });
  assert.deepEqual(lockupsOf(point), []);
  assert.equal(point.time, 60 * SECOND);
  assert.ok(daemonRate(point) > 120 && daemonRate(point) < 160, `${daemonRate(point)} MiB/s`);
});

test('TD7: counting temporaries, once or twice, bounds them and only slows the daemon, if the throttle is rate-based', () => {
  for (const accounting of ['count-temps', 'double']) {
    const point = outcome({ accounting });
    assert.deepEqual(lockupsOf(point), [], accounting);
    assert.ok(peak(point, 'nr_writeback_temp') < 2.2 * GIB_PAGES, accounting);
    // model: 159–160 MiB/s, the disk’s 143 and what stays dirty at the end
    assert.ok(daemonRate(point) > 143 && daemonRate(point) < 175, `${accounting}: ${daemonRate(point)} MiB/s`);
  }
});

test('TD7: fully exempt the daemon runs at its own speed until memory is dirty, exempt below its device’s ceiling hardly better than not (model: 186, 158.7)', () => {
  const full = outcome({ accounting: 'exempt', daemon: { flag: 'full' } });
  const local = outcome({ accounting: 'exempt' });
  const none = outcome({ accounting: 'count-temps' });
  assert.ok(daemonRate(full) > 170 && daemonRate(full) < 191, `full: ${daemonRate(full)} MiB/s`);
  assert.ok(Math.abs(daemonRate(local) / daemonRate(none) - 1) < 0.05, `${daemonRate(local)}, ${daemonRate(none)}`);
});

test('TD7b: with the on/off throttle of 2013 counting temporaries, once or twice, stops the daemon in its own throttle (D-C; model: 6.4, 6.7 s)', () => {
  const legacy = (accounting: string, daemon: FuseWorld['daemon'] = {}) =>
    outcome({ accounting, daemon, machine: { throttle: 'legacy' } });
  for (const accounting of ['count-temps', 'double']) {
    const point = legacy(accounting);
    const [lockup] = lockupsOf(point);
    assert.equal(lockup.rule, 'lockup.throttle', accounting);
    assert.ok(lockup.time > 5.5 * SECOND && lockup.time < 7.5 * SECOND, `${accounting}: ${lockup.time}`);
  }
  for (const daemon of [{}, { flag: 'full' }]) {
    const point = legacy('exempt', daemon);
    assert.deepEqual(lockupsOf(point), []);
    assert.ok(daemonRate(point) > 143, `${daemonRate(point)} MiB/s`);
  }
});

test('TD8: the strict limit keeps all of a mount below one and a half of its share, however fast the writer (1 % of 20 % of 16 GiB)', () => {
  const point = outcome({ accounting: 'strict' });
  assert.deepEqual(lockupsOf(point), []);
  const share = peak(point, 'nr_dirty_threshold') / 100;
  assert.ok(peak(point, 'nr_writeback_temp') < 1.5 * share, `${peak(point, 'nr_writeback_temp')} of ${share}`);
  assert.ok(daemonRate(point) > 143, `${daemonRate(point)} MiB/s`);
});

test('TD9: without temporaries there are none, and a page on its way takes one frame instead of two', () => {
  const point = outcome({ accounting: 'notemp' });
  assert.equal(peak(point, 'nr_writeback_temp'), 0);
  const share = peak(point, 'nr_dirty_threshold') / 100;
  assert.ok(peak(point, 'nr_writeback') > 0 && peak(point, 'nr_writeback') < 1.5 * share + 512);
  assert.deepEqual(lockupsOf(point), []);
});

test('TD9: had reclaim waited for writeback, the daemon’s own allocation would (D-B), but for PR_SET_IO_FLUSHER', () => {
  // nothing but pages under writeback is left to reclaim: a daemon that throws away what it is given never gets there
  const world = (daemon: FuseWorld['daemon']): FuseWorld => ({
    accounting: 'notemp',
    gib: 1,
    fuse: { 'reclaim-waits': true, strictlimit: false, max_ratio: 1_000_000 },
    daemon: { bandwidth: 20_000_000, 'pages-per-page': 16, ...daemon },
    rest: { sysctls: { 'vm.dirty_ratio': 100, 'vm.dirty_background_ratio': 1 } },
  });
  const [lockup] = lockupsOf(outcome(world({})));
  assert.equal(lockup.rule, 'lockup.reclaim');
  assert.deepEqual(
    lockupsOf(outcome(world({ flag: 'io-flusher' }))).filter(({ rule }) => rule === 'lockup.reclaim'),
    [],
  );
});

test('TD10: in the long run writers write what devices do, ±5 %, with dirty pages between freerun and limit', () => {
  const disk = 1_000_000_000;
  const point = runPoint(
    make.plan(
      fuseWorld({
        accounting: 'count-temps',
        gib: 4,
        rate: COPIER,
        seconds: 60,
        fuse: { max_ratio: 1_000_000 },
        daemon: { backing: 'none', bandwidth: 200_000_000 },
        rest: { disk: { bandwidth: disk } },
      }),
    ),
  );
  const half = (name: string) => {
    const series = point.series.find((one) => one.name === name)!;
    return { t: series.t, y: series.y };
  };
  const { t, y } = half('hit-ratio');
  assert.ok(t.length > 0 && y.length > 0);
  const steady = (point.counters['nr_dirtied'] * 4096) / (point.time / SECOND);
  const buffered = peak(point, 'nr_dirty_threshold') * 4096;
  const rate = steady - buffered / 60;
  assert.ok(rate > 190_000_000 * 0.95 && rate < 200_000_000 * 1.05, `${rate} bytes a second`);
});

test('TD11: a larger max_ratio never costs throughput, and helps less and less (strict limit)', () => {
  const rates = [2_500, 5_000, 10_000, 20_000, 40_000].map((ratio) => {
    const point = outcome({
      accounting: 'strict',
      gib: 2,
      seconds: 20,
      fuse: { max_ratio: ratio },
      daemon: { backing: 'none', bandwidth: 400_000_000 },
    });
    return point.measures['accesses'] / (point.time / SECOND) / MIB;
  });
  // near the daemon’s own speed pauses in whole ticks make it waver by two or three per cent
  for (let i = 1; i < rates.length; i++) {
    assert.ok(rates[i] >= rates[i - 1] * 0.97, rates.join(' '));
    assert.ok(rates[i] <= rates[i - 1] * 2.03, rates.join(' '));
  }
  assert.ok(rates[4] / rates[2] < rates[2] / rates[0], rates.join(' '));
});

test('D-D: fsync waits for a daemon that was stopped for good, and the run says so instead of hanging', () => {
  const world = fuseWorld({ accounting: 'strict', gib: 1 });
  const pages = 100;
  const point = runPoint(
    make.plan({
      ...world,
      objects: [onFuse('photos', 0, pages)],
      processes: [
        make.process('copier', [
          make.phase('', [
            make.passes(0, 1, { verb: 'write', pages }),
            { kind: 'idle', time: SECOND },
            { kind: 'fsync', target: { object: 0, start: 0, pages } },
          ]),
        ]),
      ],
      timeline: [{ time: SECOND / 2, actions: [{ kind: 'daemon', fuse: 0, state: 'stall' }] }],
    }),
    checked,
  );
  assert.deepEqual(
    lockupsOf(point).map(({ rule }) => rule),
    ['lockup.sync'],
  );
});

test('a daemon that is resumed in time ends nothing; one that dies makes writes fail and gives its copies back', () => {
  const timeline = (state: 'resume' | 'die') => [
    { time: 2 * SECOND, actions: [{ kind: 'daemon', fuse: 0, state: 'stall' } as const] },
    { time: 12 * SECOND, actions: [{ kind: 'daemon', fuse: 0, state } as const] },
  ];
  const resumed = outcome({ gib: 1, seconds: 20, rest: { timeline: timeline('resume') } });
  assert.deepEqual(lockupsOf(resumed), []);
  assert.equal(resumed.time, 20 * SECOND);
  const dead = outcome({ gib: 1, seconds: 20, rest: { timeline: timeline('die') } });
  assert.equal(dead.gauges?.['nr_writeback_temp'], 0);
  assert.ok(dead.events.some(({ text }) => text.includes('ENOTCONN')));
  assert.ok(resumed.measures['accesses'] > dead.measures['accesses']);
});

test('D-E: a daemon that writes to its own mount waits for its own answers: with one thread at once, with more as soon as all of them do', () => {
  for (const threads of [1, 2, 8]) {
    const point = outcome({ gib: 1, seconds: 20, daemon: { threads, backing: 'mount', bandwidth: 50_000_000 } });
    const [lockup] = lockupsOf(point);
    assert.equal(lockup.rule, 'lockup.queue', `${threads} threads`);
    assert.equal(point.cycles![0].class, 'D-E');
  }
});

test('the ring of waits in the report leads from the daemon back to it, and says what everybody holds', () => {
  const point = outcome({ accounting: 'none', gib: 2, seconds: 20 });
  const [cycle] = point.cycles!;
  assert.equal(cycle.class, 'D-A');
  assert.equal(cycle.time, point.time);
  assert.ok(cycle.time - cycle.since >= 5 * SECOND);
  const [daemon, memory] = cycle.members;
  assert.deepEqual([daemon.actor, daemon.kind], ['photos.daemon', 'daemon']);
  assert.equal(memory.kind, 'resource');
  assert.equal(cycle.members[cycle.members[daemon.on].on], daemon);
  assert.ok(cycle.members.some(({ actor }) => actor === 'copier'));
});

test('write-through dirties nothing and goes at the daemon’s speed (measured on 6.1: Dirty 0, 3.55 of 4 MB/s)', () => {
  const point = outcome({
    gib: 1,
    seconds: 20,
    fuse: { writeback_cache: false, max_write: 1_048_576 },
    daemon: { backing: 'none', bandwidth: 4_000_000 },
  });
  assert.equal(peak(point, 'nr_dirty'), 0);
  assert.equal(peak(point, 'nr_writeback_temp'), 0);
  const rate = (point.measures['accesses'] * 4096) / 20;
  assert.ok(rate > 3_800_000 && rate <= 4_100_000, `${rate}`);
});

test('a page-cache workload beside `none` loses its cache to copies, beside `strict` it does not', () => {
  const beside = (accounting: string) => {
    const world = fuseWorld({ accounting, gib: 1, seconds: 3, rate: 1_000_000_000 });
    return runPoint(
      make.plan({
        ...world,
        disk: { bandwidth: 2_000_000_000, latency: 20_000 },
        objects: [...world.objects, make.file('db', 50_000)],
        processes: [
          ...world.processes,
          make.process('reader', [
            make.phase('read', [
              make.lasting(1, 3 * SECOND, { pages: 50_000, pattern: { kind: 'uniform' }, rate: 400_000_000 }),
            ]),
          ]),
        ],
        fuse: [mount('photos', { accounting }, { bandwidth: 50_000_000, backing: 'none' })],
      }),
    );
  };
  const read = (point: PointReport) => point.phases.find(({ name }) => name === 'read')!;
  const [none, strict] = ['none', 'strict'].map((accounting) => read(beside(accounting)));
  // what it reads at all, and how much of that it still finds
  assert.ok(none.accesses < 0.8 * strict.accesses, `${none.accesses} against ${strict.accesses} reads`);
  assert.ok(
    none.misses / none.accesses > 1.3 * (strict.misses / strict.accesses),
    `${none.misses} of ${none.accesses}, ${strict.misses} of ${strict.accesses} missed`,
  );
});

test('two mounts and a disk share the threshold: nobody is starved, and none gets more than its max_ratio (strict)', () => {
  const world = fuseWorld({ accounting: 'strict', gib: 2, seconds: 20 });
  const report = run(
    make.plan({
      ...world,
      objects: [onFuse('a', 0), onFuse('b', 1), make.file('log', 40_000)],
      processes: [
        copier(0, 400_000_000),
        copier(1, 400_000_000),
        make.process('logger', [
          make.phase('', [make.lasting(2, 20 * SECOND, { verb: 'write', pages: 40_000, rate: 20_000_000 })]),
        ]),
      ],
      fuse: [
        mount('a', { accounting: 'strict' }, { backing: 'none', bandwidth: 20_000_000 }),
        mount('b', { accounting: 'strict' }, { backing: 'none', bandwidth: 20_000_000 }),
      ],
    }),
  );
  const [point] = report.points;
  assert.deepEqual(lockupsOf(point), []);
  const [a, b] = point.phases.map(({ accesses }) => accesses);
  assert.ok(Math.abs(a / b - 1) < 0.1, `${a} and ${b}`);
  const shares = point.phases.map(({ accesses }) => accesses);
  const sum = shares.reduce((total, n) => total + n, 0);
  const squares = shares.reduce((total, n) => total + n * n, 0);
  assert.ok(Math.abs(point.measures['fairness'] - (sum * sum) / (3 * squares)) < 1e-12);
  assert.ok(peak(point, 'nr_writeback_temp') < 2 * 1.5 * (peak(point, 'nr_dirty_threshold') / 100));
});
