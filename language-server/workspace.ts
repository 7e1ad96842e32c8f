/**
 * What the editor has open, as programs: a file is one, the cells of a notebook are one in cell order. Syntax trees are kept from edit to
 * edit, everything else is worked out anew when something asks; a program of 500 lines takes a few milliseconds.
 */
import type { NotebookDocument } from 'vscode-languageserver';
import { compileSources, type Compiled, type Source } from './language/index.ts';
import { parseSource, type ParsedSource } from './language/parser.ts';
import { parseNotebook } from './language/notebook-markdown.ts';

/** Texts that are open: the server's document store. */
export interface OpenTexts {
  text(uri: string): { readonly text: string; readonly version: number } | undefined;
  /** Files and untitled texts, not cells. */
  files(): readonly string[];
  notebooks(): readonly NotebookDocument[];
  notebookOf(cell: string): NotebookDocument | undefined;
}

/** How files that are not open are read; `null`: there is none. */
export type ReadFile = (uri: string) => Promise<string | null>;

export interface ProgramView extends Compiled {
  /** Uri of the file or the notebook. */
  readonly key: string;
}

const LANGUAGE = 'refault';
const CODE_CELL = 2;

export class Workspace {
  readonly #open: OpenTexts;
  readonly #readFile: ReadFile;
  readonly #parsed = new Map<string, ParsedSource>();
  readonly #programs = new Map<string, { readonly stamp: string; readonly view: ProgramView }>();
  /** Files read for `import`; absent: not asked for yet. */
  readonly #files = new Map<string, string | null>();
  readonly #loading = new Map<string, Promise<void>>();
  /** Closed files of the workspace, for names used across files. */
  #known: readonly string[] = [];
  #generation = 0;

  constructor(open: OpenTexts, readFile: ReadFile) {
    this.#open = open;
    this.#readFile = readFile;
  }

  /** The file or notebook that a text belongs to. */
  keyOf(uri: string): string {
    return this.#open.notebookOf(uri)?.uri ?? uri;
  }

  sourcesOf(key: string): Source[] {
    const notebook = this.#open.notebooks().find((n) => n.uri === key);
    if (!notebook) {
      const text = this.#open.text(key)?.text ?? this.#files.get(key) ?? '';
      if (key.endsWith('.md'))
        return parseNotebook(text)
          .filter((c) => c.kind === 'code')
          .map((c, i) => ({ uri: `${key}#cell${i}`, text: c.text }));
      return [{ uri: key, text }];
    }
    return notebook.cells
      .filter((cell) => cell.kind === CODE_CELL)
      .map((cell) => ({ uri: cell.document, text: this.#open.text(cell.document) }))
      .filter((cell) => cell.text !== undefined)
      .map(({ uri, text }) => ({ uri, text: text!.text }));
  }

  /** The program around a text, as it is now. */
  view(uri: string): ProgramView {
    const key = this.keyOf(uri);
    const sources = this.sourcesOf(key);
    const stamp = `${this.#generation} ${sources.map((s) => `${s.uri}@${this.#open.text(s.uri)?.version ?? ''}`).join(' ')} ${this.#importStamp()}`;
    const known = this.#programs.get(key);
    if (known?.stamp === stamp) return known.view;
    const compiled = compileSources(sources, {
      checkOnly: true,
      parse: (u, text) => this.#parse(u, text),
      resolveImport: (from, path) => this.#resolve(from, path),
    });
    const view: ProgramView = { key, ...compiled };
    this.#programs.set(key, { stamp, view });
    return view;
  }

  /** As `view`, once everything that it imports has been read. */
  async settled(uri: string): Promise<ProgramView> {
    for (let round = 0; round < 16; round++) {
      const view = this.view(uri);
      if (this.#loading.size === 0) return view;
      await Promise.all(this.#loading.values());
    }
    return this.view(uri);
  }

  /** Programs that are open. */
  views(): ProgramView[] {
    const keys = [...this.#open.notebooks().map((n) => n.uri), ...this.#open.files()];
    return keys.map((key) => this.view(key));
  }

  /** Programs that are open, then closed files of the workspace that no open one imports. */
  async allViews(): Promise<ProgramView[]> {
    const open = this.views();
    const seen = new Set(open.map((v) => v.key));
    const closed: ProgramView[] = [];
    for (const uri of this.#known) {
      if (seen.has(uri)) continue;
      if (!this.#files.has(uri)) await this.#load(uri);
      closed.push(await this.settled(uri));
    }
    return [...open, ...closed];
  }

  know(uris: readonly string[]): void {
    this.#known = uris;
  }

  /** Files changed on disk. */
  forget(uris: readonly string[]): void {
    for (const uri of uris) this.#files.delete(uri);
    this.#generation++;
  }

  /** The user closed it: keep nothing of it. */
  close(uri: string): void {
    this.#parsed.delete(uri);
    this.#programs.delete(uri);
    this.#files.delete(uri);
  }

  #importStamp(): string {
    // An open file that others import counts with its version.
    return this.#open
      .files()
      .map((uri) => `${uri}@${this.#open.text(uri)?.version}`)
      .join(' ');
  }

  #parse(uri: string, text: string): ParsedSource {
    const known = this.#parsed.get(uri);
    if (known?.text === text) return known;
    const parsed = parseSource(uri, text);
    this.#parsed.set(uri, parsed);
    return parsed;
  }

  #resolve(from: string, path: string): Source | null {
    const uri = importUri(this.keyOf(from), path);
    if (uri === null) return null;
    const open = this.#open.text(uri);
    if (open) return { uri, text: open.text };
    const known = this.#files.get(uri);
    if (known === undefined) {
      void this.#load(uri);
      return null;
    }
    return known === null ? null : { uri, text: known };
  }

  #load(uri: string): Promise<void> {
    let loading = this.#loading.get(uri);
    if (!loading) {
      loading = this.#readFile(uri)
        .catch(() => null)
        .then((text) => {
          this.#files.set(uri, text);
          this.#generation++;
          this.#loading.delete(uri);
        });
      this.#loading.set(uri, loading);
    }
    return loading;
  }
}

/** What `import "path"` in a text means; the text's own uri without its fragment is the base. */
export function importUri(from: string, path: string): string | null {
  try {
    const base = new URL(from.replace(/#.*$/, ''));
    // Cells bear the path of their notebook under another scheme.
    const url = new URL(encodeURI(path), base.protocol === 'vscode-notebook-cell:' ? `file://${base.pathname}` : base);
    return url.href;
  } catch {
    return null;
  }
}

export { LANGUAGE };
