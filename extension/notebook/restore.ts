/** Puts kept results under the cells of a notebook that has just been opened, marked "cached". Says nothing where there is none. */
import type * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { setting } from '../services.ts';
import { describe } from '../run/execute-plan.ts';
import { summarise } from '../run/summary.ts';
import { reportOutput } from './output.ts';
import { codeCells, keysOf, plansOf, type NotebookSession } from './session.ts';

export async function restoreOutputs(
  controller: vscode.NotebookController,
  session: NotebookSession,
  services: Services,
): Promise<number> {
  const { notebook } = session;
  if (!setting('cache.enabled', true) || codeCells(notebook).every((cell) => cell.outputs.length > 0)) return 0;
  const program = await session.compile();
  let restored = 0;
  for (const cell of program.cells) {
    const record = session.record(cell);
    const plans = plansOf(program, cell);
    if (plans.length === 0 || cell.outputs.length > 0 || record.shown || keysOf(program, cell) === undefined) continue;
    // a trace would have to be decoded to know its hash: too much to do unasked
    if (plans.some(({ plan }) => plan.traces.length > 0)) continue;
    const found = await Promise.all(
      plans.map(async ({ plan, hash }) => {
        const report = await services.cache.get(hash);
        return report && { hash, plan, report: describe(report, plan) };
      }),
    );
    if (found.some((one) => one === undefined) || notebook.isClosed || cell.outputs.length > 0) continue;
    const kept = found.map((one) => one!);
    const runs = kept.map(({ report, hash }) => summarise(report, { hash, cached: true, elapsed: 0 }));
    let execution: vscode.NotebookCellExecution;
    try {
      execution = controller.createNotebookCellExecution(cell);
    } catch {
      continue; // being run, or another kernel has been chosen: then nothing is ours to show
    }
    // no start time and no verdict: the cell was not run, and does not look so
    execution.start();
    record.shown = plans.map(({ hash }) => hash);
    record.runs = runs;
    services.results.set(
      cell.document.uri.toString(),
      kept.map(({ report, hash, plan }) => ({
        document: notebook.uri.toString(),
        place: cell.document.uri.toString(),
        hash,
        plan,
        report,
        cached: true,
        elapsed: 0,
      })),
    );
    const outputs = await Promise.all(kept.map(({ report }, i) => reportOutput(report, runs[i], services.compiler)));
    await execution.replaceOutput(outputs);
    execution.end(undefined);
    restored++;
  }
  return restored;
}
