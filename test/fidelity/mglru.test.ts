/**
 * MGLRU held against recordings of Linux 6.1.192, whose stable series has the fixes of 6.1.69. Recorded runs are deterministic for read(), so
 * these must agree in every single access and every counter; runs through a mapping differ from repeat to repeat in the kernel itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingOf, replay, worstCounter, type Comparison } from './recordings.ts';

const reads = ['A_k0.9', 'A_k1.1', 'B_shift', 'C_scan', 'D_zipf1.0', 'E_u1.5'] as const;

const recordedMisses = (c: Comparison, of: 0 | 1) => c.kernel.map((r) => r.misses[of]);

for (const name of reads) {
  test(`mglru-6.1 misses on the same accesses as the kernel, with the same counters, on ${name}`, () => {
    const c = replay(recordingOf(name), 'mglru', 'mglru-6.1');
    assert.equal(c.differing, 0);
    for (const repeat of c.kernel) {
      assert.deepEqual(c.misses, repeat.misses);
      for (const [counter, value] of Object.entries(repeat.counters)) assert.equal(c.counters[counter], value, counter);
    }
  });
}

test('mglru-6.1 is within the kernel’s own spread on F_zipf1.0_mmap', () => {
  const c = replay(recordingOf('F_zipf1.0_mmap'), 'mglru', 'mglru-6.1');
  const recorded = recordedMisses(c, 0);
  assert.ok(c.misses[0] >= Math.min(...recorded) && c.misses[0] <= Math.max(...recorded), `${c.misses[0]} misses`);
  assert.ok(c.differing! <= 100, `${c.differing} accesses differ`);
  assert.ok(worstCounter(c).off < 0.2, `${worstCounter(c).name}: ${worstCounter(c).off} %`);
});

test('mglru-6.1 does not swap on G_mix_sw60, as the kernel did not, and misses as often', () => {
  const c = replay(recordingOf('G_mix_sw60'), 'mglru', 'mglru-6.1');
  assert.equal(c.counters.pswpout, 0);
  assert.deepEqual([c.misses[0]], [...new Set(recordedMisses(c, 0))]);
  assert.ok(c.differing! <= 50, `${c.differing} accesses differ`);
  assert.ok(worstCounter(c).off < 0.1, `${worstCounter(c).name}: ${worstCounter(c).off} %`);
});

test('early 6.1, without the fix of 6.1.69, misses elsewhere than 6.1.192: the recordings tell the two apart', () => {
  const differing = (name: string) =>
    replay(recordingOf(name), 'mglru', 'mglru-6.1', { 'stable-fixes': false }).differing!;
  assert.ok(differing('B_shift') > 50_000);
  assert.ok(differing('D_zipf1.0') > 1000);
});

for (const name of ['A_k1.1', 'C_scan', 'D_zipf1.0'] as const) {
  test(`mglru-6.7 misses on the same accesses as 6.12, and counts as 6.12 does, on ${name}`, () => {
    const c = replay(recordingOf(name, 'reclaim-6.12'), 'mglru', 'mglru-6.7');
    assert.equal(c.differing, 0);
    const [kernel] = c.kernel;
    // 6.12 shows counters as they were up to 64 changes before; memory.stat leaves out what never happened
    for (const counter of Object.keys(kernel.counters)) {
      const behind = c.counters[counter] - kernel.counters[counter];
      assert.ok(behind >= 0 && behind <= 64, `${counter}: ${c.counters[counter]} against ${kernel.counters[counter]}`);
    }
  });
}
