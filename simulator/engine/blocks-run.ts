/**
 * The fast path: one thread, reclaim inside the allocation. The policy's own loop runs over blocks of page numbers, and time is summed from
 * counts at block borders. What the full machine would do one by one happens here in bulk; a test holds the two equal.
 */
import { BLOCK, OP_LOAD, OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { OOM_KILL, PGREFILL, PGSCAN_DIRECT, PGSCAN_KSWAPD } from '../machine/counters.ts';
import { OUT_OF_MEMORY, type Memory } from '../machine/memory.ts';
import { CONSTRAINT_MEMCG } from '../machine/placement.ts';
import type { PointSpec, RegionStep } from '../plan.ts';
import type { PointReport } from '../report.ts';
import type { Nanoseconds } from '../units.ts';
import { ACCESSES, Cursor, END, EXIT, IDLE, REGION, STALLED } from '../workload/cursor.ts';
import type { Program } from '../workload/program.ts';
import { WAITED } from '../workload/shared-room.ts';
import { costsOf, transferTime, type Costs } from './costs.ts';
import { exitAlone, exitDoneText } from './exiting.ts';
import { unmap } from './numbering.ts';
import { oomPlace } from './oom.ts';
import type { PointRun } from './point-run.ts';
import type { Recorder } from './recorder.ts';
import { OOM_KILL_RULE, EXIT_DONE, PROCESS_EXIT } from '../tables/engine-rules.ts';
import type { Setup } from './setup.ts';

/** Accesses between two looks at the budget: a few milliseconds even if all miss before the engine has warmed up. */
const LOT = 16_384;
/** Accesses that one which misses is worth as work, beside itself. */
const MISS_WORK = 3;
/** Pages that mlock faults in with one request. */
export const FAULT_LOT = 256;
/** Samples of a short run; longer ones are sampled at every block. */
const SAMPLES = 400;

export class BlocksRun implements PointRun {
  done = false;
  private readonly point: PointSpec;
  private readonly setup: Setup;
  private readonly memory: Memory;
  private readonly recorder: Recorder;
  private readonly program: Program;
  private readonly cursor: Cursor;
  private readonly costs: Costs;
  private readonly readTime: Nanoseconds;
  private readonly swapInTime: Nanoseconds;
  private readonly swapOutTime: Nanoseconds;
  /** Words drawn and not yet accessed: block[at] … block[drawn − 1]. */
  private readonly block = new Uint32Array(BLOCK);
  private at = 0;
  private drawn = 0;
  private readonly missBits: Uint8Array | null;
  private readonly objectOf: Uint16Array | null;
  private readonly total: number;
  private readonly interval: number;
  private untilSample: number;
  private now: Nanoseconds = 0;
  private doing = END;
  /** Pages still to be faulted in for mlock. */
  private faulting: { word: number; left: number } | null = null;
  private readonly io: Memory['io'];
  private scans: number;

  constructor(point: PointSpec, setup: Setup, memory: Memory, program: Program, recorder: Recorder) {
    this.point = point;
    this.setup = setup;
    this.memory = memory;
    this.recorder = recorder;
    this.program = program;
    this.cursor = new Cursor(program, recorder);
    recorder.cursors.push(this.cursor);
    this.costs = costsOf(setup.scenario.machine);
    const { disk, swap } = this.costs;
    this.readTime = disk.latency + transferTime(disk, 1);
    this.swapInTime = swap.latency + transferTime(swap, 1);
    this.swapOutTime = transferTime(swap, 1);
    this.total = program.phases.reduce((sum, phase) => sum + phase.accesses, 0);
    this.interval = Math.min(BLOCK, Math.max(1, Math.ceil(this.total / SAMPLES)));
    this.untilSample = this.interval;
    this.missBits = recorder.objectMisses ? new Uint8Array(BLOCK / 8) : null;
    this.objectOf = recorder.objectMisses ? objectOfPage(setup) : null;
    this.io = { ...memory.io };
    this.scans = scansOf(memory);
    recorder.begin();
    setup.numa?.run(0);
    setup.numa?.tell(recorder, 0);
    recorder.sample(0);
    this.next();
  }

  get fraction(): number {
    return this.done ? 1 : this.total > 0 ? Math.min(1, this.recorder.accesses / this.total) : 0;
  }

  get warnings(): readonly string[] {
    return this.recorder.warned;
  }

  private next(): void {
    this.doing = this.cursor.enter(this.now);
    if (this.doing === END) this.end();
  }

  private end(): void {
    this.recorder.sample(this.now);
    this.done = true;
  }

  advance(budget: number): number {
    let spent = 0;
    while (!this.done && spent < budget) spent += this.advanceOnce();
    return spent;
  }

  private advanceOnce(): number {
    const step = this.cursor.step;
    switch (this.doing) {
      case ACCESSES:
        return this.accesses();
      case IDLE:
        this.recorder.sample(this.now);
        this.now = Math.min(this.cursor.deadline, this.now + step!.time);
        this.recorder.sample(this.now);
        this.next();
        return 1;
      case STALLED:
        this.now = this.cursor.deadline;
        this.next();
        return 1;
      case REGION:
        return this.region(step!.spec as RegionStep);
      case EXIT:
        this.exit();
        return 1;
      default:
        this.end();
        return 1;
    }
  }

  private accesses(): number {
    const { cursor, memory, recorder, block, missBits } = this;
    const step = cursor.step!;
    if (this.at === this.drawn) {
      // Drawn in large blocks however often samples are taken, for the sake of the processor's caches.
      const n = Math.min(cursor.left, BLOCK);
      if (step.source!.ready?.(n) === false) return WAITED;
      this.at = 0;
      this.drawn = n;
      step.source!.fill(block, 0, n);
    }
    const { at } = this;
    const n = Math.min(this.drawn - at, LOT, this.untilSample);
    const missesBefore = missesOf(memory);
    let done: number;
    if (missBits && step.object < 0) {
      missBits.fill(0, 0, (n + 7) >> 3);
      done = memory.run(block, at, n, this.program.cgroup, missBits, 0);
      this.attribute(at, done);
    } else done = memory.run(block, at, n, this.program.cgroup);
    this.at += n;
    const misses = missesOf(memory) - missesBefore;
    recorder.accesses += done;
    recorder.hits += done - misses;
    recorder.misses += misses;
    if (missBits && step.object >= 0) {
      recorder.objectAccesses![step.object] += done;
      recorder.objectMisses![step.object] += misses;
    }
    this.now += done * (this.costs.hit + step.think) + this.ioTime(misses);
    this.untilSample -= n;
    if (this.untilSample === 0) {
      recorder.sample(this.now);
      this.untilSample = this.interval * recorder.sampler.thinning;
    }
    const over = cursor.consume(done, done - misses, misses, this.now);
    if (done < n) this.outOfMemory();
    else if (over) this.next();
    return n + MISS_WORK * misses;
  }

  /** Time of everything beyond hits since the last call. */
  private ioTime(misses: number): Nanoseconds {
    const { io, costs } = this;
    const seen = this.memory.io;
    const scans = scansOf(this.memory);
    const zeroed = seen.zeroed - io.zeroed;
    const time =
      (this.memory.takeThrottle?.() ?? 0) +
      (misses + zeroed) * costs.fault +
      (seen.reads - io.reads) * this.readTime +
      (seen.swapIns - io.swapIns) * this.swapInTime +
      // Nobody waits for a page to be swapped out, but the next one to be read waits behind it.
      (seen.swapOuts - io.swapOuts) * this.swapOutTime +
      (scans - this.scans) * costs.scan;
    Object.assign(io, seen);
    this.scans = scans;
    return time;
  }

  /** The same for pages faulted in by mlock: one request for a lot, if it comes to that. */
  private lotTime(requested = true): Nanoseconds {
    const { io, costs } = this;
    const seen = this.memory.io;
    const reads = seen.reads - io.reads;
    const swapIns = seen.swapIns - io.swapIns;
    const work = this.ioTime(reads + swapIns) - reads * this.readTime - swapIns * this.swapInTime;
    if (!requested) return work;
    const { disk, swap } = costs;
    return (
      work +
      (reads > 0 ? disk.latency + transferTime(disk, reads) : 0) +
      (swapIns > 0 ? swap.latency + transferTime(swap, swapIns) : 0)
    );
  }

  /** Counts a mixture's accesses for the objects they went to. */
  private attribute(at: number, n: number): void {
    const { block, missBits, objectOf } = this;
    const accesses = this.recorder.objectAccesses!;
    const misses = this.recorder.objectMisses!;
    for (let i = 0; i < n; i++) {
      const object = objectOf![block[at + i] & PAGE_MASK];
      accesses[object]++;
      misses[object] += (missBits![i >> 3] >> (i & 7)) & 1;
    }
  }

  private region(step: RegionStep): number {
    const { memory } = this;
    const start = this.setup.layout.bases[step.target.object] + step.target.start;
    const { pages } = step.target;
    if (!this.faulting) {
      switch (step.kind) {
        case 'munlock':
          memory.setLocked(start, pages, false);
          break;
        case 'munmap':
          unmap(this.setup, memory, step.target);
          break;
        case 'fsync':
          break;
        case 'mlock': {
          memory.setLocked(start, pages, true);
          const anon = this.setup.objects[step.target.object].kind === 'anon';
          this.faulting = { word: (((anon ? OP_STORE : OP_LOAD) << OP_SHIFT) >>> 0) + start, left: pages };
        }
      }
    }
    let done = 1;
    if (this.faulting) {
      const { faulting } = this;
      done = Math.min(faulting.left, FAULT_LOT);
      for (let i = 0; i < done; i++) {
        const word = faulting.word++;
        faulting.left--;
        if (memory.isResident(word & PAGE_MASK)) continue;
        if (memory.access(word, this.program.cgroup) & OUT_OF_MEMORY) {
          this.now += this.lotTime(false);
          this.outOfMemory();
          return done;
        }
      }
      this.now += this.lotTime();
      if (faulting.left > 0) return done;
      this.faulting = null;
    }
    this.recorder.sample(this.now);
    this.next();
    return done;
  }

  private exit(): void {
    const process = this.setup.scenario.processes[this.program.process];
    this.cursor.stop(this.now);
    const start = this.now;
    const { pages, time } = exitAlone(this.setup, this.memory, this.program.process);
    this.recorder.event(
      start,
      PROCESS_EXIT,
      process.name,
      `${process.name} exits and frees ${pages} pages of anonymous memory`,
      process.source,
    );
    this.gone(start, pages, time);
  }

  /** Giving its memory up takes time, in which nothing else happens here. */
  private gone(start: Nanoseconds, pages: number, time: Nanoseconds): void {
    const { name, source } = this.setup.scenario.processes[this.program.process];
    this.now += time;
    if (time > 0) {
      this.recorder.exits = [{ process: name, start, end: this.now, pages }];
      this.recorder.event(this.now, EXIT_DONE, name, exitDoneText(name, pages, time), source);
    }
    this.end();
  }

  private outOfMemory(): void {
    const process = this.setup.scenario.processes[this.program.process];
    this.recorder.sample(this.now);
    this.memory.counters[OOM_KILL]++;
    this.cursor.stop(this.now);
    const limited = this.memory.failure?.constraint === CONSTRAINT_MEMCG || this.setup.numa === undefined;
    const where = oomPlace(this.setup, this.memory, limited ? this.program.cgroup : 0);
    const start = this.now;
    const { pages: freed, time } = exitAlone(this.setup, this.memory, this.program.process);
    this.recorder.event(
      this.now,
      OOM_KILL_RULE,
      process.name,
      `out of memory in ${where}: ${process.name} is killed and gives back ${freed} pages`,
      process.source,
    );
    this.gone(start, freed, time);
  }

  report(): PointReport {
    return this.recorder.report(this.point, this.now, this.done);
  }
}

/** Without read-ahead and writes to files, which this path does not take, a miss is a page read from disk or swap. */
const missesOf = ({ io }: Memory): number => io.reads + io.swapIns;

/** Pages that reclaim looked at, on any list. */
export const scansOf = ({ counters }: Memory): number =>
  counters[PGSCAN_DIRECT] + counters[PGSCAN_KSWAPD] + counters[PGREFILL];

/** Which object each page belongs to. */
export function objectOfPage(setup: Setup): Uint16Array {
  const out = new Uint16Array(setup.layout.pages);
  const { bases, numbered } = setup.layout;
  bases.forEach((base, i) => out.fill(i, base, base + numbered[i]));
  return out;
}
