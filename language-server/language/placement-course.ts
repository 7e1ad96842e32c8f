/** Leads the simulator's own rules (numa/system.ts) through the events of a scenario, and says what they would refuse on the way. */
import { flagsOf, newMempolicy, type Mempolicy } from '../../simulator/numa/mempolicy.ts';
import { hasNode, nodeBit, nodemask, nodesOf, type Nodemask } from '../../simulator/numa/nodemask.ts';
import { NumaSystem } from '../../simulator/numa/system.ts';
import { defaultDistances } from '../../simulator/numa/zonelist.ts';
import type { CpusetSpec, Scenario, TimelineAction } from '../../simulator/plan.ts';
import { valueOf } from '../../simulator/tables/define.ts';
import { cgroupVersion, emptyRebind, mempolicyEra } from '../../simulator/tables/numa-knobs.ts';
import type { Place } from './diagnostics.ts';
import type { At, Cpuset, Machine, Process, Tmpfs } from './generated/ast.ts';
import { changesOf, swapTimes, type Change } from './placement-changes.ts';
import { reportAbsent, reportMount, reportRefused, reportUnmovable } from './placement-refusals.ts';
import { listText, timeText } from './placement-text.ts';
import { policyOfProperty } from './policies.ts';
import { subjectsOf, type Subject } from './policy-subjects.ts';
import type { Program } from './program.ts';
import { propertyNamed } from './properties.ts';

/** What a scenario was made from. */
export interface PlacementNodes {
  readonly machine: Machine | null;
  readonly processes: readonly Process[];
  readonly timeline: readonly At[];
}

/** A policy in force; `null`: none, `undefined`: it could not be set. */
export type PolicyState = Mempolicy | null | undefined;

/** What the machine allows between two events. */
export interface Epoch {
  readonly time: number;
  readonly memory: Nodemask;
  /** Mems by process. */
  readonly mems: readonly Nodemask[];
  /** Policies by subject. */
  readonly policies: readonly PolicyState[];
}

export class PlacementCourse {
  readonly program: Program;
  readonly scenario: Scenario;
  readonly count: number;
  readonly changes: readonly Change[];
  readonly subjects: readonly Subject[];
  /** The first is before any event. */
  readonly epochs: Epoch[] = [];
  readonly system: NumaSystem;
  readonly #nodes: PlacementNodes;
  readonly #cpus: number;
  /** Bytes by node. */
  readonly #sizes: readonly number[];

  constructor(program: Program, scenario: Scenario, nodes: PlacementNodes) {
    const { values, nodes: specs, distances } = scenario.machine;
    this.program = program;
    this.scenario = scenario;
    this.#nodes = nodes;
    this.count = specs?.length ?? 1;
    this.#cpus = Number(values['cpus'] ?? 4);
    this.#sizes = specs?.map((n) => n.values['memory'] as number) ?? [Number(values['memory'] ?? 64 << 20)];
    this.changes = changesOf(program, scenario, nodes.timeline);
    this.subjects = subjectsOf(program, scenario, nodes.processes);
    const numbers = [...this.#sizes.keys()];
    this.system = new NumaSystem({
      distances: distances ?? defaultDistances(this.count),
      cpuNodes:
        specs?.flatMap((n, i) => Array<number>(n.values['cpus'] as number).fill(i)) ??
        Array<number>(this.#cpus).fill(0),
      memory: nodemask(numbers.filter((n) => this.#sizes[n] > 0)),
      movable: nodemask(numbers.filter((n) => specs?.[n].values['movable'] === true)),
      cpusets: valueOf(values, cgroupVersion) === 'v1' ? 1 : 2,
      era: valueOf(values, mempolicyEra) === 'documented' ? 'documented' : 'v6.1',
      emptied: valueOf(values, emptyRebind) === 'doc' ? 'documented' : 'code',
    });
  }

  /** Bytes of these nodes. */
  room(mask: Nodemask): number {
    return nodesOf(mask).reduce((sum, n) => sum + (this.#sizes[n] ?? 0), 0);
  }

  /** Where a mount's policy is written. */
  placeOfMpol(mount: string): Place {
    const { program } = this;
    const node = program.symbols.get(mount)?.node as Tmpfs | undefined;
    const property = propertyNamed(node?.block, 'mpol');
    const text = property && policyOfProperty(program, property);
    return text?.place ?? program.placeOf(node?.name ?? this.#nodes.processes[0]);
  }

  /** Cpusets are made, and tasks put into them. False: they name what is not there, and nothing can be followed. */
  begin(): boolean {
    let fine = true;
    (this.scenario.cpusets ?? []).forEach((spec, i) => {
      if (i > 0 && !this.#make(spec, fine)) fine = false;
    });
    this.scenario.processes.forEach((process, i) => {
      const task = this.system.addTask();
      if (process.cpuset !== undefined && fine) this.#enter(task, i, process.cpuset);
    });
    return fine;
  }

  /** From the start through all events. */
  follow(): void {
    this.#mount();
    this.#setPolicies();
    this.#note(0);
    for (const change of this.changes) {
      this.#apply(change);
      this.#note(change.time);
    }
  }

  // ---- cpusets and who is in them

  /** Makes a cpuset; `fine`: its masks are written, too, if there is what they name. */
  #make(spec: CpusetSpec, fine: boolean): boolean {
    const { program, system } = this;
    const index = system.cpusets.add(spec.name, spec.parent ?? 0, {
      ...(spec.values['memory_migrate'] === true ? { migrate: true } : {}),
      ...(spec.values['mem_hardwall'] === true ? { hardwall: true } : {}),
    });
    const place = (name: string): Place => {
      const { node } = program.symbols.get(spec.name)!;
      const given = propertyNamed((node as Cpuset).block, name);
      return program.placeOf(given?.values[0] ?? given ?? node);
    };
    const lacks = (['mems', 'cpus'] as const).filter((name) =>
      this.#lacks(name, { what: `'${name}' of '${spec.name}'`, place: place(name) }, spec[name] ?? []),
    );
    if (!fine || lacks.length > 0) return false;
    const v1 = system.cpusets.version === 1;
    const cpus = v1 && spec.cpus === undefined ? null : system.writeCpus(index, nodemask(spec.cpus ?? []));
    const mems = system.writeMems(index, nodemask(spec.mems ?? []));
    for (const [name, result] of Object.entries({ cpus, mems }))
      if (result && !result.ok)
        reportRefused(program, { what: `writing '${name}' of cpuset '${spec.name}'`, place: place(name) }, result);
    return true;
  }

  #lacks(name: 'mems' | 'cpus', attempt: Parameters<typeof reportAbsent>[1], numbers: readonly number[]): boolean {
    return name === 'mems'
      ? reportAbsent(this.program, attempt, 'node', numbers, this.count)
      : reportAbsent(this.program, attempt, 'processor', numbers, this.#cpus);
  }

  #enter(task: number, process: number, cpuset: number): void {
    const { program, scenario } = this;
    const result = this.system.attach(task, cpuset);
    if (result.ok) return;
    const { name } = scenario.cpusets![cpuset];
    const node = this.#nodes.processes[process];
    const place = program.placeOf(node?.groups.find((g) => g.text === name) ?? node);
    const what = `putting '${scenario.processes[process].name}' into cpuset '${name}'`;
    reportRefused(program, { what, place }, result);
  }

  // ---- mounts and policies

  #mount(): void {
    for (const { name, mpol } of this.scenario.mounts ?? []) {
      const { result } = this.system.mount(mpol);
      if (!result.ok && mpol !== undefined) this.#mountRefused(name, mpol, this.placeOfMpol(name), false);
    }
  }

  #mountRefused(name: string, mpol: string, place: Place, again: boolean): void {
    reportMount(this.program, { name, mpol, place, again }, this.system.memory, this.count);
  }

  /** Each policy is followed by a region of its own, which a task's policy is not: both are rebound alike but for `foldZero`. */
  #setPolicies(): void {
    const { system } = this;
    for (const { spec, initial, kind, process } of this.subjects) {
      if (!initial) continue;
      const mask = nodemask(spec.nodes);
      if (kind === 'task') system.setTaskPolicy(process, spec.mode, flagsOf(spec), mask);
      else system.mbind(process, system.addRegion('anon', process), 0, 1, spec.mode, flagsOf(spec), mask);
    }
  }

  /** Policies now, by subject. */
  #policies(): PolicyState[] {
    const { system } = this;
    let region = 0;
    return this.subjects.map(({ spec, initial, kind, process }) => {
      if (initial && kind === 'task') {
        const { policy } = system.tasks[process];
        return policy ?? (spec.mode === 'default' ? null : undefined);
      }
      if (initial) {
        const [range] = system.regions[region++].ranges;
        return range ? range.policy : undefined;
      }
      const made = newMempolicy(spec.mode, flagsOf(spec), nodemask(spec.nodes), system.contextOf(process));
      return made.ok ? made.policy : undefined;
    });
  }

  #note(time: number): void {
    const { memory, tasks } = this.system;
    this.epochs.push({ time, memory, mems: tasks.map((t) => t.mems), policies: this.#policies() });
  }

  // ---- events

  #apply({ time, action, place }: Change): void {
    const { program, system, scenario } = this;
    switch (action.kind) {
      case 'cpuset': {
        const { name, nodes } = action;
        const cpuset = scenario.cpusets?.[action.cpuset];
        if (!nodes || !cpuset || (name !== 'mems' && name !== 'cpus')) return;
        const what = `${cpuset.name}.${name}`;
        if (this.#lacks(name, { what: `'${what}'`, place }, nodes)) return;
        const mask = nodemask(nodes);
        const result = name === 'mems' ? system.writeMems(action.cpuset, mask) : system.writeCpus(action.cpuset, mask);
        if (!result.ok) reportRefused(program, { what: `'set ${what} ${listText(mask)}'`, place }, result);
        return;
      }
      case 'attach': {
        const result = system.attach(action.process, action.cpuset);
        const name = scenario.cpusets?.[action.cpuset]?.name ?? '';
        const what = `moving '${scenario.processes[action.process]?.name}' into '${name}'`;
        if (!result.ok) reportRefused(program, { what, place }, result);
        return;
      }
      case 'node':
        this.#node(time, action, place);
        return;
      case 'remount': {
        const mount = scenario.mounts?.[action.mount];
        if (mount && !system.remount(action.mount, action.mpol).ok)
          this.#mountRefused(mount.name, action.mpol!, place, true);
        return;
      }
      default:
    }
  }

  #node(time: number, { node, online, movable }: TimelineAction & { kind: 'node' }, place: Place): void {
    const { program, system, scenario, changes } = this;
    if (reportAbsent(program, { what: 'this event', place }, 'node', [node], this.count)) return;
    const [verb, opposite] = online ? ['online', 'offline'] : ['offline', 'online'];
    const attempt = { what: `'${verb} node ${node}'`, place };
    if (online === hasNode(system.memory, node)) {
      const other = changes.find(
        ({ action: a, time: t }) => a.kind === 'node' && a.node === node && a.online !== online && t > time,
      );
      const swap = other && swapTimes(program, changes, time, other.time);
      const later = other ? `; '${opposite} node ${node}' comes only at ${timeText(other.time)}` : '';
      const reason = `it is ${verb} already at ${timeText(time)}${later}`;
      reportRefused(program, attempt, { errno: 'EINVAL', reason }, swap ? [swap] : []);
    } else if (online) system.setNode(node, true, movable ?? scenario.machine.nodes?.[node].values['movable'] === true);
    else if (system.memory === nodeBit(node))
      reportRefused(program, attempt, { errno: 'EBUSY', reason: 'it is the last node with memory' });
    else if (!hasNode(system.movable, node)) reportUnmovable(program, this.#nodes.machine, node, place);
    else system.setNode(node, false);
  }
}
