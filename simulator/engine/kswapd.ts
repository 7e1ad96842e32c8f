/** kswapd as an actor: woken by allocations, it works a lot at a time and competes for processors like everybody else. */
import type { Nanoseconds } from '../units.ts';
import type { Engine, KernelThread } from './engine.ts';
import type { ReclaimCosts } from './reclaim-costs.ts';

export class Kswapd implements KernelThread {
  readonly name = 'kswapd0';
  private readonly engine: Engine;
  private readonly reclaim: ReclaimCosts;
  private readonly id: number;
  private asleep = true;

  constructor(engine: Engine, reclaim: ReclaimCosts) {
    this.engine = engine;
    this.reclaim = reclaim;
    this.id = engine.addKernelThread(this);
  }

  /** Wakes it if an allocation has called for it. */
  wakeIfCalled(time: Nanoseconds): void {
    if (!this.asleep || !this.engine.memory.kswapdAwake) return;
    this.asleep = false;
    // kswapd's own time counts as a stall (psi_memstall_enter in balance_pgdat).
    this.engine.pressure.change(time, 1, 1, 0);
    this.engine.wantCpu(this.id, time);
  }

  due(time: Nanoseconds): void {
    const { engine } = this;
    const { memory } = engine;
    engine.spend(1);
    if (!memory.kswapdAwake) {
      this.asleep = true;
      engine.pressure.change(time, -1, -1, 0);
      engine.giveUpCpu(time);
      return;
    }
    memory.setTime?.(time);
    memory.kswapdStep();
    const worked = time + this.reclaim.time();
    const until = this.reclaim.sendWrites(worked);
    if (until <= worked) {
      engine.goOn(this.id, worked);
      return;
    }
    engine.giveUpCpu(worked);
    engine.sleepUntil(this.id, until);
  }
}
