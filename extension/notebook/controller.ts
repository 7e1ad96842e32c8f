/**
 * The notebook's kernel. A cell's program is the whole notebook; running a cell computes the plans whose `run` stands in it. Declaration
 * cells that it needs get their tick with it. Everything slow happens in workers.
 */
import * as vscode from 'vscode';
import { partsOf } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import type { CompiledPlan } from '../program/protocol.ts';
import { factsOf } from '../program/dependencies.ts';
import { declarationSummary } from '../program/staleness.ts';
import { NotEnoughMemoryError, executePlan, type Outcome } from '../run/execute-plan.ts';
import type { RunRecord } from '../run/results.ts';
import { summarise, type RunSummary } from '../run/summary.ts';
import { loadTraces, TraceUnreadableError } from '../run/traces.ts';
import type { Services } from '../services.ts';
import { SimulationFailedError, WorkerLostError } from '../worker/pool.ts';
import { errorOutput, problemsOutput, reportOutput, textOutput } from './output.ts';
import type { RunDiagnostics } from './run-diagnostics.ts';
import { closureOf, errorsFor, keysOf, NOTEBOOK_TYPE, plansOf, type NotebookSession } from './session.ts';

export const CONTROLLER_ID = 'refault-simulator';

/** Streamed outputs and progress come at most this often. */
const STREAM_MS = 500;
const PROGRESS_MS = 250;
/** Runs shorter than this need no progress in the window's status bar. */
const LONG_MS = 1000;

export interface ControllerParts {
  readonly services: Services;
  readonly sessionOf: (notebook: vscode.NotebookDocument) => NotebookSession;
  readonly diagnostics: RunDiagnostics;
  /** Tells the status bar that something changed. */
  readonly refresh: () => void;
}

export interface Controller extends vscode.Disposable {
  readonly controller: vscode.NotebookController;
  /** Runs one cell's plans with another seed. */
  runWithSeed(cell: vscode.NotebookCell, seed: number): Promise<void>;
}

export function createController({ services, sessionOf, diagnostics, refresh }: ControllerParts): Controller {
  const executions = new Map<string, vscode.NotebookCellExecution>();
  const controller = vscode.notebooks.createNotebookController(CONTROLLER_ID, NOTEBOOK_TYPE, 'Refault Simulator');
  controller.supportedLanguages = ['refault'];
  controller.supportsExecutionOrder = true;
  controller.description = 'Linux memory management, simulated on this machine';
  controller.executeHandler = (cells, notebook) => enqueue(cells, sessionOf(notebook));

  /** Marks all cells as waiting at once, then runs them one after another. */
  function enqueue(cells: readonly vscode.NotebookCell[], session: NotebookSession, seed?: number): Promise<void> {
    const started = cells.flatMap((cell) => begin(cell) ?? []);
    session.queue = session.queue.then(async () => {
      for (const execution of started) await run(execution, session, seed);
    });
    return session.queue;
  }

  function begin(cell: vscode.NotebookCell): vscode.NotebookCellExecution | undefined {
    const key = cell.document.uri.toString();
    if (executions.has(key)) return undefined; // already waiting or running
    const execution = controller.createNotebookCellExecution(cell);
    executions.set(key, execution);
    return execution;
  }

  function finish(execution: vscode.NotebookCellExecution, success: boolean | undefined, at?: number): void {
    executions.delete(execution.cell.document.uri.toString());
    try {
      execution.end(success, at);
    } catch (error) {
      services.log.debug(`an execution could not be ended: ${String(error)}`);
    }
  }

  async function run(execution: vscode.NotebookCellExecution, session: NotebookSession, seed?: number): Promise<void> {
    if (execution.token.isCancellationRequested || session.signal.aborted) return finish(execution, undefined);
    const abort = new AbortController();
    const listening = execution.token.onCancellationRequested(() => abort.abort());
    session.signal.addEventListener('abort', () => abort.abort(), { once: true });
    let success = false;
    try {
      success = await runCell(execution, session, abort.signal, seed);
    } catch (error) {
      services.log.error(error instanceof Error ? error : String(error));
      forget(execution.cell, session);
      // a notebook that has been closed shows nothing any more
      await show(execution, [failureOutput(error)]).catch(() => undefined);
    } finally {
      listening.dispose();
      session.record(execution.cell).progress = undefined;
      finish(execution, success, Date.now());
      refresh();
    }
  }

  async function runCell(
    execution: vscode.NotebookCellExecution,
    session: NotebookSession,
    signal: AbortSignal,
    seed?: number,
  ): Promise<boolean> {
    const { cell } = execution;
    const record = session.record(cell);
    execution.executionOrder = session.nextOrder();
    execution.start(Date.now());
    const program = await session.compile();
    diagnostics.clear(cell.document.uri);

    const errors = errorsFor(program, cell);
    if (errors.length > 0) {
      forget(cell, session);
      await show(execution, [problemsOutput(errors, program.cells)]);
      return false;
    }
    await runNeeded(closureOf(program, cell).slice(0, -1), session);

    const plans = plansOf(program, cell);
    const keys = keysOf(program, cell);
    if (plans.length === 0) {
      record.shown = keys;
      record.runs = [];
      services.results.set(cell.document.uri.toString(), []);
      await show(execution, [textOutput(declarationSummary(factsOf(cell.document.getText())))]);
      return true;
    }
    // what is shown already was asked for again: compute it, do not look it up
    const again = record.shown !== undefined && keys?.join() === record.shown.join();
    const seeded = seed === undefined ? plans : await reseed(plans, seed);
    const outputs: vscode.NotebookCellOutput[] = [];
    const summaries: RunSummary[] = [];
    const records: RunRecord[] = [];
    let complete = true;
    for (const one of seeded) {
      const outcome = await runPlan(one, execution, session, { signal, reuse: !again, before: outputs });
      if (!outcome.report) {
        outputs.push(textOutput('Interrupted before there was anything to show.'));
        complete = false;
        break;
      }
      const summary = summarise(outcome.report, outcome);
      summaries.push(summary);
      records.push(recordOf(cell, outcome, outcome.report));
      outputs.push(await reportOutput(outcome.report, summary, services.compiler));
      diagnostics.add(cell.document.uri, outcome.report);
      if (outcome.report.partial || signal.aborted) {
        complete = false;
        break;
      }
    }
    // with another seed the cell shows something else than its text says, and stays marked so
    record.shown = complete || summaries.length > 0 ? seeded.map(({ hash }) => hash) : undefined;
    record.runs = summaries;
    services.results.set(cell.document.uri.toString(), records);
    await show(execution, outputs);
    if (summaries.length > 0) ranContexts();
    return complete;
  }

  /** Declaration cells that a run needs and that have not been run as they are now: at once, and in order. */
  async function runNeeded(cells: readonly vscode.NotebookCell[], session: NotebookSession): Promise<void> {
    const program = await session.compile();
    for (const cell of cells) {
      if (plansOf(program, cell).length > 0) continue;
      const record = session.record(cell);
      const keys = keysOf(program, cell);
      if (keys === undefined || record.shown?.join() === keys.join()) continue;
      const key = cell.document.uri.toString();
      if (executions.has(key)) continue; // it waits for its own turn
      const execution = begin(cell);
      if (!execution) continue;
      execution.executionOrder = session.nextOrder();
      execution.start(Date.now());
      record.shown = keys;
      await show(execution, [textOutput(declarationSummary(factsOf(cell.document.getText())))]);
      finish(execution, true, Date.now());
    }
  }

  async function runPlan(
    one: CompiledPlan,
    execution: vscode.NotebookCellExecution,
    session: NotebookSession,
    { signal, reuse, before }: { signal: AbortSignal; reuse: boolean; before: readonly vscode.NotebookCellOutput[] },
  ): Promise<Outcome> {
    const { cell } = execution;
    const record = session.record(cell);
    const points = partsOf(one.plan);
    const title = one.plan.title || 'run';
    const { plan, hash, traces, recordings } = await loadTraces(one, cell.notebook.uri, services);
    const start = performance.now();
    let told = 0;
    let streamed = start;
    let over = false;
    const longRun = longRunProgress(title, signal);
    const stream = async (report: Report, summary: RunSummary) => {
      const output = await reportOutput(report, summary, services.compiler);
      if (!over) await show(execution, [...before, output]);
    };
    try {
      const outcome = await executePlan({ plan, hash }, services.execute, {
        signal,
        traces,
        recordings,
        reuse,
        onProgress: (fraction) => {
          const now = performance.now();
          if (over || now - told < PROGRESS_MS || now - start < PROGRESS_MS) return;
          told = now;
          record.progress = { fraction, title, points };
          longRun.report(fraction, now - start);
          refresh();
        },
        onPartial: (merge) => {
          const now = performance.now();
          if (over || now - streamed < STREAM_MS || signal.aborted) return;
          streamed = now;
          const report = merge();
          const summary = summarise(report, { hash, cached: false, elapsed: now - start });
          // never awaited: the next one replaces it
          stream(report, summary).catch(() => undefined);
        },
      });
      if (outcome.report && !outcome.cached) {
        services.log.info(
          `${title}: ${(outcome.report.fidelity ?? outcome.report.points).length} of ${points} ${one.plan.fidelity ? 'folders of recordings' : 'points'} in ${outcome.elapsed.toFixed(0)} ms${outcome.report.partial ? ', interrupted' : ''}`,
        );
      }
      return outcome;
    } finally {
      over = true;
      longRun.done();
      record.progress = undefined;
    }
  }

  function forget(cell: vscode.NotebookCell, session: NotebookSession): void {
    const record = session.record(cell);
    record.shown = undefined;
    record.runs = [];
    services.results.set(cell.document.uri.toString(), []);
  }

  async function reseed(plans: readonly CompiledPlan[], seed: number): Promise<CompiledPlan[]> {
    const { hashPlan } = await services.engine();
    return plans.map(({ plan }) => {
      const other = { ...plan, seed };
      return { plan: other, hash: hashPlan(other) };
    });
  }

  return {
    controller,
    runWithSeed: (cell, seed) => enqueue([cell], sessionOf(cell.notebook), seed),
    dispose: () => controller.dispose(),
  };
}

/** Outputs of the same number are updated in place by VS Code: charts keep their zoom. */
async function show(
  execution: vscode.NotebookCellExecution,
  outputs: readonly vscode.NotebookCellOutput[],
): Promise<void> {
  await execution.replaceOutput([...outputs]);
}

function recordOf(cell: vscode.NotebookCell, { plan, hash, cached, elapsed }: Outcome, report: Report): RunRecord {
  return {
    document: cell.notebook.uri.toString(),
    place: cell.document.uri.toString(),
    hash,
    plan,
    report,
    cached,
    elapsed,
  };
}

/** A failure in words: what happened, and what still works. */
export function failureOutput(error: unknown): vscode.NotebookCellOutput {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof NotEnoughMemoryError) return errorOutput('Not enough memory', `${capital(text)}.`);
  if (error instanceof WorkerLostError) {
    return errorOutput('The simulation was lost', `${capital(text)}.\nRunning the cell again starts a new one.`);
  }
  if (error instanceof TraceUnreadableError) return errorOutput('A trace cannot be read', `${capital(text)}.`);
  if (error instanceof SimulationFailedError) return errorOutput('The simulation stopped', `${capital(text)}.`);
  return errorOutput('Refault could not run this cell', text);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');

/** Progress in the window's status bar, once a run turns out to be long. */
function longRunProgress(title: string, signal: AbortSignal) {
  let report: ((fraction: number) => void) | undefined;
  let done: () => void = () => undefined;
  return {
    report(fraction: number, elapsed: number): void {
      if (!report && elapsed > LONG_MS && !signal.aborted) {
        void vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Refault' }, (progress) => {
          report = (share) => progress.report({ message: `${title} ${Math.floor(100 * share)} %` });
          return new Promise<void>((resolve) => (done = resolve));
        });
      }
      report?.(fraction);
    },
    done: () => done(),
  };
}

let ran = false;
function ranContexts(): void {
  void vscode.commands.executeCommand('setContext', ran ? 'refault.ranAgain' : 'refault.ran', true);
  ran = true;
}
