/** Runs that compare with recordings: the stepper behind notebooks and the command line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRecordings } from '../../cli/recordings.ts';
import { isComparedFuse } from '../../simulator/fidelity/fuse.ts';
import { PLAN_VERSION, type Plan, type RecordingChoice } from '../../simulator/plan.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { createRun } from '../../simulator/run.ts';
import { mergeReports } from '../../simulator/simulate.ts';
import { recordingOf, recordingRows } from '../../simulator/tables/recordings.ts';

const recordings = loadRecordings();
const plan = (...fidelity: RecordingChoice[]): Plan => ({
  version: PLAN_VERSION,
  title: 'How faithful',
  seed: 1,
  axes: [],
  points: [],
  plots: [],
  expects: [],
  traces: [],
  fidelity,
});
const B: RecordingChoice = { area: 'reclaim', recordings: ['B_shift'] };
const A: RecordingChoice = { area: 'reclaim-6.12', recordings: ['A_k1.1'] };

test('a run of one recording compares it in both modes, access by access, and nothing else', () => {
  const simulation = createRun(plan(B), { recordings });
  let steps = 0;
  while (!simulation.advance(1).done) steps++;
  const report = simulation.report();
  assert.deepEqual(
    report.fidelity?.map(({ area, complete }) => [area, complete]),
    [['reclaim', true]],
  );
  const [{ sets, unknown, unusable }] = report.fidelity;
  assert.deepEqual(
    sets.map(({ name, mode, differingAccesses }) => [name, mode, differingAccesses]),
    [
      ['B_shift', 'classic', 0],
      ['B_shift', 'mglru', 0],
    ],
  );
  assert.deepEqual([unknown, unusable, report.partial, report.points], [[], [], false, []]);
  assert.ok(steps >= 2, 'it can be cancelled between two sets');
});

test('a run that is stopped keeps the sets it has, marked partial, and its fraction only grows', () => {
  const simulation = createRun(plan(B, A), { recordings });
  let last = -1;
  for (let i = 0; i < 2; i++) {
    const { fraction, done } = simulation.advance(1);
    assert.ok(fraction >= last && !done);
    last = fraction;
  }
  const report = simulation.report();
  assert.equal(report.partial, true);
  assert.deepEqual(
    report.fidelity?.map(({ complete, sets }) => [complete, sets.length]),
    [[false, 1]],
  );
});

test('parts that ran apart make the same report as one run, in the order of the plan', () => {
  const both = plan(B, A);
  const runOf = (points?: readonly number[]) => {
    const simulation = createRun(both, { recordings, ...(points ? { points } : {}) });
    while (!simulation.advance(1).done);
    return simulation.report();
  };
  const whole = runOf();
  const merged = mergeReports(both, [runOf([1]), runOf([0])]);
  assert.deepEqual(merged, whole);
  assert.deepEqual(decodeReport(encodeReport(whole)), whole);
  assert.equal(mergeReports(both, [runOf([1])]).partial, true);
});

test('recordings that were not handed in are named', () => {
  assert.throws(() => createRun(plan(B), {}), /the recordings 'reclaim' were not loaded/);
  assert.throws(() => createRun(plan(), { recordings }), /no points/);
});

test('a truncated recording is reported as unusable, with its file', () => {
  const broken = recordings.map((one) =>
    one.name === 'exit' ? { ...one, files: { ...one.files, 'exit_fits.json': '{"fits_np1": [' } } : one,
  );
  const simulation = createRun(plan({ area: 'exit' }), { recordings: broken });
  while (!simulation.advance(1).done);
  const [{ sets, unusable }] = simulation.report().fidelity!;
  assert.deepEqual(sets, []);
  assert.match(unusable[0].reason, /exit_fits\.json/);
});

test('the table names every recording that is shipped, and no other', () => {
  assert.deepEqual(recordingRows.map(({ name }) => name).sort(), recordings.map(({ name }) => name).sort());
  for (const { name, files } of recordings) {
    if (name === 'madv-free') continue; // names of figures and figures: no words
    const found = new Set<string>();
    for (const [file, content] of Object.entries(files)) {
      if (typeof content !== 'string') continue;
      if (file === 'runs.json')
        Object.keys((JSON.parse(content) as { runs: object }).runs).forEach((run) => found.add(run));
      else if (file.endsWith('.jsonl')) found.add(file.slice(0, -'.jsonl'.length));
      else if (name === 'fuse')
        for (const { key } of JSON.parse(content) as { key: string }[])
          if (isComparedFuse(key)) found.add(recordingOf(key));
    }
    if (name === 'exit') {
      const simulation = createRun(plan({ area: name }), { recordings });
      while (!simulation.advance(1).done);
      simulation.report().fidelity![0].sets.forEach((set) => found.add(recordingOf(set.name)));
    }
    assert.deepEqual([...found].sort(), [...recordingRows.find((row) => row.name === name)!.recordings].sort(), name);
  }
});
