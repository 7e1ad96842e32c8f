/** Whatever a person may write: it runs to its end, and what the report says is consistent in itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileProgram } from '../../language-server/language/index.ts';
import type { Plan } from '../../simulator/plan.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import type { PointReport, Report } from '../../simulator/report.ts';
import { createSimulation, mergeReports, PlanError, type CreateSimulation } from '../../simulator/simulate.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { reportToHtml } from '../../simulator/text/html.ts';
import { reportsToCsv } from '../../simulator/text/points-csv.ts';
import { metricValue } from '../../simulator/engine/evaluate.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { program } from './programs.ts';
import { checked } from './runs.ts';

function planOf(text: string): Plan {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text }]);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  // what locks more than its machine has is refused
  fc.pre(errors.length === 0 || errors.some(({ code }) => code !== 'E03'));
  assert.deepEqual(errors, [], `${errors.map(({ message }) => message).join('\n')}\n${text}`);
  assert.equal(plans.length, 1);
  return plans[0];
}

/** To the end in a bounded number of steps, each of `budget` accesses. */
function runs(plan: Plan, create: CreateSimulation, budget = 4096, points?: readonly number[]): Report {
  const simulation = create(plan, points ? { points } : {});
  let last = 0;
  for (let steps = 0; steps < 20_000; steps++) {
    const { done, fraction } = simulation.advance(budget);
    assert.ok(fraction >= 0 && fraction <= 1 && fraction >= last - 1e-9, `progress goes from ${last} to ${fraction}`);
    last = fraction;
    if (done) return simulation.report();
  }
  throw new Error('the run does not end');
}

/** What can't be simulated is refused with a remedy; such a program is no case. */
function refusable(work: () => Report): Report {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    assert.ok(error.message.length > 20 && error.remedy.length > 10, error.message);
    fc.pre(false);
    throw error;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

function consistent(point: PointReport, plan: Plan): void {
  const c = point.counters;
  const at = (name: string) => {
    assert.ok(name in c, name);
    return c[name];
  };
  for (const [name, value] of Object.entries(c))
    assert.ok(Number.isSafeInteger(value) && value >= 0, `${name} ${value}`);
  const { accesses, hits, misses } = point.measures;
  assert.equal(hits + misses, accesses);
  for (const who of ['kswapd', 'direct', 'file', 'anon'])
    assert.ok(
      at(`pgsteal_${who}`) <= at(`pgscan_${who}`),
      `${who}: stolen ${at(`pgsteal_${who}`)} of ${at(`pgscan_${who}`)}`,
    );
  assert.equal(at('pgscan_file') + at('pgscan_anon'), at('pgscan_kswapd') + at('pgscan_direct'));
  assert.equal(at('pgsteal_file') + at('pgsteal_anon'), at('pgsteal_kswapd') + at('pgsteal_direct'));
  for (const kind of ['file', 'anon']) {
    // Of MGLRU the kernel counts pages it protects, refaulted or not (sort_folio in mm/vmscan.c).
    if (!point.variant['reclaim'].startsWith('mglru'))
      assert.ok(at(`workingset_activate_${kind}`) <= at(`workingset_refault_${kind}`), `activate_${kind}`);
    assert.ok(at(`workingset_restore_${kind}`) <= at(`workingset_refault_${kind}`), `restore_${kind}`);
  }
  // Regions that are locked have their frames, and those of their page tables, before the count begins.
  if (!plan.points[0].scenario.objects.some(({ values }) => values['locked'] === true))
    assert.ok(at('pgfree') <= at('pgalloc'), `${at('pgfree')} frames freed, ${at('pgalloc')} allocated`);
  assert.ok(at('pgmajfault') <= at('pgfault'), 'pgmajfault');
  assert.ok(at('workingset_refault_anon') <= at('pswpin'), 'refaults without a swap-in');
  assert.ok(Number.isSafeInteger(point.time) && point.time >= 0, `time ${point.time}`);
  for (const key of ['accesses', 'hits', 'misses'] as const)
    assert.equal(sum(point.phases.map((phase) => phase[key])), point.measures[key], `phases: ${key}`);
  for (const phase of point.phases) {
    assert.ok(
      phase.start <= phase.end && phase.end <= point.time,
      `${phase.name}: ${phase.start} … ${phase.end} of ${point.time}`,
    );
    if (phase.passes.length > 0 && point.complete)
      for (const key of ['accesses', 'hits', 'misses'] as const)
        assert.ok(sum(phase.passes.map((pass) => pass[key])) <= phase[key], `passes of ${phase.name}: ${key}`);
  }
  for (const { t, y, name } of point.series) {
    assert.equal(t.length, y.length);
    for (let i = 0; i < t.length; i++) {
      assert.ok(i === 0 || t[i] >= t[i - 1], `${name} goes back in time`);
      assert.ok(t[i] <= point.time && Number.isFinite(y[i]), `${name}: ${y[i]} at ${t[i]}`);
    }
  }
  for (const [name, value] of Object.entries(point.gauges ?? {})) assert.ok(value >= 0, `${name} ${value}`);
  if ('memory.pressure.some.total' in point.measures) {
    const { 'memory.pressure.some.total': some, 'memory.pressure.full.total': full } = point.measures;
    assert.ok(full <= some && some <= point.time, `pressure: full ${full}, some ${some} of ${point.time}`);
    const share = point.measures['memory.pressure.some.avg10'];
    assert.ok(share >= 0 && share <= 100, `some.avg10 ${share}`);
  }
}

/** Every way of showing it takes it. */
function showable(report: Report): void {
  const bytes = encodeReport(report);
  assert.deepEqual(encodeReport(decodeReport(bytes)), bytes);
  for (const text of [
    reportToText(report, { width: 80, color: false }),
    reportToMarkdown(report),
    reportToHtml([report], { title: 'x', renderer: '' }),
    reportsToCsv([report]),
  ])
    assert.ok(!/undefined|\[object/.test(text), text);
}

/** REFAULT_CASES asks for more than the usual number of programs, REFAULT_SEED for others. */
const numRuns = Number(process.env['REFAULT_CASES'] ?? 25);
const seed = Number(process.env['REFAULT_SEED'] ?? 2013);

test('programs that compile run to their end, and their counts add up', () => {
  fc.assert(
    fc.property(program(32, 2500), fc.integer({ min: 1, max: 100_000 }), (text, budget) => {
      const plan = planOf(text);
      const report = refusable(() => runs(plan, createSimulation, Math.max(64, budget)));
      assert.equal(report.partial, false);
      assert.equal(report.points.length, plan.points.length);
      for (const point of report.points) consistent(point, plan);
      showable(report);
      const shards = plan.points.map((_, i) => runs(plan, createSimulation, 50_000, [i]));
      assert.deepEqual(encodeReport(mergeReports(plan, shards.reverse())), encodeReport(report));
    }),
    { numRuns, seed },
  );
});

/** Found by longer runs of the test below. */
const found = [
  // mglru-6.1: pages locked before they came were put on lists all the same
  `machine m { memory 4 MiB; cpus 1 }
  file fa 4 pages
  process pa { read fa uniform, 2 times }
  process pb { threads 2; mlock fa; exit }
  run { compare reclaim: mglru-6.1, mglru-6.14, v6.1 }`,
  // MGLRU's walks gave locked pages a generation
  `machine m { memory 3 MiB; kswapd synchronous; disk { latency 0 ns, bandwidth 1 GB/s } }
  file fa 1 MiB
  file fb 1 MiB { readahead 128 KiB }
  process pa { phase one { read fb uniform for 1 ms every 50 us }; exit }
  process pb { threads 3; anon heap 1 MiB; read heap at 30 MB/s }
  process pc { threads 2; phase one for 5 ms { mlock fb }; phase two { touch fa } }
  run { compare reclaim: mglru-6.1, mglru-6.14, v6.1 }`,
  // two tree nodes at once, and room for one in the frames there are
  `machine m { memory 1 MiB; disk { latency 0 ns, bandwidth 1 GB/s } }
  file fa 1 MiB { readahead 128 KiB }
  file fb 1 MiB
  process pa { threads 3; anon pa-heap 1 page { locked on }; phase one { read fa every 5 us }; phase two { read fa uniform, 1 times } }
  process pc { threads 2; anon pc-heap 1 MiB; idle 1 ms; read fb sequentially once every 5 us; exit }
  run { compare reclaim: v6.1, mglru-6.14 }`,
];

test('no frame is lost in programs that compile, counted after every event', () => {
  fc.assert(
    fc.property(program(3, 150), (text) => {
      const plan = planOf(text);
      for (const point of refusable(() => runs(plan, checked)).points) consistent(point, plan);
    }),
    { numRuns, seed, examples: found.map((text) => [text]) },
  );
});

test('a chart shows of objects, phases and passes what an expectation judges', () => {
  const report = runs(
    planOf(`machine m { memory 16 MiB }
    file fa 8 MiB
    file fb 20 MiB
    process p { phase one { read fa sequentially 4 times }; phase two { write fb uniform, 4000 times } }
    run {
      compare reclaim: v6.1, lru
      plot hit-ratio of fa by variant
      plot throughput, elapsed, nr_dirty by phase
      plot nr_free_pages by pass
      expect hit-ratio of fa == 75%
    }`),
    createSimulation,
  );
  const [ofObject, throughput, elapsed, dirty, free] = chartsOf(report).map(({ series }) => series);
  for (const [i, point] of report.points.entries()) {
    assert.deepEqual([...ofObject[i].y], [0.75]);
    assert.equal(metricValue(point, { name: 'hit-ratio', object: 'fa' }), 0.75);
    for (const [name, series] of [
      ['throughput', throughput],
      ['elapsed', elapsed],
      ['nr_dirty', dirty],
    ] as const)
      assert.deepEqual(
        [...series[i].y],
        ['one', 'two'].map((phase) => metricValue(point, { name, phase })),
        name,
      );
    assert.deepEqual(
      [...free[i].y],
      point.phases.flatMap(({ passes }) => passes.map((pass) => pass.values!['nr_free_pages'])),
    );
  }
});

test('a run in which memory ran out says so beside its title', () => {
  const report = runs(
    planOf('machine m { memory 16 MiB }\nprocess hog { anon heap 32 MiB; write heap sequentially once }\nrun'),
    createSimulation,
  );
  assert.match(reportToText(report), /out of memory: hog killed/);
});
