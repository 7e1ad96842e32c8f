/**
 * What points of one plan share when the same worker runs them one after another, be it in one simulation or in several: what was checked and
 * read once, tables, and the accesses of the workload run last.
 */
import type { RemoteRun } from '../device/device-records.ts';
import { hashPlan } from '../plan-hash.ts';
import type { Plan } from '../plan.ts';
import { workloadGroups } from '../run-order.ts';
import { TableCache, type Program, type SharedTables } from '../workload/program.ts';
import type { Sharer } from '../workload/shared-room.ts';
import type { TraceFacts } from './setup.ts';

/** What this thread has in common with others at the same plan. */
export interface SharedMemory extends Sharer {
  readonly tables: SharedTables;
}

export class SharedWork {
  readonly tables: TableCache;
  readonly sharer: Sharer;
  readonly remotes = new Map<string, RemoteRun>();
  /** The program of the workload run last, if it is one that others share and few enough accesses to be kept. */
  key = '';
  programs: Program[] | null = null;
  traces: readonly TraceFacts[] | null = null;
  private plan: Plan | null = null;
  private hash: string | undefined;
  private groups: readonly number[] = [];
  private sizes: readonly number[] = [];

  constructor(memory?: SharedMemory) {
    this.tables = new TableCache(memory?.tables, memory);
    this.sharer = memory ?? { me: 0 };
  }

  /** Whether `plan` was checked before; if not, it is as of now. */
  begin(plan: Plan, check: () => void): void {
    if (this.plan !== null && this.plan === plan) return;
    if (this.plan) throw new Error('only points of one plan share their work');
    check();
    this.plan = plan;
    this.groups = plan.points.length > 1 ? workloadGroups(plan) : plan.points.map(() => 0);
    const sizes = this.groups.map(() => 0);
    for (const group of this.groups) sizes[group]++;
    this.sizes = sizes;
  }

  /** The plan's hash, made once however many reports tell it. */
  get planHash(): string {
    return (this.hash ??= hashPlan(this.plan!));
  }

  /** Points with the same number make the same accesses, as far as can be told beforehand. */
  groupOf(point: number): number {
    return this.groups[point];
  }

  /** Points of the plan that are likely to make the accesses that `point` makes. */
  sharing(point: number): number {
    return this.sizes[this.groups[point]];
  }
}
