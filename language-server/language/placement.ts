/**
 * What becomes of policies on a machine of nodes, told before anything runs: the simulator's own rules (numa/system.ts) are led through the events of
 * a scenario, and what would be refused, dropped, folded or lost on the way is said where it is written. The masks in force are kept for
 * hovers and hints.
 */
import { flagsOf, newMempolicy, type Mempolicy } from '../../simulator/numa/mempolicy.ts';
import {
  firstNode,
  firstNodes,
  formatNodelist,
  hasNode,
  intersects,
  isSubset,
  NO_NODES,
  nodeBit,
  nodemask,
  nodesOf,
  weight,
  type Nodemask,
} from '../../simulator/numa/nodemask.ts';
import { NumaSystem } from '../../simulator/numa/system.ts';
import { filePolicy, parseMpol } from '../../simulator/numa/tmpfs-mpol.ts';
import { defaultDistances } from '../../simulator/numa/zonelist.ts';
import type { MempolicySpec, Scenario, SourceSpan, Step, TimelineAction } from '../../simulator/plan.ts';
import { valueOf } from '../../simulator/tables/define.ts';
import { bugFoldZero, cgroupVersion, emptyRebind, mempolicyEra } from '../../simulator/tables/numa-knobs.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Fix, Place } from './diagnostics.ts';
import type { At, Cgroup, Cpuset, Machine, Process, Property, Tmpfs } from './generated/ast.ts';
import { policyOfProperty, policyOfWords, policyText, type PolicyText } from './policies.ts';
import type { Program } from './program.ts';
import { entriesOf, propertiesIn } from './properties.ts';
import { exactQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';

/** What a policy comes to, at the place where it is written. */
export interface PlacementNote {
  readonly place: Place;
  /** `→ 2-3`. */
  readonly label: string;
  /** Markdown: what it comes to when, and why. */
  readonly doc: string;
}

/** A task's or a region's policy. */
interface Subject {
  readonly spec: MempolicySpec;
  readonly text: string;
  readonly place: Place;
  readonly process: number;
  readonly kind: 'task' | 'region';
  /** In force from the start: what it becomes can be followed. */
  readonly initial: boolean;
  /** Pages that only this policy places, as far as that is known. */
  readonly pages: number;
}

interface Change {
  readonly time: number;
  readonly action: TimelineAction;
  readonly place: Place;
}

/** What the machine allows between two events. */
interface Epoch {
  readonly time: number;
  readonly memory: Nodemask;
  /** Mems by process. */
  readonly mems: readonly Nodemask[];
  /** Policies by subject; `undefined`: it could not be set. */
  readonly policies: readonly (Mempolicy | null | undefined)[];
}

const list = (mask: Nodemask): string => (mask === NO_NODES ? 'none' : formatNodelist(mask));
const nodesText = (mask: Nodemask): string => `node${weight(mask) === 1 ? '' : 's'} ${list(mask)}`;
const timeText = (time: number): string => exactQuantity('time', time);
const quotedName = (name: string, root: string): string => (name === '' ? root : `'${name}'`);

const rewrite = (place: Place, newText: string, title: string, preferred = false): Fix => ({
  title,
  edits: [{ ...place, newText }],
  ...(preferred ? { preferred: true } : {}),
});

const placeOf = (source: SourceSpan): Place => ({
  uri: source.uri,
  range: {
    start: { line: source.line, character: source.column },
    end: { line: source.endLine, character: source.endColumn },
  },
});

/** Checks one scenario. `ats`: the `at` blocks it was made from. */
export function checkPlacement(
  program: Program,
  scenario: Scenario,
  nodes: { readonly machine: Machine | null; readonly processes: readonly Process[]; readonly timeline: readonly At[] },
): void {
  const policies =
    scenario.objects.some((o) => o.policy) ||
    scenario.processes.some((p) => p.policy || p.phases.some((f) => f.steps.some((step) => step.kind === 'mempolicy')));
  const events = scenario.timeline.some(({ actions }) => actions.some((a) => a.kind === 'node'));
  if (!scenario.machine.nodes && !scenario.cpusets && !scenario.mounts && !policies && !events) return;
  new PlacementCheck(program, scenario, nodes).run();
}

class PlacementCheck {
  readonly program: Program;
  readonly scenario: Scenario;
  readonly machine: Machine | null;
  readonly processes: readonly Process[];
  readonly count: number;
  readonly changes: Change[];
  readonly subjects: Subject[] = [];
  readonly epochs: Epoch[] = [];
  readonly sizes: readonly number[];
  system: NumaSystem;

  constructor(
    program: Program,
    scenario: Scenario,
    nodes: {
      readonly machine: Machine | null;
      readonly processes: readonly Process[];
      readonly timeline: readonly At[];
    },
  ) {
    this.program = program;
    this.scenario = scenario;
    this.machine = nodes.machine;
    this.processes = nodes.processes;
    const { machine } = scenario;
    this.count = machine.nodes?.length ?? 1;
    this.sizes = machine.nodes?.map((n) => n.values['memory'] as number) ?? [
      Number(machine.values['memory'] ?? 64 << 20),
    ];
    this.changes = changesOf(program, scenario, nodes.timeline);
    this.system = this.#newSystem();
  }

  #newSystem(): NumaSystem {
    const { machine } = this.scenario;
    const cpuNodes = machine.nodes?.flatMap((n, i) => Array<number>(n.values['cpus'] as number).fill(i)) ?? [
      ...Array<number>(Number(machine.values['cpus'] ?? 4)).fill(0),
    ];
    return new NumaSystem({
      distances: machine.distances ?? defaultDistances(this.count),
      cpuNodes,
      memory: nodemask([...this.sizes.keys()].filter((n) => this.sizes[n] > 0)),
      movable: nodemask([...this.sizes.keys()].filter((n) => machine.nodes?.[n].values['movable'] === true)),
      cpusets: valueOf(machine.values, cgroupVersion) === 'v1' ? 1 : 2,
      era: valueOf(machine.values, mempolicyEra) === 'documented' ? 'documented' : 'v6.1',
      emptied: valueOf(machine.values, emptyRebind) === 'doc' ? 'documented' : 'code',
    });
  }

  run(): void {
    if (!this.#cpusets()) return;
    this.#mounts();
    this.#subjects();
    this.#follow();
    for (const [i, subject] of this.subjects.entries()) this.#judge(subject, i);
    this.#creators();
    this.#limits();
  }

  // ---- cpusets and who is in them

  #cpusets(): boolean {
    const { program, scenario, system } = this;
    let fine = true;
    const cpus = firstNodes(Number(scenario.machine.values['cpus'] ?? 4));
    (scenario.cpusets ?? []).forEach((spec, i) => {
      if (i === 0) return;
      const index = system.cpusets.add(spec.name, spec.parent ?? 0, {
        ...(spec.values['memory_migrate'] === true ? { migrate: true } : {}),
        ...(spec.values['mem_hardwall'] === true ? { hardwall: true } : {}),
      });
      const given = (name: string): Property | undefined => {
        const node = program.symbols.get(spec.name)?.node as Cpuset | undefined;
        return propertiesIn(entriesOf(node?.block)).find((p) => p.name.text === name);
      };
      const at = (name: string): Place =>
        program.placeOf(given(name)?.values[0] ?? given(name) ?? program.symbols.get(spec.name)!.node);
      for (const [name, numbers, limit] of [
        ['mems', spec.mems, this.count],
        ['cpus', spec.cpus, weight(cpus)],
      ] as const) {
        const beyond = numbers?.find((n) => n >= limit);
        if (beyond === undefined) continue;
        fine = false;
        this.#absent(
          `'${name}' of '${spec.name}'`,
          name === 'mems' ? 'node' : 'processor',
          beyond,
          limit,
          at(name),
          numbers!,
        );
      }
      if (!fine) return;
      const v1 = system.cpusets.version === 1;
      const written = v1 && spec.cpus === undefined ? null : system.writeCpus(index, nodemask(spec.cpus ?? []));
      const mems = system.writeMems(index, nodemask(spec.mems ?? []));
      for (const [result, name] of [
        [written, 'cpus'],
        [mems, 'mems'],
      ] as const)
        if (result && !result.ok)
          this.#refused(`writing '${name}' of cpuset '${spec.name}'`, result.errno, result.reason, at(name));
    });
    this.#effective();
    scenario.processes.forEach((process, i) => {
      const task = system.addTask();
      if (process.cpuset === undefined || !fine) return;
      const result = system.attach(task, process.cpuset);
      const name = scenario.cpusets![process.cpuset].name;
      if (!result.ok) {
        const word = this.processes[i]?.groups.find((g) => g.text === name);
        this.#refused(
          `putting '${process.name}' into cpuset '${name}'`,
          result.errno,
          result.reason,
          program.placeOf(word ?? this.processes[i]),
        );
      }
    });
    return fine;
  }

  /** What is in force of a cpuset's mems, where that is not what is written. */
  #effective(): void {
    const { program, scenario, system } = this;
    (scenario.cpusets ?? []).forEach((spec, i) => {
      const node = program.symbols.get(spec.name)?.node as Cpuset | undefined;
      if (i === 0 || !node?.name || i >= system.cpusets.cpusets.length) return;
      const mems = system.cpusets.taskMems(i);
      const written = nodemask(spec.mems ?? []);
      if (mems === written) return;
      const given = propertiesIn(entriesOf(node.block)).find((p) => p.name.text === 'mems');
      const place = program.placeOf(given?.values[0] ?? node.name);
      program.placementNotes.set(keyOf(place), {
        place,
        label: `→ ${list(mems)}`,
        doc: `Nodes in force (mems.effective): **${list(mems)}**${spec.mems ? `, of ${list(written)} as written` : ', those of its parent: none are written'}.`,
      });
    });
  }

  #absent(
    what: string,
    kind: 'node' | 'processor',
    number: number,
    count: number,
    place: Place,
    all: readonly number[],
  ): void {
    const left = all.filter((n) => n < count);
    const text = list(nodemask(left));
    this.program.reporter.report(
      'P16',
      place,
      {
        what: `${what} names ${kind} ${number}`,
        kind,
        node: number,
        nodes:
          count === 1
            ? `the machine has one ${kind}, 0`
            : `${kind === 'node' ? 'nodes' : 'processors'} are 0 to ${count - 1}`,
      },
      left.length > 0 && all.length > 1 ? { fixes: [rewrite(place, text, `Narrow to ${text}`, true)] } : {},
    );
  }

  #refused(what: string, errno: string, reason: string, place: Place, fixes: readonly Fix[] = []): void {
    this.program.reporter.report('P17', place, { what, errno, reason: reasons[reason] ?? reason }, { fixes });
  }

  // ---- mounts

  #mounts(): void {
    const { scenario, system } = this;
    for (const mount of scenario.mounts ?? []) {
      const { result } = system.mount(mount.mpol);
      if (result.ok || mount.mpol === undefined) continue;
      this.#mountRefused(mount.name, mount.mpol, this.#mpolPlace(mount.name), 'P10');
    }
  }

  #mpolPlace(mount: string): Place {
    const { program } = this;
    const node = program.symbols.get(mount)?.node as Tmpfs | undefined;
    const property = propertiesIn(entriesOf(node?.block)).find((p) => p.name.text === 'mpol');
    const text = property && policyOfProperty(program, property);
    return text?.place ?? program.placeOf(node?.name ?? this.processes[0]);
  }

  #mountRefused(mount: string, mpol: string, place: Place, code: 'P10' | 'P17'): void {
    const { memory } = this.system;
    const everything = parseMpol(mpol, firstNodes(1024));
    const mask = everything.ok && everything.policy ? everything.policy.mask : NO_NODES;
    const bad = mask & ~memory;
    const left = mask & memory;
    const absent = nodesOf(bad).some((n) => n >= this.count);
    const colon = mpol.indexOf(':');
    const fixes =
      left === NO_NODES || colon < 0
        ? []
        : [rewrite(place, `${mpol.slice(0, colon)}:${list(left)}`, `Narrow to ${nodesText(left)}`, true)];
    if (code === 'P17')
      this.#refused(
        `remounting '${mount}'`,
        'EINVAL',
        `'${mpol}' names ${nodesText(bad)}, which ${absent ? 'do not exist' : 'have no memory then'}; the mount keeps what it had`,
        place,
        fixes,
      );
    else
      this.program.reporter.report(
        'P10',
        place,
        {
          mount,
          policy: mpol,
          nodes: nodesText(bad),
          state:
            weight(bad) === 1
              ? absent
                ? 'does not exist'
                : 'has no memory'
              : absent
                ? 'do not exist'
                : 'have no memory',
        },
        { fixes },
      );
  }

  // ---- policies of tasks and regions

  #subjects(): void {
    const { program, scenario, system } = this;
    scenario.processes.forEach((process, i) => {
      const reached = new Map<number, number>();
      const steps: Step[] = process.phases.flatMap((p) => [...p.steps]);
      for (const step of steps) {
        for (const access of step.kind === 'mix'
          ? step.parts.map((p) => p.access)
          : step.kind === 'access'
            ? [step]
            : [])
          reached.set(
            access.target.object,
            Math.max(reached.get(access.target.object) ?? 0, access.target.start + access.target.pages),
          );
      }
      const bound = new Set<number>(
        steps.flatMap((s) => (s.kind === 'mempolicy' && s.target ? [s.target.object] : [])),
      );
      let unbound = 0;
      for (const [object, pages] of reached) {
        const spec = scenario.objects[object];
        if (spec.kind === 'anon' && !spec.policy && !bound.has(object)) unbound += pages;
      }
      const add = (spec: MempolicySpec, kind: Subject['kind'], initial: boolean, pages: number): void => {
        const place = spec.source ? placeOf(spec.source) : program.placeOf(this.processes[i]);
        this.subjects.push({ spec, text: textIn(spec), place, process: i, kind, initial, pages });
      };
      if (process.policy) add(process.policy, 'task', true, unbound);
      for (const [o, object] of scenario.objects.entries()) {
        if (object.kind !== 'anon' || object.process !== i || !object.policy) continue;
        add(object.policy, 'region', true, reached.get(o) ?? 0);
      }
      for (const step of steps)
        if (step.kind === 'mempolicy')
          add(
            step.policy,
            step.target ? 'region' : 'task',
            false,
            step.target ? Math.min(reached.get(step.target.object) ?? 0, step.target.pages) : 0,
          );
    });
    // Each policy is followed by a region of its own, which a task's policy is not: both are rebound alike but for `foldZero`.
    for (const subject of this.subjects) {
      const { mode, nodes } = subject.spec;
      if (subject.initial && subject.kind === 'task') {
        system.setTaskPolicy(subject.process, mode, flagsOf(subject.spec), nodemask(nodes));
      } else if (subject.initial) {
        const region = system.addRegion('anon', subject.process);
        system.mbind(subject.process, region, 0, 1, mode, flagsOf(subject.spec), nodemask(nodes));
      }
    }
  }

  /** Policies now, by subject. */
  #policies(): (Mempolicy | null | undefined)[] {
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
    const { system } = this;
    this.epochs.push({
      time,
      memory: system.memory,
      mems: system.tasks.map((t) => t.mems),
      policies: this.#policies(),
    });
  }

  // ---- events

  #follow(): void {
    this.#note(0);
    for (const change of this.changes) {
      this.#apply(change);
      this.#note(change.time);
    }
  }

  #apply({ time, action, place }: Change): void {
    const { system, scenario } = this;
    switch (action.kind) {
      case 'cpuset': {
        const { name, nodes } = action;
        const cpuset = scenario.cpusets?.[action.cpuset];
        if (!nodes || !cpuset || (name !== 'mems' && name !== 'cpus')) return;
        const limit = name === 'mems' ? this.count : Number(scenario.machine.values['cpus'] ?? 4);
        const beyond = nodes.find((n) => n >= limit);
        if (beyond !== undefined) {
          this.#absent(`'${cpuset.name}.${name}'`, name === 'mems' ? 'node' : 'processor', beyond, limit, place, nodes);
          return;
        }
        const result =
          name === 'mems'
            ? system.writeMems(action.cpuset, nodemask(nodes))
            : system.writeCpus(action.cpuset, nodemask(nodes));
        if (!result.ok)
          this.#refused(`'set ${cpuset.name}.${name} ${list(nodemask(nodes))}'`, result.errno, result.reason, place);
        return;
      }
      case 'attach': {
        const result = system.attach(action.process, action.cpuset);
        const name = scenario.cpusets?.[action.cpuset]?.name ?? '';
        if (!result.ok)
          this.#refused(
            `moving '${scenario.processes[action.process]?.name}' into '${name}'`,
            result.errno,
            result.reason,
            place,
          );
        return;
      }
      case 'node':
        this.#node(time, action, place);
        return;
      case 'remount': {
        const mount = scenario.mounts?.[action.mount];
        if (mount && !system.remount(action.mount, action.mpol).ok)
          this.#mountRefused(mount.name, action.mpol!, place, 'P17');
        return;
      }
      default:
    }
  }

  #node(time: number, { node, online, movable }: TimelineAction & { kind: 'node' }, place: Place): void {
    const { system, program } = this;
    if (node >= this.count) {
      this.#absent('this event', 'node', node, this.count, place, [node]);
      return;
    }
    const there = hasNode(system.memory, node);
    if (online === there) {
      const other = this.changes.find(
        (c) => c.action.kind === 'node' && c.action.node === node && c.action.online !== online && c.time > time,
      );
      const swap = other && this.#swapTimes(time, other.time);
      this.#refused(
        `'${online ? 'online' : 'offline'} node ${node}'`,
        'EINVAL',
        `it is ${online ? 'online' : 'offline'} already at ${timeText(time)}${other ? `; '${online ? 'offline' : 'online'} node ${node}' comes only at ${timeText(other.time)}` : ''}`,
        place,
        swap ? [swap] : [],
      );
      return;
    }
    if (online) {
      system.setNode(node, true, movable ?? this.scenario.machine.nodes?.[node].values['movable'] === true);
      return;
    }
    if (system.memory === nodeBit(node)) {
      this.#refused(`'offline node ${node}'`, 'EBUSY', 'it is the last node with memory', place);
      return;
    }
    if (!hasNode(system.movable, node)) {
      program.reporter.report('P19', place, { node }, { fixes: this.#movableFix(node) });
      return;
    }
    system.setNode(node, false);
  }

  /** Events in the other order. */
  #swapTimes(first: number, second: number): Fix | undefined {
    const { program } = this;
    const times = program.items.flatMap(({ item }) => (item.$type === 'At' && item.time ? [item.time] : []));
    const at = (time: number) => times.find((t) => textOf(t) !== '' && this.#timeOf(t) === time);
    const a = at(first);
    const b = at(second);
    return a && b
      ? {
          title: `Order the events: swap ${textOf(a)} and ${textOf(b)}`,
          edits: [
            { ...program.placeOf(a), newText: textOf(b) },
            { ...program.placeOf(b), newText: textOf(a) },
          ],
          preferred: true,
        }
      : undefined;
  }

  #timeOf(node: NonNullable<At['time']>): number | undefined {
    const change = this.changes.find((c) => {
      const { start, end } = c.place.range;
      const item = node.$container?.$cstNode?.range;
      return (
        item &&
        start.line >= item.start.line &&
        end.line <= item.end.line &&
        c.place.uri === this.program.sourceOf(node).uri
      );
    });
    return change?.time;
  }

  #movableFix(node: number): Fix[] {
    const { program } = this;
    if (node === 0) return [];
    const property = propertiesIn(entriesOf(this.machine?.block)).find((p) => {
      const { values } = p;
      return (
        p.name.text === 'node' &&
        values[0] &&
        textOf(values[0])
          .split(',')
          .some((part) => part === String(node) || inRange(part, node))
      );
    });
    if (!property?.block || /^0(\D|$)/.test(textOf(property.values[0]))) return [];
    const { start } = program.placeOf(property.block).range;
    const at = { line: start.line, character: start.character + 1 };
    return [
      {
        title: `Make ${textOf(property.values[0]).length > 1 ? 'nodes' : 'node'} ${textOf(property.values[0])} movable`,
        edits: [{ uri: program.sourceOf(property).uri, range: { start: at, end: at }, newText: ' movable,' }],
        preferred: true,
      },
    ];
  }

  // ---- judging

  #who(subject: Subject): string {
    return `'${this.scenario.processes[subject.process].name}'`;
  }

  #judge(subject: Subject, index: number): void {
    const { program, epochs } = this;
    const { spec, text, place } = subject;
    const asked = nodemask(spec.nodes);
    const who = this.#who(subject);
    const states = epochs.map((e) => e.policies[index]);
    const [first] = epochs;
    const mems = first.mems[subject.process];
    this.#noteMask(subject, index);
    if (spec.mode === 'default' || spec.mode === 'local' || asked === NO_NODES) return;
    const replace = (nodes: Nodemask, flag: MempolicySpec['flag'] | null = spec.flag ?? null): string => {
      const { flag: _flag, ...rest } = spec;
      return policyText({ ...rest, ...(flag ? { flag } : {}) }, formatNodelist(nodes));
    };
    const settable = subject.initial ? states[0] !== undefined : states.some((s) => s !== undefined);
    if (!settable) {
      program.reporter.report(
        'P01',
        place,
        { policy: text, who, mems: list(mems) },
        {
          fixes: [
            rewrite(
              place,
              replace(asked, 'relative'),
              `Count within the cpuset: '${replace(asked, 'relative')}'`,
              true,
            ),
            rewrite(place, replace(mems), `Change to '${replace(mems)}'`),
          ],
        },
      );
      return;
    }
    if (this.#offlined(subject, states, replace) || this.#lossy(subject, states, replace)) return;
    const at = Math.max(
      0,
      states.findIndex((s) => s !== undefined),
    );
    const allowed = epochs[at].mems[subject.process] & epochs[at].memory;
    const inForce = states[at]?.nodes ?? NO_NODES;
    if (spec.flag === 'relative') {
      if (weight(allowed) < weight(asked)) {
        const narrow = firstNodes(weight(allowed));
        program.reporter.report(
          'P03',
          place,
          { policy: text, asked: weight(asked), who, count: weight(allowed), mask: list(inForce) },
          { fixes: [rewrite(place, replace(narrow), `Narrow to '${replace(narrow)}'`, true)] },
        );
        return;
      }
    } else if (!isSubset(asked, allowed) && !epochs.some((e) => isSubset(asked, e.mems[subject.process] & e.memory))) {
      program.reporter.report(
        'P02',
        place,
        { policy: text, mask: list(inForce), who, mems: list(allowed) },
        { fixes: [rewrite(place, replace(asked & allowed), `Narrow to '${replace(asked & allowed)}'`, true)] },
      );
      return;
    }
    this.#never(subject, states);
    this.#unset(subject);
    this.#tooMuch(subject, inForce, replace);
  }

  #noteMask(subject: Subject, index: number): void {
    const { spec, place, process } = subject;
    if (spec.mode === 'default' || spec.mode === 'local') return;
    const lines: string[] = [];
    let label = '';
    let last = '';
    for (const epoch of this.epochs) {
      const policy = epoch.policies[index];
      const mems = epoch.mems[process];
      const mask = policy === undefined ? 'EINVAL' : policy === null ? 'no policy' : list(policy.nodes);
      const said = `${mask}, within mems ${list(mems)}`;
      if (label === '') label = mask;
      if (said === last) continue;
      last = said;
      lines.push(
        `- ${epoch.time === 0 ? 'at the start' : `from ${timeText(epoch.time)}`}: **${mask}** in force, mems ${list(mems)}`,
      );
    }
    if (label === '') return;
    const changing = lines.length > 1 && !subject.initial ? '\n\nSet at the time it is reached.' : '';
    this.program.placementNotes.set(keyOf(place), {
      place,
      label: `→ ${label}`,
      doc: `Nodes in force for '${this.scenario.processes[process].name}':\n\n${lines.join('\n')}${changing}`,
    });
  }

  /** P06: `true` if it said so. */
  #offlined(
    subject: Subject,
    states: readonly (Mempolicy | null | undefined)[],
    replace: (nodes: Nodemask, flag?: MempolicySpec['flag'] | null) => string,
  ): boolean {
    const { program, changes, epochs } = this;
    const { spec, text, place } = subject;
    // Static policies are meant to come back with their nodes.
    if (spec.flag !== undefined) return false;
    const asked = nodemask(spec.nodes);
    const i = changes.findIndex(
      ({ action }, k) =>
        action.kind === 'node' &&
        !action.online &&
        hasNode(asked, action.node) &&
        hasNode(epochs[k].memory, action.node) &&
        !hasNode(epochs[k + 1].memory, action.node) &&
        hasNode(epochs[k].mems[subject.process], action.node),
    );
    if (i < 0) return false;
    const { action, time, place: event } = changes[i];
    const node = (action as TimelineAction & { kind: 'node' }).node;
    const after = states[i + 1];
    const preferred = spec.mode === 'preferred' || spec.mode === 'preferred-many';
    const back = changes.findIndex(
      ({ action: a }, k) =>
        k > i && a.kind === 'node' && a.online && a.node === node && !hasNode(epochs[k].memory, node),
    );
    const nodesAt = (state: Mempolicy | null | undefined): string => (state ? list(state.nodes) : 'none');
    // renumbered again by ordinal when the mems grow, which may or may not undo it
    const then = back < 0 ? nodesAt(after) : nodesAt(states[back + 1]);
    const later = then === nodesAt(after) ? 'and stays so when the node is back' : `and ${then} when the node is back`;
    const effect = preferred
      ? 'its neighbours are used until it is back'
      : subject.initial
        ? `it becomes ${nodesAt(after)}, ${later}`
        : 'setting it may fail then';
    const params = { policy: text, node, time: timeText(time), effect };
    const flagged = replace(asked, 'static');
    program.reporter.report('P06', place, params, {
      related: [{ ...event, message: `node ${node} goes offline here` }],
      fixes:
        spec.flag === undefined && !preferred ? [rewrite(place, flagged, `Make it static: '${flagged}'`, true)] : [],
    });
    program.reporter.report('P06', event, params, { related: [{ ...place, message: `${text} names node ${node}` }] });
    return true;
  }

  /** P07: the mems come back, the policy does not. */
  #lossy(
    subject: Subject,
    states: readonly (Mempolicy | null | undefined)[],
    replace: (nodes: Nodemask, flag?: MempolicySpec['flag'] | null) => string,
  ): boolean {
    const { epochs } = this;
    const { spec, place, text, process } = subject;
    if (spec.flag !== undefined || !subject.initial) return false;
    const asked = nodemask(spec.nodes);
    for (let i = 0; i < epochs.length; i++) {
      for (let j = i + 2; j < epochs.length; j++) {
        const before = states[i];
        const after = states[j];
        if (!before || !after || !isSubset(epochs[i].mems[process], epochs[j].mems[process])) continue;
        if (before.nodes === after.nodes) continue;
        const path = epochs.slice(i, j + 1).map((e) => list(e.mems[process]));
        const masks = states.slice(i, j + 1).map((s) => (s ? list(s.nodes) : 'none'));
        const squeezed = (steps: readonly string[]): string =>
          steps.filter((s, k) => k === 0 || s !== steps[k - 1]).join(' → ');
        this.program.reporter.report(
          'P07',
          place,
          { policy: text, who: this.#who(subject), path: squeezed(path), masks: squeezed(masks) },
          {
            related: this.changes.slice(i, j).map((c) => ({
              ...c.place,
              message: `mems become ${list(epochs[this.changes.indexOf(c) + 1].mems[process])}`,
            })),
            fixes: [
              rewrite(place, replace(asked, 'static'), `Make it static: '${replace(asked, 'static')}'`, true),
              rewrite(place, replace(asked, 'relative'), `Make it relative: '${replace(asked, 'relative')}'`),
            ],
          },
        );
        return true;
      }
    }
    return false;
  }

  /** P12: the preferred node is not allowed. */
  #never(subject: Subject, states: readonly (Mempolicy | null | undefined)[]): void {
    const { spec, process, place, text } = subject;
    if (spec.mode !== 'preferred') return;
    const i = this.epochs.findIndex((e, k) => {
      const policy = states[k];
      return policy && policy.nodes !== NO_NODES && !intersects(policy.nodes, e.mems[process]);
    });
    if (i < 0) return;
    const node = firstNode(states[i]!.nodes);
    const mems = this.epochs[i].mems[process];
    const first = [...this.system.zonelists[node]].find((n) => hasNode(mems, n)) ?? firstNode(mems);
    this.program.reporter.report(
      'P12',
      place,
      { who: this.#who(subject), policy: text, node, mems: list(mems), first },
      {
        related: i > 0 ? [{ ...this.changes[i - 1].place, message: `mems become ${list(mems)}` }] : [],
        fixes: [rewrite(place, `preferred:${first}`, `Change to 'preferred:${first}'`)],
      },
    );
  }

  /** P04: the known bug that needs a cpuset without mems. */
  #unset(subject: Subject): void {
    const { scenario, system } = this;
    const cpuset = scenario.processes[subject.process].cpuset ?? 0;
    const spec = scenario.cpusets?.[cpuset];
    const { values } = scenario.machine;
    if (subject.kind !== 'region' || system.cpusets.version !== 2 || cpuset === 0 || !spec || spec.mems?.length) return;
    if (!valueOf(values, bugFoldZero) || subject.spec.flag === undefined) return;
    const symbol = this.program.symbols.get(spec.name);
    const block = (symbol?.node as Cpuset | undefined)?.block;
    const all = list(firstNodes(this.count));
    const at = block && this.program.placeOf(block).range.start;
    const inside = at && { line: at.line, character: at.character + 1 };
    this.program.reporter.report(
      'P04',
      subject.place,
      {
        policy: subject.text,
        cpuset: spec.name,
        effect: subject.spec.flag === 'relative' ? 'the kernel divides by zero' : 'its mask comes out empty',
        bug: `${bugFoldZero.name} is on`,
      },
      {
        fixes: inside
          ? [
              {
                title: `Set the mems of '${spec.name}' to ${all}`,
                edits: [{ uri: symbol!.place.uri, range: { start: inside, end: inside }, newText: ` mems ${all} ` }],
                preferred: true,
              },
            ]
          : [],
      },
    );
  }

  #room(mask: Nodemask): number {
    return nodesOf(mask).reduce((sum, n) => sum + (this.sizes[n] ?? 0), 0);
  }

  /** P09: more is touched than the bound nodes hold. */
  #tooMuch(
    subject: Subject,
    mask: Nodemask,
    replace: (nodes: Nodemask, flag?: MempolicySpec['flag'] | null) => string,
  ): void {
    const { spec, place, text, pages } = subject;
    if (spec.mode !== 'bind' || mask === NO_NODES) return;
    const room = this.#room(mask);
    const needed = pages * PAGE_SIZE;
    if (needed <= room) return;
    const swap = this.scenario.machine.swap.length > 0;
    const allowed = this.epochs[0].mems[subject.process] & this.epochs[0].memory;
    let wider = mask;
    for (const node of nodesOf(allowed)) if (this.#room(wider) < needed) wider |= nodeBit(node);
    const many = policyText({ ...spec, mode: 'preferred-many' }, formatNodelist(nodemask(spec.nodes)));
    this.program.reporter.report(
      'P09',
      place,
      {
        policy: text,
        pages: exactQuantity('bytes', room),
        mask: nodesText(mask),
        who: this.#who(subject),
        needed: exactQuantity('bytes', needed),
        effect: swap
          ? 'the rest goes to swap, and then the OOM killer comes'
          : 'without swap the OOM killer comes (CONSTRAINT_MEMORY_POLICY)',
      },
      {
        fixes: [
          ...(this.#room(wider) >= needed && spec.flag !== 'relative'
            ? [rewrite(place, replace(wider), `Widen to '${replace(wider)}'`, true)]
            : []),
          rewrite(place, many, `Change to '${many}', which goes elsewhere when full`),
        ],
      },
    );
  }

  /** P05: who creates files on a mount decides where they are. */
  #creators(): void {
    const { scenario, program, system } = this;
    (scenario.mounts ?? []).forEach((mount, m) => {
      if (mount.mpol === undefined) return;
      const parsed = parseMpol(mount.mpol, firstNodes(this.count));
      if (!parsed.ok || !parsed.policy || parsed.policy.flags.static) return;
      const place = this.#mpolPlace(mount.name);
      const masks = new Map<string, string[]>();
      const [first] = this.epochs;
      scenario.processes.forEach((process, i) => {
        const uses = process.phases.some((p) =>
          p.steps.some((s) =>
            (s.kind === 'access' ? [s] : s.kind === 'mix' ? s.parts.map((x) => x.access) : []).some(
              (a) => scenario.objects[a.target.object].mount === m,
            ),
          ),
        );
        if (!uses) return;
        const policy = filePolicy(parsed.policy, { mems: first.mems[i], memory: first.memory });
        const mask = policy ? list(policy.nodes) : 'no policy';
        const cpuset = scenario.cpusets?.[process.cpuset ?? 0]?.name ?? '';
        masks.set(mask, [...(masks.get(mask) ?? []), `'${process.name}' in ${quotedName(cpuset, 'the root cpuset')}`]);
      });
      const text = [...masks].map(([mask, who]) => `${mask} for ${who.join(' and ')}`).join(', ');
      if (masks.size > 0 && !program.placementNotes.has(keyOf(place)))
        program.placementNotes.set(keyOf(place), {
          place,
          label: `→ ${[...masks.keys()].join(' or ')}`,
          doc: `Of a file that is created at the start: ${text}.\n\nThe mask is read when a file is created, in the cpuset of whoever creates it, and stays with the file.`,
        });
      if (masks.size < 2) return;
      const colon = mount.mpol.indexOf(':');
      const [mode] = mount.mpol.split(/[=:]/);
      const fixed = `${mode}=static${colon < 0 ? '' : mount.mpol.slice(colon)}`;
      program.reporter.report(
        'P05',
        place,
        { policy: mount.mpol, mount: mount.name, creators: text },
        { fixes: [rewrite(place, fixed, `Make it static: '${fixed}'`, true)] },
      );
    });
    void system;
  }

  /** P13: a limit in bytes, blind to nodes. */
  #limits(): void {
    const { scenario, program } = this;
    this.subjects.forEach((subject, i) => {
      if (subject.kind !== 'task' || subject.spec.mode !== 'bind') return;
      const cgroup = scenario.cgroups[scenario.processes[subject.process].cgroup];
      const limit = cgroup?.values['memory.max'];
      const mask = this.epochs[0].policies[i]?.nodes ?? NO_NODES;
      const room = this.#room(mask);
      if (typeof limit !== 'number' || mask === NO_NODES || limit <= room) return;
      const node = program.symbols.get(cgroup.name)?.node as Cgroup | undefined;
      const given = propertiesIn(entriesOf(node?.block)).find((p) => p.name.text === 'memory.max');
      const value = given?.values[0];
      const fits = exactQuantity('bytes', room);
      program.reporter.report(
        'P13',
        value ? program.placeOf(value) : subject.place,
        {
          cgroup: cgroup.name,
          limit: exactQuantity('bytes', limit),
          policy: subject.text,
          pages: fits,
          mask: nodesText(mask),
        },
        {
          related: [{ ...subject.place, message: `bound to ${nodesText(mask)} here` }],
          fixes: value ? [program.replace(value, fits, `Limit to ${fits}`)] : [],
        },
      );
    });
  }
}

const inRange = (part: string, node: number): boolean => {
  const match = /^(\d+)-(\d+)$/.exec(part);
  return match !== null && Number(match[1]) <= node && node <= Number(match[2]);
};

const textIn = (spec: MempolicySpec): string => policyText(spec, formatNodelist(nodemask(spec.nodes)));

export const keyOf = ({ uri, range }: Place): string => `${uri} ${range.start.line}:${range.start.character}`;

/** What happens when, each with its place. */
function changesOf(program: Program, scenario: Scenario, ats: readonly At[]): Change[] {
  const changes: Change[] = [];
  for (const { time, actions, source } of scenario.timeline) {
    const at = ats.find(
      (node) =>
        source &&
        program.placeOf(node).range.start.line === source.line &&
        program.sourceOf(node).uri === source.uri &&
        program.placeOf(node).range.start.character === source.column,
    );
    // Actions are compiled in their order, and a block with errors makes no scenario.
    actions.forEach((action, i) => {
      const node = at?.block?.actions[i];
      const place = node ? program.placeOf(node) : source ? placeOf(source) : program.placeOf(ats[0]);
      changes.push({ time, action, place: placeInAction(program, node, place) });
    });
  }
  return changes;
}

/** Where in an action its nodes stand. */
function placeInAction(
  program: Program,
  node: NonNullable<At['block']>['actions'][number] | undefined,
  whole: Place,
): Place {
  if (node?.$type === 'SetAction' && node.value) return program.placeOf(node.value);
  if (node?.$type === 'RemountAction') {
    const from = node.words[1]?.text === '=' ? 2 : 1;
    const text: PolicyText | undefined = policyOfWords(program, node.words.slice(from));
    return text?.place ?? whole;
  }
  return whole;
}

const reasons: Readonly<Record<string, string>> = {
  'root-is-read-only': 'the root cpuset has all nodes and processors',
  'node-not-possible': 'there is no such node',
  'node-without-memory': 'cgroup v1 takes only nodes that have memory at the time',
  'cpu-not-possible': 'there is no such processor',
  'tasks-need-nodes': 'it has tasks, and they need a node',
  'tasks-need-cpus': 'it has tasks, and they need a processor',
  'children-need-more': 'a cpuset below it has more',
  'beyond-parent': 'the cpuset above it has less',
  'empty-cpuset': 'in cgroup v1 a cpuset without nodes or processors takes no tasks: give it mems and cpus',
};
