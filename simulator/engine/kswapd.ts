/** A node's kswapd as an actor: woken by allocations, it works a lot at a time and competes for processors like everybody else. */
import type { Nanoseconds } from '../units.ts';
import type { Engine, KernelThread } from './engine.ts';
import type { ReclaimCosts } from './reclaim-costs.ts';

export class Kswapd implements KernelThread {
  readonly name: string;
  private readonly engine: Engine;
  private readonly reclaim: ReclaimCosts;
  private readonly id: number;
  private readonly node: number;
  private asleep = true;

  constructor(engine: Engine, reclaim: ReclaimCosts, node = 0) {
    this.name = `kswapd${node}`;
    this.node = node;
    this.engine = engine;
    this.reclaim = reclaim;
    this.id = engine.addKernelThread(this);
  }

  /** Wakes it if an allocation has called for it. */
  wakeIfCalled(time: Nanoseconds): void {
    if (!this.asleep || !this.isCalled) return;
    this.asleep = false;
    // kswapd's own time counts as a stall (psi_memstall_enter in balance_pgdat).
    this.engine.pressure.change(time, 1, 1, 0);
    this.engine.wantCpu(this.id, time);
  }

  private get isCalled(): boolean {
    const { memory } = this.engine;
    return memory.nodes === undefined ? memory.kswapdAwake : memory.nodes.kswapdAwake(this.node);
  }

  due(time: Nanoseconds): void {
    const { engine } = this;
    const { memory } = engine;
    engine.spend(1);
    if (!this.isCalled) {
      this.asleep = true;
      engine.pressure.change(time, -1, -1, 0);
      engine.giveUpCpu(time);
      return;
    }
    memory.setTime?.(time);
    memory.kswapdStep(this.node);
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
