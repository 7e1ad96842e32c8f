import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seenPlaces } from '../../simulator/view/seen-places.ts';

const COLUMNS = 8;

/** Ascending places, with gaps and repetitions, and values of which some are missing. */
const curve = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(NaN))), {
    minLength: 1,
    maxLength: 400,
  })
  .map((steps) => {
    let at = 0;
    return {
      x: Float64Array.from(steps, ([step]) => (at += step)),
      y: Float64Array.from(steps, ([, value]) => value),
    };
  });
const windows = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 700 }));

test('of each column the first, the last, the least and the greatest are kept, and a gap', () => {
  fc.assert(
    fc.property(curve, windows, ({ x, y }, [min, length]) => {
      const range = { min, max: min + length };
      const places = seenPlaces(x, [y], range, COLUMNS) ?? Int32Array.from(x, (_, i) => i);
      const kept = new Set(places);
      assert.deepEqual(
        [...places],
        [...kept].sort((a, b) => a - b),
      );
      for (let column = 0; column < COLUMNS; column++) {
        const from = min + (column * length) / COLUMNS;
        const inside = [...x.keys()].filter((i) => x[i] >= from && x[i] < from + length / COLUMNS);
        if (inside.length === 0) continue;
        const drawn = inside.filter((i) => kept.has(i));
        const ends = (of: readonly number[]) => {
          const values = of.map((i) => y[i]).filter((v) => !Number.isNaN(v));
          return [Math.min(...values), Math.max(...values), of.some((i) => Number.isNaN(y[i]))];
        };
        assert.deepEqual(ends(drawn), ends(inside));
        assert.ok(kept.has(inside[0]) && kept.has(inside[inside.length - 1]));
      }
    }),
  );
});

test('no more is kept than is seen, and one place beyond either end, so that lines run to the edge', () => {
  const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
  const y = x.map((i) => (i * 7919) % 1000);
  const places = seenPlaces(x, [y], { min: 20_000, max: 60_000 }, 100)!;
  assert.ok(places.length <= 4 * 102, `${places.length} places`);
  assert.equal(places[0], 19_999);
  assert.ok(places[places.length - 1] >= 60_000);
});

test('a short curve is drawn as it is, and few of a long one in a narrow window too', () => {
  const x = Float64Array.from({ length: 1000 }, (_, i) => i);
  assert.equal(seenPlaces(x, [x], { min: 0, max: 999 }, 800), null);
  assert.deepEqual([...seenPlaces(x, [x], { min: 10, max: 12 }, 800)!], [9, 10, 11, 12]);
  assert.equal(seenPlaces(new Float64Array(), [new Float64Array()], { min: 0, max: 1 }, 800), null);
});

test('bands of a stack keep the same places: what is seen of any', () => {
  const x = Float64Array.from({ length: 10_000 }, (_, i) => i);
  const calm = new Float64Array(10_000);
  const spike = calm.slice();
  spike[5003] = 1;
  const places = seenPlaces(x, [calm, spike], { min: 0, max: 9999 }, 10)!;
  assert.ok(places.includes(5003));
});
