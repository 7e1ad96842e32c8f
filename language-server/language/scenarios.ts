/** One scenario: a machine, its cgroups, and the processes of a run, at one point of the experiment. */
import type { AstNode } from 'langium';
import type {
  CgroupSpec,
  KnobValues,
  MachineSpec,
  Scenario,
  TimelineAction,
  TimelineEntry,
  TraceRef,
  VariantChoice,
} from '../../simulator/plan.ts';
import type { Knob } from '../../simulator/tables/define.ts';
import { MICROSECOND } from '../../simulator/units.ts';
import type {
  Action,
  At,
  Cgroup,
  Expression,
  Machine,
  Process,
  Property,
  Seed,
  Swap,
  Sysctl,
  Trace,
  Word,
} from './generated/ast.ts';
import { duration } from './accesses.ts';
import { seedOf, varied } from './axes.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import { ObjectTable, spanOfNode } from './objects.ts';
import { named, processSpec, traceRef, type ScenarioParts } from './processes.ts';
import type { LanguageSymbol } from './program.ts';
import { DEFAULT_MACHINE, entriesOf, properties, propertiesIn, propertyValue, variantChoice } from './properties.ts';
import { nearest } from './quantities.ts';
import { textOf, wordOf } from './syntax.ts';
import { DEFAULT_RECLAIM, knobOf, knobsOf, reclaimVariants } from './tables.ts';
import { evaluate, knobValue, type Override, type Scope } from './values.ts';
import type { Program } from './program.ts';

export const scopeFor = (
  program: Program,
  machine: Machine | null,
  overrides: ReadonlyMap<string, Override> = new Map(),
): Scope => ({
  program,
  machine,
  overrides,
  property: propertyValue,
  evaluating: [],
  known: new Map(),
});

/** What a run takes from the text: the statements that concern it, in program order. */
export interface RunInputs {
  readonly machine: Machine | null;
  readonly swaps: readonly Swap[];
  readonly sysctls: readonly Sysctl[];
  readonly processes: readonly Process[];
  readonly timeline: readonly At[];
}

const ZRAM: KnobValues = { latency: 5 * MICROSECOND, bandwidth: 1_000_000_000 };

/** Properties of a machine that are written like the statements of the same name. */
const MACHINE_STATEMENTS = ['disk', 'swap', 'sysctl', 'reclaim'] as const;

export function machineSpec(
  scope: Scope,
  inputs: Pick<RunInputs, 'machine' | 'swaps'>,
): { machine: MachineSpec; sysctls: KnobValues; reclaim: VariantChoice | null } {
  const { program } = scope;
  const node = inputs.machine;
  const name = node?.name?.text ?? DEFAULT_MACHINE;
  if (node && !node.name)
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'machine'",
      part: 'a name',
      example: "'machine server { memory 64 MiB }'",
    });
  if (node)
    reportLeftOver(program, node.rest, 'properties of a machine stand in braces: machine server { memory 64 MiB }');
  const owner = `machine '${name}'`;
  const entries = entriesOf(node?.block);
  const values = properties(scope, owner, name, knobsOf('machine'), entries, MACHINE_STATEMENTS);
  const given = propertiesIn(entries);
  const disks = given.filter((p) => p.name.text === 'disk');
  for (const p of disks) {
    if (!p.block)
      program.reporter.report('S07', program.placeAfter(p), {
        what: "'disk'",
        part: 'its properties in braces',
        example: "'disk { latency 100 us, bandwidth 150 MB/s }'",
      });
    reportLeftOver(program, p.rest, 'properties of a disk stand in braces');
  }
  if (disks[1]) program.reporter.report('V10', program.placeOf(disks[1]), { name: 'disk' });
  const disk = properties(
    scope,
    `the disk of '${name}'`,
    `${name}.disk`,
    knobsOf('disk'),
    disks.slice(0, 1).flatMap((p) => [...entriesOf(p.block)]),
  );
  const swap = [
    ...given
      .filter((p) => p.name.text === 'swap')
      .map((p) => swapOf(scope, p.values, p, p.block && entriesOf(p.block), p.rest)),
    ...inputs.swaps.map((s) =>
      swapOf(scope, [...(s.name ? [s.name] : []), ...(s.size ? [s.size] : [])], s, entriesOf(s.block), s.rest),
    ),
  ].filter((s) => s !== null);
  const sysctls: Record<string, number | string | boolean> = {};
  for (const p of given.filter((x) => x.name.text === 'sysctl')) {
    const [first, ...rest] = p.values;
    const word = wordOf(first);
    const set = sysctlValue(scope, word, rest[0], p, p.rest);
    if (set) sysctls[set.name] = set.value;
  }
  const chosen = given.find((p) => p.name.text === 'reclaim');
  const reclaim = chosen
    ? variantChoice(scope, { terms: chosen.values, ...(chosen.block ? { block: chosen.block } : {}) }, chosen.name)
    : null;
  return { machine: { name, values, disk, swap }, sysctls, reclaim };
}

function swapOf(
  scope: Scope,
  terms: readonly (Word | Expression)[],
  at: Swap | Property,
  block: ReturnType<typeof entriesOf> | undefined,
  rest: Swap['rest'],
): MachineSpec['swap'][number] | null {
  const { program } = scope;
  const [first, second, third] = terms;
  const kindWord = first?.$type === 'Word' ? first : first && wordOf(first);
  const kind = kindWord?.text ?? 'disk';
  if (kindWord && kind !== 'zram' && kind !== 'disk') {
    const meant = nearest(kind, ['zram', 'disk']);
    program.reporter.report(
      'V04',
      program.placeOf(kindWord),
      {
        what: "the kind of 'swap'",
        choices: 'zram, disk',
        name: kind,
        hint: meant ? `: did you mean '${meant}'?` : '',
      },
      meant ? { fixes: [program.replace(kindWord, meant)] } : {},
    );
    return null;
  }
  const size = (kindWord ? second : first) as Expression | undefined;
  reportLeftOver(program, rest, 'properties of a swap device stand in braces');
  const extra = kindWord ? third : second;
  if (extra)
    program.reporter.report('S01', program.placeOf(extra), {
      found: textOf(extra),
      remedy: 'properties of a swap device stand in braces',
    });
  const values = properties(
    scope,
    'swap',
    null,
    knobsOf('swap').filter((k) => k.name !== 'size'),
    block ?? [],
  );
  const sized = size && knobValue(scope, knobOf('swap', 'size')!, [size], at);
  if (sized === null) return null;
  return {
    name: kind,
    values: { ...(kind === 'zram' ? ZRAM : {}), ...(sized === undefined ? {} : { size: sized }), ...values },
  };
}

export function sysctlValue(
  scope: Scope,
  word: Word | undefined,
  value: Expression | undefined,
  at: AstNode,
  rest: Sysctl['rest'],
): { name: string; value: number | string | boolean } | null {
  const { program } = scope;
  reportLeftOver(program, rest, 'a sysctl has one value');
  if (!word) {
    program.reporter.report('S07', program.placeAfter(at), {
      what: "'sysctl'",
      part: 'a name and a value',
      example: "'sysctl vm.swappiness 60'",
    });
    return null;
  }
  const row = knobOf('sysctl', word.text);
  if (!row) {
    const names = knobsOf('sysctl').map((k) => k.name);
    const meant = nearest(word.text, names) ?? names.find((n) => n === `vm.${word.text}`);
    program.reporter.report(
      'N05',
      program.placeOf(word),
      {
        owner: 'the simulated kernel',
        name: word.text,
        hint: meant ? `: did you mean '${meant}'?` : `: it has ${names.join(', ')}`,
      },
      meant ? { fixes: [program.replace(word, meant, `Change to '${meant}'`)] } : {},
    );
    return null;
  }
  const read = knobValue(scope, row, value ? [value] : [], word);
  return read === null ? null : { name: row.name, value: read };
}

export function cgroupSpec(scope: Scope, node: Cgroup, parent: number | null): CgroupSpec {
  const { program } = scope;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'cgroup'",
      part: 'a name',
      example: "'cgroup web { memory.max 32 MiB }'",
    });
  reportLeftOver(program, node.rest, 'properties of a cgroup stand in braces: cgroup web { memory.max 32 MiB }');
  return {
    name,
    parent,
    values: properties(scope, `cgroup '${name}'`, node.name ? name : null, knobsOf('cgroup'), entriesOf(node.block)),
  };
}

/** The cgroups that one scenario uses; the root is always there. */
class CgroupTable {
  readonly specs: CgroupSpec[] = [];
  readonly nodes: (Cgroup | null)[] = [];

  constructor() {
    this.specs.push({ name: '', parent: null, values: {} });
    this.nodes.push(null);
  }

  add(scope: Scope, node: Cgroup, depth = 0): number {
    const known = this.nodes.indexOf(node);
    if (known >= 0) return known;
    let parent = 0;
    if (node.parent && depth < 32) {
      const symbol = named(scope, node.parent, ['cgroup'], 'a cgroup', (name) => `declare it with 'cgroup ${name}'`);
      if (symbol?.node === node)
        scope.program.reporter.report('N11', scope.program.placeOf(node.parent), {
          name: symbol.name,
          chain: `${symbol.name} → ${symbol.name}`,
        });
      else if (symbol) parent = this.add(scope, symbol.node as Cgroup, depth + 1);
    } else if (node.parent) {
      scope.program.reporter.report('N11', scope.program.placeOf(node.parent), {
        name: node.parent.text,
        chain: 'cgroups that contain each other',
      });
    }
    const again = this.nodes.indexOf(node);
    if (again >= 0) return again;
    this.specs.push(cgroupSpec(scope, node, parent));
    this.nodes.push(node);
    return this.specs.length - 1;
  }
}

export interface Built {
  readonly scenario: Scenario;
  readonly traces: readonly TraceRef[];
  /** Declarations it is made of. */
  readonly used: ReadonlySet<LanguageSymbol>;
  readonly phases: ReadonlySet<string>;
}

/** `null`: something is wrong with it, and has been reported. */
export function buildScenario(
  scope: Scope,
  inputs: RunInputs,
  until: Expression | undefined,
  seenTraces: Map<Trace, number>,
  traces: TraceRef[],
): Built | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const { machine, sysctls: own, reclaim } = machineSpec(scope, inputs);
  const objects = new ObjectTable(program, inputs.processes);
  const cgroups = new CgroupTable();
  const parts: ScenarioParts = {
    objects,
    cgroup: (s, node) => cgroups.add(s, node),
    trace: (s, node) => {
      const known = seenTraces.get(node);
      if (known !== undefined) return known;
      const ref = traceRef(s, node, spanOfNode(program, node));
      if (!ref) return null;
      seenTraces.set(node, traces.length);
      return traces.push(ref) - 1;
    },
  };
  const processes = inputs.processes.map((p) => processSpec(scope, parts, p)).filter((p) => p !== null);
  const timeline = inputs.timeline
    .map((at) => timelineEntry(scope, at, inputs.processes, (node) => cgroups.add(scope, node)))
    .filter((entry) => entry !== null)
    .sort((a, b) => a.time - b.time);
  const sysctls: Record<string, number | string | boolean> = { ...own };
  for (const s of inputs.sysctls) {
    const set = sysctlValue(scope, s.name, s.value, s, s.rest);
    if (set) sysctls[set.name] = set.value;
  }
  for (const row of knobsOf('sysctl')) {
    const override = scope.overrides.get(row.name);
    if (override && 'value' in override) sysctls[row.name] = override.value;
  }
  const time = until ? duration(scope, until, "the time behind 'for'", '60 s') : undefined;
  if (program.reporter.errors > before || time === null) return null;
  const override = scope.overrides.get('reclaim');
  const chosen =
    override && 'variant' in override ? override.variant : (reclaim ?? { id: defaultReclaim(), values: {} });
  return {
    scenario: {
      machine,
      cgroups: cgroups.specs,
      objects: objects.objects,
      processes,
      timeline,
      reclaim: withParameters(scope, chosen),
      sysctls,
      ...(time === undefined ? {} : { duration: time }),
    },
    traces,
    used: objects.used,
    phases: new Set(processes.flatMap((p) => p.phases.map((phase) => phase.name).filter((name) => name !== ''))),
  };
}

export const defaultReclaim = (): string =>
  reclaimVariants.some((v) => v.id === DEFAULT_RECLAIM) ? DEFAULT_RECLAIM : (reclaimVariants[0]?.id ?? DEFAULT_RECLAIM);

/** `sweep s3-fifo.small …` reaches the parameters of the variant wherever it is chosen. */
function withParameters(scope: Scope, choice: VariantChoice): VariantChoice {
  const knobs: readonly Knob[] = reclaimVariants.find((v) => v.id === choice.id)?.knobs ?? [];
  const values: Record<string, number | string | boolean> = { ...choice.values };
  for (const knob of knobs) {
    const override = scope.overrides.get(`${choice.id}.${knob.name}`);
    if (override && 'value' in override) values[knob.name] = override.value;
  }
  return { id: choice.id, values };
}

// ---- at

export function timelineEntry(
  scope: Scope,
  node: At,
  processes: readonly Process[] | null,
  cgroup: (node: Cgroup) => number,
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
  const actions = node.block.actions.map((a) => actionOf(scope, a, processes, cgroup)).filter((a) => a !== null);
  return time === null ? null : { time, actions, source: spanOfNode(program, node) };
}

function actionOf(
  scope: Scope,
  node: Action,
  processes: readonly Process[] | null,
  cgroup: (node: Cgroup) => number,
): TimelineAction | null {
  const { program } = scope;
  switch (node.$type) {
    case 'Sysctl': {
      const set = sysctlValue(scope, node.name, node.value, node, node.rest);
      return set && { kind: 'sysctl', ...set };
    }
    case 'KillAction': {
      reportLeftOver(program, node.rest, "'kill' takes one process");
      if (!node.process) {
        program.reporter.report('S07', program.placeAfter(node), {
          what: "'kill'",
          part: 'a process',
          example: "'kill worker'",
        });
        return null;
      }
      const symbol = named(scope, node.process, ['process'], 'a process', () => 'declare it first');
      if (!symbol) return null;
      const index = processes?.indexOf(symbol.node as Process) ?? 0;
      if (index >= 0) return { kind: 'kill', process: index };
      program.reporter.report('R08', program.placeOf(node.process), {
        name: symbol.name,
        uses: `has ${processes!.map((p) => `'${p.name?.text ?? ''}'`).join(', ')}`,
        remedy: "name it behind the run’s 'of'",
      });
      return null;
    }
    case 'SetAction': {
      reportLeftOver(program, node.rest, 'a property has one value');
      const target = varied(scope, node.target, node, 'set');
      if (!target || !node.target) return null;
      if (target.knob?.scope === 'sysctl') {
        program.reporter.report('N09', program.placeOf(node.target), {
          name: node.target.text,
          verb: 'set',
          remedy: `it is a sysctl: write 'sysctl ${node.target.text} …'`,
        });
        return null;
      }
      if (target.symbol?.kind !== 'cgroup' || !target.knob) {
        program.reporter.report('N09', program.placeOf(node.target), {
          name: node.target.text,
          verb: 'set',
          remedy: 'only sysctls and properties of cgroups change during a run',
        });
        return null;
      }
      const value = knobValue(scope, target.knob, node.value ? [node.value] : [], node.target);
      return value === null
        ? null
        : { kind: 'cgroup', cgroup: cgroup(target.symbol.node as Cgroup), name: target.knob.name, value };
    }
    case 'LaterAction':
      program.reporter.report('L01', program.placeOf(node), { what: node.keyword, remedy: 'leave it out until then' });
      return null;
    case 'Unknown':
      reportUnknown(program, node, "in an 'at' block", [], 'at');
      return null;
    default:
      return null;
  }
}

export function seedValue(scope: Scope, node: Seed): number | null {
  const { program } = scope;
  reportLeftOver(program, node.rest, "'seed' takes one number");
  if (!node.value) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'seed'",
      part: 'a number',
      example: "'seed 42'",
    });
    return null;
  }
  const value = evaluate(scope, node.value);
  return value && seedOf(scope, value, node.value);
}
