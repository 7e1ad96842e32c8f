/** The golden timelines: 512 GiB locked, a crash of the process, 8 prefault threads, and what each remedy makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cache512, lengthOf, recoveryRules, tenths } from './support.ts';

const timeline = (r: ReturnType<typeof cache512>) => ({
  munlock: tenths(lengthOf(r, 'munlock')),
  zap: tenths(lengthOf(r, 'zap')),
  prefault: tenths(lengthOf(r, 'prefault')),
  total: tenths(r.timeToService),
  fits: r.slack >= 0,
});

test('4 KiB pages before 3.12 take 31.0 s to unlock, 29.8 s to free and 10.0 s to come back: 74.8 s (golden timeline)', () => {
  assert.deepEqual(timeline(cache512(recoveryRules({}, { era: 'pre-3.12' }))), {
    munlock: 31,
    zap: 29.8,
    prefault: 10,
    total: 74.8,
    fits: false,
  });
});

test('batched munlock of 3.12 makes it 61.4 s (golden timeline; 17.6 s of munlock, by 131 ns a page)', () => {
  const { munlock, ...rest } = timeline(cache512(recoveryRules({}, { era: 'v3.12' })));
  // 1.92 s for 56 GiB is 130.8 ns a page: 17.55 s, which the timeline rounds by way of 131 ns
  assert.ok(Math.abs(munlock - 17.6) <= 0.1);
  assert.deepEqual(rest, { zap: 29.8, prefault: 10, total: 61.4, fits: false });
});

test('without a munlock pass (5.18) it is 45.8 s, 31.8 s of them teardown (golden timeline)', () => {
  assert.deepEqual(timeline(cache512(recoveryRules())), {
    munlock: 0,
    zap: 31.8,
    prefault: 10,
    total: 45.8,
    fits: false,
  });
});

test('a successor that takes memory as it comes back is there one chunk after teardown: 35.8 s (golden timeline)', () => {
  const r = cache512(recoveryRules({ overlap: 'freed' }));
  assert.equal(tenths(r.timeToService), 35.8);
  assert.equal(tenths(lengthOf(r, 'prefault')), 10);
});

test('four free-workers bring teardown to 14 s and the whole under the budget (golden timeline: 14.3 and 28.3 s by Lu’s ×2.23)', () => {
  // The formula gives ×2.25 for four workers where Lu measured ×2.23, within the 1 % that it promises.
  const r = cache512(recoveryRules({}, { workers: 4 }));
  assert.ok(Math.abs(lengthOf(r, 'zap') - 14.3e9) < 0.2e9);
  assert.ok(Math.abs(r.timeToService - 28.3e9) < 0.2e9);
  assert.ok(r.slack > 0);
});

test('transparent huge pages: 0.5 s, 5.8 s and 10.4 s in all (golden timeline)', () => {
  assert.deepEqual(timeline(cache512(recoveryRules(), 'thp')), {
    munlock: 0,
    zap: 0.5,
    prefault: 5.8,
    total: 10.4,
    fits: true,
  });
});

test('hugetlb pages of 2 MiB: 0.3 s, 5.8 s and 10.1 s in all (golden timeline)', () => {
  assert.deepEqual(timeline(cache512(recoveryRules(), 'hugetlb-2m')), {
    munlock: 0,
    zap: 0.3,
    prefault: 5.8,
    total: 10.1,
    fits: true,
  });
});

test('hugetlb pages in a file that survives: nothing is cleared, 4.3 s in all (golden timeline)', () => {
  assert.deepEqual(timeline(cache512(recoveryRules({}, {}, { persist: true }), 'hugetlb-2m')), {
    munlock: 0,
    zap: 0.3,
    prefault: 0,
    total: 4.3,
    fits: true,
  });
});
