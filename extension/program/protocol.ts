/**
 * What the extension host and the compile worker say to each other. Compiling programs, decoding traces and writing reports happen in a worker of
 * their own: building the parser takes a few tenths of a second and a large trace many, which the extension host must not spend.
 */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Plan, SourceSpan } from '../../simulator/plan.ts';
import type { Writing, Written } from './writing.ts';

export interface Source {
  readonly uri: string;
  readonly text: string;
}

export interface CompileRequest {
  readonly kind: 'compile';
  readonly id: number;
  readonly sources: readonly Source[];
  /** Imported texts read so far, by the key of `importKey`; `null`: cannot be read. */
  readonly imports: Readonly<Record<string, Source | null>>;
}

export interface Problem {
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly code: string;
  readonly message: string;
  readonly where: SourceSpan;
}

export interface CompiledPlan {
  readonly plan: Plan;
  /** Of everything the numbers depend on: equal hashes, equal results. */
  readonly hash: string;
}

export interface Compiled {
  readonly plans: readonly CompiledPlan[];
  readonly problems: readonly Problem[];
}

export interface CompileReply extends Compiled {
  readonly kind: 'compile';
  readonly id: number;
  /** Imports that the program names and the request did not bring. */
  readonly missing: readonly ImportRef[];
}

export interface TraceRequest {
  readonly kind: 'trace';
  readonly id: number;
  /** Its ending tells how it is packed, and its format where that is `auto`. */
  readonly name: string;
  readonly format: string;
  readonly bytes: Uint8Array;
}

/** A decoded trace; its words are in shared memory where there is such a thing, so that workers need no copies. */
export interface Trace {
  readonly words: Uint32Array;
  readonly pages: number;
  readonly hash: string;
}

export interface TraceReply extends Trace {
  readonly kind: 'trace';
  readonly id: number;
}

/** Recordings, some of them packed. */
export interface UnpackRequest {
  readonly kind: 'unpack';
  readonly id: number;
  readonly files: readonly PackedFile[];
}

export interface PackedFile {
  /** Its ending tells how it is packed. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface UnpackReply {
  readonly kind: 'unpack';
  readonly id: number;
  readonly files: RecordedFiles['files'];
}

export interface WriteRequest {
  readonly kind: 'write';
  readonly id: number;
  readonly what: Writing;
}

export interface WriteReply {
  readonly kind: 'write';
  readonly id: number;
  readonly written: Written[keyof Written];
}

/** The message is meant for people. */
export interface FailureReply {
  readonly kind: 'failure';
  readonly id: number;
  readonly message: string;
}

export type LanguageRequest = CompileRequest | TraceRequest | UnpackRequest | WriteRequest;
export type LanguageReply = CompileReply | TraceReply | UnpackReply | WriteReply | FailureReply;

export interface ImportRef {
  readonly from: string;
  readonly target: string;
}

export const importKey = ({ from, target }: ImportRef): string => `${from}\n${target}`;
