/** Processes: their memory, their phases, their steps. */
import type { AstNode } from 'langium';
import type { Amount, MempolicySpec, PhaseSpec, ProcessSpec, Step, TraceRef } from '../../simulator/plan.ts';
import type {
  Cgroup, Cpuset, Device, ForBlock, Fuse, Mbind, Mempolicy, Phase, Process, Property, RegionAction, Replay, Statement, Sync, Trace, Unknown, Weighted, Word,
} from './generated/ast.ts'; // prettier-ignore
import { accessStep } from './accesses.ts';
import { duration, wholeCount } from './amounts.ts';
import { deviceNamed } from './devices.ts';
import { mixStep } from './mixtures.ts';
import { named } from './names.ts';
import { policyOfWords, readPolicy } from './policies.ts';
import { regionRef } from './regions.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import { entriesOf, properties } from './properties.ts';
import { textOf, unquoted } from './syntax.ts';
import type { ScenarioParts } from './scenario-parts.ts';
import { checkRangeCalls, forkStep, purgedHandler, rangeCallStep } from './range-calls.ts';
import { knobsOf } from './tables.ts';
import { evaluate, type Scope } from './values.ts';

export function processSpec(scope: Scope, parts: ScenarioParts, node: Process): ProcessSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'process'), {
      what: "'process'",
      part: 'a name',
      example: "'process job { … }'",
    });
  reportLeftOver(program, node.rest, 'what a process does stands in braces: process job { … }');
  const groups = groupsOf(scope, parts, node);
  if (!node.block) {
    if (node.rest.length === 0)
      program.reporter.report('S07', program.placeAfter(node.name ?? node), {
        what: `process '${name}'`,
        part: 'a block',
        example: `'process ${name || 'job'} { read db sequentially once }'`,
      });
    return null;
  }
  parts.objects.enter(node);
  const statements = node.block.statements;
  const settings = statements.filter((s): s is Property => s.$type === 'Property' && isSetting(s.name.text));
  for (const s of statements) if (s.$type === 'Property' && !isSetting(s.name.text)) reportNoStatement(scope, s);
  const values = properties(scope, `process '${name}'`, node.name ? name : null, knobsOf('process'), settings);
  for (const s of statements) if (s.$type === 'Anon') parts.objects.add(scope, s, node);
  const policy = firstPolicy(scope, name, statements);
  const onPurged = purgedHandler(scope, statements);
  parts.objects.process = { name, ...groups, ...(onPurged && { onPurged }) };
  const phases = phasesOf(scope, parts, statements);
  checkRangeCalls(scope, statements);
  const idle = !statements.some(
    (s) => s.$type !== 'Property' && s.$type !== 'Anon' && s.$type !== 'Mempolicy' && s.$type !== 'Handler',
  );
  if (idle && !statements.some((s) => s.$type === 'Anon' && s.block))
    program.reporter.report('R07', program.placeOf(node.name ?? node), { name });
  if (program.reporter.errors > before) return null;
  return {
    name,
    ...groups,
    ...(policy && { policy }),
    values,
    phases,
    ...(onPurged && { onPurged }),
    source: parts.objects.span(node),
  };
}

/** `in web, jail`: at most one memory cgroup and one cpuset, in any order. */
function groupsOf(scope: Scope, parts: ScenarioParts, node: Process): Pick<ProcessSpec, 'cgroup' | 'cpuset'> {
  const { program } = scope;
  let cgroup = 0;
  let cpuset: number | undefined;
  const first: Partial<Record<'cgroup' | 'cpuset', Word>> = {};
  for (const word of node.groups) {
    const symbol = named(
      scope,
      word,
      ['cgroup', 'cpuset'],
      'a cgroup or a cpuset',
      (name) => `declare it with 'cgroup ${name} { memory.max 32 MiB }' or 'cpuset ${name} { mems 0-1 }'`,
    );
    if (!symbol) continue;
    const kind = symbol.kind === 'cpuset' ? 'cpuset' : 'cgroup';
    const before = first[kind];
    if (before) program.reporter.report('V10', program.placeOf(word), { name: `a ${kind} ('${before.text}')` });
    else {
      first[kind] = word;
      if (kind === 'cgroup') cgroup = parts.cgroup(scope, symbol.node as Cgroup);
      else cpuset = parts.cpuset(scope, symbol.node as Cpuset);
    }
  }
  return { cgroup, ...(cpuset === undefined ? {} : { cpuset }) };
}

/** `mempolicy` before the first step is the policy the process begins with; one between steps is a step. */
function firstPolicy(scope: Scope, name: string, statements: readonly Statement[]): MempolicySpec | undefined {
  const { program } = scope;
  const given = settingPolicies(statements);
  const override = scope.overrides.get(`${name}.mempolicy`);
  if (override && 'value' in override) {
    const at = given[0] ?? program.symbols.get(name)?.node ?? statements[0];
    return (
      readPolicy(program, { text: String(override.value), place: override.place ?? program.placeOf(at) }) ?? undefined
    );
  }
  if (given[1])
    program.reporter.report(
      'V10',
      program.placeOf(given[1]),
      { name: 'mempolicy' },
      { related: [{ ...program.placeOf(given[0]), message: 'given here' }] },
    );
  return given[0] && (policyIn(scope, given[0], given[0].words) ?? undefined);
}

/** Those before the first step. */
export function settingPolicies(statements: readonly Statement[]): Mempolicy[] {
  const found: Mempolicy[] = [];
  for (const s of statements) {
    if (s.$type === 'Mempolicy') found.push(s);
    else if (s.$type !== 'Property' && s.$type !== 'Anon') break;
  }
  return found;
}

function policyIn(scope: Scope, node: Mempolicy | Mbind, words: Mempolicy['words']): MempolicySpec | null {
  const { program } = scope;
  const text = policyOfWords(program, words);
  if (text) return readPolicy(program, text);
  program.reporter.report('S07', program.placeAfter(node), {
    what: `'${node.keyword}'`,
    part: 'a policy',
    example: node.keyword === 'mbind' ? "'mbind heap bind:0-1'" : "'mempolicy interleave=static:0-3'",
  });
  return null;
}

/** `mbind heap bind:0-1 move`. */
function mbindStep(scope: Scope, parts: ScenarioParts, s: Mbind): Step | null {
  const { program } = scope;
  if (!s.target) {
    program.reporter.report('S07', program.placeAfter(s), {
      what: "'mbind'",
      part: 'anonymous memory or a file of a tmpfs, and a policy',
      example: "'mbind heap bind:0-1'",
    });
    return null;
  }
  const move = s.words.at(-1)?.text === 'move';
  const policy = policyIn(scope, s, move ? s.words.slice(0, -1) : s.words);
  const target = regionRef(scope, parts.objects, s.target);
  if (!policy || !target) return null;
  if (parts.objects.objects[target.object].kind === 'file') {
    program.reporter.report('R11', program.placeOf(s.target), {
      what: `'${s.target.name.text}' is a file on a disk: its pages go where the policy of the task says that reads them`,
      remedy: "use 'mbind' on anonymous memory and on files of a tmpfs",
    });
    return null;
  }
  return { kind: 'mempolicy', policy, target, ...(move ? { move } : {}), source: parts.objects.span(s) };
}

/** Named phases, and steps outside of them as phases without a name. */
function phasesOf(scope: Scope, parts: ScenarioParts, statements: readonly Statement[]): PhaseSpec[] {
  const phases: PhaseSpec[] = [];
  let loose: Statement[] = [];
  const settings = settingPolicies(statements);
  const flush = (): void => {
    if (loose.length === 0) return;
    const steps = stepsOf(scope, parts, loose, null);
    if (steps.length > 0) phases.push({ name: '', steps, source: parts.objects.span(loose[0]) });
    loose = [];
  };
  for (const s of statements) {
    if (s.$type === 'Phase' || s.$type === 'ForBlock') {
      flush();
      const phase = s.$type === 'Phase' ? phaseSpec(scope, parts, s) : forPhase(scope, parts, s, '');
      if (phase) phases.push(phase);
    } else if (
      s.$type !== 'Property' &&
      s.$type !== 'Anon' &&
      s.$type !== 'Handler' &&
      !settings.includes(s as Mempolicy)
    )
      loose.push(s);
  }
  flush();
  return phases;
}

function phaseSpec(scope: Scope, parts: ScenarioParts, node: Phase): PhaseSpec | null {
  const { program } = scope;
  const name = node.name?.text ?? (node.title ? unquoted(node.title.text) : '');
  if (name === '')
    program.reporter.report('S07', program.placeOf(node.title ?? node), {
      what: "'phase'",
      part: 'a name',
      example: '\'phase "warm-up" { … }\'',
    });
  const device = deviceOf(scope, parts, node);
  reportLeftOver(program, node.rest, 'what happens in a phase stands in braces: phase work for 6 s { … }');
  const time = node.durations[0] ? duration(scope, node.durations[0], 'the time of a phase', '6 s') : null;
  if (node.durations[1]) program.reporter.report('V10', program.placeOf(node.durations[1]), { name: 'for' });
  if (!node.block) {
    if (node.rest.length === 0)
      program.reporter.report('S07', program.placeAfter(node), {
        what: `phase '${name}'`,
        part: 'a block',
        example: `'phase ${name.includes(' ') ? `"${name}"` : name || 'work'} { read db }'`,
      });
    return null;
  }
  const statements = node.block.statements;
  const [only] = statements;
  if (only?.$type === 'ForBlock' && statements.length === 1 && node.durations.length === 0)
    return onDevice(forPhase(scope, parts, only, name, node), device);
  const steps = stepsOf(scope, parts, statements, time === null ? null : { kind: 'time', time });
  const spec = { name, steps, ...(time === null ? {} : { duration: time }), source: parts.objects.span(node) };
  return onDevice(spec, device);
}

const onDevice = (phase: PhaseSpec | null, device: number | null | undefined): PhaseSpec | null =>
  phase && typeof device === 'number' ? { ...phase, device } : phase;

/** `phase iterate on gpu`: `undefined`: on the processors; `null`: reported. */
function deviceOf(scope: Scope, parts: ScenarioParts, node: Phase): number | null | undefined {
  const { program } = scope;
  const [device, second] = node.devices;
  if (second) program.reporter.report('V10', program.placeOf(second), { name: 'on' });
  if (!device) return undefined;
  const symbol = deviceNamed(scope, device);
  return symbol && parts.device(scope, symbol.node as Device);
}

/** `for 20 s { … }` is a phase with a duration; `for 1M times { … }` gives its mixture a number of accesses. */
function forPhase(
  scope: Scope,
  parts: ScenarioParts,
  node: ForBlock,
  name: string,
  owner: AstNode = node,
): PhaseSpec | null {
  const { program } = scope;
  reportLeftOver(program, node.rest, 'what is repeated stands in braces: for 20 s { … }');
  if (!node.amount || !node.block) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'for'",
      part: node.amount ? 'a block' : 'a time',
      example: "'for 20 s { 50% read db uniform; 50% read log sequentially }'",
    });
    return null;
  }
  const source = parts.objects.span(owner);
  if (node.times) {
    const count = wholeCount(scope, node.amount, "the number before 'times'");
    const other = node.block.statements.find((s) => s.$type !== 'Weighted');
    if (other || node.block.statements.length === 0) {
      program.reporter.report('R09', program.placeOf(node.amount), {
        problem: "'for … times' repeats a mixture only",
        remedy: "give each access its own 'times', or repeat for a time: for 20 s { … }",
      });
    }
    const steps = stepsOf(scope, parts, node.block.statements, count === null ? null : { kind: 'accesses', count });
    return count === null || other ? null : { name, steps, source };
  }
  const value = evaluate(scope, node.amount);
  if (!value) return null;
  if (value.dimension === 'number') {
    program.reporter.report(
      'U01',
      program.placeOf(node.amount),
      { what: "the time behind 'for'", example: `'${textOf(node.amount)} s' or '${textOf(node.amount)} times'` },
      { fixes: [program.insertAfter(node.amount, ' s', `Write '${textOf(node.amount)} s'`)] },
    );
    return null;
  }
  const time = duration(scope, node.amount, "the time behind 'for'", '20 s');
  if (time === null) return null;
  return { name, steps: stepsOf(scope, parts, node.block.statements, { kind: 'time', time }), duration: time, source };
}

/** `around`: how long the block lasts that the steps stand in; what a mixture without an amount of its own takes. */
function stepsOf(scope: Scope, parts: ScenarioParts, statements: readonly Statement[], around: Amount | null): Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < statements.length; i++) {
    const s = statements[i];
    if (s.$type === 'Weighted') {
      const mixture: Weighted[] = [];
      for (let j = i; statements[j]?.$type === 'Weighted'; j++) mixture.push(statements[j] as Weighted);
      const step = mixStep(scope, parts.objects, mixture, around);
      if (step) steps.push(step);
      i += mixture.length - 1;
      continue;
    }
    const step = stepOf(scope, parts, s);
    if (step) steps.push(step);
  }
  return steps;
}

function stepOf(scope: Scope, parts: ScenarioParts, s: Statement): Step | null {
  const { program } = scope;
  const { objects } = parts;
  const source = objects.span(s);
  switch (s.$type) {
    case 'Access':
      return accessStep(scope, objects, s);
    case 'Idle': {
      reportLeftOver(program, s.rest, "'idle' takes a time and nothing else");
      if (!s.time) {
        program.reporter.report('S07', program.placeAfter(s), {
          what: "'idle'",
          part: 'a time',
          example: "'idle 2 s'",
        });
        return null;
      }
      const time = duration(scope, s.time, "the time behind 'idle'", '2 s', 0);
      return time === null ? null : { kind: 'idle', time, source };
    }
    case 'Replay':
      return replayStep(scope, parts, s);
    case 'RegionAction':
      return regionStep(scope, parts, s);
    case 'Sync':
      return syncStep(scope, parts, s);
    case 'Mempolicy': {
      const policy = policyIn(scope, s, s.words);
      return policy && { kind: 'mempolicy', policy, source };
    }
    case 'Mbind':
      return mbindStep(scope, parts, s);
    case 'Exit':
      reportLeftOver(program, s.rest, "'exit' stands alone; to end another process write 'at 3 s { kill NAME }'");
      return { kind: 'exit', source };
    case 'RangeCall':
      return rangeCallStep(scope, parts, s);
    case 'Fork':
      return forkStep(scope, parts, s, phasesOf);
    case 'Handler':
      program.reporter.report('S10', program.placeOf(s), {
        found: 'on',
        where: 'in a phase',
        remedy: 'it holds for the whole process: put it beside the phases',
      });
      return null;
    case 'Phase':
    case 'ForBlock':
      program.reporter.report('R09', program.placeOf(s), {
        problem:
          s.$type === 'Phase'
            ? 'a phase cannot stand in another'
            : "'for' with other steps around it cannot stand in a phase",
        remedy:
          s.$type === 'Phase'
            ? "put it behind the other one (is a '}' missing before it?)"
            : "give the phase its duration: 'phase work for 6 s { … }'",
      });
      return null;
    case 'Anon':
      program.reporter.report('S10', program.placeOf(s), {
        found: 'anon',
        where: 'in a phase',
        remedy: 'declare it at the start of the process',
      });
      return null;
    case 'Property':
      if (knobsOf('process').some((k) => k.name === s.name.text)) {
        program.reporter.report('S10', program.placeOf(s.name), {
          found: s.name.text,
          where: 'in a phase',
          remedy: 'it is a property of the whole process: put it at the start',
        });
      } else reportNoStatement(scope, s);
      return null;
    case 'Unknown':
      reportUnknown(
        program,
        s,
        'in a process',
        knobsOf('process').map((k) => k.name),
        'process',
      );
      return null;
    case 'Weighted':
      return null;
    default:
      return null;
  }
}

const isSetting = (name: string): boolean => knobsOf('process').some((k) => k.name === name);

/** A word that looks like a property and is none: it may be meant as a statement. */
function reportNoStatement(scope: Scope, s: Property): void {
  reportUnknown(
    scope.program,
    { $type: 'Unknown', words: [s.name] } as unknown as Unknown,
    'in a process',
    knobsOf('process').map((k) => k.name),
    'process',
  );
}

/** `sync`, `sync photos`. */
function syncStep(scope: Scope, parts: ScenarioParts, s: Sync): Step | null {
  reportLeftOver(scope.program, s.rest, "'sync' takes a FUSE mount or nothing: 'sync photos'");
  const source = parts.objects.span(s);
  if (!s.mount) return { kind: 'sync', source };
  const symbol = scope.program.symbols.get(s.mount.text);
  if (symbol?.kind === 'file') {
    scope.program.reporter.report(
      'R11',
      scope.program.placeOf(s),
      {
        what: `'${symbol.name}' is a file, and 'sync' writes whole file systems`,
        remedy: `write 'fsync ${symbol.name}'`,
      },
      { fixes: [scope.program.replace(s, `fsync ${symbol.name}`)] },
    );
    return null;
  }
  const mount = named(scope, s.mount, ['fuse'], 'a FUSE mount', (name) => `declare it with 'fuse ${name}'`);
  const fuse = mount && parts.objects.fuse(scope, mount.node as Fuse);
  return fuse === null ? null : { kind: 'sync', fuse, source };
}

function replayStep(scope: Scope, parts: ScenarioParts, s: Replay): Step | null {
  const { program } = scope;
  reportLeftOver(program, s.rest, "'replay' takes the name of a trace and nothing else");
  if (!s.trace) {
    program.reporter.report('S07', program.placeAfter(s), {
      what: "'replay'",
      part: 'a trace',
      example: "'replay oltp'",
    });
    return null;
  }
  const symbol = named(
    scope,
    s.trace,
    ['trace'],
    'a trace',
    (name) => `declare it with 'trace ${name} "${name}.oracleGeneral.zst"'`,
  );
  const trace = symbol && parts.trace(scope, symbol.node as Trace);
  return trace === null ? null : { kind: 'replay', trace, source: parts.objects.span(s) };
}

function regionStep(scope: Scope, parts: ScenarioParts, s: RegionAction): Step | null {
  const { program } = scope;
  reportLeftOver(
    program,
    s.rest,
    `'${s.action}' takes a file or anonymous memory, perhaps a range of it: ${s.action} heap[0 .. 64 MiB]`,
  );
  if (!s.target) {
    program.reporter.report('S07', program.placeAfter(s), {
      what: `'${s.action}'`,
      part: 'a file or anonymous memory',
      example: `'${s.action} ${s.action === 'fsync' ? 'log' : 'heap'}'`,
    });
    return null;
  }
  const target = regionRef(scope, parts.objects, s.target);
  if (!target) return null;
  if (s.action === 'fsync' && parts.objects.objects[target.object].kind === 'anon') {
    program.reporter.report('R11', program.placeOf(s.target), {
      what: `'${s.target.name.text}' is anonymous memory and has no file to be written to`,
      remedy: "use 'fsync' on files",
    });
    return null;
  }
  return { kind: s.action, target, source: parts.objects.span(s) };
}

/** A trace as the plan lists it: the host loads it. */
export function traceRef(scope: Scope, node: Trace, source: TraceRef['source']): TraceRef | null {
  const { program } = scope;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'trace'), {
      what: "'trace'",
      part: 'a name',
      example: '\'trace oltp "oltp.oracleGeneral.zst"\'',
    });
  reportLeftOver(program, node.rest, `properties of '${name}' stand in braces`);
  const path = node.path ? unquoted(node.path.text) : '';
  const values = properties(scope, `trace '${name}'`, node.name ? name : null, knobsOf('trace'), entriesOf(node.block));
  if (path === '') {
    program.reporter.report('S07', program.placeAfter(node.path ?? node.name ?? node), {
      what: `trace '${name}'`,
      part: 'the path of its file, in quotes',
      example: `'trace ${name || 'oltp'} "traces/oltp.oracleGeneral.zst"'`,
    });
    return null;
  }
  return { name, path, format: String(values['format'] ?? 'auto'), values, ...(source ? { source } : {}) };
}
