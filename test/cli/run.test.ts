import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { PlanError } from '../../simulator/plan-error.ts';
import { encodeReport } from '../../simulator/report-codec.ts';
import { compileProgram } from '../../language-server/language/index.ts';
import { runPlan } from '../../cli/run-points.ts';
import { refault } from './support.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-cli-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

const shift = `
machine server { memory 16 MiB }
file A 12 MiB
file B 12 MiB
process job {
  phase "A is hot" { read A sequentially 4 times }
  phase "B is hot" { read B sequentially 8 times }
}
run "Workload shift" {
  compare reclaim: classic, v3.15
  sweep server.memory 14 MiB .. 16 MiB step 2 MiB
  plot hit-ratio by pass
  expect v3.15: workingset_refault_file("B is hot") > 0
}
`;

interface Json {
  readonly partial: boolean;
  readonly plan: string;
  readonly report: string;
  readonly runs: readonly {
    readonly title: string;
    readonly points: readonly {
      readonly variant: Record<string, string>;
      readonly at: Record<string, number>;
      readonly counters: Record<string, number>;
      readonly measures: Record<string, number>;
      readonly phases: readonly {
        readonly name: string;
        readonly passes: readonly { hits: number; misses: number }[];
      }[];
      readonly series: readonly { readonly name: string; readonly t: number[]; readonly y: number[] }[];
      readonly expectations: readonly { readonly text: string; readonly holds: boolean }[];
    }[];
  }[];
}

const json = (text: string): Json => JSON.parse(text) as Json;

test('run prints a summary, a chart and its expectations, and ends with status 0', async () => {
  const { status, out, err } = await refault(['run', file('shift.refault', shift)]);
  assert.equal(err, '');
  assert.equal(status, 0);
  assert.match(out, /Workload shift/);
  assert.match(out, /14 MiB +classic .*\n +v3\.15 +67\.3/u, 'a row for each point');
  assert.match(out, /✓ .*workingset_refault_file/);
});

test('the JSON of a run has the documented shape: two variants times two sizes, phases with passes, sizes in bytes', async () => {
  const { out } = await refault(['run', file('shift.refault', shift), '--format', 'json']);
  const { runs, partial } = json(out);
  assert.equal(partial, false);
  assert.equal(runs.length, 1);
  const [run] = runs;
  assert.deepEqual(
    run.points.map((p) => [p.variant['reclaim'], p.at['server.memory']]),
    [
      ['classic', 14 * 2 ** 20],
      ['classic', 16 * 2 ** 20],
      ['v3.15', 14 * 2 ** 20],
      ['v3.15', 16 * 2 ** 20],
    ],
  );
  for (const point of run.points) {
    assert.deepEqual(
      point.phases.map((p) => [p.name, p.passes.length]),
      [
        ['A is hot', 4],
        ['B is hot', 8],
      ],
    );
    const counted = point.phases.flatMap((p) => p.passes).reduce((n, p) => n + p.hits + p.misses, 0);
    assert.equal(counted, 12 * 3072);
    assert.ok(point.series.some((s) => s.name === 'nr_active_file' && s.t.length === s.y.length && s.t.length > 50));
  }
});

test('threads change nothing: the reports of one and of three threads are equal byte for byte', async () => {
  const program = file('shift.refault', shift);
  const one = await refault(['run', program, '--format', 'json']);
  const three = await refault(['run', program, '--format', 'json', '--threads', '3']);
  assert.equal(json(three.out).report, json(one.out).report);
  assert.equal(three.out, one.out);
});

test('threads that join in find what one finds, with what was said of each point in its order; interrupted ones hand over what they have', async () => {
  const text = `machine m { memory 4 MiB }
let hot = 2 MiB
file db 16 MiB
process p { read db[0 .. hot] zipf 1.0, 40k times; write db uniform, 2k times; for 9k times { 75% read db zipf 0.7; 25% read db[0 .. hot] uniform } }
run "grid" { compare reclaim: v6.1, lru, arc; sweep hot: 2 MiB .. 16 MiB in 5 steps }
`;
  const { plans, diagnostics } = compileProgram([{ uri: 'file:///grid.refault', text }]);
  assert.deepEqual(diagnostics, []);
  const { signal } = new AbortController();
  const progress: number[] = [];
  const run = (threads: number, eager: boolean, at: AbortSignal = signal) =>
    runPlan(plans[0], { traces: [], threads, eager, signal: at, progress: (fraction) => progress.push(fraction) });
  const one = await run(1, false);
  assert.equal(one.points.length, plans[0].points.length);
  assert.equal(one.partial, false);
  for (const threads of [2, 3]) {
    progress.length = 0;
    assert.deepEqual(encodeReport(await run(threads, true)), encodeReport(one));
    assert.equal(progress.at(-1), 1);
    assert.ok(progress.every((fraction) => fraction >= 0 && fraction <= 1));
  }
  const abort = new AbortController();
  const running = runPlan(plans[0], {
    traces: [],
    threads: 2,
    eager: true,
    signal: abort.signal,
    progress: (fraction) => void (fraction > 0.3 && abort.abort()),
  });
  const { partial, points } = await running;
  assert.equal(partial, true);
  assert.ok(points.length > 0 && points.length < plans[0].points.length);
});

test('threads that draw accesses and build tables once between them find what one finds alone', async () => {
  const draws = fc.constantFrom('zipf 0.9', 'zipf 0.6', 'uniform', 'gaussian 40% 10%', 'stream');
  await fc.assert(
    fc.asyncProperty(
      draws,
      draws,
      fc.constantFrom('read', 'touch'),
      fc.integer({ min: 66, max: 250 }),
      fc.integer({ min: 64, max: 90 }),
      fc.integer({ min: 2, max: 4 }),
      async (first, second, verb, thousands, size, threads) => {
        const text = `machine m { memory 16 MiB }
file db ${size} MiB
process p { read db ${first}, ${thousands}k times; ${verb} db sequentially once; for ${thousands}k times { 30% read db ${second}; 70% read db zipf 1.1 } }
run "grid" { compare reclaim: v6.1, mglru-6.14, lru; sweep m.memory: 16 MiB .. 48 MiB in 2 steps }
`;
        const { plans, diagnostics } = compileProgram([{ uri: 'file:///grid.refault', text }]);
        assert.deepEqual(diagnostics, []);
        const { signal } = new AbortController();
        const options = { traces: [], eager: true, signal, progress: () => undefined };
        const one = await runPlan(plans[0], { ...options, eager: false, threads: 1 });
        assert.deepEqual(encodeReport(await runPlan(plans[0], { ...options, threads })), encodeReport(one));
      },
    ),
    { numRuns: 4 },
  );
});

test('a point that cannot be run is refused in its own words, whichever thread came across it', async () => {
  const text = `file db 16 MiB
process p { read db uniform, 100k times; read db uniform for 1 ms }
run "future" { compare reclaim: opt, lru }
`;
  const { plans } = compileProgram([{ uri: 'file:///refused.refault', text }]);
  const points = plans[0].points.map(({ coordinates }) => ({ ...plans[0].points[0], coordinates }));
  await assert.rejects(
    runPlan(
      { ...plans[0], points },
      {
        traces: [],
        threads: 2,
        eager: true,
        signal: new AbortController().signal,
        progress: () => undefined,
      },
    ),
    (error) => error instanceof PlanError && /must know all accesses beforehand/.test(error.message),
  );
});

test('--set overrides a knob and a let, --run chooses, --seed changes what is random', async () => {
  const program = file(
    'set.refault',
    `let share = 0.5\nfile db share * 32 MiB\nprocess p { read db zipf 1.0, 20k times }\nrun "first"\nprocess q { read db uniform, 20k times }\nrun "second"\n`,
  );
  const plain = json((await refault(['run', program, '--format', 'json', '--run', 'second'])).out);
  assert.deepEqual(
    plain.runs.map((r) => r.title),
    ['second'],
  );
  const seeded = json((await refault(['run', program, '--format', 'json', '--run', 'second', '--seed', '7'])).out);
  assert.notEqual(seeded.report, plain.report);
  const set = json((await refault(['run', program, '--format', 'json', '--run', 'second', '--set', 'share=0.25'])).out);
  assert.ok(set.runs[0].points[0].counters['pgpgin'] < plain.runs[0].points[0].counters['pgpgin']);
});

test('a failed expectation gives status 1 and says so, in text and in JUnit', async () => {
  const program = file(
    'fails.refault',
    `file db 8 MiB\nprocess p { read db sequentially once }\nrun "cold" { expect hit-ratio > 50% }\n`,
  );
  const text = await refault(['run', program]);
  assert.equal(text.status, 1);
  assert.match(text.out, /✗ .*hit-ratio > 50%/);
  const junit = await refault(['run', program, '--format', 'junit']);
  assert.match(junit.out, /<testsuite name="cold" tests="1" failures="1"/);
});

test('errors name file, line and column and give status 2, in notebooks counted from the top of the file', async () => {
  const notebook = file(
    'wrong.refault.md',
    '# A title\n\nProse.\n\n```refault\nfile db 8 MiB\nprocess p { read dbb sequentially once }\nrun\n```\n',
  );
  const { status, err, out } = await refault(['run', notebook]);
  assert.equal(status, 2);
  assert.equal(out, '');
  assert.match(err, /wrong\.refault\.md:7:18: error \w+ .*dbb/);
});

test('check says what is well and what is not', async () => {
  const good = await refault(['check', file('shift.refault', shift)]);
  assert.deepEqual([good.status, good.out.endsWith('ok, 1 run, 4 points\n')], [0, true]);
  const bad = await refault(['check', file('bad.refault', 'file db 8\nrun\n')]);
  assert.equal(bad.status, 2);
  assert.match(bad.err, /bad\.refault:1:9: error/);
});

test('a file that cannot be read gives status 3, an unknown option or format status 2', async () => {
  assert.equal((await refault(['run', path.join(folder, 'nowhere.refault')])).status, 3);
  assert.equal((await refault(['run', file('shift.refault', shift), '--colour'])).status, 2);
  const format = await refault(['run', file('shift.refault', shift), '--format', 'pdf']);
  assert.equal(format.status, 2);
  assert.match(format.err, /text, json, markdown, html, csv, junit/);
  assert.equal((await refault(['frobnicate'])).status, 2);
});

test('an interrupted run prints what it has, marked partial, with status 130', async () => {
  const abort = new AbortController();
  const program = file('long.refault', `file db 64 MiB\nprocess p { read db uniform, 500M times }\nrun "long"\n`);
  const running = refault(['run', program, '--format', 'json'], abort.signal);
  setImmediate(() => abort.abort());
  const { status, out } = await running;
  assert.equal(status, 130);
  assert.equal(json(out).partial, true);
});

test('csv has a header and a row for each point', async () => {
  const { out } = await refault(['run', file('shift.refault', shift), '--format', 'csv']);
  const lines = out.trimEnd().split('\r\n');
  assert.equal(lines.length, 5);
  assert.match(lines[0], /^run,reclaim,server\.memory,/);
});

test('--out writes the file instead of printing', async () => {
  const target = path.join(folder, 'out.md');
  const { status, out } = await refault(['run', file('shift.refault', shift), '--format', 'markdown', '--out', target]);
  assert.equal(status, 0);
  assert.equal(out, '');
  assert.match(readFileSync(target, 'utf8'), /Workload shift/);
});

test('list prints every table, and JSON of it', async () => {
  for (const what of ['knobs', 'variants', 'counters', 'rules', 'diagnostics', 'recordings', 'samples']) {
    const text = await refault(['list', what]);
    assert.equal(text.status, 0);
    assert.ok(text.out.length > 0, what);
    const rows = JSON.parse((await refault(['list', what, '--format', 'json'])).out) as unknown[];
    assert.ok(rows.length > 0, what);
  }
  assert.match((await refault(['list', 'variants'])).out, /fuse accounting +strict +Linux 3\.12 +2013/);
  assert.equal((await refault(['list', 'nothing'])).status, 2);
});

const inSamples = (name: string): string => path.join(import.meta.dirname, '../../samples', name);

/** Runs a sample to its end: so many runs, every expectation holds, and what is said while checking matches no `unwanted`. */
async function runSample(name: string, count: number, unwanted: RegExp): Promise<{ out: string; err: string }> {
  const { status, out, err } = await refault(['run', inSamples(name), '--format', 'json']);
  assert.equal(status, 0);
  assert.doesNotMatch(err, unwanted);
  const { runs } = json(out);
  assert.equal(runs.length, count);
  for (const { title, points } of runs)
    for (const { expectations } of points)
      assert.deepEqual(
        expectations.filter((e) => !e.holds),
        [],
        title,
      );
  return { out, err };
}

test('the sample on tmpfs and cpusets runs to its end: every expectation holds, and the crash names its fix', async () => {
  const { out, err } = await runSample('tmpfs-and-cpusets.refault.md', 6, / error /);
  for (const code of ['P05', 'P07', 'P09', 'P13']) assert.match(err, new RegExp(`warning ${code} `));
  assert.match(out, /fixed by: 5f00110f7273/);
});

test('the sample on hardware-initiated paging runs to its end: every expectation holds, and the verdict is in the text', async () => {
  const { out } = await runSample('hardware-initiated-paging.refault.md', 6, / (error|warning) /);
  assert.match(out, /Moving does not pay on gpu/);
  assert.match(out, /Moving pays on gpu/);
});

test('the sample on FUSE writeback runs to its end: every expectation holds, lock-ups of three classes are told', async () => {
  const { out } = await runSample('fuse-writeback.refault.md', 6, / (error|warning) /);
  for (const cls of ['D-A', 'D-C', 'D-D']) assert.match(out, new RegExp(`"class": ?"${cls}"`));
});

test('the sample on exit and recovery runs to its end: every expectation holds, a chart of phases comes with each crash', async () => {
  await runSample('exit-and-recovery.refault.md', 10, / (error|warning) /);
  const text = await refault(['run', inSamples('exit-and-recovery.refault.md'), '--run', 'Overlap']);
  const told = text.out.replace(/\s+/g, ' ');
  assert.match(told, /From crash to service/);
  assert.match(told, /free: service after 27\.88 s, 2\.123 s left; critical path: detect → zap → last chunk → replay/);
});
