/**
 * Moves many pages between nodes a portion at a time, so that a run can be cancelled meanwhile, and keeps what was moved, and why, for the report.
 *
 * Kernel: migrate_pages, as cpuset_migrate_mm, do_mbind and offline_pages call it. Known divergence: takes no simulated time.
 */
import type { NodeMemory } from '../machine/memory.ts';
import { ruleIndex } from '../numa/decision.ts';
import type { NumaPlacement } from '../numa/numa-placement.ts';
import type { Rule } from '../tables/define.ts';
import type { Nanoseconds } from '../units.ts';
import type { NumaRecords } from './numa-records.ts';

/** Who places pages, and who keeps what has moved. */
export interface MovedBy {
  readonly placement: NumaPlacement;
  readonly records: NumaRecords;
}

/** Work on many pages, with pauses in which the run may be left alone. */
export type Work = Generator<void, void>;

/** Pages looked at, and pages moved, between two pauses. */
const LOOKS = 1 << 18;
const LOOKS_OF_A_MOVE = 16;

/** Moves pages for one reason, and says when it has done enough at a time. */
export class PageMover {
  readonly #numa: MovedBy;
  readonly #nodes: NodeMemory;
  readonly #rule: Rule;
  readonly #time: Nanoseconds;
  #work = 0;

  constructor(numa: MovedBy, nodes: NodeMemory, rule: Rule, time: Nanoseconds) {
    this.#numa = numa;
    this.#nodes = nodes;
    this.#rule = rule;
    this.#time = time;
  }

  /** To be asked for each page. */
  get tired(): boolean {
    return ++this.#work >= LOOKS;
  }

  /** From now on pages move for this reason. */
  begin(): void {
    this.#numa.placement.mover = ruleIndex(this.#rule);
  }

  /** True if the page is there now. */
  move(page: number, to: number): boolean {
    this.#work += LOOKS_OF_A_MOVE;
    this.begin();
    return this.#nodes.migrate(page, to);
  }

  /** Puts down what has moved. */
  rest(): void {
    this.#work = 0;
    this.#numa.placement.mover = -1;
    this.#numa.records.flows(this.#time, this.#nodes.takeFlows(), this.#rule);
  }
}
