/** `refault run FILE`: compiles a program, runs its scenarios and prints what they found, in the format asked for. */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { partsOf, type Plan } from '../simulator/plan.ts';
import type { Report } from '../simulator/report.ts';
import { estimateMemory, PlanError, workersWithin } from '../simulator/simulate.ts';
import { inSharedMemory } from '../simulator/trace/shared-words.ts';
import { formats, isFormat } from './formats.ts';
import { CliError, EXIT, type CliIo } from './io.ts';
import { formatProblem, readProgram, reasonOf } from './program.ts';
import { runPlan } from './run-points.ts';

export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      run: { type: 'string', multiple: true },
      set: { type: 'string', multiple: true },
      seed: { type: 'string' },
      threads: { type: 'string' },
      format: { type: 'string', default: 'text' },
      out: { type: 'string' },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new CliError('run needs exactly one FILE');
  if (!isFormat(values.format))
    throw new CliError(`there is no format '${values.format}'; there are ${Object.keys(formats).join(', ')}`);
  const most = values.threads === undefined ? os.availableParallelism() : positiveInteger('--threads', values.threads);
  const program = await readProgram(file, {
    ...(values.seed === undefined ? {} : { seed: wholeNumber('--seed', values.seed) }),
    ...(values.set ? { set: assignments(values.set) } : {}),
  });
  for (const problem of [...program.errors, ...program.warnings]) io.stderr(`${formatProblem(problem)}\n`);
  if (program.errors.length > 0) return EXIT.programErrors;
  const plans = chosen(program.plans, values.run);

  const reports: Report[] = [];
  for (const [i, plan] of plans.entries()) {
    const estimate = estimateMemory(plan);
    const { bytes, parts } = estimate;
    if (bytes > os.freemem()) {
      const largest = parts.map((p) => `${p.what} ${gibibytes(p.bytes)}`).join(', ');
      throw new CliError(
        `'${plan.title}' would need ${gibibytes(bytes)} (${largest}) and ${gibibytes(os.freemem())} are free; make its objects smaller or its traces shorter`,
      );
    }
    // As many as there is memory for: each has its own machine, beside what they share.
    const threads = Math.min(most, partsOf(plan), Math.max(1, workersWithin(os.freemem(), estimate)));
    const loaded = plan.traces.length === 0 ? [] : await (await import('./trace-file.ts')).loadTraces(plan, file);
    const traces = threads > 1 ? loaded.map(inSharedMemory) : loaded;
    const recordings = plan.fidelity === undefined ? [] : (await import('./recordings.ts')).loadRecordings();
    reports.push(
      await runPlan(plan, {
        traces,
        recordings,
        threads,
        signal: io.signal,
        progress: progressLine(io, `${plan.title || 'run'} (${i + 1}/${plans.length})`),
      }).catch((error: unknown) => {
        if (error instanceof PlanError) throw new CliError(`'${plan.title}': ${error.message}; ${error.remedy}`);
        throw error;
      }),
    );
    if (io.isTty) io.stderr('\r\x1b[K');
    if (io.signal.aborted) break;
  }
  const [first, ...rest] = reports;
  if (!first) throw new CliError('nothing was run');
  const text = await formats[values.format]([first, ...rest], { io, file });
  if (values.out === undefined) io.stdout(text);
  else {
    await writeFile(values.out, text).catch((error: unknown) => {
      throw new CliError(`cannot write '${values.out}': ${reasonOf(error)}`, EXIT.unreadable);
    });
  }
  if (io.signal.aborted) return EXIT.interrupted;
  return reports.some((r) => r.points.some((p) => p.expectations.some((e) => !e.holds)))
    ? EXIT.expectationFailed
    : EXIT.done;
}

function chosen(plans: readonly Plan[], titles: readonly string[] | undefined): readonly Plan[] {
  if (plans.length === 0) throw new CliError("the program has no 'run' statement: add `run` at its end");
  if (!titles) return plans;
  const missing = titles.find((t) => !plans.some((p) => p.title === t));
  if (missing !== undefined) {
    throw new CliError(`there is no run '${missing}'; there are ${plans.map((p) => `'${p.title}'`).join(', ')}`);
  }
  return plans.filter((p) => titles.includes(p.title));
}

function assignments(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new CliError(`--set wants NAME=VALUE, not '${pair}'`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function wholeNumber(option: string, text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0 || text.trim() === '')
    throw new CliError(`${option} wants a whole number, not '${text}'`);
  return n;
}

function positiveInteger(option: string, text: string): number {
  const n = wholeNumber(option, text);
  if (n === 0) throw new CliError(`${option} must be at least 1`);
  return n;
}

const gibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

/** A percentage on stderr, at most ten times a second, and only on a terminal. */
function progressLine(io: CliIo, what: string): (fraction: number) => void {
  let shown = 0;
  return (fraction) => {
    if (!io.isTty || Date.now() - shown < 100) return;
    shown = Date.now();
    io.stderr(`\r\x1b[K${what}  ${(100 * fraction).toFixed(0)} %`);
  };
}
