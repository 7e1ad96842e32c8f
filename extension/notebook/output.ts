/**
 * Cell outputs. One run, one output, its items in falling richness: the report for the charts, the same in Markdown for accessible views and
 * other front ends, and in plain text.
 */
import * as vscode from 'vscode';
import { REPORT_MIME, type OutputFacts } from '../../simulator/host-protocol.ts';
import type { Report } from '../../simulator/report.ts';
import type { Compiler } from '../program/compiler.ts';
import type { Problem } from '../program/protocol.ts';
import { OUTPUT_LIMIT } from '../run/fit-report.ts';
import type { RunSummary } from '../run/summary.ts';

/** What status bar, renderer and tests find with an output. */
export interface OutputMetadata extends OutputFacts {
  readonly refault: RunSummary;
  readonly partial: boolean;
}

export async function reportOutput(
  report: Report,
  summary: RunSummary,
  { write }: Pick<Compiler, 'write'>,
): Promise<vscode.NotebookCellOutput> {
  const { cached, partial } = summary;
  const { bytes, markdown, text } = await write<'output'>({ as: 'output', report, limit: OUTPUT_LIMIT, cached });
  const metadata: OutputMetadata = { refault: summary, cached, partial };
  return new vscode.NotebookCellOutput(
    [
      new vscode.NotebookCellOutputItem(bytes, REPORT_MIME),
      vscode.NotebookCellOutputItem.text(markdown, 'text/markdown'),
      vscode.NotebookCellOutputItem.text(text, 'text/plain'),
    ],
    { ...metadata },
  );
}

export const textOutput = (text: string): vscode.NotebookCellOutput =>
  new vscode.NotebookCellOutput([vscode.NotebookCellOutputItem.text(text, 'text/plain')]);

/** Errors of the program, each with its place in words: `cell 2, line 3`. */
export function problemsOutput(
  problems: readonly Problem[],
  cells: readonly vscode.NotebookCell[],
): vscode.NotebookCellOutput {
  const lines = problems.map(
    (problem) =>
      `${problem.message.charAt(0).toUpperCase()}${problem.message.slice(1)}\n    ${placeOf(problem, cells)}  (${problem.code})`,
  );
  const title = problems.length === 1 ? 'The program has an error' : `The program has ${problems.length} errors`;
  return errorOutput(title, lines.join('\n'));
}

/** `stack` is what VS Code's own error view shows in full. */
export function errorOutput(title: string, text: string): vscode.NotebookCellOutput {
  const error = new Error(text);
  error.name = title;
  error.stack = `${title}\n\n${text}`;
  return new vscode.NotebookCellOutput([vscode.NotebookCellOutputItem.error(error)]);
}

export function placeOf({ where }: Problem, cells: readonly vscode.NotebookCell[]): string {
  const line = `line ${where.line + 1}`;
  const cell = cells.find(({ document }) => document.uri.toString() === where.uri);
  if (cell) {
    const number = cells.indexOf(cell) + 1;
    return `code cell ${number}, ${line}`;
  }
  return `${where.uri.slice(where.uri.lastIndexOf('/') + 1)}, ${line}`;
}
