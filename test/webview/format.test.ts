import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatCell,
  formatNumber,
  formatSignificant,
  formatValue,
  scaleFor,
  THIN,
} from '../../simulator/view/format.ts';
import { formatTick, innerTicks, niceTicks } from '../../simulator/view/ticks.ts';

const plain = (text: string) => text.replaceAll(THIN, ' ');

test('quantities read as people write them: thousands apart, unit behind a thin space', () => {
  assert.equal(plain(formatValue(16384, 'pages')), '16 384 pages');
  assert.equal(plain(formatValue(64 * 1024 * 1024, 'bytes')), '64 MiB');
  assert.equal(plain(formatValue(1_250_000_000, 'ns')), '1.25 s');
  assert.equal(plain(formatValue(100_000, 'ns')), '100 µs');
  assert.equal(plain(formatValue(0.934, 'ratio')), '93.4 %');
  assert.equal(plain(formatValue(150e6, 'bytes/s')), '150 MB/s');
  assert.equal(plain(formatValue(-1234567, 'events')), '−1 234 567 events');
  assert.equal(formatValue(null, 'pages'), '–');
});

test('a share that is not all is never shown as 100 %, one that is not nothing never as 0 %', () => {
  assert.equal(plain(formatValue(0.99996, 'ratio')), '99.996 %');
  assert.equal(plain(formatValue(0.00001, 'ratio')), '0.001 %');
  assert.equal(plain(formatValue(1, 'ratio')), '100 %');
  assert.equal(plain(formatValue(0, 'ratio')), '0 %');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999 }), (millionths) => {
      const shown = plain(formatValue(millionths / 100_000_000, 'ratio'));
      assert.ok(shown !== '100 %' && shown !== '0 %' && shown !== '100.0 %' && shown !== '0.0 %', shown);
    }),
  );
});

test('grouping digits loses none of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 53), max: 2 ** 53 }), (value) => {
      assert.equal(Number(formatNumber(value).replaceAll(THIN, '').replace('−', '-')), value);
    }),
  );
});

test('significant digits are kept whatever the magnitude', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (value) => {
      const shown = Number(formatSignificant(value, 4).replaceAll(THIN, ''));
      assert.ok(Math.abs(shown - value) <= Math.abs(value) * 5.1e-4, `${value} shown as ${shown}`);
    }),
  );
});

test('cells of a column of times line up, and plain counts leave the unit to the heading', () => {
  assert.equal(plain(formatCell(2_580_000_000, 'ns')), '2.580 s');
  assert.equal(plain(formatCell(12345, 'pages')), '12 345');
});

test('the scale fits the greatest value and is never zero', () => {
  for (const unit of ['bytes', 'ns', 'bytes/s', 'ratio', 'pages', 'count', '']) {
    for (const size of [0, 1, 999, 1e6, 1e15]) assert.ok(scaleFor(unit, size).divide > 0);
  }
  assert.deepEqual(scaleFor('ns', 999), { divide: 1, suffix: 'ns' });
});

test('ticks enclose the data at even, round steps', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      (from, span, count) => {
        fc.pre(from + span > from && span > Math.abs(from) * 1e-9);
        const { min, max, step, values } = niceTicks(from, from + span, count);
        const slack = step * 1e-6;
        assert.ok(min <= from + slack && max >= from + span - slack);
        assert.ok(values.length >= 2 && values.length <= count + 3, `${values.length} ticks`);
        for (let i = 1; i < values.length; i++) assert.ok(Math.abs(values[i] - values[i - 1] - step) < step * 1e-3);
      },
    ),
  );
});

test('inner ticks stay inside, and flat data still gets an axis', () => {
  for (const v of innerTicks(0.3, 8.145)) assert.ok(v >= 0.3 && v <= 8.145);
  assert.ok(niceTicks(5, 5).max > niceTicks(5, 5).min);
  assert.ok(niceTicks(0, 0).max > 0);
});

test('tick labels have the decimals that their step needs', () => {
  assert.equal(formatTick(0.5, 0.25), '0.50');
  assert.equal(plain(formatTick(2000, 500)), '2 000');
  assert.equal(formatTick(2.5, 2.5), '2.5');
});
