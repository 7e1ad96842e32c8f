/**
 * mmap_sem around the faults of processes with several threads: taken for reading, held for the CPU time of a fault, direct reclaim included, and
 * dropped while it waits for a device.
 *
 * Kernel: do_user_addr_fault in arch/x86/mm/fault.c.
 */
import { FAULT_WAITS, FAULT_WAIT_TIME } from '../machine/counters.ts';
import type { Nanoseconds } from '../units.ts';
import type { Engine } from './engine.ts';
import type { LockId } from './locks.ts';
import type { RangeLocks } from './range-locks.ts';
import type { Thread } from './thread.ts';

const NONE = -1;

/** What a thread has of the semaphore: since when it waits for it, or which one it holds. */
interface Fault {
  asked: Nanoseconds;
  holds: LockId;
}

export class FaultLocks {
  private readonly engine: Engine;
  private readonly locks: RangeLocks;
  /** Told how long a thread waited. */
  private readonly waited: (wait: Nanoseconds) => void;
  private readonly faults: Fault[];
  /** By process: whether several threads share its address space. */
  private readonly sharing: readonly boolean[];

  constructor(engine: Engine, locks: RangeLocks, waited: (wait: Nanoseconds) => void) {
    this.engine = engine;
    this.locks = locks;
    this.waited = waited;
    this.faults = engine.threads.map(() => ({ asked: NONE, holds: NONE }));
    this.sharing = engine.setup.scenario.processes.map(
      (_, p) => engine.threads.reduce((n, thread) => n + (thread.program.process === p ? 1 : 0), 0) > 1,
    );
  }

  isIn(thread: Thread): boolean {
    const { asked, holds } = this.faults[thread.index];
    return holds >= 0 || asked >= 0;
  }

  /** Before a page is accessed. False: the thread waits, and asks again. */
  lock(thread: Thread, page: number): boolean {
    const { engine, locks } = this;
    const { process } = thread.program;
    const fault = this.faults[thread.index];
    if (!this.sharing[process] || fault.holds >= 0) return true;
    // Who waited holds it by now, even if another thread has brought the page meanwhile.
    if (fault.asked < 0 && engine.memory.isResident(page)) return true;
    const sem = locks.mmapSem(process);
    if (fault.asked < 0) fault.asked = engine.local;
    if (!locks.acquire(thread, sem, 'read')) return false;
    const wait = engine.local - fault.asked;
    fault.asked = NONE;
    fault.holds = sem;
    engine.memory.counters[FAULT_WAITS]++;
    engine.memory.counters[FAULT_WAIT_TIME] += wait;
    this.waited(wait);
    return true;
  }

  unlock(thread: Thread): void {
    const fault = this.faults[thread.index];
    if (fault.holds < 0) return;
    this.locks.releaseAt(thread, fault.holds, this.engine.local);
    fault.holds = NONE;
  }
}
