/** One `run` as a plan: what it takes from the text before it, what it varies, a scenario for each point. */
import { AstUtils, type AstNode } from 'langium';
import {
  type ExpectSpec,
  type Plan,
  PLAN_VERSION,
  type PlotSpec,
  type PointSpec,
  type TraceRef,
} from '../../simulator/plan.ts';
import { compareAxis, isAccounting } from './axes.ts';
import { type Dimensional, MAX_POINTS, sweepAxis } from './sweeps.ts';
import { overrideKey } from './varied.ts';
import type { CompileOptions } from './compile.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import { expectSpec } from './expectations.ts';
import { fidelityChoices, fidelityOf } from './fidelity.ts';
import type { Access, Expect, FileDeclaration, Machine, Process, Run, Seed, Trace } from './generated/ast.ts';
import type { RunNames } from './metrics.ts';
import { spanOfNode } from './spans.ts';
import { accountingParameters } from './fuse.ts';
import { plotSpec } from './plots.ts';
import type { LanguageSymbol, Program } from './program.ts';
import { variantChoice } from './properties.ts';
import { DEFAULT_MACHINE } from './targets.ts';
import { formatQuantity } from './quantities.ts';
import { inputsOf } from './run-inputs.ts';
import { buildScenario, type RunInputs, scopeFor, seedValue } from './scenarios.ts';
import { itemOf, textOf, unquoted } from './syntax.ts';
import { DEFAULT_SEED } from './tables.ts';
import type { Override, Scope } from './values.ts';

/** Points that a check looks at, when it makes no plan. */
const SAMPLED_POINTS = 48;

interface RunContext {
  readonly options: CompileOptions;
  readonly overrides: ReadonlyMap<string, Override>;
  readonly faulty: ReadonlySet<AstNode>;
  readonly used: Set<LanguageSymbol>;
  readonly titles: Map<string, Run>;
}

export function compileRun(
  program: Program,
  node: Run,
  index: number,
  ordinal: number,
  context: RunContext,
): Plan | null {
  const before = program.reporter.errors;
  if (fidelityOf(node).length > 0) return compileFidelity(program, node, index, ordinal, context);
  const inputs = inputsOf(program, node, index);
  const scope = scopeFor(program, inputs.machine, context.overrides);
  reportLeftOver(
    program,
    node.rest,
    'what a run compares and shows stands in braces: run "title" { compare reclaim: classic, v6.1 }',
  );
  if (node.of.length > 1) program.reporter.report('V10', program.placeOf(node), { name: 'of' });
  if (node.durations[1]) program.reporter.report('V10', program.placeOf(node.durations[1]), { name: 'for' });
  const title = titleOf(program, node, ordinal, context.titles);
  const { dimensionals, plots, expects, seed: ownSeed, incomplete } = clausesOf(scope, node);
  reportParts(scope, node, inputs, dimensionals);
  for (const d of dimensionals) {
    if (context.overrides.has(overrideKey(d.target)))
      program.reporter.report('R13', program.placeOf(d.node), { name: d.axis.name });
  }

  const points: PointSpec[] = [];
  const traces: TraceRef[] = [];
  const seenTraces = new Map<Trace, number>();
  const axes = dimensionals.map((d) => d.axis);
  const count = axes.reduce((n, axis) => n * axis.values.length, 1);
  const phases = new Set<string>();
  const names: RunNames = { dimensionals, phases, incomplete };
  if (count > MAX_POINTS) {
    program.reporter.report('V06', program.placeOf(dimensionals.at(-1)!.node), {
      count: formatQuantity('number', count),
      limit: String(MAX_POINTS),
      remedy: 'compare less, or give the sweep a larger step',
    });
  } else if (inputs.processes.length > 0) {
    for (const point of context.options.checkOnly ? sampled(count) : Array(count).keys()) {
      const coordinates = coordinatesOf(
        point,
        axes.map((a) => a.values.length),
      );
      const overrides = new Map(context.overrides);
      dimensionals.forEach((d, i) => overrides.set(overrideKey(d.target), d.overrides[coordinates[i]]));
      const at = scopeFor(program, inputs.machine, overrides);
      // Parameters of a variant may depend on what is swept: they belong to the point, not to the axis.
      dimensionals.forEach(({ target, node: clause }, i) => {
        if (clause.$type !== 'Compare') return;
        if (isAccounting(target)) {
          const more = accountingParameters(at, target.symbol!.name, clause.values[coordinates[i]]);
          for (const [key, override] of more ?? []) {
            const twice = dimensionals.find((d) => overrideKey(d.target) === key);
            if (twice) program.reporter.report('R03', program.placeOf(twice.node), { name: twice.axis.name });
            overrides.set(key, override);
          }
        }
        if (target.kind !== 'reclaim') return;
        const variant = variantChoice(at, clause.values[coordinates[i]], clause, target.mechanism);
        if (variant) overrides.set(overrideKey(target), { variant });
      });
      const built = buildScenario(at, inputs, node.durations[0], seenTraces, traces);
      if (!built) break;
      for (const phase of built.phases) phases.add(phase);
      for (const symbol of built.used) context.used.add(symbol);
      points.push({ coordinates, scenario: built.scenario });
    }
  }
  noteUsed(program, inputs, context.used);
  // Names of phases are known even where a process is faulty: its own error is enough.
  for (const process of inputs.processes)
    for (const [name, list] of program.phases) if (list.some((p) => p.process === process)) phases.add(name);

  const plotSpecs: PlotSpec[] = plots.map((p) => plotSpec(scope, names, p)).filter((p) => p !== null);
  const expectSpecs: ExpectSpec[] = expects.map((e) => expectSpec(scope, names, e)).filter((e) => e !== null);
  reportDependence(scope, { dimensionals, expects, expectSpecs, names });
  if (program.reporter.errors > before || points.length === 0 || context.options.checkOnly) return null;
  if (needsFaulty(program, node, inputs, context.faulty)) return null;
  const override = context.overrides.get('seed');
  const seed =
    context.options.seed ??
    (override && 'value' in override ? (override.value as number) : (ownSeed ?? seedBefore(program, index)));
  return {
    version: PLAN_VERSION,
    title,
    seed,
    axes,
    points,
    plots: plotSpecs,
    expects: expectSpecs,
    traces,
    source: spanOfNode(program, node),
  };
}

/** A run that compares with recordings: nothing of the program around it matters but the seed, which is told like any other's. */
function compileFidelity(
  program: Program,
  node: Run,
  index: number,
  ordinal: number,
  { options, overrides, titles, faulty }: RunContext,
): Plan | null {
  const title = titleOf(program, node, ordinal, titles);
  const fidelity = fidelityChoices(program, node);
  if (!fidelity || options.checkOnly || faulty.has(node)) return null;
  const override = overrides.get('seed');
  const seed =
    options.seed ?? (override && 'value' in override ? (override.value as number) : seedBefore(program, index));
  return {
    version: PLAN_VERSION,
    title,
    seed,
    axes: [],
    points: [],
    plots: [],
    expects: [],
    traces: [],
    fidelity,
    source: spanOfNode(program, node),
  };
}

function titleOf(program: Program, node: Run, ordinal: number, titles: Map<string, Run>): string {
  const title = node.title ? unquoted(node.title.text).trim() : '';
  if (!node.title) return `Run ${ordinal}`;
  if (title === '') {
    program.reporter.report('S07', program.placeOf(node.title), {
      what: 'the title of a run',
      part: 'some text',
      example: '\'run "Workload shift"\'',
    });
  }
  const first = titles.get(title);
  if (first) {
    program.reporter.report(
      'R06',
      program.placeOf(node.title),
      { title },
      { related: [{ ...program.placeOf(first.title!), message: 'the other run' }] },
    );
  } else titles.set(title, node);
  return title;
}

function clausesOf(scope: Scope, node: Run) {
  const { program } = scope;
  const dimensionals: Dimensional[] = [];
  const plots: Extract<NonNullable<Run['block']>['clauses'][number], { $type: 'Plot' }>[] = [];
  const expects: Extract<NonNullable<Run['block']>['clauses'][number], { $type: 'Expect' }>[] = [];
  let seed: number | null = null;
  let seedNode: Seed | undefined;
  let incomplete = false;
  for (const clause of node.block?.clauses ?? []) {
    switch (clause.$type) {
      case 'Compare':
      case 'Sweep': {
        const d = clause.$type === 'Compare' ? compareAxis(scope, clause) : sweepAxis(scope, clause);
        if (!d) {
          incomplete = true;
          break;
        }
        const twice = dimensionals.find((other) => other.target.key === d.target.key);
        if (twice)
          program.reporter.report(
            'R03',
            program.placeOf(clause),
            { name: d.axis.name },
            { related: [{ ...program.placeOf(twice.node), message: 'varied here' }] },
          );
        else dimensionals.push(d);
        break;
      }
      case 'Plot':
        plots.push(clause);
        break;
      case 'Expect':
        expects.push(clause);
        break;
      case 'Seed':
        if (seedNode) program.reporter.report('V10', program.placeOf(clause), { name: 'seed' });
        seedNode = clause;
        seed = seedValue(scope, clause);
        break;
      case 'Fidelity':
      case 'Sysctl':
        break; // read with the others, point by point
      case 'Unknown':
        reportUnknown(program, clause, 'in a run', [], 'run');
        break;
    }
  }
  // Compared dimensions first: charts and tables show variants side by side.
  dimensionals.sort((a, b) => Number(a.axis.kind === 'sweep') - Number(b.axis.kind === 'sweep'));
  return { dimensionals, plots, expects, seed, incomplete };
}

/** What is varied must be part of the run: a sweep of another machine would give the same numbers at every point. */
function reportParts(scope: Scope, node: Run, inputs: RunInputs, dimensionals: readonly Dimensional[]): void {
  const { program } = scope;
  for (const d of dimensionals) {
    const { symbol, variant } = d.target;
    const at = d.node.target ?? d.node;
    if (variant && !dimensionals.some((other) => other.target.kind === 'reclaim' && other.ids.includes(variant))) {
      program.reporter.report('R08', program.placeOf(at), {
        name: d.axis.name,
        uses: `does not compare '${variant}'`,
        remedy: `add 'compare reclaim: ${variant}'`,
      });
    }
    if (symbol?.kind === 'machine' && symbol.node !== inputs.machine) {
      const used = inputs.machine?.name?.text ?? DEFAULT_MACHINE;
      const meant = d.axis.name.replace(symbol.name, used);
      program.reporter.report(
        'R08',
        program.placeOf(at),
        {
          name: symbol.name,
          uses: `uses machine '${used}'`,
          remedy: `write '${meant}', or put the run behind machine '${symbol.name}'`,
        },
        { fixes: [program.replace(at, meant)] },
      );
    }
    if (
      symbol?.kind === 'fuse' &&
      inputs.processes.length > 0 &&
      !inputs.processes.some((p) => writesTo(program, p, symbol))
    ) {
      program.reporter.report('R08', program.placeOf(at), {
        name: symbol.name,
        uses: 'has no process that writes to it',
        remedy: `write 'write ${symbol.name} sequentially at 100 MB/s' in a process`,
      });
    }
    const process = symbol?.kind === 'process' ? symbol.node : symbol?.kind === 'anon' ? symbol.process : undefined;
    if (process && inputs.processes.length > 0 && !inputs.processes.includes(process as Process)) {
      const have = inputs.processes.map((p) => `'${p.name?.text ?? ''}'`).join(', ');
      program.reporter.report('R08', program.placeOf(at), {
        name: symbol!.name,
        uses: `has ${have}`,
        remedy: `name it: 'run${node.title ? ` ${textOf(node.title)}` : ''} of …'`,
      });
    }
  }
}

/** Whether a process writes to a mount, by its name or to a file on it. */
function writesTo(program: Program, process: Process, mount: LanguageSymbol): boolean {
  for (const node of AstUtils.streamAllContents(process)) {
    if (node.$type !== 'Access' || (node as Access).verb !== 'write') continue;
    const symbol = program.symbols.get((node as Access).target?.name.text ?? '');
    const on = symbol?.node.$type === 'FileDeclaration' ? (symbol.node as FileDeclaration).mount?.text : symbol?.name;
    if (on === mount.name) return true;
  }
  return false;
}

/**
 * Axis values and expectations are the same at every point. If they come out otherwise where everything else has its last value, they
 * depend on what is varied, and the plan could not say so.
 */
function reportDependence(
  scope: Scope,
  run: {
    readonly dimensionals: readonly Dimensional[];
    readonly expects: readonly Expect[];
    readonly expectSpecs: readonly ExpectSpec[];
    readonly names: RunNames;
  },
): void {
  const { program, machine } = scope;
  const { dimensionals, expects, expectSpecs, names } = run;
  if (dimensionals.length === 0) return;
  const elsewhere = (pick: (d: Dimensional) => Override, but?: Dimensional): Scope => {
    const overrides = new Map(scope.overrides);
    for (const d of dimensionals) if (d !== but) overrides.set(overrideKey(d.target), pick(d));
    return scopeFor(program.quiet(), machine, overrides);
  };
  const picks = [(d: Dimensional) => d.overrides[0], (d: Dimensional) => d.overrides.at(-1)!];
  for (const pick of picks) {
    for (const d of dimensionals) {
      const at = elsewhere(pick, d);
      const again = d.node.$type === 'Compare' ? compareAxis(at, d.node) : sweepAxis(at, d.node);
      if (again && JSON.stringify(again.axis.values) !== JSON.stringify(d.axis.values)) {
        program.reporter.report('R14', program.placeOf(d.node), {
          text: d.axis.name,
          remedy: 'write its values out, or vary one of the two only',
        });
      }
    }
    const at = elsewhere(pick);
    for (const node of expects) {
      const again = expectSpec(at, names, node);
      const here = expectSpecs.find((e) => e.source?.line === again?.source?.line && e.text === again?.text);
      if (again && here && JSON.stringify(again) !== JSON.stringify(here)) {
        program.reporter.report('R14', program.placeOf(node), {
          text: here.text,
          remedy: "write a figure, and one 'expect' for each value with 'at'",
        });
      }
    }
  }
}

/** Whether something that the run is made of, or that is named there, has errors of its own. */
function needsFaulty(program: Program, node: Run, inputs: RunInputs, faulty: RunContext['faulty']): boolean {
  const { machine, processes, timeline, recovery, swaps, sysctls } = inputs;
  const needed = new Set<AstNode>([
    node,
    ...processes,
    ...timeline,
    ...(recovery ? [recovery] : []),
    ...swaps,
    ...sysctls,
    ...(machine ? [machine] : []),
  ]);
  // A set grows while it is walked.
  for (const item of needed) {
    if (faulty.has(item)) return true;
    for (const symbol of program.usedBy(item)) needed.add(itemOf(symbol.node));
  }
  return false;
}

/** The last axis varies fastest. */
function coordinatesOf(point: number, sizes: readonly number[]): number[] {
  const coordinates = sizes.map(() => 0);
  let rest = point;
  for (let i = sizes.length - 1; i >= 0; i--) {
    coordinates[i] = rest % sizes[i];
    rest = Math.floor(rest / sizes[i]);
  }
  return coordinates;
}

/** All points, or, of many, some that are spread evenly, both ends among them. */
function* sampled(count: number): Iterable<number> {
  if (count <= SAMPLED_POINTS) yield* Array(count).keys();
  else for (let i = 0; i < SAMPLED_POINTS; i++) yield Math.round((i * (count - 1)) / (SAMPLED_POINTS - 1));
}

function seedBefore(program: Program, index: number): number {
  for (let i = index - 1; i >= 0; i--) {
    const { item } = program.items[i];
    if (item.$type === 'Seed') return seedValue(scopeFor(program, null), item) ?? DEFAULT_SEED;
  }
  return DEFAULT_SEED;
}

function noteUsed(program: Program, inputs: RunInputs, used: Set<LanguageSymbol>): void {
  const wanted = [inputs.machine, ...inputs.processes];
  for (const symbol of program.symbols.values()) if (wanted.includes(symbol.node as Machine)) used.add(symbol);
}
