import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dirtyable,
  dirtyLimits,
  freerunCeiling,
  ilog2,
  nextLimit,
  pollInterval,
  roundUpPowerOfTwo,
  type DirtySettings,
} from '../../../simulator/writeback/dirty-limits.ts';
import { Completions, DeviceCompletions } from '../../../simulator/writeback/flex-proportions.ts';
import { maxPause, pauseTarget } from '../../../simulator/writeback/pause.ts';
import { ONE, polynomial, positionRatio, type DirtyState } from '../../../simulator/writeback/position-ratio.ts';
import { initialEstimates, updateBandwidth, updateRatelimit } from '../../../simulator/writeback/wb-bandwidth.ts';
import { SECOND } from '../../../simulator/units.ts';

const defaults: DirtySettings = { ratio: 20, backgroundRatio: 10, bytes: 0, backgroundBytes: 0 };
const limitsOf = (available: number, settings: Partial<DirtySettings> = {}) =>
  dirtyLimits(available, { ...defaults, ...settings }, { thresh: 0, background: 0 });
const GIB_PAGES = 262_144;

test('TD1: the position polynomial is 2 at freerun, 1 at the setpoint, 0 at the limit, and never rises (mm/page-writeback.c)', () => {
  const { thresh, background } = limitsOf(16 * GIB_PAGES);
  const freerun = freerunCeiling(thresh, background);
  const setpoint = Math.floor((freerun + thresh) / 2);
  // whole numbers: the slope at either end costs up to three 1024ths
  assert.ok(Math.abs(polynomial(setpoint, freerun, thresh) - 2 * ONE) <= 3);
  assert.equal(polynomial(setpoint, setpoint, thresh), ONE);
  assert.ok(polynomial(setpoint, thresh, thresh) <= 3);
  let last = Infinity;
  for (let dirty = 0; dirty <= 2 * thresh; dirty += 997) {
    const now = polynomial(setpoint, dirty, thresh);
    assert.ok(now <= last, `rises at ${dirty}`);
    last = now;
  }
});

test('TD2: 1 % of 20 % of 16 GiB are 8 388 pages, their background 4 194, the setpoint between 6 291 (wb_position_ratio: ~8K, ~4K, ~6K)', () => {
  // the kernel's comment rounds; in its 4096ths 20 % are 819, so a page and a half in ten thousand are missing
  const { thresh, background } = limitsOf(16 * GIB_PAGES);
  assert.equal(thresh, Math.floor((819 * 16 * GIB_PAGES) / 4096));
  const wbThresh = Math.floor((thresh * 10_000) / 1_000_000);
  const wbBackground = Math.floor((wbThresh * background) / thresh);
  assert.equal(wbThresh, 8_386);
  assert.equal(wbBackground, 4_187);
  assert.equal(freerunCeiling(wbThresh, wbBackground), 6_286);
  const exact = Math.floor(0.01 * 0.2 * 16 * GIB_PAGES);
  assert.deepEqual([exact, exact / 2, (exact + exact / 2) / 2], [8_388, 4_194, 6_291]);
});

test('TD3: 1 % of 359 144 kB is 3 588 kB, of 361 300 kB 3 612 kB, and its background is 180 428 kB (read on 6.1)', () => {
  const share = (kb: number) => Math.floor(((kb / 4) * 10_000) / 1_000_000) * 4;
  assert.equal(share(359_144), 3_588);
  assert.equal(share(361_300), 3_612);
  const available = [...Array(3).keys()].map((i) => 451_737 + i).find((n) => limitsOf(n).thresh === 361_300 / 4);
  assert.ok(available !== undefined, 'some available memory gives this threshold');
  assert.equal(limitsOf(available).background * 4, 180_428);
});

test('thresholds: bytes win over ratios and round up, background stays below, 0 % lets nothing be dirty (domain_dirty_limits)', () => {
  assert.equal(limitsOf(1000, { bytes: 67_108_864 }).thresh, 16_384);
  assert.equal(limitsOf(1000, { bytes: 8193 }).thresh, 3);
  assert.deepEqual(limitsOf(10_000, { ratio: 10, backgroundRatio: 50 }), { thresh: 998, background: 499 });
  assert.deepEqual(limitsOf(10_000, { ratio: 0, backgroundRatio: 0 }), { thresh: 0, background: 0 });
  assert.equal(dirtyable(100, 500, 40), 41);
});

test('the limit follows a rising threshold at once and a falling one by a 32nd (update_dirty_limit)', () => {
  assert.equal(nextLimit(1000, 2000, 0), 2000);
  assert.equal(nextLimit(2000, 1000, 0), 2000 - 31);
  assert.equal(nextLimit(2000, 1000, 1900), 2000 - 3);
  assert.equal(nextLimit(1000, 1000, 0), 1000);
});

test('powers of two: 750 ticks round up to 1 024, 126 to 128, logs round down', () => {
  assert.deepEqual([750, 1, 2, 3, 126, 3000].map(roundUpPowerOfTwo), [1024, 1, 2, 4, 128, 4096]);
  assert.deepEqual([0, 1, 2, 3, 4, 1023, 1024].map(ilog2), [0, 0, 1, 1, 2, 9, 10]);
  assert.equal(pollInterval(0, 600_000), 512);
  assert.equal(pollInterval(10, 10), 1);
});

test('shares: who writes alone has all, half a period later two equal writers have half each, and old counts halve every 3 s', () => {
  const all = new Completions();
  const a = new DeviceCompletions(all);
  const b = new DeviceCompletions(all);
  const share = (d: DeviceCompletions, now: number) => {
    const { numerator, denominator } = d.fraction(now);
    return numerator / denominator;
  };
  assert.equal(share(a, 0), 0);
  a.add(0, 1000, 1);
  assert.ok(share(a, 1) > 0.99);
  b.add(1, 1000, 1);
  assert.ok(Math.abs(share(a, 1) - 0.5) < 0.001);
  // two periods later only what b writes then is fresh
  b.add(7 * SECOND, 1000, 1);
  const { numerator } = a.fraction(7 * SECOND);
  assert.equal(numerator, 250);
  assert.ok(share(b, 7 * SECOND) > 0.83);
});

test('a device held to 1 % never gets a larger share, however much it writes (__fprop_add_percpu_max)', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 40 }), (writes) => {
      const all = new Completions();
      const fuse = new DeviceCompletions(all);
      const disk = new DeviceCompletions(all);
      for (const [i, pages] of writes.entries()) {
        if (i % 3 === 0) disk.add(i, pages, 1);
        fuse.add(i, pages, 0.01);
        const { numerator, denominator } = fuse.fraction(i);
        // one page of rounding up
        assert.ok(numerator <= 0.01 * denominator + 1, `${numerator} of ${denominator}`);
      }
    }),
  );
});

const state = (rest: Partial<DirtyState>): DirtyState => ({
  dirty: 0,
  thresh: 800_000,
  background: 400_000,
  limit: 800_000,
  wbDirty: 0,
  wbThresh: 800_000,
  wbBackground: 400_000,
  bandwidth: 36_621,
  strictlimit: false,
  ...rest,
});

test('position ratio: nothing at the limit, a quarter of the polynomial far beyond the device’s own share, more below it', () => {
  assert.equal(positionRatio(state({ dirty: 800_000 })), 0);
  assert.equal(positionRatio(state({ dirty: 900_000 })), 0);
  const dirty = 700_000;
  const balanced = positionRatio(state({ dirty, wbDirty: dirty }));
  assert.ok(Math.abs(balanced - ONE) < 8, `${balanced} at both setpoints`);
  const over = positionRatio(state({ dirty, wbDirty: dirty, wbThresh: 8_000 }));
  assert.equal(over, ONE / 4);
  assert.ok(positionRatio(state({ dirty, wbDirty: 100_000 })) > 2 * ONE);
});

test('position ratio under strictlimit: the device’s share decides, however little is dirty in all (commit 5a53748568f7)', () => {
  const strict = (wbDirty: number) =>
    positionRatio(state({ strictlimit: true, dirty: wbDirty, wbDirty, wbThresh: 8_388, wbBackground: 4_194 }));
  assert.equal(strict(0), 2 * ONE);
  assert.equal(strict(6_291), ONE);
  assert.equal(strict(8_388), 0);
  assert.equal(strict(20_000), 0);
  // no share yet: seven pages are free, the eighth waits
  assert.equal(positionRatio(state({ strictlimit: true, wbDirty: 7, wbThresh: 0, wbBackground: 0 })), 2 * ONE);
  assert.equal(positionRatio(state({ strictlimit: true, wbDirty: 8, wbThresh: 0, wbBackground: 0 })), 0);
});

test('bandwidth: a steady device is estimated within 1 % after 20 s, and counts anew after standing idle (wb_update_write_bandwidth)', () => {
  const e = initialEstimates();
  for (let i = 0; i < 100; i++) updateBandwidth(e, 7_324, 50, 250);
  assert.ok(Math.abs(e.bandwidth / 36_620 - 1) < 0.01, `${e.bandwidth}`);
  updateBandwidth(e, 1_000, 2_000, 250);
  assert.equal(e.bandwidth, 125);
  assert.equal(e.average, 125);
});

test('base rate: with n writers it settles near a n-th of the bandwidth (wb_update_dirty_ratelimit)', () => {
  for (const n of [1, 4]) {
    const e = { ...initialEstimates(), average: 40_000, bandwidth: 40_000 };
    // the loop is closed: dirty pages rise by what is dirtied and fall by what is written
    let dirty = 700_000;
    for (let i = 0; i < 1_000; i++) {
      const s = state({ dirty, wbDirty: dirty });
      const ratio = positionRatio(s);
      const dirtied = Math.floor((n * e.ratelimit * ratio) / ONE / 5);
      dirty = Math.max(600_000, dirty + dirtied - 8_000);
      updateRatelimit(e, s, ratio, dirtied, 50, 250);
    }
    assert.ok(dirty > 650_000 && dirty < 750_000, `${dirty} dirty`);
    assert.ok(Math.abs((e.ratelimit * n) / 40_000 - 1) < 0.1, `${n} writers at ${e.ratelimit}`);
  }
});

test('pauses: 200 ms at most, one tick on an empty device, 10 ms aimed at for a single writer (wb_max_pause, wb_min_pause)', () => {
  assert.equal(maxPause(1_000_000, 25_600, 250), 50);
  assert.equal(maxPause(0, 25_600, 250), 1);
  const { min, pages } = pauseTarget(50, 25_600, 25_600, 25_600, 250);
  assert.equal(pages, Math.floor((25_600 * 2) / 256));
  assert.equal(min, 2);
});
