/**
 * The comparisons of the reclaim model's test table, for MGLRU: orderings only, since the figures there depend on details of the driver. `early`
 * is 6.1.0 to 6.1.68, before page cache was better protected.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Memory } from '../../../simulator/machine/memory.ts';
import { pow } from '../../../simulator/math.ts';
import { hitRatio, machine, randomBelow, read, residentOf, sequence } from './mglru-machine.ts';

const M = 4096;
const candidates = {
  early: { variant: 'mglru-6.1', values: { 'stable-fixes': false } },
  'mglru-6.1': { variant: 'mglru-6.1' },
  'mglru-6.7': { variant: 'mglru-6.7' },
  'mglru-6.14': { variant: 'mglru-6.14' },
  lru: { variant: 'lru' },
  'v6.1': { variant: 'v6.1' },
} as const;
type Name = keyof typeof candidates;
const mglrus: readonly Name[] = ['early', 'mglru-6.1', 'mglru-6.7', 'mglru-6.14'];

const make = (name: Name, file: number): Memory => machine({ ...candidates[name], memory: M, file });
const share = (part: number) => Math.floor(part * M);
const cycle = (memory: Memory, start: number, pages: number, passes: number): number =>
  hitRatio(
    memory,
    sequence(pages * passes, (i) => read(start + (i % pages))),
    0,
  );

test('a cyclic scan of 1.1 M gets no hits from any MGLRU, as from LRU; one of 0.9 M fits', () => {
  for (const name of mglrus) {
    const large = make(name, share(1.1));
    cycle(large, 0, share(1.1), 1);
    assert.ok(cycle(large, 0, share(1.1), 19) < 0.01, name);
    const small = make(name, share(0.9));
    cycle(small, 0, share(0.9), 1);
    assert.equal(cycle(small, 0, share(0.9), 3), 1, name);
  }
});

test('after a shift MGLRU has the new set in memory by its second pass, as LRU has and the two lists have not', () => {
  const firstFullPass = (name: Name, size: number) => {
    const memory = make(name, 2 * size);
    cycle(memory, 0, size, 4);
    for (let pass = 1; pass <= 12; pass++) if (cycle(memory, size, size, 1) === 1) return pass;
    return Infinity;
  };
  for (const part of [0.75, 0.85]) {
    for (const name of mglrus) assert.equal(firstFullPass(name, share(part)), firstFullPass('lru', share(part)), name);
    assert.ok(firstFullPass('v6.1', share(part)) > firstFullPass('lru', share(part)));
  }
});

/** What is left of a working set, read five times over, after a stream. */
function resident(name: Name, set: number, stream: number, passes: number): number {
  const memory = make(name, set + stream);
  cycle(memory, 0, set, 5);
  cycle(memory, set, stream, passes);
  return residentOf(memory, 0, set) / set;
}

test('a set of M/4 is gone after ten streams of 17/16 M in early 6.1, and stays since 6.1.69', () => {
  const left = (name: Name) => resident(name, share(0.25), share(17 / 16), 10);
  assert.equal(left('early'), 0);
  assert.equal(left('mglru-6.1'), 1);
  assert.equal(left('mglru-6.7'), 1);
});

test('a set of 0.85 M does not outlive one stream of 1.1 M under MGLRU; the two lists keep half of it', () => {
  for (const name of mglrus) assert.ok(resident(name, share(0.85), share(1.1), 1) < 0.1, name);
  assert.ok(resident('v6.1', share(0.85), share(1.1), 1) > 0.5);
});

test('hot pages mixed with pages used once fare better under MGLRU than under LRU', () => {
  const hotRatio = (name: Name) => {
    const hot = share(0.25);
    const once = 20 * M;
    const memory = make(name, hot + once);
    const random = randomBelow(3);
    const words = sequence(once * 2, (i) => (i % 2 === 0 ? read(random(hot)) : read(hot + (i >> 1))));
    const missBits = new Uint8Array(Math.ceil(words.length / 8));
    memory.run(words, 0, words.length, 0, missBits, 0);
    let hits = 0;
    for (let i = once; i < words.length; i += 2) if (((missBits[i >> 3] >> (i & 7)) & 1) === 0) hits++;
    return hits / (once / 2);
  };
  const lru = hotRatio('lru');
  for (const name of mglrus) assert.ok(hotRatio(name) > lru + 0.02, name);
});

test('Zipf 0.8 over 4 M keys: early 6.1 below LRU, 6.1.69 and 6.7 above it', () => {
  const keys = 4 * M;
  const table = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) table[i] = sum += pow(i + 1, -0.8);
  const ratio = (name: Name) => {
    const memory = make(name, keys);
    const random = randomBelow(99);
    // ranks scattered by an odd multiplier, so that neighbours in the file are not neighbours in rank
    const draw = () => {
      const u = (random(2 ** 30) / 2 ** 30) * sum;
      let low = 0;
      let high = keys - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (table[middle] > u) high = middle;
        else low = middle + 1;
      }
      return read(Math.imul(low, 40_503) & (keys - 1));
    };
    hitRatio(memory, sequence(300_000, draw), 0);
    return hitRatio(memory, sequence(500_000, draw), 0);
  };
  const lru = ratio('lru');
  assert.ok(ratio('early') < lru - 0.01);
  assert.ok(ratio('mglru-6.1') > lru + 0.01);
  assert.ok(ratio('mglru-6.7') > lru + 0.01);
});
