/**
 * Nodes on the running machine: makes the rules of numa/ from a scenario, tells placement who runs, and carries out what programs and the
 * timeline do to policies, cpusets, mounts and nodes.
 *
 * Kernel: mm/mempolicy.c, kernel/cgroup/cpuset.c, mm/memory_hotplug.c. Left out: what migrating pages costs in time; threads stay on one
 * processor each (the least used that their cpuset allows).
 */
import type { Memory, NodeMemory } from '../machine/memory.ts';
import { MAPPED } from '../machine/reclaimer.ts';
import { hasNode, formatNodelist, nodemask, NO_NODES } from '../numa/nodemask.ts';
import { flagsOf } from '../numa/mempolicy.ts';
import { NumaPlacement } from '../numa/numa-placement.ts';
import { NumaSystem, type NumaChange, type ChangeResult } from '../numa/system.ts';
import { showMpol } from '../numa/tmpfs-mpol.ts';
import { defaultDistances } from '../numa/zonelist.ts';
import {
  accessesOf,
  type MempolicySpec,
  type ObjectSpec,
  type PolicyStep,
  type Scenario,
  type SourceSpan,
  type TimelineAction,
} from '../plan.ts';
import { valueOf, type Rule } from '../tables/define.ts';
import * as numaKnobs from '../tables/numa-knobs.ts';
import * as rules from '../tables/placement-rules.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { noNodeGauges, NumaRecords } from './numa-records.ts';
import { PageMover, type Work } from './page-mover.ts';
import type { Recorder } from './recorder.ts';

/** Something to be told as an event once the run has begun. */
interface Notice {
  readonly rule: Rule;
  readonly subject: string;
  readonly text: string;
  readonly source: SourceSpan | undefined;
}

/** A policy as a user writes it. */
export function policyText({ mode, flag, nodes }: MempolicySpec): string {
  const list = nodes.length === 0 ? '' : `:${formatNodelist(nodemask(nodes))}`;
  return `${mode}${flag === undefined ? '' : `=${flag}`}${list}`;
}

export class Numa {
  readonly system: NumaSystem;
  readonly placement: NumaPlacement;
  readonly records: NumaRecords;
  /** Process of each thread. */
  readonly #processOf: number[] = [];
  /** Processor of each thread. */
  readonly #cpuOf: number[] = [];
  readonly #cpuNodes: number[] = [];
  readonly #scenario: Scenario;
  readonly #objects: readonly ObjectSpec[];
  readonly #bases: readonly number[];
  readonly #numbered: readonly Pages[];
  #notices: Notice[] = [];
  #thread = 0;
  #crashed = false;

  constructor(
    scenario: Scenario,
    objects: readonly ObjectSpec[],
    bases: readonly number[],
    numbered: readonly Pages[],
    threadsOf: (process: number) => number,
  ) {
    this.#scenario = scenario;
    this.#objects = objects;
    this.#bases = bases;
    this.#numbered = numbered;
    const { machine } = scenario;
    const nodes = machine.nodes ?? [];
    nodes.forEach(({ values }, node) => {
      for (let i = valueOf(values, numaKnobs.nodeCpus); i > 0; i--) this.#cpuNodes.push(node);
    });
    if (this.#cpuNodes.length === 0) this.#cpuNodes.push(0);
    this.system = new NumaSystem({
      distances: machine.distances ?? defaultDistances(nodes.length),
      cpuNodes: this.#cpuNodes,
      memory: nodemask(nodes.flatMap(({ values }, i) => (valueOf(values, numaKnobs.nodeMemory) > 0 ? [i] : []))),
      movable: nodemask(nodes.flatMap(({ values }, i) => (valueOf(values, numaKnobs.movable) ? [i] : []))),
      cpusets: valueOf(machine.values, numaKnobs.cgroupVersion) === 'v1' ? 1 : 2,
      era: valueOf(machine.values, numaKnobs.mempolicyEra) === 'documented' ? 'documented' : 'v6.1',
      emptied: valueOf(machine.values, numaKnobs.emptyRebind) === 'doc' ? 'documented' : 'code',
      bugs: {
        refcount: valueOf(machine.values, numaKnobs.bugRefcount),
        remountUaf: valueOf(machine.values, numaKnobs.bugRemountUaf),
        foldZero: valueOf(machine.values, numaKnobs.bugFoldZero),
      },
      weights: nodes.map(({ values }) => valueOf(values, numaKnobs.weight)),
    });
    this.#addCpusets();
    this.#addProcesses(threadsOf);
    this.#addObjects();
    this.placement = new NumaPlacement(
      this.system,
      objects.map((_, i) => ({ base: bases[i], pages: numbered[i] })),
      this.#processOf,
    );
    this.records = new NumaRecords(scenario, objects, this.system, this.placement);
    this.#seatThreads();
  }

  #notice(rule: Rule, subject: string, text: string, source: SourceSpan | undefined): void {
    this.#notices.push({ rule, subject, text, source });
  }

  // ---- set-up

  #addCpusets(): void {
    const { system } = this;
    this.#scenario.cpusets?.slice(1).forEach((spec, i) => {
      const given = spec.values[numaKnobs.memoryMigrate.name];
      const hardwall = spec.values[numaKnobs.memHardwall.name] === true;
      const index = system.cpusets.add(spec.name, spec.parent ?? 0, {
        ...(typeof given === 'boolean' ? { migrate: given } : {}),
        hardwall,
      });
      if (index !== i + 1) throw new Error('cpusets are numbered as in the scenario');
      // not given: the parent's (v2), or none (v1), where it takes no tasks then
      const cpus = spec.cpus === undefined ? 0n : nodemask(spec.cpus);
      for (const written of [
        system.writeCpus(index, cpus),
        spec.mems === undefined ? null : system.writeMems(index, nodemask(spec.mems)),
      ]) {
        if (written !== null && !written.ok) {
          this.#notice(
            rules.CPUSET_REFUSED,
            spec.name,
            `cpuset '${spec.name}': ${written.errno} (${words(written.reason)})`,
            spec.source,
          );
        }
      }
    });
  }

  #addProcesses(threadsOf: (process: number) => number): void {
    const { system } = this;
    this.#scenario.processes.forEach((process, p) => {
      const task = system.addTask();
      for (let i = threadsOf(p); i > 0; i--) this.#processOf.push(task);
      if (process.cpuset !== undefined && process.cpuset !== 0) {
        const attached = system.attach(task, process.cpuset);
        const { name } = this.#scenario.cpusets![process.cpuset];
        if (!attached.ok) {
          this.#notice(
            rules.CPUSET_REFUSED,
            process.name,
            `${process.name} can't be moved into cpuset '${name}': ${attached.errno} (${words(attached.reason)}); it stays in the root`,
            process.source,
          );
        }
      }
      if (process.policy !== undefined) this.#setTaskPolicy(task, process.policy, process.name, process.source);
    });
    if (system.tasks.length === 0) system.addTask();
  }

  #setTaskPolicy(task: number, spec: MempolicySpec, name: string, source: SourceSpan | undefined): void {
    const set = this.system.setTaskPolicy(task, spec.mode, flagsOf(spec), nodemask(spec.nodes));
    const text = policyText(spec);
    if (set.ok) this.#notice(rules.MEMPOLICY_SET, name, `${name}: mempolicy ${text}`, source);
    else
      this.#notice(
        rules.MEMPOLICY_REFUSED,
        name,
        `${name}: mempolicy ${text}: ${set.errno} (${words(set.reason)}); the old policy stays`,
        spec.source ?? source,
      );
  }

  #addObjects(): void {
    const { system } = this;
    for (const mount of this.#scenario.mounts ?? []) {
      const { result } = system.mount(mount.mpol);
      if (!result.ok) {
        this.#notice(
          rules.TMPFS_REFUSED,
          mount.name,
          `mount ${mount.name} with mpol=${mount.mpol ?? ''}: ${result.errno} (${words(result.reason)}); mounted without`,
          mount.source,
        );
      }
    }
    this.#objects.forEach((object, i) => {
      const region =
        object.kind === 'tmpfs'
          ? system.addTmpfsFile(object.mount ?? 0)
          : system.addRegion(object.kind === 'anon' ? 'anon' : 'file', object.process ?? 0);
      if (region !== i) throw new Error('regions are numbered as objects');
      if (object.policy !== undefined)
        this.#mbind(object.process ?? 0, i, 0, object.pages, object.policy, object.source);
    });
  }

  #mbind(
    task: number,
    object: number,
    start: Pages,
    pages: Pages,
    spec: MempolicySpec,
    source: SourceSpan | undefined,
  ): boolean {
    const { name } = this.#objects[object];
    const set = this.system.mbind(task, object, start, pages, spec.mode, flagsOf(spec), nodemask(spec.nodes));
    const text = policyText(spec);
    if (set.ok) this.#notice(rules.MEMPOLICY_SET, name, `${name}: mbind ${text}`, source);
    else
      this.#notice(
        rules.MEMPOLICY_REFUSED,
        name,
        `${name}: mbind ${text}: ${set.errno} (${words(set.reason)}); the old policy stays`,
        spec.source ?? source,
      );
    return set.ok;
  }

  // ---- who runs where

  /** Each thread takes the least used processor that its cpuset allows, the lowest of equals. */
  #seatThreads(moved?: ReadonlySet<number>): void {
    const used = new Array<number>(this.#cpuNodes.length).fill(0);
    this.#cpuOf.forEach((cpu, thread) => {
      if (moved !== undefined && !moved.has(this.#processOf[thread])) used[cpu]++;
    });
    this.#processOf.forEach((process, thread) => {
      if (moved !== undefined && !moved.has(process)) return;
      const { cpus } = this.system.tasks[process];
      let best = -1;
      used.forEach((n, cpu) => {
        if (hasNode(cpus, cpu) && (best < 0 || n < used[best])) best = cpu;
      });
      if (best < 0) best = 0;
      used[best]++;
      this.#cpuOf[thread] = best;
    });
    this.run(this.#thread);
  }

  /** The thread has a processor now. */
  run(thread: number): void {
    this.#thread = thread;
    if (this.#processOf.length > 0) this.placement.setTask(thread, this.#cpuNodes[this.#cpuOf[thread]]);
  }

  /** A process does something outside its program (its locked memory is there from the start). */
  runProcess(process: number): void {
    const thread = this.#processOf.indexOf(process);
    if (thread >= 0) this.run(thread);
  }

  /** The process is gone. */
  ended(process: number): void {
    this.system.endTask(process);
  }

  // ---- events

  /** Tells what has happened since last asked. */
  tell(recorder: Recorder, time: Nanoseconds): void {
    for (const { rule, subject, text, source } of this.#notices) recorder.event(time, rule, subject, text, source);
    this.#notices = [];
  }

  /** Whether a known bug was hit: the kernel is gone and with it the run. Tells it once. */
  crashed(recorder: Recorder, time: Nanoseconds): boolean {
    const { crash } = this.system;
    if (crash === null) return false;
    if (this.#crashed) return true;
    this.#crashed = true;
    recorder.event(time, rules.KERNEL_CRASH, 'kernel', `kernel crash: ${crash.text} (fixed by: ${crash.commit})`);
    return true;
  }

  // ---- what is done to nodes, cpusets, mounts and policies while running

  /** mbind or set_mempolicy by a program. */
  *policyStep(process: number, step: PolicyStep, memory: Memory, time: Nanoseconds): Work {
    const { name } = this.#scenario.processes[process];
    if (step.target === undefined) {
      this.#setTaskPolicy(process, step.policy, name, step.source);
      this.run(this.#thread);
      return;
    }
    const { object, start, pages } = step.target;
    if (!this.#mbind(process, object, start, pages, step.policy, step.source)) return;
    const numbered = Math.min(start + pages, this.#numbered[object]) - start;
    if (numbered <= 0) return;
    this.placement.regroup(object, start, numbered);
    if (step.move === true) yield* this.#moveAstray(object, start, numbered, step.policy, memory, time);
  }

  /** MPOL_MF_MOVE: pages outside the mask go to where the policy would have them. */
  *#moveAstray(
    object: number,
    start: Pages,
    pages: Pages,
    policy: MempolicySpec,
    memory: Memory,
    time: Nanoseconds,
  ): Work {
    const { nodes } = memory;
    if (nodes === undefined) return;
    const mask = nodemask(policy.nodes);
    const { placement } = this;
    const thread = this.#thread;
    const mover = new PageMover(this, nodes, rules.MEMPOLICY_MOVE, time);
    for (let page = this.#bases[object] + start; page < this.#bases[object] + start + pages; page++) {
      if (mover.tired) {
        yield mover.rest();
        this.run(thread);
      }
      const node = nodes.nodeOf(page);
      if (node < 0 || hasNode(mask, node)) continue;
      placement.place(page);
      const { answer } = placement;
      if (answer.count > 0) mover.move(page, answer.order[0]);
    }
    mover.rest();
  }

  /** Carries out what a change asks for. */
  *#follow(change: NumaChange, memory: Memory, rule: Rule, time: Nanoseconds): Work {
    const moved = new Set<number>();
    for (const { cpuset, cpus, movedTo } of change.updates) {
      if (cpus === undefined) continue;
      // of an attached process only its own threads move, which `act` sees to
      this.system.tasks.forEach((task, i) => {
        if (rule !== rules.ATTACH_MIGRATE && task.cpuset === (movedTo ?? cpuset)) moved.add(i);
      });
      if (movedTo !== undefined) {
        const from = this.#cpusetName(cpuset);
        const text = `cpuset ${from} has no node left: its processes are moved to ${this.#cpusetName(movedTo)} and stay there`;
        this.#notice(rules.CPUSET_EMPTIED, from, text, undefined);
      }
    }
    if (moved.size > 0) this.#seatThreads(moved);
    const { nodes } = memory;
    if (nodes === undefined) return;
    const mover = new PageMover(this, nodes, rule, time);
    for (const { task, steps } of change.migrations) {
      const target = Array.from({ length: this.system.nodes }, (_, node) => node);
      for (const { from, to } of steps) target.forEach((at, node) => (at === from ? (target[node] = to) : undefined));
      for (const [i, object] of this.#objects.entries()) {
        if (!this.#mappedBy(task, i)) continue;
        for (let page = this.#bases[i]; page < this.#bases[i] + this.#numbered[i]; page++) {
          if (mover.tired) yield mover.rest();
          const node = nodes.nodeOf(page);
          if (node < 0 || target[node] === node) continue;
          // of files, pages that are in nobody's page table stay
          if (object.kind === 'anon' || (memory.flags[page] & MAPPED) !== 0) mover.move(page, target[node]);
        }
      }
    }
    mover.rest();
  }

  #cpusetName(index: number): string {
    return index === 0 ? 'the root cpuset' : `'${this.#scenario.cpusets?.[index].name ?? index}'`;
  }

  /** Whether pages of an object may be in the page tables of a process: its own regions, and files that it touches through a mapping. */
  #mappedBy(process: number, object: number): boolean {
    const spec = this.#objects[object];
    if (spec.kind === 'anon') return spec.process === process;
    return this.#scenario.processes[process].phases.some(({ steps }) =>
      steps.some((step) => accessesOf(step).some(({ verb, target }) => verb === 'touch' && target.object === object)),
    );
  }

  /** Actions of the timeline, in portions small enough to be interrupted. */
  *act(action: TimelineAction, memory: Memory, time: Nanoseconds, source: SourceSpan | undefined): Work {
    const { system } = this;
    switch (action.kind) {
      case 'cpuset':
        yield* this.#setCpuset(action, memory, time, source);
        return;
      case 'attach': {
        const { name } = this.#scenario.processes[action.process];
        const set = this.#cpusetName(action.cpuset);
        if (system.tasks[action.process].cpuset < 0) {
          const text = `${name} can't be moved into ${set}: ESRCH (it has ended)`;
          this.#notice(rules.CPUSET_REFUSED, name, text, source);
          return;
        }
        const result = system.attach(action.process, action.cpuset);
        if (!this.#accepted(result, name, `${name} can't be moved into ${set}`, source)) return;
        this.#notice(rules.CPUSET_ATTACH, name, `${name} is moved into ${set}`, source);
        yield* this.#follow(result, memory, rules.ATTACH_MIGRATE, time);
        this.#seatThreads(new Set([action.process]));
        return;
      }
      case 'node':
        yield* this.#setNode(action, memory, time, source);
        return;
      case 'remount': {
        const { name } = this.#scenario.mounts![action.mount];
        const result = system.remount(action.mount, action.mpol);
        const shown = showMpol(system.mounts[action.mount].policy);
        const now = shown === '' ? 'no policy' : `mpol=${shown}`;
        if (result.ok) this.#notice(rules.TMPFS_REMOUNT, name, `${name} is remounted: ${now} for new files`, source);
        else
          this.#notice(
            rules.TMPFS_REFUSED,
            name,
            `remount of ${name} with mpol=${action.mpol ?? ''}: ${result.errno} (${words(result.reason)}); still ${now}`,
            source,
          );
        return;
      }
      default:
    }
  }

  #accepted<T extends ChangeResult>(
    result: T,
    subject: string,
    what: string,
    source: SourceSpan | undefined,
  ): result is Extract<T, { ok: true }> {
    if (!result.ok) {
      this.#notice(rules.CPUSET_REFUSED, subject, `${what}: ${result.errno} (${words(result.reason)})`, source);
    }
    return result.ok;
  }

  *#setCpuset(
    action: Extract<TimelineAction, { kind: 'cpuset' }>,
    memory: Memory,
    time: Nanoseconds,
    source: SourceSpan | undefined,
  ): Work {
    const { system } = this;
    const name = this.#cpusetName(action.cpuset);
    if (action.nodes === undefined) {
      const cpuset = system.cpusets.at(action.cpuset);
      const on = action.value === true;
      if (action.name === numaKnobs.memoryMigrate.name) cpuset.migrate = on || system.cpusets.version === 2;
      if (action.name === numaKnobs.memHardwall.name) cpuset.hardwall = on;
      system.version++;
      this.#notice(rules.CPUSET_SET, name, `${name}: ${action.name} = ${String(action.value)}`, source);
      return;
    }
    const mask = nodemask(action.nodes);
    const list = formatNodelist(mask) || '""';
    const result =
      action.name === 'cpus' ? system.writeCpus(action.cpuset, mask) : system.writeMems(action.cpuset, mask);
    if (!this.#accepted(result, name, `${name}: ${action.name} ${list}`, source)) return;
    const effective = formatNodelist(system.cpusets.at(action.cpuset).effective);
    const but = action.name === 'cpus' || effective === list ? '' : ` (effective ${effective})`;
    this.#notice(rules.CPUSET_SET, name, `${name}: ${action.name} = ${list}${but}`, source);
    yield* this.#follow(result, memory, rules.CPUSET_MIGRATE, time);
  }

  /**
   * Of a movable node all pages go: most of them beforehand, a portion at a time, as long as the next node of the zonelist has plenty of room.
   * Pages moved in each portion.
   */
  *#clear(node: number, nodes: NodeMemory, mover: PageMover): Generator<Pages, void> {
    const to = this.placement.zonelist(node).find((other) => other !== node);
    if (to === undefined || !hasNode(this.system.movable, node)) return;
    let moved = 0;
    let spare = 0;
    const end = this.#bases.reduce((last, base, i) => Math.max(last, base + this.#numbered[i]), 0);
    for (let page = 0; page < end; page++) {
      if (mover.tired) {
        yield moved;
        moved = spare = 0;
      }
      if (nodes.nodeOf(page) !== node) continue;
      spare ||= nodes.gauges(to, noNodeGauges()).nr_free_pages - Math.ceil(nodes.present(to) / 16);
      if (spare <= 0) break;
      if (mover.move(page, to)) moved++;
      spare--;
    }
    yield moved;
  }

  *#setNode(
    action: Extract<TimelineAction, { kind: 'node' }>,
    memory: Memory,
    time: Nanoseconds,
    source: SourceSpan | undefined,
  ): Work {
    const { system } = this;
    const { nodes } = memory;
    const { node, online } = action;
    const name = `node ${node}`;
    if (nodes === undefined || node >= system.nodes) return;
    // Without a word a node comes back as it was declared.
    const movable = action.movable ?? this.#scenario.machine.nodes?.[node]?.values['movable'] === true;
    if (online) {
      const pages = nodes.online(node, movable);
      if (pages === 0) {
        this.#notice(rules.NODE_REFUSED, name, `${name} can't go online: all of it is online already (EINVAL)`, source);
        return;
      }
      const zone = movable ? 'its movable zone' : 'its normal zone';
      this.#notice(rules.NODE_ONLINE, name, `${name} is online: ${pages} pages in ${zone}`, source);
      if (nodes.present(node) > 0)
        yield* this.#follow(system.setNode(node, true, movable), memory, rules.CPUSET_MIGRATE, time);
    } else {
      const others = system.memory & ~nodemask([node]);
      if (others === NO_NODES || !hasNode(system.memory, node)) {
        const why = others === NO_NODES ? 'no other node has memory (EBUSY)' : 'it has no memory online';
        this.#notice(rules.NODE_REFUSED, name, `${name} can't go offline: ${why}`, source);
        return;
      }
      const mover = new PageMover(this, nodes, rules.HOTPLUG_OFFLINE_RULE, time);
      let moved = 0;
      for (const pages of this.#clear(node, nodes, mover)) {
        moved += pages;
        yield mover.rest();
      }
      mover.begin();
      const done = nodes.offline(node);
      mover.rest();
      moved += done.moved;
      if (done.online > 0) {
        const text = `${name} goes offline only in part: ${done.online} of ${done.blocks} blocks stay (EBUSY), ${done.left} pages can’t move; it still counts as having memory`;
        this.#notice(rules.NODE_REFUSED, name, text, source);
      } else {
        this.#notice(rules.NODE_OFFLINE, name, `${name} is offline: ${moved} pages moved to other nodes`, source);
        yield* this.#follow(system.setNode(node, false), memory, rules.CPUSET_MIGRATE, time);
      }
    }
    this.records.online(time);
  }
}

/** `no-node-allowed` → `no node allowed`. */
const words = (id: string): string => id.replaceAll('-', ' ');
