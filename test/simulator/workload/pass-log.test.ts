import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_PASSES, PassLog, sideBySide, SLICES, type PassEntry } from '../../../simulator/workload/pass-log.ts';

const entry = (accesses: number, start: number): PassEntry => ({
  accesses,
  hits: accesses - 1,
  misses: 1,
  start,
  end: start + accesses,
  before: undefined,
  after: undefined,
});

function fillSlices(total: number, known: boolean): PassLog {
  const log = new PassLog('slices', known ? total : Infinity);
  for (let made = 0; made < total;) {
    const n = Math.min(log.nextLength, total - made);
    log.add(entry(n, made));
    made += n;
  }
  return log;
}

test('a phase of known length has ten slices that differ by at most one access, fewer only if it is shorter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (total) => {
      const slices = fillSlices(total, true).entries();
      assert.equal(slices.length, Math.min(SLICES, total));
      assert.equal(
        slices.reduce((n, slice) => n + slice.accesses, 0),
        total,
      );
      const lengths = slices.map(({ accesses }) => accesses);
      if (total >= SLICES) assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1);
    }),
  );
});

test('a phase whose length shows only at its end has ten slices that are equal within a tenth', () => {
  for (const total of [1_000, 54_321, 3_000_000]) {
    const slices = fillSlices(total, false).entries();
    assert.equal(slices.length, SLICES);
    assert.equal(
      slices.reduce((n, slice) => n + slice.accesses, 0),
      total,
    );
    for (const { accesses } of slices)
      assert.ok(Math.abs(accesses - total / SLICES) <= total / 80 + 32, `${accesses} of ${total}`);
  }
});

test('passes beyond the limit are put together in neighbouring groups, and nothing is lost', () => {
  const log = new PassLog('passes', 0);
  const n = 3 * MAX_PASSES + 5;
  for (let i = 0; i < n; i++) log.add(entry(2, 2 * i));
  const entries = log.entries();
  assert.ok(entries.length <= MAX_PASSES);
  assert.equal(log.group, 4);
  assert.equal(
    entries.reduce((sum, { misses }) => sum + misses, 0),
    n,
  );
  entries.forEach(({ start, end }, i) => {
    assert.ok(end > start);
    if (i > 0) assert.equal(start, entries[i - 1].end);
  });
});

test('passes of threads lie side by side: counts add up, times span all', () => {
  const [first, second] = sideBySide([[entry(5, 10), entry(5, 20)], [entry(7, 8)]]);
  assert.deepEqual([first.accesses, first.start, first.end], [12, 8, 15]);
  assert.deepEqual([second.accesses, second.start, second.end], [5, 20, 25]);
});
