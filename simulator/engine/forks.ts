/** Processes that fork: what a child shares with its parent, and when each gets pages of its own. */
import { OP_SHIFT, OP_STORE } from '../machine/access.ts';
import type { ForkStep } from '../plan.ts';
import { PROCESS_FORK } from '../tables/volatile-rules.ts';
import type { Nanoseconds } from '../units.ts';
import type { VolatileMemory } from '../volatile/volatile-memory.ts';
import type { Engine } from './engine.ts';
import type { Pieces } from './pieces.ts';
import type { Thread } from './thread.ts';

/** What a fork takes: once, and for each page. */
interface ForkCosts {
  readonly syscall: Nanoseconds;
  readonly pte: Nanoseconds;
}

export class Forks {
  /** Copies, by what they are copies of. */
  readonly copyOf = new Map<number, number>();
  private readonly engine: Engine;
  private readonly memory: VolatileMemory;
  private readonly pieces: Pieces;
  private readonly costs: ForkCosts;
  /** Whether use by one process counts for all that share the memory. */
  private readonly shared: boolean;
  private readonly forked = new Set<number>();

  constructor(engine: Engine, memory: VolatileMemory, pieces: Pieces, costs: ForkCosts, shared: boolean) {
    this.engine = engine;
    this.memory = memory;
    this.pieces = pieces;
    this.costs = costs;
    this.shared = shared;
    for (const { forked } of engine.setup.scenario.processes)
      for (const { of, copy } of forked?.objects ?? []) this.copyOf.set(copy, of);
  }

  /** Forks a process that the scenario knows, once. */
  fork(thread: Thread, { process, source }: ForkStep): void {
    const { engine, pieces } = this;
    if (this.forked.has(process)) return;
    this.forked.add(process);
    const { name, forked } = engine.setup.scenario.processes[process];
    let pages = 0;
    for (const { of, copy } of forked?.objects ?? []) {
      this.memory.fork(of, copy);
      const division = pieces.get(of);
      if (division) pieces.set(copy, division);
      pages += engine.setup.objects[of].pages;
    }
    engine.work(this.costs.syscall + pages * this.costs.pte);
    engine.recorder.event(engine.local, PROCESS_FORK, thread.name, `${thread.name} forks ${name}`, source);
    for (const child of engine.threads) if (child.program.process === process) engine.start(child, engine.local);
  }

  /**
   * A child uses a page that it still shares: a read (or, of shared memory, any use) becomes one of the parent's page, and true says so; a write gives
   * it its own, a copy.
   */
  shareOrCopy(thread: Thread, word: number, page: number, stores: boolean): boolean {
    const { memory, engine } = this;
    const copy = memory.objectOf(page);
    const of = this.copyOf.get(copy)!;
    const parent = memory.parentOf(page, of, copy);
    if (!stores || this.shared) {
      thread.lot[thread.at] = (((word >>> OP_SHIFT) << OP_SHIFT) >>> 0) + parent;
      return true;
    }
    memory.own(page, parent, of);
    engine.work(engine.costs.fault);
    return false;
  }

  /** A parent writes to a page that children share: they keep the old content, in copies of their own. */
  copyForChildren(thread: Thread, page: number): void {
    if (this.shared) return;
    const { memory, engine } = this;
    const object = memory.objectOf(page);
    for (const child of memory.sharers(page, object)) {
      memory.own(child, page, object);
      engine.memory.access(((OP_STORE << OP_SHIFT) >>> 0) + child, thread.program.cgroup);
      engine.work(engine.costs.fault);
    }
  }
}
