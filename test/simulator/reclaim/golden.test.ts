/**
 * Miss ratios as libCacheSim gives them for the same sequences: `cachesim TRACE oracleGeneral POLICY CAPACITY --ignore-obj-size 1` of commit
 * aa0fc40914b2b786f4b9f4dafb099f8f332b216a (7 October 2024), all policies with their defaults.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOLDEN_ACCESSES, GOLDEN_PAGES, goldenTraces } from './golden-traces.ts';
import { missesOf } from './reference-host.ts';

const POLICIES = ['lru', 'fifo', 'clock', 'sieve', 's3-fifo', 'arc', '2q', 'lirs', 'opt', 'w-tinylfu'] as const;

/** Trace, capacity, and a miss ratio for each policy, in that order. */
const golden: readonly (readonly [keyof typeof goldenTraces, number, string])[] = [
  ['skewed', 500, '0.9263 0.9296 0.9240 0.8647 0.8529 0.8631 0.8726 0.8618 0.6734 0.8513'],
  ['skewed', 2000, '0.7532 0.7731 0.7402 0.6506 0.6442 0.6597 0.6738 0.6595 0.4395 0.6305'],
  ['loop', 500, '1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 0.8119 0.8104 0.8169'],
  ['loop', 2000, '1.0000 1.0000 1.0000 1.0000 0.3915 1.0000 0.3901 0.2476 0.2404 0.2533'],
  ['loops', 500, '1.0000 1.0000 1.0000 1.0000 0.8656 1.0000 1.0000 0.8045 0.7501 0.8257'],
  ['loops', 2000, '0.6760 0.6760 0.6760 0.6445 0.5947 0.6445 0.5052 0.4996 0.4030 0.5372'],
  ['shifting', 500, '0.7878 0.8045 0.7770 0.8276 0.7040 0.7121 0.7261 0.7106 0.4865 0.9188'],
  ['shifting', 2000, '0.4319 0.4828 0.4197 0.6266 0.4390 0.4176 0.4388 0.4204 0.2486 0.8010'],
  ['scans', 500, '0.6387 0.6436 0.6401 0.6592 0.5389 0.6395 0.5587 0.7075 0.4450 0.5377'],
  ['scans', 2000, '0.4910 0.5257 0.5032 0.4874 0.3667 0.4903 0.3963 0.5082 0.2920 0.3610'],
  ['stream', 500, '0.8404 0.8424 0.8393 0.8224 0.8235 0.8222 0.8255 0.8205 0.5027 0.8214'],
  ['stream', 2000, '0.3968 0.4460 0.3760 0.2934 0.3219 0.2903 0.3639 0.2924 0.1563 0.2908'],
];

/** What W-TinyLFU misses with 101, 211 and 1,003 pages: tiny windows, and parts that its shares do not fill. */
const small: Readonly<Record<keyof typeof goldenTraces, string>> = {
  skewed: '0.9645 0.9245 0.7654',
  loop: '0.9635 0.9353 0.6680',
  loops: '0.9709 0.9335 0.6627',
  shifting: '0.9514 0.8714 0.6970',
  scans: '0.6786 0.6284 0.4587',
  stream: '0.9643 0.9240 0.6448',
};

for (const [name, capacity, ratios] of golden) {
  test(`on the sequence '${name}' with ${capacity} pages every policy misses as often as libCacheSim's, to four digits`, () => {
    const words = goldenTraces[name]();
    const expected = ratios.split(' ');
    POLICIES.forEach((id, i) => {
      const ratio = missesOf(id, words, GOLDEN_PAGES, capacity) / GOLDEN_ACCESSES;
      assert.equal(ratio.toFixed(4), expected[i], id);
    });
  });
}

test("in small memories w-tinylfu misses as often as libCacheSim's, too", () => {
  for (const name of Object.keys(goldenTraces) as (keyof typeof goldenTraces)[]) {
    const words = goldenTraces[name]();
    const ratios = [101, 211, 1003].map((capacity) => missesOf('w-tinylfu', words, GOLDEN_PAGES, capacity));
    assert.equal(ratios.map((misses) => (misses / GOLDEN_ACCESSES).toFixed(4)).join(' '), small[name], name);
  }
});
