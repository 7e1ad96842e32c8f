/** Rings against plain arrays: pages join and leave at both ends and in the middle, two rings share one table of places. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LruRing } from '../../../simulator/reclaim/lru-ring.ts';
import { Random } from '../../../simulator/workload/random.ts';

test('a ring keeps the order of its pages, however often it is full, empty, enlarged and gone round', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(3, 500, 1024, 1025, 3000), (seed, pages) => {
      const random = new Random(seed, 0x819);
      const places = new Int32Array(pages);
      const rings = [new LruRing(places), new LruRing(places)];
      const plain: number[][] = [[], []];
      const off = Array.from({ length: pages }, (_, page) => page);
      const into = new Int32Array(600);
      for (let step = 0; step < 120; step++) {
        const which = random.below(2);
        const ring = rings[which];
        const list = plain[which];
        const many = random.below(2) === 0 ? random.below(4) : random.below(400);
        switch (random.below(6)) {
          case 0:
            for (const page of off.splice(0, many)) {
              ring.add(page);
              list.push(page);
            }
            break;
          case 1:
            for (const page of off.splice(0, many)) {
              ring.addTail(page);
              list.unshift(page);
            }
            break;
          case 2: {
            const some = off.splice(0, many);
            // what lies behind the first n is none of its business
            ring.addAll(Int32Array.from([...some, 0]), some.length);
            list.push(...some);
            break;
          }
          case 3: {
            const some = Array.from({ length: Math.min(many, list.length) }, () =>
              list.splice(random.below(list.length), 1),
            ).flat();
            if (random.below(2) === 0) ring.removeAll(Int32Array.from(some), some.length);
            else for (const page of some) ring.remove(page);
            off.push(...some);
            break;
          }
          default: {
            const taken = list.splice(0, many);
            assert.equal(ring.take(many, into), taken.length);
            assert.deepEqual([...into.subarray(0, taken.length)], taken);
            off.push(...taken);
          }
        }
        assert.equal(ring.living, list.length);
        if (step % 10 === 0) for (const k of [0, 1]) assert.deepEqual([...rings[k].pages()], plain[k]);
      }
    }),
    { numRuns: 100 },
  );
});
