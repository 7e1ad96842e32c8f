/** Status-bar items under cells: progress, stale mark, and the few figures one looks for first. */
import * as vscode from 'vscode';
import { statusTexts } from '../run/summary.ts';
import { NOTEBOOK_TYPE, type NotebookSession } from './session.ts';

export class CellStatusBar implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems = this.emitter.event;
  private readonly sessionOf: (notebook: vscode.NotebookDocument) => NotebookSession;
  private readonly registration: vscode.Disposable;

  constructor(sessionOf: (notebook: vscode.NotebookDocument) => NotebookSession) {
    this.sessionOf = sessionOf;
    this.registration = vscode.notebooks.registerNotebookCellStatusBarItemProvider(NOTEBOOK_TYPE, this);
  }

  refresh(): void {
    this.emitter.fire();
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    if (cell.kind !== vscode.NotebookCellKind.Code) return [];
    const session = this.sessionOf(cell.notebook);
    const { runs, progress } = session.record(cell);
    if (progress) {
      const share = `${Math.floor(100 * progress.fraction)} %`;
      const of = progress.points > 1 ? ` · ${progress.points} points` : '';
      return [item(`$(loading~spin) ${share}${of}`, `Simulating ${progress.title}`, 100)];
    }
    const items = statusTexts(runs).map(({ text, tooltip }, i) => item(text, tooltip, 50 - i));
    if (session.isStale(cell)) {
      const stale = item(
        '$(history) stale',
        'What this cell shows was computed from another program than the one that is written now. Run it again.',
        100,
      );
      stale.command = {
        title: 'Run Cell',
        command: 'notebook.cell.execute',
        arguments: [{ ranges: [{ start: cell.index, end: cell.index + 1 }], document: cell.notebook.uri }],
      };
      items.unshift(stale);
    }
    return items;
  }

  dispose(): void {
    this.registration.dispose();
    this.emitter.dispose();
  }
}

function item(text: string, tooltip: string, priority: number): vscode.NotebookCellStatusBarItem {
  const one = new vscode.NotebookCellStatusBarItem(text, vscode.NotebookCellStatusBarAlignment.Left);
  one.tooltip = tooltip;
  one.priority = priority;
  one.accessibilityInformation = { label: `${text.replace(/\$\([\w~-]+\)\s*/g, '')}. ${tooltip}` };
  return one;
}
