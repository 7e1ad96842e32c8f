/** Under the literature's policies there is no volatile memory: calls on ranges do nothing, and the report says so. */
import type { Engine, StepHandler } from './engine.ts';

export class NoRanges implements StepHandler {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  begin(): void {
    const { reclaim } = this.engine.setup.scenario;
    this.engine.recorder.warn(
      `'${reclaim.id}' knows pages only by number: making memory volatile, advice and fork do nothing under it`,
    );
  }

  advance(): boolean {
    this.engine.spend(1);
    return true;
  }
}
