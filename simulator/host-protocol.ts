/**
 * Messages between the extension host and its pages (notebook renderer, results panel). Types and two names only: both sides import them from here,
 * because neither may import the other. Messages travel as JSON, so bytes are base64 wherever they are not whole outputs.
 */
import type { SourceSpan } from './plan.ts';

/** MIME type of an output item that carries the bytes of `encodeReport`. */
export const REPORT_MIME = 'application/vnd.refault.report';
export const RENDERER_ID = 'refault-charts';

/** What the host knows about an output and the report doesn't. The renderer finds it as `cached` in the output's metadata. */
export interface OutputFacts {
  /** Restored from the result cache. */
  readonly cached?: boolean;
}

/** A file to be written: the host asks where. */
export interface SavedFile {
  /** Suggested name with its ending. */
  readonly name: string;
  readonly mime: string;
  readonly data: string;
  readonly encoding: 'utf8' | 'base64';
}

/** What a host can do for a page. A renderer offers only what its host has announced; without a host it still draws and downloads. */
export type HostAbility = 'save' | 'reveal' | 'open-panel' | 'numbers';

export type PageMessage =
  /** The page is ready for messages; a renderer sends it on activation, a panel when its script has run. */
  | { readonly type: 'ready' }
  | { readonly type: 'save'; readonly file: SavedFile }
  | { readonly type: 'reveal'; readonly source: SourceSpan }
  /** Show how far the simulator is from recordings of real kernels. */
  | { readonly type: 'numbers' }
  /** Show the report with this plan hash and title in the results panel. */
  | { readonly type: 'open-panel'; readonly plan: string; readonly title: string }
  /** Panel: run the selected entry again, with another seed if one is given. */
  | { readonly type: 'run'; readonly seed?: number }
  | { readonly type: 'interrupt' }
  /** Panel: show another entry of the history. */
  | { readonly type: 'select'; readonly run: string };

export type HostMessage =
  | { readonly type: 'host'; readonly abilities: readonly HostAbility[] }
  /** Panel: what to draw. `report` is base64 of `encodeReport`. */
  | { readonly type: 'report'; readonly run: string; readonly report: string; readonly facts: OutputFacts }
  | { readonly type: 'runs'; readonly runs: readonly RunEntry[]; readonly selected: string }
  /** Panel: progress of a run under way; absent fraction means not known. */
  | { readonly type: 'progress'; readonly running: boolean; readonly fraction?: number; readonly text?: string }
  /** Panel: why there is nothing new to draw. */
  | { readonly type: 'failure'; readonly text: string };

/** One line of the panel's history. */
export interface RunEntry {
  readonly id: string;
  readonly title: string;
  readonly seed: number;
  /** Where the program came from, as shown: a file name, a notebook cell. */
  readonly origin: string;
  /** Milliseconds since 1970, by the host's clock. */
  readonly when: number;
}
