/** What happens at fixed times: `at 5 s { … }`. */
import type { TimelineAction, TimelineEntry } from '../../simulator/plan.ts';
import { MAX_NODES } from '../../simulator/numa/nodemask.ts';
import { duration } from './amounts.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import { type CpusetList, listExample } from './cpusets.ts';
import type {
  Action, At, AttachAction, Cgroup, Cpuset, DaemonAction, Device, Fuse, Loose, Machine, NodeAction, Process, RemountAction, SetAction, Tmpfs, Word,
} from './generated/ast.ts'; // prettier-ignore
import { changesWhileRunning, changingNames, daemonOf } from './fuse.ts';
import { deviceAction } from './devices.ts';
import { knobValue } from './knob-values.ts';
import { sysctlValue } from './machines.ts';
import { nodeList } from './nodes.ts';
import { spanOfNode } from './spans.ts';
import { policyOfWords, readMpol } from './policies.ts';
import { named } from './names.ts';
import { aKind } from './program.ts';
import type { Target } from './targets.ts';
import type { Scope } from './values.ts';
import { varied } from './varied.ts';

/** Where actions find the numbers of what they name. */
export interface Numbers {
  cgroup(node: Cgroup): number;
  cpuset(node: Cpuset): number;
  mount(node: Tmpfs): number | null;
  fuse(node: Fuse): number | null;
  device(node: Device): number | null;
}

export function timelineEntry(
  scope: Scope,
  node: At,
  processes: readonly Process[] | null,
  numbers: Numbers,
): TimelineEntry | null {
  const { program } = scope;
  reportLeftOver(program, node.rest, 'what happens stands in braces: at 5 s { sysctl vm.dirty_ratio 10 }');
  if (!node.time || !node.block) {
    if (node.rest.length === 0)
      program.reporter.report('S07', program.placeAfter(node), {
        what: "'at'",
        part: node.time ? 'what happens, in braces' : 'a time',
        example: "'at 5 s { sysctl vm.dirty_ratio 10 }'",
      });
    return null;
  }
  const time = duration(scope, node.time, "the time behind 'at'", '5 s', 0);
  const actions = node.block.actions.map((a) => actionOf(scope, a, processes, numbers)).filter((a) => a !== null);
  return time === null ? null : { time, actions, source: spanOfNode(program, node) };
}

function actionOf(
  scope: Scope,
  node: Action,
  processes: readonly Process[] | null,
  numbers: Numbers,
): TimelineAction | null {
  const { program } = scope;
  switch (node.$type) {
    case 'Sysctl': {
      const set = sysctlValue(scope, node.name, node.value, node, node.rest);
      return set && { kind: 'sysctl', ...set };
    }
    case 'KillAction': {
      const ofDevice = node.process && program.symbols.get(node.process.text)?.kind === 'device';
      if (ofDevice) return deviceAction(scope, 'kill', node.process!, node.rest, (d) => numbers.device(d));
      reportLeftOver(program, node.rest, "'kill' takes one process");
      if (!node.process) {
        program.reporter.report('S07', program.placeAfter(node), {
          what: "'kill'",
          part: 'a process',
          example: "'kill worker'",
        });
        return null;
      }
      if (program.split(node.process.text)?.symbol.kind === 'fuse')
        return daemonAction(scope, node.process, 'kill', numbers);
      const process = processNumber(scope, node.process, processes);
      return process === null ? null : { kind: 'kill', process };
    }
    case 'SetAction': {
      reportLeftOver(program, node.rest, "a property has one value; node lists are written without spaces: '0-1,3'");
      const target = varied(scope, node.target, node, 'set');
      return target && setAction(scope, node, target, numbers);
    }
    case 'NodeAction':
      return nodeAction(scope, node);
    case 'AttachAction':
      return attachAction(scope, node, processes, numbers);
    case 'RemountAction':
      return remountAction(scope, node, numbers);
    case 'DaemonAction':
      return stallAction(scope, node, numbers);
    case 'DeviceAction':
      if (node.device) return deviceAction(scope, node.keyword, node.device, node.words, (d) => numbers.device(d));
      program.reporter.report('S07', program.placeAfter(node), {
        what: "'reset'",
        part: 'a device',
        example: "'reset gpu'",
      });
      return null;
    case 'Unknown':
      reportUnknown(program, node, "in an 'at' block", [], 'at');
      return null;
    default:
      return null;
  }
}

/** Index among the processes of the run; `null`: reported. */
function processNumber(scope: Scope, word: Word, processes: readonly Process[] | null): number | null {
  const { program } = scope;
  const symbol = named(scope, word, ['process'], 'a process', () => 'declare it first');
  if (!symbol) return null;
  const index = processes?.indexOf(symbol.node as Process) ?? 0;
  if (index >= 0) return index;
  program.reporter.report('R08', program.placeOf(word), {
    name: symbol.name,
    uses: `has ${processes!.map((p) => `'${p.name?.text ?? ''}'`).join(', ')}`,
    remedy: "name it behind the run’s 'of'",
  });
  return null;
}

function setAction(scope: Scope, node: SetAction, target: Target, numbers: Numbers): TimelineAction | null {
  const { program } = scope;
  const word = node.target!;
  const refuse = (remedy: string): null => {
    program.reporter.report('N09', program.placeOf(word), { name: word.text, verb: 'set', remedy });
    return null;
  };
  const { symbol, knob } = target;
  if (knob?.scope === 'sysctl') return refuse(`it is a sysctl: write 'sysctl ${word.text} …'`);
  if (symbol?.kind === 'cpuset') {
    const cpuset = numbers.cpuset(symbol.node as Cpuset);
    if (target.list) {
      const list: CpusetList = target.list;
      const nodes = nodeList(
        scope,
        node.value,
        word,
        `'${word.text}'`,
        listExample(list).replace(list, `set ${word.text}`),
        true,
      );
      return nodes && { kind: 'cpuset', cpuset, name: list, nodes };
    }
    const value = knobValue(scope, knob!, node.value ? [node.value] : [], word);
    return value === null ? null : { kind: 'cpuset', cpuset, name: knob!.name, value };
  }
  if (target.kind === 'policy')
    return refuse(
      symbol?.kind === 'tmpfs'
        ? `a mount changes with 'remount ${symbol.name} mpol=…'`
        : "a process changes its own policy: write 'mempolicy' or 'mbind' among its steps",
    );
  if (symbol?.kind === 'fuse' && knob) {
    if (!changesWhileRunning(knob))
      return refuse(
        `it is fixed when the mount is made; of '${symbol.name}' change ${changingNames(symbol.name).join(', ')}`,
      );
    const read = knobValue(scope, knob, node.value ? [node.value] : [], word);
    const fuse = numbers.fuse(symbol.node as Fuse);
    if (read === null || fuse === null) return null;
    return { kind: 'fuse', fuse, scope: knob.scope === 'daemon' ? 'daemon' : 'fuse', name: knob.name, value: read };
  }
  if (symbol?.kind !== 'cgroup' || !knob)
    return refuse('only sysctls and properties of cgroups, cpusets and FUSE mounts change during a run');
  const value = knobValue(scope, knob, node.value ? [node.value] : [], word);
  return value === null
    ? null
    : { kind: 'cgroup', cgroup: numbers.cgroup(symbol.node as Cgroup), name: knob.name, value };
}

/** `stall photos.daemon`, `resume photos.daemon`. */
function stallAction(scope: Scope, node: DaemonAction, numbers: Numbers): TimelineAction | null {
  const { program } = scope;
  const example = `'${node.keyword} photos.daemon'`;
  if (!node.daemon) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'${node.keyword}'`,
      part: 'the daemon of a mount',
      example,
    });
    return null;
  }
  const [of, mount] = node.rest;
  if (node.daemon.text === 'daemon' && of?.text === 'of' && program.symbols.get(mount?.text ?? '')?.kind === 'fuse') {
    const meant = daemonOf(mount.text);
    const range = { start: program.placeOf(node.daemon).range.start, end: program.placeOf(mount).range.end };
    const place = { uri: program.sourceOf(node).uri, range };
    program.reporter.report(
      'S01',
      place,
      { found: `daemon of ${mount.text}`, remedy: `write '${node.keyword} ${meant}'` },
      { fixes: [{ title: `Write '${meant}'`, edits: [{ ...place, newText: meant }], preferred: true }] },
    );
    return null;
  }
  reportLeftOver(program, node.rest, `write ${example}`);
  return daemonAction(scope, node.daemon, node.keyword, numbers);
}

function daemonAction(
  scope: Scope,
  word: Word,
  verb: 'kill' | 'stall' | 'resume',
  numbers: Numbers,
): TimelineAction | null {
  const { program } = scope;
  const hit = program.split(word.text);
  const mounts = [...program.symbols.values()].filter((s) => s.kind === 'fuse');
  if (hit?.symbol.kind !== 'fuse' || hit.rest !== 'daemon') {
    const meant =
      hit?.symbol.kind === 'fuse'
        ? daemonOf(hit.symbol.name)
        : mounts.length === 1
          ? daemonOf(mounts[0].name)
          : undefined;
    const hint = meant ? `: write '${verb} ${meant}'` : ": declare a mount with 'fuse photos'";
    const fixes = meant ? [program.replace(word, meant, `Change to '${meant}'`)] : [];
    const place = program.placeOf(word);
    const known = hit && (hit.rest === '' || hit.symbol.kind === 'fuse') ? hit.symbol : undefined;
    if (known)
      program.reporter.report(
        'N03',
        place,
        {
          name: word.text,
          kind: hit!.rest === '' ? aKind(known.kind) : 'no part of it',
          wanted: 'the daemon of a mount',
          hint,
        },
        { fixes },
      );
    else program.reporter.report('N01', place, { kind: 'daemon', name: word.text, hint }, { fixes });
    return null;
  }
  const fuse = numbers.fuse(hit.symbol.node as Fuse);
  const state = verb === 'kill' ? 'die' : verb;
  return fuse === null ? null : { kind: 'daemon', fuse, state };
}

/** How many nodes the machine in scope has. */
export const nodeCount = (machine: Machine | null): number => {
  const numbers = (machine?.block?.entries ?? []).flatMap((p) => {
    if (p.$type !== 'Property' || p.name.text !== 'node') return [];
    const [value] = p.values;
    return value?.$type === 'NodeList'
      ? (value.text.match(/\d+/g) ?? []).map(Number)
      : value?.$type === 'Quantity'
        ? [Number(value.number)]
        : [];
  });
  return Math.max(1, ...numbers.map((n) => n + 1));
};

/** `offline node 2`, `online node 2 movable`. */
function nodeAction(scope: Scope, node: NodeAction): TimelineAction | null {
  const { program } = scope;
  const online = node.keyword === 'online';
  const [first, ...others] = node.words;
  const words: readonly Loose[] = first?.text === 'node' ? others : node.words;
  const [number, how, ...rest] = words;
  const example = online ? "'online node 2 movable'" : "'offline node 2'";
  if (!number || !/^\d+$/.test(number.text) || Number(number.text) >= MAX_NODES) {
    program.reporter.report('S07', number ? program.placeOf(number) : program.placeAfter(node), {
      what: `'${node.keyword}'`,
      part: 'the number of one node',
      example,
    });
    return null;
  }
  const movable =
    online && how && (how.text === 'movable' || how.text === 'kernel') ? how.text === 'movable' : undefined;
  reportLeftOver(
    program,
    how && movable === undefined ? [how, ...rest] : rest,
    online ? "behind the node stands 'movable' or 'kernel'" : 'one node goes offline at a time',
  );
  return {
    kind: 'node',
    node: Number(number.text),
    online,
    ...(movable === undefined ? {} : { movable }),
  };
}

/** `attach writer to jail`. */
function attachAction(
  scope: Scope,
  node: AttachAction,
  processes: readonly Process[] | null,
  numbers: Numbers,
): TimelineAction | null {
  const { program } = scope;
  const example = "'attach writer to jail'";
  if (!node.process || node.to?.text !== 'to' || !node.cpuset) {
    program.reporter.report('S07', program.placeAfter(node.process ?? node), {
      what: "'attach'",
      part: node.process ? "'to' and a cpuset" : 'a process',
      example,
    });
    return null;
  }
  reportLeftOver(program, node.rest, `write ${example}`);
  const process = processNumber(scope, node.process, processes);
  const symbol = named(scope, node.cpuset, ['cpuset'], 'a cpuset', (n) => `declare it with 'cpuset ${n} { mems 0-1 }'`);
  if (process === null || !symbol) return null;
  return { kind: 'attach', process, cpuset: numbers.cpuset(symbol.node as Cpuset) };
}

/** `remount scratch mpol=bind:0-1`. */
function remountAction(scope: Scope, node: RemountAction, numbers: Numbers): TimelineAction | null {
  const { program } = scope;
  const example = "'remount scratch mpol=bind:0-1'";
  if (!node.mount) {
    program.reporter.report('S07', program.placeAfter(node), { what: "'remount'", part: 'a tmpfs mount', example });
    return null;
  }
  const [option, ...rest] = node.words;
  const symbol = named(scope, node.mount, ['tmpfs'], 'a tmpfs mount', (n) => `declare it with 'tmpfs ${n} 2 GiB'`);
  const mount = symbol && numbers.mount(symbol.node as Tmpfs);
  if (!option) return mount === null ? null : { kind: 'remount', mount };
  if (option.text !== 'mpol') {
    reportLeftOver(program, node.words, `write ${example}`);
    return null;
  }
  const text = policyOfWords(program, rest[0]?.text === '=' ? rest.slice(1) : rest);
  if (!text) {
    program.reporter.report('S07', program.placeAfter(node), { what: "'mpol'", part: 'a policy', example });
    return null;
  }
  const mpol = readMpol(program, text);
  return mount === null || mpol === null ? null : { kind: 'remount', mount, mpol };
}
