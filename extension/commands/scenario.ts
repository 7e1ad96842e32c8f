/**
 * What "Run Scenario" means where the user is: the `run` under the cursor of a file, the fenced block under the cursor of a Markdown text, the
 * selected cell of a notebook. With no `run` there, every run of the text.
 */
import * as vscode from 'vscode';
import { codeCells, LANGUAGE, NOTEBOOK_TYPE } from '../notebook/session.ts';
import type { CompiledPlan, Problem, Source } from '../program/protocol.ts';
import type { Services } from '../services.ts';

/** Something to be run into the results panel. */
export interface ScenarioRun {
  readonly compiled: CompiledPlan;
  readonly document: vscode.Uri;
  /** Where it stands, as shown in the panel's history. */
  readonly origin: string;
}

/** Said to the user as it is. */
export class NothingToRunError extends Error {
  override readonly name = 'NothingToRunError';
}

interface Place {
  readonly document: vscode.Uri;
  readonly sources: readonly Source[];
  /** Line of the document on which a source starts. */
  readonly starts: readonly number[];
  /** Source under the cursor, and the line in it. */
  readonly index: number | undefined;
  readonly line: number | undefined;
}

export async function scenariosAt(
  services: Services,
  uri: vscode.Uri | undefined,
  line: number | undefined,
): Promise<ScenarioRun[]> {
  const place = await findPlace(uri, line);
  const name = nameOf(place.document);
  const { plans, problems } = await services.compiler.compile(place.sources);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new NothingToRunError(describeErrors(errors, place, name));
  if (plans.length === 0) throw new NothingToRunError(`${name} has no 'run' statement: add \`run\` at its end.`);
  return choose(plans, place).map((compiled) => ({
    compiled,
    document: place.document,
    origin: originOf(compiled, place, name),
  }));
}

function choose(plans: readonly CompiledPlan[], { sources, index, line }: Place): readonly CompiledPlan[] {
  if (index === undefined) return plans;
  const here = plans.filter(({ plan }) => plan.source?.uri === sources[index].uri);
  if (line !== undefined) {
    const under = here.filter(({ plan }) => plan.source!.line <= line && line <= plan.source!.endLine);
    if (under.length > 0) return under;
  }
  return here.length > 0 ? here : plans;
}

async function findPlace(uri: vscode.Uri | undefined, line: number | undefined): Promise<Place> {
  const notebookEditor = vscode.window.activeNotebookEditor;
  if (!uri && notebookEditor?.notebook.notebookType === NOTEBOOK_TYPE) {
    return notebookPlace(notebookEditor.notebook, notebookEditor.selection.start);
  }
  const notebook = uri && vscode.workspace.notebookDocuments.find((doc) => belongs(doc, uri));
  if (notebook) {
    const cell = notebook.getCells().find(({ document }) => document.uri.toString() === uri.toString());
    return notebookPlace(notebook, cell?.index);
  }
  const editor = vscode.window.activeTextEditor;
  const document = uri ? await vscode.workspace.openTextDocument(uri) : editor?.document;
  if (!document) throw new NothingToRunError('Open a .refault file or a Refault notebook first.');
  const cursor =
    line ?? (editor?.document.uri.toString() === document.uri.toString() ? editor.selection.active.line : undefined);
  if (document.languageId === 'markdown') return markdownPlace(document, cursor);
  if (document.languageId !== LANGUAGE && !document.uri.path.endsWith('.refault')) {
    throw new NothingToRunError(`${nameOf(document.uri)} is neither a .refault file nor Markdown with refault blocks.`);
  }
  return {
    document: document.uri,
    sources: [{ uri: document.uri.toString(), text: document.getText() }],
    starts: [0],
    index: 0,
    line: cursor,
  };
}

const belongs = (notebook: vscode.NotebookDocument, uri: vscode.Uri): boolean =>
  notebook.uri.toString() === uri.toString() ||
  notebook.getCells().some(({ document }) => document.uri.toString() === uri.toString());

function notebookPlace(notebook: vscode.NotebookDocument, selected: number | undefined): Place {
  const cells = codeCells(notebook);
  const index = cells.findIndex((cell) => cell.index === selected);
  return {
    document: notebook.uri,
    sources: cells.map(({ document }) => ({ uri: document.uri.toString(), text: document.getText() })),
    starts: cells.map(() => 0),
    index: index < 0 ? undefined : index,
    line: undefined,
  };
}

async function markdownPlace(document: vscode.TextDocument, cursor: number | undefined): Promise<Place> {
  const { parseNotebook } = await import('../../language-server/language/notebook-markdown.ts');
  const blocks = parseNotebook(document.getText()).filter(({ kind }) => kind === 'code');
  if (blocks.length === 0) throw new NothingToRunError(`${nameOf(document.uri)} has no fenced refault block.`);
  const starts = blocks.map((block) => block.line);
  const lengths = blocks.map(({ text }) => text.split('\n').length);
  // the fences belong to the block
  const index =
    cursor === undefined ? -1 : starts.findIndex((start, i) => start - 1 <= cursor && cursor <= start + lengths[i]);
  return {
    document: document.uri,
    sources: blocks.map(({ text }, i) => ({ uri: `${document.uri.toString()}#block${i}`, text })),
    starts,
    index: index < 0 ? undefined : index,
    line: index < 0 ? undefined : cursor! - starts[index],
  };
}

function describeErrors(errors: readonly Problem[], place: Place, name: string): string {
  const [first] = errors;
  const source = place.sources.findIndex(({ uri }) => uri === first.where.uri);
  const where =
    place.sources.length > 1 && source >= 0 && place.starts[source] === 0
      ? `code cell ${source + 1}, line ${first.where.line + 1}`
      : `line ${first.where.line + (place.starts[source] ?? 0) + 1}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${name}, ${where}: ${first.message}${more}`;
}

function originOf({ plan }: CompiledPlan, { sources, starts }: Place, name: string): string {
  const source = sources.findIndex(({ uri }) => uri === plan.source?.uri);
  if (source < 0) return name;
  if (sources.length > 1 && starts[source] === 0) return `${name}, code cell ${source + 1}`;
  return `${name}, line ${plan.source!.line + starts[source] + 1}`;
}

export const nameOf = (uri: vscode.Uri): string => uri.path.slice(uri.path.lastIndexOf('/') + 1);
