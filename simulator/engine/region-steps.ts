/** Steps that do something to a region as a whole: mlock, munlock, munmap. */
import { DIRECT_RECLAIM, OUT_OF_MEMORY, READ_IO, SWAP_IN } from '../machine/memory.ts';
import { OP_LOAD, OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import type { RegionStep } from '../plan.ts';
import type { ProgramStep } from '../workload/program.ts';
import { FAULT_LOT } from './blocks-run.ts';
import type { Engine, StepHandler } from './engine.ts';
import { unmap } from './numbering.ts';
import type { Thread } from './thread.ts';

export class RegionSteps implements StepHandler {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  begin(thread: Thread, { spec }: ProgramStep): void {
    const { setup, memory } = this.engine;
    const step = spec as RegionStep;
    const { object, pages } = step.target;
    const start = setup.layout.bases[object] + step.target.start;
    switch (step.kind) {
      case 'munlock':
        memory.setLocked(start, pages, false);
        break;
      case 'munmap':
        unmap(setup, memory, step.target);
        break;
      default:
        memory.setLocked(start, pages, true);
        thread.faultWord = (((setup.objects[object].kind === 'anon' ? OP_STORE : OP_LOAD) << OP_SHIFT) >>> 0) + start;
        thread.faultLeft = pages;
    }
  }

  advance(thread: Thread): boolean {
    this.engine.spend(1);
    if (thread.faultLeft === 0) return true;
    this.faultIn(thread);
    return false;
  }

  /** mlock: some pages at a time, in one request. */
  private faultIn(thread: Thread): void {
    const { engine } = this;
    const { memory, costs } = engine;
    let reads = 0;
    let swapIns = 0;
    let until = 0;
    for (let i = 0; i < FAULT_LOT && thread.faultLeft > 0; i++) {
      if (!memory.isResident(thread.faultWord & PAGE_MASK)) {
        const outcome = memory.access(thread.faultWord, thread.program.cgroup);
        if (outcome & OUT_OF_MEMORY) {
          engine.outOfMemory(thread);
          return;
        }
        until = Math.max(until, engine.afterReclaim((outcome & DIRECT_RECLAIM) !== 0));
        engine.work(costs.fault);
        if (outcome & READ_IO) reads++;
        if (outcome & SWAP_IN) swapIns++;
        engine.spend(1);
      }
      thread.faultWord++;
      thread.faultLeft--;
    }
    if (reads > 0) until = Math.max(until, engine.disk.request(engine.local, reads));
    if (swapIns > 0) until = Math.max(until, engine.swap.request(engine.local, swapIns));
    engine.pass(thread, until, 'io');
  }
}
