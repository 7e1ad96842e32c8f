/** A run that holds the simulator against recordings: parts of the plan one after the other, set by set, so that it can be cancelled between any two. */
import { PlanError } from '../plan-error.ts';
import type { Plan } from '../plan.ts';
import type { FidelityPart, Report } from '../report.ts';
import { reportOf, type Progress, type Simulation, type SimulationOptions } from '../simulate.ts';
import { recordingOf, recordingRow } from '../tables/recordings.ts';
import { validatePlan } from '../validate.ts';
import { compareFolders, type FidelityStep } from './areas.ts';
import { foldersOf } from './recorded-files.ts';
import type { RecordedFolder } from './sets.ts';

/** Throws a PlanError when the plan is broken or recordings that it names were not handed in. */
export function createFidelityRun(plan: Plan, options: SimulationOptions = {}): Simulation {
  validatePlan(plan);
  const choices = plan.fidelity ?? [];
  const indices = options.points ?? choices.map((_, i) => i);
  const folders = foldersOf(options.recordings ?? []);
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= choices.length)
      throw new PlanError(
        `there is no part ${index} among the ${choices.length} of this plan`,
        'Ask for parts that exist.',
      );
    const { area } = choices[index];
    if (!folders.some(({ name }) => name === area))
      throw new PlanError(
        `the recordings '${area}' were not loaded`,
        'They come with Refault, in samples/recordings: install it again if they are gone.',
        plan.source,
      );
  }
  return new FidelityRun(plan, indices, folders);
}

type OpenPart = {
  -readonly [Key in keyof FidelityPart]: FidelityPart[Key] extends readonly (infer One)[] ? One[] : FidelityPart[Key];
};

class FidelityRun implements Simulation {
  private readonly plan: Plan;
  private readonly indices: readonly number[];
  private readonly folders: readonly RecordedFolder[];
  private readonly parts: OpenPart[] = [];
  private steps: Iterator<FidelityStep> | null = null;
  private done = 0;

  constructor(plan: Plan, indices: readonly number[], folders: readonly RecordedFolder[]) {
    this.plan = plan;
    this.indices = indices;
    this.folders = folders;
  }

  /** One step, whatever the budget: a recording is compared as a whole. */
  advance(): Progress {
    if (this.done < this.indices.length) this.step();
    const done = this.done === this.indices.length;
    const fraction = done ? 1 : (this.done + this.fractionOfPart()) / this.indices.length;
    return { done, fraction, point: this.indices[Math.min(this.done, this.indices.length - 1)] ?? 0 };
  }

  private step(): void {
    const index = this.indices[this.done];
    const { area, recordings } = this.plan.fidelity![index];
    if (this.steps === null) {
      const folder = this.folders.filter(({ name }) => name === area);
      this.steps = compareFolders(folder, recordings && ((name) => recordings.includes(name)));
      this.parts.push({ part: index, area, complete: false, sets: [], unknown: [], unusable: [] });
      return;
    }
    const part = this.parts[this.parts.length - 1];
    const next = this.steps.next();
    if (next.done) {
      part.complete = true;
      this.steps = null;
      this.done++;
    } else if (next.value.kind === 'set') part.sets.push(next.value.set);
    else if (next.value.kind === 'unknown') part.unknown.push(next.value.file);
    else part.unusable.push({ folder: next.value.folder, reason: next.value.reason });
  }

  /** By the recordings begun: how many sets each of them gives is not known before. */
  private fractionOfPart(): number {
    if (this.steps === null) return 0;
    const { area, sets } = this.parts[this.parts.length - 1];
    const { recordings } = this.plan.fidelity![this.indices[this.done]];
    const all = (recordings ?? recordingRow(area)?.recordings ?? []).length;
    if (all === 0) return sets.length / (sets.length + 20);
    return Math.min(1, new Set(sets.map(({ name }) => recordingOf(name))).size / (all + 1));
  }

  report(): Report {
    return { ...reportOf(this.plan, [], this.done < (this.plan.fidelity ?? []).length, []), fidelity: [...this.parts] };
  }
}
