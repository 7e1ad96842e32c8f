/**
 * Recorded hotplug, held against our rules. What can't be known is taken from the recording: whether all of a node's blocks went offline (a node
 * with unmovable pages keeps some memory, and its place among those that have memory).
 */
import { formatNodelist, type Nodemask } from '../numa/nodemask.ts';
import { showMpol, splitTmpfsOptions } from '../numa/tmpfs-mpol.ts';
import { maskOf, NumaBench, samePages, type RecordedMachine } from './numa-bench.ts';
import type { Checks } from './numa-checks.ts';
import { onNodes, PolicyReplay } from './numa-policies.ts';
import { arrayOf, errnoOf, numberOf, phasesOf, textOf, type NumaRecord } from './numa-records.ts';
import { sameShown } from './numa-tmpfs.ts';

interface HotplugStep {
  readonly node: number;
  readonly online: boolean;
  readonly movable: boolean;
  /** Some of its blocks stayed as they were. */
  readonly incomplete: boolean;
}

interface HotplugPhase {
  /** `off2+3`: the state after it, nodes 2 and 3 being offline. */
  readonly name: string;
  readonly steps: readonly HotplugStep[];
}

/** `off2+3`, `on2`: the nodes named are now in that state. */
export function phaseNodes(name: string): { readonly online: boolean; readonly nodes: readonly number[] } | null {
  const match = /^(on|off)(\d+(?:\+\d+)*)$/.exec(name);
  return match === null ? null : { online: match[1] === 'on', nodes: match[2].split('+').map(Number) };
}

function phasesFrom(records: readonly NumaRecord[], memory: Nodemask): HotplugPhase[] {
  const listed = records.find((record) => record['test'] === 'hotplug' && record['ev'] !== undefined);
  const names =
    listed === undefined
      ? [...new Set(records.map((record) => textOf(record, 'at')))].filter((name) => phaseNodes(name) !== null)
      : textOf(listed, 'ev').split(',');
  const blocks = records.filter((record) => record['test'] === 'memblocks');
  let online = memory;
  return names.map((name) => {
    const state = phaseNodes(name);
    const steps: HotplugStep[] = [];
    for (const node of state?.nodes ?? []) {
      if (state === null || ((online >> BigInt(node)) & 1n) === (state.online ? 1n : 0n)) continue;
      const i = blocks.findIndex(
        (record) => numberOf(record, 'node') === node && textOf(record, 'how').startsWith('online') === state.online,
      );
      const [block] = i < 0 ? [undefined] : blocks.splice(i, 1);
      const movable = block === undefined || textOf(block, 'how') !== 'online_kernel';
      steps.push({
        node,
        online: state.online,
        movable,
        incomplete: block !== undefined && numberOf(block, 'fail') > 0,
      });
      online = state.online ? online | (1n << BigInt(node)) : online & ~(1n << BigInt(node));
    }
    return { name, steps };
  });
}

function take(bench: NumaBench, phase: HotplugPhase): void {
  for (const { node, online, movable, incomplete } of phase.steps) {
    if (online) bench.online(node, movable);
    else bench.offline(node, incomplete);
  }
}

export class HotplugReplay {
  readonly #machine: RecordedMachine;
  readonly #checks: Checks;
  readonly #records: readonly NumaRecord[];
  readonly #version: 1 | 2;
  readonly #memory: Nodemask;
  readonly #movable: Nodemask;
  readonly #phases: readonly HotplugPhase[];

  constructor(machine: RecordedMachine, records: readonly NumaRecord[], checks: Checks) {
    this.#machine = machine;
    this.#checks = checks;
    this.#records = records;
    const start = records.find((record) => record['test'] === 'nodestate');
    this.#memory = start === undefined ? machine.memory : maskOf(textOf(start, 'has_memory'), 'has_memory');
    const normal =
      start?.['has_normal'] === undefined ? this.#memory : maskOf(textOf(start, 'has_normal'), 'has_normal');
    this.#movable = this.#memory & ~normal;
    this.#version = numberOf(start ?? records[0], 'v') === 1 ? 1 : 2;
    this.#phases = phasesFrom(records, this.#memory);
  }

  #bench(lot: number): NumaBench {
    return new NumaBench(this.#machine, this.#version, lot, this.#memory, this.#movable);
  }

  /** A task through all phases. */
  task(record: NumaRecord): void {
    const lot = Math.max(1, ...phasesOf(record).map((phase) => phase.new.reduce((sum, n) => sum + n, 0)));
    const bench = this.#bench(lot);
    const { system } = bench;
    const list = textOf(record, 'cpuset');
    const mems = list === 'root' ? null : maskOf(list, 'a cpuset');
    const replay = new PolicyReplay(bench, record, bench.addTask(mems), this.#checks);
    const home = system.tasks[replay.task].cpuset;
    if (!replay.accepted) return;
    this.#phases.forEach((phase, i) => {
      take(bench, phase);
      // a task that was moved out of its cpuset runs on any processor from then on
      if (system.tasks[replay.task].cpuset !== home) replay.cpuNodes = [...new Set(this.#machine.cpuNodes)];
      replay.phase(i);
    });
  }

  /** A bench in the state of a phase; before any: as at the start. */
  #at(name: string, lot: number, prepare?: (bench: NumaBench) => void): NumaBench {
    const bench = this.#bench(lot);
    prepare?.(bench);
    const last = this.#phases.findIndex((phase) => phase.name === name);
    for (let i = 0; i <= last; i++) take(bench, this.#phases[i]);
    return bench;
  }

  newPolicy(record: NumaRecord): void {
    const lot = Math.max(1, ...phasesOf(record).map((phase) => phase.new.reduce((sum, n) => sum + n, 0)));
    const bench = this.#at(textOf(record, 'at'), lot);
    new PolicyReplay(bench, record, bench.addTask(null), this.#checks).phase(0);
  }

  newMount(record: NumaRecord): void {
    const bench = this.#at(textOf(record, 'at'), 1);
    const { result } = bench.system.mount(splitTmpfsOptions(textOf(record, 'opt')).mpol);
    const errno = errnoOf(result.ok ? null : result.errno);
    this.#checks.same(
      'errno',
      errno,
      numberOf(record, 'err'),
      () => `mount ${textOf(record, 'opt')} at ${textOf(record, 'at')}`,
    );
  }

  /** Lists written to cpuset.mems while nodes are offline: `[errno, mems, effective]` each. */
  memsWrites(record: NumaRecord): void {
    for (const [list, value] of Object.entries(record)) {
      if (!Array.isArray(value) || !/^[\d,-]+$/.test(list)) continue;
      const [errno, mems, effective] = value as [number, string, string];
      const bench = this.#at(textOf(record, 'at'), 1);
      const where = (): string => `mems ${list} written at ${textOf(record, 'at')}`;
      const added = bench.addCpuset(maskOf(list, 'mems'));
      this.#checks.same('errno', errnoOf(added.errno), errno, where);
      if (errno !== 0) continue;
      const cpuset = bench.system.cpusets.at(added.cpuset);
      this.#checks.same('mask', formatNodelist(cpuset.mems), mems, where);
      this.#checks.same('mask', formatNodelist(cpuset.effective), effective, where);
    }
  }

  /** Cpusets by name: `[mems, effective, tasks]` each. The first record says what they are. */
  cpusets(): void {
    const states = this.#records.filter((record) => record['test'] === 'cpuset_state');
    const names = Object.keys(states[0] ?? {}).filter((name) => Array.isArray(states[0][name]));
    for (const state of states) {
      const bench = this.#at(textOf(state, 'at'), 1, (fresh) => {
        for (const name of names) fresh.addCpuset(maskOf((states[0][name] as [string])[0], 'mems'));
      });
      names.forEach((name, i) => {
        const [mems, effective] = state[name] as [string, string];
        const cpuset = bench.system.cpusets.at(i + 1);
        const where = (): string => `cpuset ${name} at ${textOf(state, 'at')}`;
        this.#checks.same('mask', formatNodelist(cpuset.mems), mems, where);
        this.#checks.same('mask', formatNodelist(cpuset.effective), effective, where);
      });
    }
  }

  /** Which nodes have memory, phase by phase. */
  nodes(): void {
    const states = this.#records.filter((record) => record['test'] === 'nodestate');
    const bench = this.#bench(1);
    let taken = 0;
    for (const state of states) {
      const at = textOf(state, 'at');
      if (at === 'offline' || at.startsWith('online')) {
        // one record after each step
        const steps = this.#phases.flatMap((phase) => phase.steps);
        if (taken < steps.length) take(bench, { name: '', steps: [steps[taken++]] });
      }
      const recorded = maskOf(textOf(state, 'has_memory'), 'has_memory');
      this.#checks.same(
        'memory',
        formatNodelist(bench.system.memory),
        formatNodelist(recorded),
        () => `nodes at ${at}`,
      );
    }
  }

  /** Files made before anything happened: their old pages, pages added later, and new files of the same mount. */
  files(): void {
    const records = this.#records.filter((record) => record['test'] === 'hot_tmpfs');
    const before = records.filter((record) => record['pages'] !== undefined);
    for (const record of before) {
      const option = textOf(record, 'opt');
      const pages = arrayOf(record['pages']);
      const bench = this.#bench(pages.reduce((sum, n) => sum + n, 0));
      const { system } = bench;
      const { mount, result } = system.mount(splitTmpfsOptions(option).mpol);
      this.#checks.same(
        'errno',
        errnoOf(result.ok ? null : result.errno),
        numberOf(record, 'err'),
        () => `mount ${option}`,
      );
      if (!result.ok) continue;
      const file = bench.addFile(mount, this.#phases.length + 1);
      const later = this.#phases.map(() => bench.addFile(mount, 1));
      const task = bench.addTask(null);
      system.createFile(file, task);
      const place = (into: number, lot: number, recorded: readonly number[], kind: string, at: string): void => {
        const placed = bench.touch(task, into, lot, [bench.cpuNode(0)], { pages: onNodes(recorded, system.nodes) });
        this.#checks.check(
          kind,
          samePages(placed.pages, recorded),
          () => `file of ${option} at ${at}: ${kind} ${recorded.join()}, ours ${placed.pages.join()}`,
        );
      };
      place(file, 0, pages, 'new', 'the start');
      this.#phases.forEach((phase, i) => {
        take(bench, phase);
        const now = records.find((r) => r['opt'] === record['opt'] && r['at'] === phase.name && r['old'] !== undefined);
        if (now === undefined) return;
        const old = arrayOf(now['old']);
        const ours = bench.pagesOf(file, 0);
        this.#checks.check(
          'old',
          samePages(ours, old),
          () => `file of ${option} at ${phase.name}: old ${old.join()}, ours ${ours.join()}`,
        );
        const shown = showMpol(system.mounts[mount].policy);
        this.#checks.check(
          'shown',
          sameShown(shown, textOf(now, 'shown')),
          () => `mount ${option} at ${phase.name}: shown ${textOf(now, 'shown')}, ours ${shown}`,
        );
        for (const errno of arrayOf(now['err']))
          this.#checks.same('errno', 0, errno, () => `file of ${option} at ${phase.name}`);
        place(file, i + 1, arrayOf(now['extend']), 'new', phase.name);
        system.createFile(later[i], task);
        place(later[i], 0, arrayOf(now['newfile']), 'new', phase.name);
      });
    }
  }
}
