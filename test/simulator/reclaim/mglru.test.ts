import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyGauges } from '../../../simulator/machine/memory-core.ts';
import { MISS, OUT_OF_MEMORY } from '../../../simulator/machine/memory.ts';
import type { Memory } from '../../../simulator/machine/memory.ts';
import { RESIDENT } from '../../../simulator/machine/reclaimer.ts';
import { RefaultFeedback } from '../../../simulator/reclaim/mglru-feedback.ts';
import { TYPE_ANON, TYPE_FILE } from '../../../simulator/reclaim/mglru-lists.ts';
import { rules61, rules61Stable, rules614, rules67 } from '../../../simulator/reclaim/mglru-rules.ts';
import type { Mglru } from '../../../simulator/reclaim/mglru.ts';
import { rules } from '../../../simulator/tables/rules.ts';
import {
  count,
  hitRatio,
  load,
  machine,
  randomBelow,
  read,
  residentOf,
  sequence,
  store,
  write,
} from './mglru-machine.ts';

const variants = ['mglru-6.1', 'mglru-6.7', 'mglru-6.14'] as const;
const mglruOf = (memory: Memory) => memory.reclaimer as Mglru;

// ---- marks and tiers

test('a page read N times is in tier ⌈log2 N⌉ up to 3 (mmzone.h)', () => {
  for (const kernel of [rules61, rules61Stable, rules67, rules614]) {
    let state = RESIDENT;
    const tiers = [kernel.tier[state]];
    for (let n = 1; n <= 6; n++) {
      state = kernel.marked[state];
      tiers.push(kernel.tier[state]);
    }
    assert.deepEqual(tiers, [0, 0, 1, 2, 2, 3, 3]);
  }
});

test('since 6.1.69 a page read five times moves on whatever its tier, and before that it did not', () => {
  const afterReads = (kernel: typeof rules61, n: number) => {
    let state = RESIDENT;
    for (let i = 0; i < n; i++) state = kernel.marked[state];
    return kernel.saturated[state];
  };
  for (let n = 0; n <= 8; n++) {
    assert.equal(afterReads(rules61, n), 0);
    assert.equal(afterReads(rules61Stable, n), n >= 5 ? 1 : 0);
    assert.equal(afterReads(rules67, n), n >= 5 ? 1 : 0);
    assert.equal(afterReads(rules614, n), n >= 5 ? 1 : 0);
  }
});

test('moving on clears all marks up to 6.13, and all but the workingset flag since', () => {
  let old = RESIDENT;
  let young = RESIDENT;
  for (let i = 0; i < 8; i++) {
    old = rules67.marked[old];
    young = rules614.marked[young];
  }
  assert.equal(rules67.passedOn[old], RESIDENT);
  assert.equal(rules67.tier[rules67.passedOn[old]], 0);
  assert.equal(rules614.tier[rules614.passedOn[young]], 3);
});

test('a page enters where its kernel puts it: read, faulted in, anonymous', () => {
  const at = (kernel: typeof rules61, { minSeq = 4, active = false, pinned = false }) =>
    kernel.placement(RESIDENT, 7, minSeq, active, pinned);
  // read(): the oldest generation, since 6.1.69 the next while there are four
  assert.deepEqual(
    [rules61, rules61Stable, rules67, rules614].map((r) => at(r, {})),
    [4, 5, 5, 4],
  );
  assert.deepEqual(
    [rules61, rules61Stable, rules67, rules614].map((r) => at(r, { minSeq: 5 })),
    [5, 5, 5, 5],
  );
  // through a mapping: the newest, in 6.14 the one before
  assert.deepEqual(
    [rules61, rules61Stable, rules67, rules614].map((r) => at(r, { active: true })),
    [7, 7, 7, 6],
  );
  // not evictable at once: the second oldest, since 6.1.69 the second newest
  assert.deepEqual(
    [rules61, rules61Stable, rules67, rules614].map((r) => at(r, { pinned: true })),
    [5, 6, 6, 6],
  );
});

test('reading the same page again at once is no second access, as in filemap_read', () => {
  const memory = machine({ variant: 'mglru-6.1', limit: 256, file: 512 });
  memory.run(Uint32Array.of(read(1), read(1), read(1), read(2), read(1)), 0, 5, 1);
  const { state } = memory.reclaimer as Mglru;
  assert.equal(rules61Stable.refs[state[1]], 1, 'two accesses');
  assert.equal(rules61Stable.refs[state[2]], 0, 'one access');
});

// ---- feedback

const feedback = (gains: { firstTierGain: number; testedTierGain: number; sumTiers: boolean }) =>
  new RefaultFeedback(1, gains);
const repeat = (n: number, act: () => void) => {
  for (let i = 0; i < n; i++) act();
};

test('a tier is protected once its refault rate exceeds twice that of the first tier, and 63 refaults never count', () => {
  const f = feedback(rules61.feedback);
  repeat(936, () => f.evicted(0, TYPE_FILE, 0));
  repeat(99, () => f.refaulted(0, TYPE_FILE, 0));
  repeat(1000, () => f.evicted(0, TYPE_FILE, 1));
  repeat(63, () => f.refaulted(0, TYPE_FILE, 1));
  assert.equal(f.lastTier(0, TYPE_FILE), 3, '63 refaults');
  // 200/1000 = 2 · (99 + 1)/(936 + 64)
  repeat(137, () => f.refaulted(0, TYPE_FILE, 1));
  assert.equal(f.lastTier(0, TYPE_FILE), 3, 'exactly twice');
  f.refaulted(0, TYPE_FILE, 1);
  assert.equal(f.lastTier(0, TYPE_FILE), 0, 'more than twice: tier 1 and all above are protected');
});

test('6.14 protects at one and a half times the first tier’s rate', () => {
  const f = feedback(rules614.feedback);
  repeat(936, () => f.evicted(0, TYPE_FILE, 0));
  repeat(99, () => f.refaulted(0, TYPE_FILE, 0));
  repeat(1000, () => f.evicted(0, TYPE_FILE, 1));
  repeat(150, () => f.refaulted(0, TYPE_FILE, 1));
  assert.equal(f.lastTier(0, TYPE_FILE), 3);
  f.refaulted(0, TYPE_FILE, 1);
  assert.equal(f.lastTier(0, TYPE_FILE), 0);
});

test('an evicted generation’s counts go on with half their weight', () => {
  const f = feedback(rules61.feedback);
  repeat(1000, () => f.evicted(0, TYPE_FILE, 1));
  repeat(1000, () => f.refaulted(0, TYPE_FILE, 1));
  for (const protectedStill of [true, true, true, true, false]) {
    // 1000, 500, 250, 125, 62 refaults of as many
    assert.equal(f.lastTier(0, TYPE_FILE) === 0, protectedStill);
    f.carryOver(0, TYPE_FILE);
  }
});

test('file pages go first while they rarely come back, at swappiness 60', () => {
  const f = feedback(rules61.feedback);
  repeat(1000, () => f.evicted(0, TYPE_FILE, 0));
  repeat(63, () => f.refaulted(0, TYPE_FILE, 0));
  assert.equal(f.chooseType(0, 60), TYPE_FILE);
  repeat(900, () => f.refaulted(0, TYPE_FILE, 0));
  assert.equal(f.chooseType(0, 60), TYPE_ANON);
});

// ---- reclaim as a whole

test('6.1 counts a refault only while the same generation is the oldest, 6.7 every one (commit 3af0191a594d)', () => {
  const refaults = (variant: string) => {
    const memory = machine({ variant, limit: 512, file: 1024 });
    const random = randomBelow(3);
    // through a mapping, so that generations come and go
    hitRatio(memory, sequence(1024, load), 1);
    const cold = memory.reclaimer.tally.misses;
    hitRatio(
      memory,
      sequence(20_000, () => load(random(1024))),
      1,
    );
    return { counted: count(memory, 'workingset_refault_file'), all: memory.reclaimer.tally.misses - cold };
  };
  const late = refaults('mglru-6.7');
  assert.equal(late.counted, late.all);
  const early = refaults('mglru-6.1');
  assert.ok(early.counted > 0 && early.counted < 0.9 * early.all, `${early.counted} of ${early.all}`);
});

test('used anonymous pages stay while idle ones are swapped out, by the page-table walk', () => {
  for (const variant of variants) {
    const memory = machine({ variant, limit: 1024, file: 16, anon: 4096, swap: 8192, swappiness: 200 });
    const hot = 256;
    const base = 16;
    // first touch of everything once, then rounds of the hot set and a moving window of cold pages
    for (let round = 0; round < 40; round++) {
      const cold = sequence(128, (i) => store(base + hot + ((round * 128 + i) % (4096 - hot))));
      const used = sequence(hot, (i) => store(base + i));
      for (const words of [used, cold]) assert.equal(memory.run(words, 0, words.length, 1), words.length);
    }
    assert.ok(count(memory, 'pswpout') > 0, `${variant} swaps`);
    assert.equal(residentOf(memory, base, hot), hot, `${variant} keeps the hot set`);
  }
});

test('a mapped file in use survives a stream of read() pages', () => {
  for (const variant of variants) {
    const memory = machine({ variant, limit: 1024, file: 65_536 });
    for (let round = 0; round < 100; round++) {
      hitRatio(memory, sequence(256, load), 1);
      hitRatio(
        memory,
        sequence(256, (i) => read(1024 + round * 256 + i)),
        1,
      );
    }
    const misses = memory.reclaimer.tally.misses;
    hitRatio(memory, sequence(256, load), 1);
    assert.equal(memory.reclaimer.tally.misses, misses, variant);
  }
});

test('under random advice 6.1 gives a page in use another round, and later kernels evict it (commit 8788f6781486)', () => {
  const run = (variant: string) => {
    const memory = machine({ variant, limit: 1024, file: 8192, fileValues: { advice: 'random' } });
    const random = randomBelow(7);
    hitRatio(
      memory,
      sequence(60_000, (i) => load(i % 2 === 0 ? random(512) : random(8192))),
      1,
    );
    return {
      misses: memory.reclaimer.tally.misses,
      kept: count(memory, 'pgscan_direct') - count(memory, 'pgsteal_direct'),
    };
  };
  const old = run('mglru-6.1');
  assert.ok(old.kept > 10_000);
  for (const variant of ['mglru-6.7', 'mglru-6.14']) {
    const late = run(variant);
    assert.equal(late.kept, 0, variant);
    assert.ok(late.misses > 1.05 * old.misses, `${variant}: ${late.misses} after ${old.misses}`);
  }
});

/** Touches or reads a file four times the size of memory at random, `think` ns apart; whether the OOM killer is called. */
function dies(variant: string, word: (page: number) => number, minTtl: number, think: number): boolean {
  const memory = machine({
    variant,
    values: { min_ttl_ms: minTtl },
    memory: 16_384,
    file: 65_536,
    sysctls: { 'vm.watermark_scale_factor': 500 },
  });
  const random = randomBelow(5);
  for (let i = 0; i < 100_000; i++) {
    memory.setTime?.(i * think);
    if ((memory.access(word(random(65_536)), 0) & OUT_OF_MEMORY) !== 0) return true;
  }
  return false;
}

test('min_ttl_ms makes kswapd call for the OOM killer instead of evicting what was just used', () => {
  for (const variant of variants) {
    assert.equal(dies(variant, load, 0, 1000), false, `${variant}: off`);
    assert.equal(dies(variant, load, 1000, 1000), true, `${variant}: all generations are younger than a second`);
    assert.equal(dies(variant, load, 1000, 10_000_000), false, `${variant}: generations live for many seconds`);
  }
});

test('6.1 does not look at ages while eviction gets on easily; 6.7 does (commit 8aa420617918)', () => {
  assert.equal(dies('mglru-6.1', read, 1000, 1000), false);
  assert.equal(dies('mglru-6.7', read, 1000, 1000), true);
});

test('what MGLRU does is in the event log under rules that have a row', () => {
  const seen = new Set<string>();
  for (const variant of variants) {
    const memory = machine({ variant, limit: 512, file: 4096, anon: 512, swap: 1024 });
    memory.setLog((id) => seen.add(id));
    const random = randomBelow(11);
    const words = sequence(60_000, (i) => {
      const page = random(random(4096) + 1);
      return i % 3 === 0 ? load(page) : i % 7 === 0 ? store(4096 + (page & 255)) : read(page);
    });
    assert.equal(memory.run(words, 0, words.length, 1), words.length);
  }
  const ours = rules.map((r) => r.id).filter((id) => id.startsWith('mglru.'));
  assert.deepEqual(
    [...seen].filter((id) => id.startsWith('mglru.')).sort(),
    // a page under writeback needs a machine that writes back
    ours.filter((id) => id !== 'mglru.writeback').sort(),
  );
});

// ---- invariants

const access = fc.oneof(
  { weight: 6, arbitrary: fc.nat(255).map(read) },
  { weight: 2, arbitrary: fc.nat(1023).map(read) },
  { weight: 2, arbitrary: fc.nat(1023).map(load) },
  { weight: 1, arbitrary: fc.nat(1023).map(write) },
  { weight: 3, arbitrary: fc.nat(511).map((page) => store(1024 + page)) },
  { weight: 1, arbitrary: fc.nat(511).map((page) => load(1024 + page)) },
);
/** Runs of accesses: a few random ones, repeated, so that lists turn over. */
const workload = fc.record({
  variant: fc.constantFrom(...variants),
  cgroup: fc.boolean(),
  swap: fc.constantFrom(undefined, 256, 2048),
  swappiness: fc.constantFrom(0, 1, 60, 100, 199, 200),
  words: fc.array(fc.array(access, { minLength: 300, maxLength: 1500, size: 'max' }), {
    minLength: 1,
    maxLength: 4,
    size: 'max',
  }),
});

test('generations stay between two and four, frames are conserved, no more is freed than was scanned (I1, I2, I3, I9)', () => {
  fc.assert(
    fc.property(workload, ({ variant, cgroup, swap, swappiness, words }) => {
      const memory = machine({
        variant,
        ...(cgroup ? { limit: 300 } : { memory: 600 }),
        file: 1024,
        anon: 512,
        ...(swap === undefined ? {} : { swap }),
        swappiness,
      });
      const lru = cgroup ? 1 : 0;
      for (let pass = 0; pass < 3; pass++) {
        for (const part of words) {
          const block = Uint32Array.from(part);
          const done = memory.run(block, 0, block.length, lru);
          memory.checkConservation();
          for (const type of [TYPE_ANON, TYPE_FILE]) {
            const generations = mglruOf(memory).generations(lru, type);
            assert.ok(generations >= 2 && generations <= 4, `${generations} generations`);
          }
          for (const by of ['kswapd', 'direct', 'file', 'anon'] as const) {
            assert.ok(count(memory, `pgsteal_${by}`) <= count(memory, `pgscan_${by}`));
          }
          if (done < block.length) return;
        }
      }
    }),
    { numRuns: 150 },
  );
});

/** Everything a machine has to show but its log. */
const shown = (memory: Memory) => ({
  state: mglruOf(memory).state,
  flags: memory.flags,
  counters: memory.counters,
  tally: memory.reclaimer.tally,
  io: memory.io,
  gauges: memory.gauges(emptyGauges()),
});

/** What happens to pages between runs of accesses: each of these takes some off their lists, or looks for the generation they bear. */
const between: readonly ((memory: Memory, page: number) => void)[] = [
  (memory, page) => memory.release(page, Math.min(40, 1536 - page)),
  (memory, page) => {
    if (memory.isResident(page)) memory.setLocked(page, 1, true);
  },
  (memory) => memory.setLocked(0, 1536, false),
  (memory) => {
    const pages = new Uint32Array(30);
    const n = memory.takeDirty(30, pages);
    for (const page of pages.subarray(0, n)) memory.writebackDone(page);
  },
  (memory, page) => memory.apply({ kind: 'sysctl', name: 'vm.swappiness', value: page % 201 }),
  (memory) => memory.settle(),
];

test('a block and single accesses come to the same, event for event', () => {
  const deeds = fc.array(fc.tuple(fc.constantFrom(...between), fc.nat(1535)), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(workload, deeds, fc.boolean(), ({ variant, cgroup, swap, swappiness, words }, then, logged) => {
      const make = (told: string[]) => {
        const memory = machine({
          variant,
          ...(cgroup ? { limit: 300 } : { memory: 600 }),
          file: 1024,
          anon: 512,
          ...(swap === undefined ? {} : { swap }),
          swappiness,
        });
        if (logged) memory.setLog((...event) => told.push(event.join(' ')));
        return memory;
      };
      const lru = cgroup ? 1 : 0;
      const told: [string[], string[]] = [[], []];
      const blocks = make(told[0]);
      const singles = make(told[1]);
      for (const [i, part] of words.entries()) {
        const block = Uint32Array.from(part);
        const bits = new Uint8Array((block.length >> 3) + 2);
        const done = blocks.run(block, 0, block.length, lru, bits, 5);
        let single = 0;
        for (let outcome = 0; single < block.length; single++) {
          outcome = singles.access(block[single], lru);
          if ((outcome & OUT_OF_MEMORY) !== 0) break;
          const bit = single + 5;
          assert.equal((bits[bit >> 3] >> (bit & 7)) & 1, outcome & MISS, `access ${single}`);
        }
        assert.equal(single, done);
        const [deed, page] = then[i];
        for (const memory of [blocks, singles]) deed(memory, page);
        blocks.checkConservation();
        assert.deepEqual(shown(singles), shown(blocks));
        assert.deepEqual(told[1], told[0]);
        if (done < block.length) return;
      }
    }),
    { numRuns: 80 },
  );
});
