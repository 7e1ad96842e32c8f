/** Ends of processes (exit, kill, out of memory), and what the timeline does to them and to the machine's settings. */
import { OOM_KILL } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { KnobValues, SourceSpan, TimelineAction } from '../plan.ts';
import type { Rule } from '../tables/define.ts';
import * as rules from '../tables/engine-rules.ts';
import * as knobs from '../tables/knobs.ts';
import { PAGE_SIZE, type Nanoseconds, type Pages } from '../units.ts';
import type { TimelineHandlers } from './engine.ts';
import { badness, chooseVictim, oomDomain, oomPlace, within } from './oom.ts';
import type { Recorder } from './recorder.ts';
import type { Setup } from './setup.ts';
import type { Ending, Teardown } from './teardown.ts';
import type { WritebackPolicy } from './writers.ts';

export interface ProcessHost {
  /** The threads of a process stop for good. */
  stopThreads(process: number, time: Nanoseconds): void;
  /** Nothing can go on: the run ends. */
  finish(time: Nanoseconds): void;
}

export class Processes {
  private readonly setup: Setup;
  private readonly memory: Memory;
  private readonly recorder: Recorder;
  private readonly writeback: WritebackPolicy;
  private readonly host: ProcessHost;
  private readonly actions: TimelineHandlers;
  private readonly teardown: Teardown;
  /** Not exited or killed; a process whose program is over lives on. */
  private readonly living: boolean[];
  /** memory.max of each cgroup now. */
  private readonly limits: number[];
  private sysctls: KnobValues;

  constructor(
    setup: Setup,
    memory: Memory,
    recorder: Recorder,
    writeback: WritebackPolicy,
    host: ProcessHost,
    actions: TimelineHandlers,
    teardown: Teardown,
  ) {
    this.setup = setup;
    this.memory = memory;
    this.recorder = recorder;
    this.writeback = writeback;
    this.host = host;
    this.actions = actions;
    this.teardown = teardown;
    const { scenario } = setup;
    this.living = scenario.processes.map(() => true);
    this.limits = scenario.cgroups.map((cgroup) => limitOf(cgroup.values[knobs.memoryMax.name]));
    this.sysctls = scenario.sysctls;
  }

  /**
   * `process` asked for a frame and there is none. Nobody is killed while an earlier victim still gives memory back (oom_evaluate_task in
   * mm/oom_kill.c). True if it is worth waiting.
   */
  outOfMemory(process: number, time: Nanoseconds): boolean {
    const { setup, memory, recorder } = this;
    const { processes } = setup.scenario;
    const domain = oomDomain(setup, memory, this.limits, processes[process].cgroup);
    const where = oomPlace(setup, memory, domain);
    const dying = (p: number) => this.teardown.isDying(p) && within(setup, processes[p].cgroup, domain);
    if (processes.some((_, p) => dying(p))) return true;
    const victim = chooseVictim(setup, memory, this.living, domain, process);
    if (victim < 0) {
      recorder.event(time, rules.OOM_PANIC, 'machine', `out of memory in ${where} and no process left to kill`);
      this.host.finish(time);
      return false;
    }
    memory.counters[OOM_KILL]++;
    const { name, source } = processes[victim];
    const freed = this.end(victim, time, { helpers: this.teardown.oomHelpers });
    recorder.event(
      time,
      rules.OOM_KILL_RULE,
      name,
      `out of memory in ${where}: ${name} is killed and gives back ${freed} pages`,
      source,
    );
    return dying(victim);
  }

  /**
   * A writer to a FUSE mount finds the machine full, not a cgroup, whoever would be killed has nothing to give back, and copies are on their way
   * to a daemon: they come back, so it asks again, as writers do whose files are kept as counts (stream-writes.ts).
   */
  waitsForCopies(process: number, object: number | undefined): boolean {
    const { setup, memory } = this;
    if (memory.streams.temps === 0 || object === undefined || setup.objects[object].fuse === undefined) return false;
    const domain = oomDomain(setup, memory, this.limits, setup.scenario.processes[process].cgroup);
    if (domain !== 0) return false;
    const victim = chooseVictim(setup, memory, this.living, domain, process);
    return victim >= 0 && !this.teardown.isDying(victim) && badness(setup, memory, victim) === 0;
  }

  exit(process: number, time: Nanoseconds): void {
    const { name, source } = this.setup.scenario.processes[process];
    const freed = this.end(process, time);
    const text = `${name} exits and frees ${freed} pages of anonymous memory`;
    this.recorder.event(time, rules.PROCESS_EXIT, name, text, source);
  }

  /** An action of the timeline. */
  act(action: TimelineAction, time: Nanoseconds, source: SourceSpan | undefined): void {
    const { setup, memory, recorder } = this;
    switch (action.kind) {
      case 'sysctl':
        memory.apply(action);
        this.sysctls = { ...this.sysctls, [action.name]: action.value };
        this.writeback.setSysctls(this.sysctls, time);
        recorder.event(time, rules.SYSCTL_SET, action.name, `${action.name} = ${String(action.value)}`, source);
        return;
      case 'cgroup': {
        const { name } = setup.scenario.cgroups[action.cgroup];
        memory.apply(action);
        if (action.name === knobs.memoryMax.name) this.limits[action.cgroup] = limitOf(action.value);
        recorder.event(time, rules.CGROUP_SET, name, `${action.name} = ${String(action.value)}`, source);
        return;
      }
      case 'kill': {
        if (!this.living[action.process]) return;
        const { name } = setup.scenario.processes[action.process];
        const freed = this.end(action.process, time);
        recorder.event(time, rules.PROCESS_KILL, name, `${name} is killed and gives back ${freed} pages`, source);
        return;
      }
      default:
        this.actions[action.kind]?.(action, time, source);
    }
  }

  /** Its threads stop and its memory is given up, which takes time. Returns the frames that will come back. */
  private end(process: number, time: Nanoseconds, ending: Ending = {}): Pages {
    this.living[process] = false;
    this.host.stopThreads(process, time);
    this.setup.numa?.ended(process);
    return this.teardown.begin(process, time, ending);
  }

  /** A crash: like a kill, by whoever restarts it. */
  crash(process: number, time: Nanoseconds, ending: Ending): void {
    this.end(process, time, ending);
  }

  /** Its threads stop; its memory stays as it is. */
  stop(process: number, time: Nanoseconds): void {
    this.host.stopThreads(process, time);
  }

  isLiving(process: number): boolean {
    return this.living[process];
  }

  /** It did what it may not (SIGBUS) or lost what it can't do without. */
  kill(process: number, time: Nanoseconds, rule: Rule, text: string): void {
    if (!this.living[process]) return;
    const { name, source } = this.setup.scenario.processes[process];
    const freed = this.end(process, time);
    this.recorder.event(time, rule, name, `${text}: ${name} is killed and gives back ${freed} pages`, source);
  }
}

const limitOf = (max: number | string | boolean | undefined): Pages =>
  typeof max === 'number' ? Math.floor(max / PAGE_SIZE) : Infinity;
