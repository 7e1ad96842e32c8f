import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chartsOf } from '../../simulator/view/plots.ts';
import { nearest, placeText, readingsAt } from '../../webview/charts/reading.ts';
import { chartJson, fileStem } from '../../webview/save.ts';
import { parseSeed } from '../../webview/seed.ts';
import { asViewState, INITIAL, StateStore } from '../../webview/view-state.ts';
import { shiftReport, SHIFT_PLOTS } from './fixtures.ts';

test('the nearest sample is the nearest, by linear search', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: -60, max: 60 }),
      (list, at) => {
        const column = Float64Array.from(list).sort();
        const found = nearest(column, at);
        const best = Math.min(...column.map((v) => Math.abs(v - at)));
        assert.equal(Math.abs(column[found] - at), best);
      },
    ),
  );
  assert.equal(nearest(new Float64Array(), 1), -1);
});

test('readings at a place are sorted by value, and a series says nothing beyond its end', () => {
  const [model] = chartsOf(
    shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }] }),
  );
  const late = readingsAt(model, model.x.max);
  assert.deepEqual(
    late.map((r) => r.series.key),
    ['classic'],
  );
  const early = readingsAt(model, 1e8);
  assert.equal(early.length, 7);
  for (let i = 1; i < early.length; i++) assert.ok(early[i - 1].y >= early[i].y);
});

test('a place is said in words', () => {
  const [passes, time] = chartsOf(shiftReport({ sizes: [64], plots: SHIFT_PLOTS.slice(0, 2) }));
  assert.equal(placeText(passes.x, 6.2), 'pass 6');
  assert.equal(placeText(time.x, 1.5e9), 'time 1.5\u202fs');
});

test('file names are plain whatever the title', () => {
  assert.equal(fileStem('Workload shift: “B is hot” / µs'), 'workload-shift-b-is-hot-s');
  assert.equal(fileStem('../../etc/passwd'), 'etc-passwd');
  assert.equal(fileStem('問題'), 'chart');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (title) => assert.match(fileStem(title), /^[a-z0-9][a-z0-9.-]*$/)),
  );
});

test('the JSON of a chart is its columns, with null for gaps', () => {
  const report = shiftReport({ sizes: [64], plots: [SHIFT_PLOTS[0]] });
  const [model] = chartsOf(report);
  model.series[0].y[3] = NaN;
  const json = JSON.parse(JSON.stringify(chartJson(model, report))) as {
    seed: number;
    series: { label: string; y: (number | null)[] }[];
  };
  assert.equal(json.series[0].y[3], null);
  assert.deepEqual(json.series[2].y, [...model.series[2].y]);
  assert.equal(json.seed, 1);
});

test('a seed is a whole number that a double holds, or nothing', () => {
  assert.equal(parseSeed(' 42 '), 42);
  assert.equal(parseSeed('1 000'), 1000);
  assert.equal(parseSeed(''), 'none');
  for (const bad of ['-1', '1.5', 'x', '9007199254740992', '1e3']) assert.equal(parseSeed(bad), 'bad', bad);
});

test('stored state of any shape is either understood or ignored', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const state = asViewState(value);
      assert.ok(state.hidden.every((k) => typeof k === 'string'));
      assert.ok(Object.values(state.zoom).every(([a, b]) => a < b));
    }),
  );
  assert.deepEqual(
    asViewState({ hidden: ['a', 1], zoom: { x: [1, 2], y: [2, 1] }, tables: 3, selection: { m: 1, n: 'x' } }),
    {
      hidden: ['a'],
      zoom: { x: [1, 2] },
      tables: [],
      work: null,
      selection: { m: 1 },
    },
  );
});

test('the store keeps the sixty outputs touched last', () => {
  let written: Record<string, unknown> = {};
  const store = new StateStore(undefined, (all) => (written = all));
  for (let i = 0; i < 80; i++) {
    store.set(`output ${i}`, { ...INITIAL, hidden: [String(i)] });
    store.set('pinned', INITIAL);
  }
  assert.equal(Object.keys(written).length, 60);
  assert.ok('pinned' in written && 'output 79' in written && !('output 0' in written));
  assert.deepEqual(new StateStore(written, () => {}).get('output 79').hidden, ['79']);
});
