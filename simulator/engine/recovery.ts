/**
 * A crash and the way back, on the machine: phases follow one another as their dependencies allow, the old process's memory is given up by
 * teardown.ts, the successor's is taken again by threads that compete for processors and wait for frames.
 *
 * The closed form is exit/recovery.ts. Left out: the capture kernel's own boot, page cache and swap after a reboot (both begin empty).
 */
import {
  analyse,
  dumpTime,
  poolTime,
  prefaultTime,
  helpersOf,
  type Dependency,
  type Phase,
  type PhaseName,
  type RecoveryRules,
} from '../exit/recovery.ts';
import { recoveryRules } from '../exit/scenario.ts';
import { p99, type Region } from '../exit/teardown.ts';
import { OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { OUT_OF_MEMORY } from '../machine/memory.ts';
import type { RecoverySpec } from '../plan.ts';
import type { RecoveryReport } from '../report.ts';
import { CRASH, SERVICE } from '../tables/engine-rules.ts';
import * as exit from '../tables/exit-knobs.ts';
import { noGauges } from '../tables/gauges.ts';
import { PAGE_SIZE, SECOND, type Nanoseconds, type Pages } from '../units.ts';
import type { Engine, KernelThread } from './engine.ts';
import { comesBack, exitingObjects, isInUse, type ExitingObject } from './exiting.ts';
import type { Processes } from './processes.ts';
import type { Teardown } from './teardown.ts';
import { wholeOf } from './numbering.ts';

/** Pages that a prefaulting thread takes at a time. */
const LOT: Pages = 2048;

export class RecoveryRun {
  readonly engine: Engine;
  private readonly spec: RecoverySpec;
  private readonly teardown: Teardown;
  private readonly processes: Processes;
  private readonly actor: number;
  private rules: RecoveryRules;
  private readonly phases: Phase[] = [];
  private last: Dependency | null = null;
  private crashTime = -1;
  private served: Nanoseconds = -1;
  private serviceTime: Nanoseconds = -1;
  private prefaultEnd: Nanoseconds = -1;
  /** What must happen next, by number: the actor's data. */
  private readonly steps: ((now: Nanoseconds) => void)[] = [];
  private objects: { readonly process: number; readonly list: readonly ExitingObject[] }[] = [];
  private regions: readonly Region[] = [];
  private dying = 0;
  private teardownStart: Nanoseconds = 0;
  private teardownEnd: Nanoseconds = 0;
  // Prefaulting.
  private takers: Taker[] = [];
  private atWork = 0;
  private prefaultStart: Nanoseconds = 0;
  private resumed: Nanoseconds = -1;
  private freed: Pages = 0;
  private taken: Pages = 0;
  private wanted: Pages = 0;
  private lots: {
    readonly object: number;
    readonly process: number;
    at: Pages;
    readonly end: Pages;
    readonly perPage: number;
    readonly takes: boolean;
  }[] = [];
  private waiting: Taker[] = [];
  private torn = false;
  private prefaulted = false;

  constructor(engine: Engine, spec: RecoverySpec, teardown: Teardown, processes: Processes) {
    this.engine = engine;
    this.spec = spec;
    this.teardown = teardown;
    this.processes = processes;
    this.rules = recoveryRules(engine.setup.scenario.machine, spec, 0);
    this.actor = engine.addActor({ name: 'recovery', due: (now, step) => this.steps[step](now) });
    engine.hold();
    const after = spec.values[exit.after.name];
    if (typeof after === 'number') this.later(after, (now) => this.crash(now));
  }

  /** The programs of all threads of a process are over. */
  processEnded(time: Nanoseconds): void {
    if (this.crashTime >= 0 || this.spec.values[exit.after.name] !== undefined) return;
    const { threads } = this.engine;
    if (this.spec.processes.every((p) => threads.every((thread) => thread.program.process !== p || thread.over)))
      this.later(time, (now) => this.crash(now));
  }

  private later(time: Nanoseconds, step: (now: Nanoseconds) => void): void {
    this.engine.schedule(time, this.actor, this.steps.push(step) - 1);
  }

  private crash(now: Nanoseconds): void {
    if (this.crashTime >= 0) return;
    this.crashTime = now;
    const { engine, spec } = this;
    const { setup, memory, recorder } = engine;
    const { scenario } = setup;
    const kernel = this.rules.crash === 'kernel';
    const { trim, persist } = this.rules.helpers;
    const names = spec.processes.map((p) => scenario.processes[p].name).join(', ');
    recorder.event(
      now,
      CRASH,
      kernel ? 'kernel' : names,
      kernel ? 'the kernel panics' : `${names} crashes`,
      spec.source,
    );
    for (const p of kernel ? scenario.processes.keys() : spec.processes) this.processes.stop(p, now);
    this.objects = spec.processes
      .filter((p) => this.processes.isLiving(p))
      .map((process) => ({ process, list: exitingObjects(setup, memory, process, persist) }));
    // What madvise had given up before is not there any more.
    if (trim > 0)
      for (const { list } of this.objects)
        for (const { object, region, present } of list) {
          if (!comesBack(region)) continue;
          const pages = Math.round((present * trim) / 1e6);
          if (setup.layout.numbered[object] === 0) memory.vacate(object, pages);
          else {
            const { pages: all } = setup.objects[object];
            memory.release(
              setup.layout.bases[object] + all - Math.round((all * trim) / 1e6),
              Math.round((all * trim) / 1e6),
            );
          }
        }
    if (trim > 0)
      this.objects = this.objects.map(({ process }) => ({
        process,
        list: exitingObjects(setup, memory, process, persist),
      }));
    this.regions = this.objects.flatMap(({ list }) =>
      list.map(({ region, present }) => ({ ...region, pages: present })),
    );
    // what kswapd keeps free is not there to be taken
    const { nr_free_pages: free } = memory.gauges(noGauges());
    this.rules = { ...this.rules, free: Math.max(0, free - Math.ceil(this.rules.memory / PAGE_SIZE / 100)) };
    this.phase('detect', 'supervisor', now, this.rules.detect, (t) => this.dump(t));
  }

  /** A phase of known length, then the next. */
  private phase(
    name: PhaseName,
    resource: string,
    now: Nanoseconds,
    time: Nanoseconds,
    next: (now: Nanoseconds) => void,
  ): void {
    if (time <= 0) {
      next(now);
      return;
    }
    this.record(name, resource, now, now + time);
    this.later(now + time, next);
  }

  private record(
    name: PhaseName,
    resource: string,
    start: Nanoseconds,
    end: Nanoseconds,
    deps = this.last ? [this.last] : [],
    part?: string,
  ): void {
    if (end <= start) return;
    const from = this.crashTime;
    this.phases.push({
      name,
      ...(part === undefined ? {} : { part }),
      resource,
      start: start - from,
      end: end - from,
      deps,
    });
    this.last = { phase: this.phases.length - 1, at: end - from };
  }

  private dump(now: Nanoseconds): void {
    this.phase('dump', 'dump', now, dumpTime(this.rules, this.regions), (t) => this.tearDown(t));
  }

  private tearDown(now: Nanoseconds): void {
    this.teardownStart = this.teardownEnd = now;
    if (this.rules.crash === 'kernel' || this.objects.length === 0) {
      this.reboot(now);
      return;
    }
    const { persist } = this.rules.helpers;
    // pages with numbers can't be in two address spaces at once
    const numbered = this.objects.some(({ list }) =>
      list.some(({ object }) => this.engine.setup.layout.numbered[object] > 0),
    );
    if (numbered && this.rules.overlap !== 'none') {
      this.engine.recorder.warn(
        'the successor of a process whose memory is accessed page by page takes its memory after teardown',
      );
      this.rules = { ...this.rules, overlap: 'none' };
    }
    const early = this.rules.overlap !== 'none' && this.rules.reboot === 'none' && this.populates();
    const before = this.last;
    this.dying = this.objects.length;
    for (const { process } of this.objects)
      this.processes.crash(process, now, {
        helpers: helpersOf(this.rules.helpers),
        persist,
        freed: (pages, time) => this.cameBack(pages, time),
        done: (time) => {
          if (--this.dying > 0) return;
          this.teardownEnd = time;
          this.torn = true;
          const pass = Math.max(now, this.teardown.passEnd);
          this.last = before;
          this.record('munlock', 'exit', now, pass);
          this.record('zap', 'exit', pass, time);
          if (!early) this.later(time, (t) => this.reboot(t));
          else {
            this.resume(time);
            this.maybeServe(time);
          }
        },
      });
    if (early) this.prefault(now);
  }

  private reboot(now: Nanoseconds): void {
    const { rules } = this;
    if (rules.reboot === 'none') {
      this.prefault(now);
      return;
    }
    this.forget(now);
    this.phase('firmware', 'firmware', now, rules.reboot === 'firmware' ? rules.firmware : 0, (a) =>
      this.phase('kernel-init', 'kernel', a, rules.kernelInit, (b) =>
        this.phase('pool', 'kernel', b, poolTime(rules, this.regions), (c) => this.prefault(c)),
      ),
    );
  }

  /** Another kernel finds nothing of what the last one held. */
  private forget(now: Nanoseconds): void {
    const { setup, memory } = this.engine;
    for (const p of setup.scenario.processes.keys()) this.processes.stop(p, now);
    setup.objects.forEach((_, object) => {
      const { object: at, start, pages } = wholeOf(setup, object);
      if (setup.layout.numbered[at] === 0) memory.vacate(at);
      else memory.release(setup.layout.bases[at] + start, pages);
    });
  }

  private populates(): boolean {
    return this.rules.populate === 'mlock' || this.rules.populate === 'populate';
  }

  private survives(): boolean {
    return this.rules.helpers.persist && this.rules.crash === 'process' && this.rules.reboot === 'none';
  }

  /** Threads make the successor's memory present. */
  private prefault(now: Nanoseconds): void {
    const { rules, regions } = this;
    const time = this.populates() ? prefaultTime(rules, regions, this.survives()) : 0;
    this.prefaultStart = now;
    if (time === 0) {
      this.prefaulted = true;
      this.maybeServe(now);
      return;
    }
    const threads = Math.max(1, Math.min(rules.prefault.threads, rules.exit.cpus));
    const survives = this.survives();
    // each region's share of the time, as all threads together see it
    this.lots = this.objects.flatMap(({ process, list }) =>
      list
        .filter(({ present }) => present > 0)
        .map(({ object, region, present }) => ({
          object,
          process,
          at: 0,
          end: present,
          perPage: (prefaultTime(rules, [{ ...region, pages: present }], survives) * threads) / present,
          takes: !survives && (comesBack(region) || rules.reboot !== 'none'),
        })),
    );
    this.wanted = this.lots.reduce((sum, { end, takes }) => sum + (takes ? end : 0), 0);
    this.takers = Array.from({ length: threads }, () => new Taker(this));
    this.atWork = threads;
    for (const taker of this.takers) this.engine.wantCpu(taker.id, now);
  }

  /** The next pages to take, and how long that takes; null: all are taken; 'wait': not while so little has come back. */
  takeLot(
    taker: Taker,
  ): { readonly pages: Pages; readonly time: Nanoseconds; take(now: Nanoseconds): boolean } | 'wait' | null {
    const lot = this.lots.find(({ at, end }) => at < end);
    if (!lot) return null;
    const left = lot.end - lot.at;
    const pages = Math.min(left, Math.max(1, Math.min(LOT, Math.ceil(left / this.takers.length))));
    if (lot.takes && this.rules.overlap !== 'none' && !this.torn && !this.isThere()) {
      this.waiting.push(taker);
      return 'wait';
    }
    const from = lot.at;
    lot.at += pages;
    if (lot.takes) this.taken += pages;
    const time = Math.round(lot.at * lot.perPage) - Math.round(from * lot.perPage);
    return { pages, time, take: () => !lot.takes || this.fault(lot.object, lot.process, from, pages) };
  }

  /** Whether the next chunk may be taken: of what came back, or of what is free too. */
  private isThere(): boolean {
    const chunk = Math.min(this.wanted - this.taken, Math.max(1, Math.floor(this.rules.prefault.chunk / PAGE_SIZE)));
    const free = this.rules.overlap === 'free' ? this.rules.free : 0;
    return this.freed + free >= Math.min(this.wanted, this.taken + chunk);
  }

  /** Takes frames; false if there are none now. */
  private fault(object: number, process: number, from: Pages, pages: Pages): boolean {
    const { memory, setup } = this.engine;
    const { cgroup } = setup.scenario.processes[process];
    if (setup.layout.numbered[object] === 0) {
      for (let left = pages; left > 0;) {
        const got = memory.occupy(object, left, cgroup);
        if (got === 0) return this.failed(object, pages - left);
        left -= got;
      }
      return true;
    }
    const word = ((OP_STORE << OP_SHIFT) >>> 0) + setup.layout.bases[object];
    for (let page = from; page < from + pages; page++)
      if (!isInUse(memory, setup.layout.bases[object] + page) && memory.access(word + page, cgroup) & OUT_OF_MEMORY)
        return this.failed(object, page - from);
    return true;
  }

  private failed(object: number, got: Pages): boolean {
    // what was had is kept: an extent counts, the next try goes on
    if (this.engine.setup.layout.numbered[object] === 0) this.engine.memory.vacate(object, got);
    return false;
  }

  waitForFrames(taker: Taker): void {
    this.waiting.push(taker);
  }

  private cameBack(pages: Pages, time: Nanoseconds): void {
    this.freed += pages;
    if (this.waiting.length > 0 && this.isThere()) this.resume(time);
  }

  private resume(time: Nanoseconds): void {
    const waiting = this.waiting.splice(0);
    if (waiting.length === 0) return;
    if (this.taken === 0) this.prefaultStart = time;
    else this.resumed = time;
    for (const taker of waiting) this.engine.wantCpu(taker.id, time);
  }

  takerDone(now: Nanoseconds): void {
    if (--this.atWork > 0) return;
    this.prefaulted = true;
    if (this.rules.overlap === 'none' || this.rules.reboot !== 'none')
      this.record('prefault', 'prefault', this.prefaultStart, now);
    this.prefaultEnd = now;
    this.maybeServe(now);
  }

  /** Service begins once memory is there, whether the old process has gone altogether or not; what is left of it runs on. */
  private maybeServe(now: Nanoseconds): void {
    if (!this.prefaulted || this.served >= 0) return;
    this.served = now;
    this.later(now + this.rules.replay, (t) => this.service(t));
  }

  private service(now: Nanoseconds): void {
    const { engine } = this;
    this.serviceTime = now;
    engine.recorder.event(
      now,
      SERVICE,
      'service',
      `service is back ${Math.round((now - this.crashTime) / (SECOND / 1000)) / 1000} s after the crash`,
      this.spec.source,
    );
    engine.letGo(now);
  }

  /** What is known at `now`. */
  report(now: Nanoseconds): RecoveryReport | null {
    if (this.crashTime < 0) return null;
    const { rules } = this;
    const from = this.crashTime;
    const phases = [...this.phases];
    const zap = phases.findIndex(({ name }) => name === 'zap');
    const before: Dependency | null = this.last;
    let last = before;
    const overlapped = rules.overlap !== 'none' && rules.reboot === 'none' && this.populates() && zap >= 0;
    if (overlapped && this.prefaultEnd >= 0) {
      const after = phases.findLastIndex(({ name }) => name === 'detect' || name === 'dump');
      const then: Dependency[] = after < 0 ? [] : [{ phase: after, at: phases[after].end }];
      const start = this.prefaultStart - from;
      const end = this.prefaultEnd - from;
      const resumed = this.resumed < 0 ? end : this.resumed - from;
      const zapped = (at: Nanoseconds): Dependency => ({
        phase: zap,
        at: Math.min(Math.max(at, phases[zap].start), phases[zap].end),
      });
      const first = phases.push({
        name: 'prefault',
        resource: 'prefault',
        start,
        end: resumed,
        deps: start > (then[0]?.at ?? 0) ? [zapped(start)] : then,
      });
      last = { phase: first - 1, at: resumed };
      if (resumed < end) {
        phases.push({
          name: 'prefault',
          part: 'last chunk',
          resource: 'prefault',
          start: resumed,
          end,
          deps: [last, zapped(resumed)],
        });
        last = { phase: phases.length - 1, at: end };
      }
    }
    if (this.served >= 0 && rules.replay > 0) {
      const start = this.served - from;
      phases.push({
        name: 'replay',
        resource: 'service',
        start,
        end: Math.min(start + rules.replay, now - from),
        deps: last ? [last] : [],
      });
    }
    const done = this.serviceTime >= 0;
    const { timeToService, critical, float } = analyse(phases);
    const whole = prefaultTime(rules, this.regions, this.survives());
    const { trim } = rules.helpers;
    return {
      crash: from,
      budget: rules.budget,
      timeToService: done ? this.serviceTime - from : Infinity,
      slack: done ? rules.budget - (this.serviceTime - from) : -Infinity,
      latentDebt:
        (this.populates() ? 0 : whole) + (trim > 0 ? Math.round((whole * trim) / Math.max(1, 1e6 - trim)) : 0),
      peakLockWait: this.teardown.peakLockWait,
      exitP99: p99(this.teardown.exits.map(({ start, end }) => ({ end: end - start, count: 1 }))),
      teardown: this.teardownEnd - this.teardownStart,
      phases: phases.map((phase, i) => {
        const stretch = done && timeToService > 0 ? critical.find((c) => c.phase === i) : undefined;
        return {
          name: phase.name,
          ...(phase.part === undefined ? {} : { part: phase.part }),
          resource: phase.resource,
          start: from + phase.start,
          end: from + phase.end,
          ...(stretch && stretch.to > stretch.from
            ? { critical: { from: from + stretch.from, to: from + stretch.to } }
            : {}),
          float: float[i],
        };
      }),
    };
  }
}

/** One of the threads that make the successor's memory present. */
class Taker implements KernelThread {
  readonly name = 'prefault';
  readonly id: number;
  private readonly run: RecoveryRun;
  private lot: { take(now: Nanoseconds): boolean } | null = null;

  constructor(run: RecoveryRun) {
    this.run = run;
    this.id = run.engine.addKernelThread(this);
  }

  due(now: Nanoseconds): void {
    const { engine } = this.run;
    engine.spend(4);
    if (this.lot) {
      const had = this.lot.take(now);
      engine.reclaimed(now);
      if (!had) {
        this.run.waitForFrames(this);
        engine.giveUpCpu(now);
        return;
      }
      this.lot = null;
      // others first, if there are any
      engine.giveUpCpu(now);
      engine.wantCpu(this.id, now);
      return;
    }
    const next = this.run.takeLot(this);
    if (next === null || next === 'wait') {
      engine.giveUpCpu(now);
      if (next === null) this.run.takerDone(now);
      return;
    }
    this.lot = next;
    engine.goOn(this.id, now + next.time);
  }
}
