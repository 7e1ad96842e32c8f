/** A plan that can't be run: what is wrong and what to do about it, in the user's terms. Everything else that `simulate` throws is a bug. */
import type { SourceSpan } from './plan.ts';

export class PlanError extends Error {
  readonly remedy: string;
  readonly source?: SourceSpan;

  constructor(message: string, remedy: string, source?: SourceSpan) {
    super(message);
    this.name = 'PlanError';
    this.remedy = remedy;
    if (source) this.source = source;
  }
}
