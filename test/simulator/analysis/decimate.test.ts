import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimateMinMax } from '../../../simulator/analysis/decimate.ts';

test('decimation keeps ends, extremes and order, and never has more points than asked for', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 600 }),
      fc.integer({ min: 4, max: 100 }),
      (values, points) => {
        const t = Float64Array.from(values, (_, i) => 10 * i);
        const y = Float64Array.from(values);
        const few = decimateMinMax(t, y, points);
        assert.equal(few.t.length, few.y.length);
        assert.ok(few.t.length <= Math.max(points, Math.min(values.length, points)));
        assert.equal(few.t[0], t[0]);
        assert.equal(few.t.at(-1), t.at(-1));
        assert.equal(Math.min(...few.y), Math.min(...values));
        assert.equal(Math.max(...few.y), Math.max(...values));
        for (let i = 0; i < few.t.length; i++) {
          if (i > 0) assert.ok(few.t[i] > few.t[i - 1]);
          assert.equal(few.y[i], values[few.t[i] / 10]);
        }
      },
    ),
  );
});
