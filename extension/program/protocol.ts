/**
 * What the extension host and the compile worker say to each other. The language lives in a worker of its own: building its parser takes a
 * few tenths of a second, which the extension host must not spend.
 */
import type { Plan, SourceSpan } from '../../simulator/plan.ts';

export interface Source {
  readonly uri: string;
  readonly text: string;
}

export interface CompileRequest {
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
  readonly id: number;
  /** Imports that the program names and the request did not bring. */
  readonly missing: readonly ImportRef[];
  /** Set when the language itself failed. */
  readonly failure?: string;
}

export interface ImportRef {
  readonly from: string;
  readonly target: string;
}

export const importKey = ({ from, target }: ImportRef): string => `${from}\n${target}`;
