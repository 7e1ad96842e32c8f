/**
 * What a run found out, shown where it was asked for: expectations that did not hold. Problems of the text itself come from the language
 * server. Cleared as soon as the cell is edited or run again.
 */
import * as vscode from 'vscode';
import type { ExpectationResult, Report } from '../../simulator/report.ts';

export class RunDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('refault-run');
  private readonly listening = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    if (contentChanges.length > 0) this.clear(document.uri);
  });

  /** `uri` is a file or a cell. */
  clear(uri: vscode.Uri): void {
    this.collection.delete(uri);
  }

  add(uri: vscode.Uri, report: Report): void {
    this.collection.set(uri, [...(this.collection.get(uri) ?? []), ...diagnosticsOf(report, uri.toString())]);
  }

  dispose(): void {
    this.listening.dispose();
    this.collection.dispose();
  }
}

/** One diagnostic for each expectation, however many points broke it. */
function diagnosticsOf(report: Report, uri: string): vscode.Diagnostic[] {
  const broken = new Map<string, { readonly first: ExpectationResult; readonly points: string[] }>();
  for (const point of report.points) {
    for (const one of point.expectations) {
      if (one.holds || one.left === null || one.source?.uri !== uri) continue;
      const key = `${one.source.line}:${one.source.column}`;
      const entry = broken.get(key) ?? { first: one, points: [] };
      const label = point.coordinates.map((c, axis) => report.axes[axis]?.values[c]?.label ?? '').join(', ');
      const values = one.right === null ? '' : ` (${figure(one.left)} against ${figure(one.right)})`;
      entry.points.push(`${label === '' ? 'here' : label}${values}`);
      broken.set(key, entry);
    }
  }
  return [...broken.values()].map(({ first, points }) => {
    const { line, column, endLine, endColumn } = first.source!;
    const more = points.length > 4 ? ` and ${points.length - 4} more` : '';
    const diagnostic = new vscode.Diagnostic(
      new vscode.Range(line, column, endLine, endColumn),
      `Expected ${first.text}: not so for ${points.slice(0, 4).join('; ')}${more}`,
      vscode.DiagnosticSeverity.Warning,
    );
    diagnostic.source = 'refault run';
    diagnostic.code = 'expectation';
    return diagnostic;
  });
}

const figure = (value: number): string => {
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
};
