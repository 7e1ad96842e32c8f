/**
 * What we know of one open notebook: its compiled program, what each cell shows and what it would show now. One program per notebook, in
 * cell order; recompiled shortly after an edit, which is how a cell learns that its output has become stale.
 */
import * as vscode from 'vscode';
import type { Compiled } from '../program/protocol.ts';
import { dependenciesOf, factsOf, type CellFacts } from '../program/dependencies.ts';
import { declarationKey, isStale } from '../program/staleness.ts';
import type { RunSummary } from '../run/summary.ts';
import type { Compiler } from '../program/compiler.ts';

export const NOTEBOOK_TYPE = 'refault-notebook';
export const LANGUAGE = 'refault';

/** Quiet time after a keystroke before the program is compiled for stale marks. */
const SETTLE_MS = 250;

export interface CellProgress {
  readonly fraction: number;
  readonly title: string;
  readonly points: number;
}

interface CellRecord {
  /** Keys the output was made from: plan hashes, or the declaration key. */
  shown: readonly string[] | undefined;
  runs: readonly RunSummary[];
  progress: CellProgress | undefined;
}

export interface Program {
  readonly cells: readonly vscode.NotebookCell[];
  readonly facts: readonly CellFacts[];
  readonly compiled: Compiled;
}

export class NotebookSession implements vscode.Disposable {
  readonly notebook: vscode.NotebookDocument;
  private readonly compiler: Compiler;
  private readonly changed: () => void;
  private readonly records = new Map<string, CellRecord>();
  private program: Program | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private order = 0;
  /** Runs of this notebook follow one another. */
  queue: Promise<void> = Promise.resolve();
  /** Ends what is running, and keeps what is waiting from starting, when the notebook is closed. */
  private readonly closed = new AbortController();

  /** Aborted when the notebook is closed. */
  get signal(): AbortSignal {
    return this.closed.signal;
  }

  constructor(notebook: vscode.NotebookDocument, compiler: Compiler, changed: () => void) {
    this.notebook = notebook;
    this.compiler = compiler;
    this.changed = changed;
  }

  nextOrder(): number {
    return ++this.order;
  }

  record(cell: vscode.NotebookCell): CellRecord {
    const key = cell.document.uri.toString();
    let record = this.records.get(key);
    if (!record) this.records.set(key, (record = { shown: undefined, runs: [], progress: undefined }));
    return record;
  }

  /** Compiles the notebook as it is now. */
  async compile(): Promise<Program> {
    const cells = codeCells(this.notebook);
    const sources = cells.map((cell) => ({ uri: cell.document.uri.toString(), text: cell.document.getText() }));
    const compiled = await this.compiler.compile(sources);
    this.program = { cells, facts: sources.map(({ text }) => factsOf(text)), compiled };
    return this.program;
  }

  /** After an edit: compiles once it is quiet, then tells the status bar. */
  edited(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.compile().then(
        () => this.changed(),
        () => undefined,
      );
    }, SETTLE_MS);
  }

  /** Stale marks are told from the last compilation; before the first there are none. */
  isStale(cell: vscode.NotebookCell): boolean {
    const { shown } = this.record(cell);
    if (!this.program || shown === undefined) return false;
    return isStale({ hashes: keysOf(this.program, cell), shown });
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.closed.abort();
  }
}

export const codeCells = (notebook: vscode.NotebookDocument): vscode.NotebookCell[] =>
  notebook
    .getCells()
    .filter(({ kind, document }) => kind === vscode.NotebookCellKind.Code && document.languageId === LANGUAGE);

export const plansOf = (program: Program, cell: vscode.NotebookCell): Compiled['plans'] =>
  program.compiled.plans.filter(({ plan }) => plan.source?.uri === cell.document.uri.toString());

/** The cells that `cell` needs, and itself, last. */
export function closureOf(program: Program, cell: vscode.NotebookCell): vscode.NotebookCell[] {
  const index = program.cells.indexOf(cell);
  return [...dependenciesOf(program.facts, index).map((i) => program.cells[i]), cell];
}

/** Errors that keep `cell` from running: its own, those of what it needs, those of imported files. */
export function errorsFor(program: Program, cell: vscode.NotebookCell): Compiled['problems'] {
  const errors = program.compiled.problems.filter(({ severity }) => severity === 'error');
  const mine = new Set(closureOf(program, cell).map(({ document }) => document.uri.toString()));
  const cells = new Set(program.cells.map(({ document }) => document.uri.toString()));
  const found = errors.filter(({ where }) => mine.has(where.uri) || !cells.has(where.uri));
  // a `run` without a plan was given up by the compiler: some error concerns it, even if words do not tell which
  const runs = program.facts[program.cells.indexOf(cell)]?.runs ?? false;
  return found.length === 0 && runs && plansOf(program, cell).length === 0 ? errors : found;
}

/** What the output of `cell` would be made from now; `undefined` while errors are in the way. */
export function keysOf(program: Program, cell: vscode.NotebookCell): readonly string[] | undefined {
  if (errorsFor(program, cell).length > 0) return undefined;
  const plans = plansOf(program, cell);
  return plans.length > 0 ? plans.map(({ hash }) => hash) : [declarationKey(cell.document.getText())];
}
