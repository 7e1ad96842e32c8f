/** Memory under a policy from the literature: its block loop, which leaves out whatever follows from counts, against single accesses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { MISS, type Memory } from '../../../simulator/machine/memory.ts';
import { Random } from '../../../simulator/workload/random.ts';
import { futureOf, referenceVariants } from '../reclaim/reference-host.ts';
import { machine } from '../support/machine.ts';

const cases = fc.record({
  variant: fc.constantFrom(...referenceVariants.map(({ id }) => id)),
  memory: fc.integer({ min: 600, max: 900 }),
  file: fc.integer({ min: 1, max: 3000 }),
  anon: fc.constantFrom(0, 0, 0, 400),
  seed: fc.nat(),
  writes: fc.constantFrom(0, 0, 1, 30),
});

/** Reads, loads and, `writes` times in a hundred, stores; each round another share of the pages. */
function wordsOf(random: Random, pages: number, writes: number): Uint32Array {
  const reach = 1 + random.below(pages);
  return Uint32Array.from({ length: random.below(4000) }, () => {
    const kind = random.below(100);
    const op = kind < writes ? (kind & 1 ? OP_STORE : OP_WRITE) : kind & 1 ? OP_LOAD : OP_READ;
    return random.below(reach) + op * 2 ** OP_SHIFT;
  });
}

test('a block leaves the same counters, pages, dirty pages and events behind as the same accesses one by one', () => {
  fc.assert(
    fc.property(cases, (c) => {
      const make = () => machine({ variant: c.variant, memory: c.memory, files: [c.file], anon: [c.anon], swap: 2000 });
      const block = make();
      const single = make();
      const pages = c.file + c.anon;
      const random = new Random(c.seed, 0xb10c);
      const rounds = Array.from({ length: 6 }, () => wordsOf(random, pages, c.writes));
      const all = rounds.flatMap((words) => [...words].map((word) => word & 0x3fffffff));
      for (const memory of [block, single]) memory.foresee(futureOf(all, pages));
      rounds.forEach((words, round) => {
        // Events are logged in some rounds only: that, too, decides whether anybody looks at what leaves.
        const events: string[][] = [[], []];
        [block, single].forEach((memory, i) =>
          memory.setLog(round % 3 === 1 ? (...event) => events[i].push(event.join()) : null),
        );
        const bits = new Uint8Array((words.length + 7) >> 3);
        assert.equal(block.run(words, 0, words.length, 0, bits), words.length);
        words.forEach((word, i) => {
          assert.equal((bits[i >> 3] >> (i & 7)) & 1, single.access(word, 0) & MISS, `access ${i} of round ${round}`);
        });
        same(block, single);
        assert.deepEqual(events[0], events[1]);
        // Some of what is dirty is written back, so that rounds without dirty pages follow.
        const taken = new Uint32Array(4096);
        for (const memory of [block, single]) {
          const n = memory.takeDirty(taken.length, taken);
          for (let i = 0; i < n; i++) memory.writebackDone(taken[i]);
          memory.checkConservation();
        }
      });
    }),
    { numRuns: 150 },
  );
});

function same(a: Memory, b: Memory): void {
  assert.deepEqual(a.counters, b.counters);
  assert.deepEqual(a.io, b.io);
  assert.deepEqual(a.flags, b.flags);
  assert.deepEqual(a.reclaimer.tally, b.reclaimer.tally);
  assert.deepEqual(a.takeQueuedWrites(), b.takeQueuedWrites());
}
