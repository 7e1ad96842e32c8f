/** Program to plans: each `run` of the text as plain data that any host can simulate. Everything that is wrong is reported on the way. */
import type { ExpectSpec, Plan, PlotSpec, PointSpec, TraceRef } from '../../simulator/plan.ts';
import { PLAN_VERSION } from '../../simulator/plan.ts';
import type { At, Machine, Process, Run, Seed, Swap, Sysctl, Trace } from './generated/ast.ts';
import { compareAxis, MAX_POINTS, overrideKey, seedOf, sweepAxis, type Dimensional } from './axes.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type { LanguageDiagnostic } from './diagnostics.ts';
import { expectSpec, plotSpec, type RunNames } from './expectations.ts';
import { ObjectTable, spanOfNode } from './objects.ts';
import { parseSource, rangeAt, type ParsedSource } from './parser.ts';
import { named, processSpec, traceRef } from './processes.ts';
import {
  kindNames,
  Program,
  type LanguageSymbol,
  type ProgramItem,
  type ResolveImport,
  type Source,
} from './program.ts';
import { DEFAULT_MACHINE, targetOf, variantChoice } from './properties.ts';
import { formatQuantity } from './quantities.ts';
import {
  buildScenario,
  cgroupSpec,
  machineSpec,
  scopeFor,
  seedValue,
  sysctlValue,
  timelineEntry,
  type RunInputs,
} from './scenarios.ts';
import { textOf, unquoted } from './syntax.ts';
import { DEFAULT_SEED } from './tables.ts';
import { evaluate, letKey, letValue, knobValue, type Override, type Scope } from './values.ts';

export interface CompileOptions {
  /** In the place of every `seed` of the text. */
  readonly seed?: number;
  /** `--set NAME=VALUE`: overrides any property, sysctl or `let`, in every run. */
  readonly set?: Readonly<Record<string, string>>;
  readonly resolveImport?: ResolveImport;
  /** For hosts that keep syntax trees between edits. */
  readonly parse?: (uri: string, text: string) => ParsedSource;
  /** Check points at the ends and in the middle of long sweeps only, and make no plans: what an editor does on each keystroke. */
  readonly checkOnly?: boolean;
}

export interface Compiled {
  readonly plans: Plan[];
  readonly diagnostics: LanguageDiagnostic[];
  readonly program: Program;
}

/** Points that a check looks at, when it makes no plan. */
const SAMPLED_POINTS = 48;

export function compileSources(sources: readonly Source[], options: CompileOptions = {}): Compiled {
  const program = new Program(sources, options.resolveImport, options.parse ?? parseSource);
  for (const source of program.sources) reportLayout(program, source);
  const faulty = checkDeclarations(program);
  const overrides = readSettings(program, options);
  const used = new Set<LanguageSymbol>();
  const plans: Plan[] = [];
  const titles = new Map<string, Run>();
  let runs = 0;
  program.items.forEach((entry, index) => {
    if (entry.item.$type !== 'Run' || entry.imported) return;
    runs++;
    const plan = compileRun(program, entry.item, index, runs, { options, overrides, faulty, used, titles });
    if (plan) plans.push(plan);
  });
  // What looks unused may be named in a line with an error.
  if (runs > 0 && program.reporter.errors === 0) {
    reportUnused(program, used);
    reportIdle(program);
  }
  reportImports(program);
  const diagnostics = program.reporter.diagnostics(program.sources.map((s) => s.uri));
  return { plans, diagnostics, program };
}

/** What the lexer mended and the parser could not. */
function reportLayout(program: Program, source: ParsedSource): void {
  for (const { code, offset, length, params } of source.layout) {
    const place = { uri: source.uri, range: rangeAt(source, offset, offset + length) };
    const { end } = place.range;
    const insert = (at: typeof end, newText: string, title: string) => ({
      fixes: [{ title, edits: [{ uri: source.uri, range: { start: at, end: at }, newText }], preferred: true }],
    });
    const fixes =
      code === 'S03'
        ? { fixes: [{ title: "Remove '}'", edits: [{ ...place, newText: '' }], preferred: true }] }
        : code === 'S04'
          ? insert(end, ' {', "Add '{'")
          : code === 'S05'
            ? insert(end, '"', "Add '\"'")
            : code === 'S08'
              ? insert(place.range.start, '\n', 'Put on a line of its own')
              : {};
    program.reporter.report(code, place, params, fixes);
  }
  for (const { message, offset, length } of source.errors) {
    program.reporter.report(
      'S12',
      { uri: source.uri, range: rangeAt(source, offset, offset + length) },
      { detail: message },
    );
  }
}

/**
 * Everything the text declares, checked as it stands, used or not. Returns the items with errors: runs that need them are not started.
 */
function checkDeclarations(program: Program): ReadonlySet<ProgramItem['item']> {
  const faulty = new Set<ProgramItem['item']>();
  let machine: Machine | null = null;
  let scope = scopeFor(program, machine);
  for (const { item } of program.items) {
    const before = program.reporter.errors;
    if (item.$type === 'Machine') {
      machine = item;
      scope = scopeFor(program, machine);
    }
    checkItem(scope, item);
    if (program.reporter.errors > before) faulty.add(item);
  }
  return faulty;
}

function checkItem(scope: Scope, item: ProgramItem['item']): void {
  const { program } = scope;
  switch (item.$type) {
    case 'Machine':
      machineSpec(scope, { machine: item, swaps: [] });
      break;
    case 'Swap':
      machineSpec(scope, { machine: null, swaps: [item] });
      break;
    case 'FileDeclaration':
      new ObjectTable(program, []).add(scope, item);
      break;
    case 'Cgroup':
      if (item.parent) named(scope, item.parent, ['cgroup'], 'a cgroup', (name) => `declare it with 'cgroup ${name}'`);
      cgroupSpec(scope, item, 0);
      break;
    case 'Trace':
      traceRef(scope, item, undefined);
      break;
    case 'Let':
      reportLeftOver(program, item.rest, "write 'let hot = 0.6 * server.memory'");
      if (!item.name || !item.value) {
        program.reporter.report('S07', program.placeAfter(item), {
          what: item.name ? `'let ${item.name.text}'` : "'let'",
          part: item.name ? 'a value' : 'a name and a value',
          example: `'let ${item.name?.text ?? 'hot'} = 0.6 * server.memory'`,
        });
      } else {
        const symbol = program.symbols.get(item.name.text);
        if (symbol?.node === item) letValue(scope, symbol);
        else evaluate(scope, item.value);
      }
      break;
    case 'Import':
      reportLeftOver(program, item.rest, "'import' takes one path");
      if (!item.path)
        program.reporter.report('S07', program.placeAfter(item), {
          what: "'import'",
          part: 'a path in quotes',
          example: '\'import "machines.refault"\'',
        });
      break;
    case 'Sysctl':
      sysctlValue(scope, item.name, item.value, item, item.rest);
      break;
    case 'Seed':
      seedValue(scope, item);
      break;
    case 'Process':
      processSpec(
        scope,
        {
          objects: new ObjectTable(program, [item]),
          cgroup: () => 0,
          trace: (s, node) => (traceRef(s, node, undefined) ? 0 : null),
        },
        item,
      );
      break;
    case 'At':
      timelineEntry(scope, item, null, () => 0);
      break;
    case 'LaterDeclaration':
      program.reporter.report('L01', program.placeWithin(item, 0, item.keyword.length), {
        what: item.keyword,
        remedy:
          item.keyword === 'tmpfs' || item.keyword === 'fuse'
            ? `use 'file ${item.name?.text ?? 'name'} 1 GiB' until then`
            : 'remove it until then',
      });
      break;
    case 'Unknown':
      reportUnknown(program, item, 'at the top level', [], 'program');
      break;
    case 'Run':
      break;
  }
}

// ---- settings from outside

/** Uri of diagnostics about `--set`. */
export const SETTINGS_URI = 'set:';

function readSettings(program: Program, options: CompileOptions): ReadonlyMap<string, Override> {
  const overrides = new Map<string, Override>();
  const machine = (program.items.find(({ item }) => item.$type === 'Machine')?.item as Machine | undefined) ?? null;
  Object.entries(options.set ?? {}).forEach(([name, text], line) => {
    const source = parseSource(`${SETTINGS_URI}${name}`, `run { compare ${name}: ${text} }`);
    const place = {
      uri: `${SETTINGS_URI}${name}=${text}`,
      range: { start: { line, character: 0 }, end: { line, character: 0 } },
    };
    const scope: Scope = { ...scopeFor(program, machine), overrides };
    const target = targetOf(scope, name);
    const run = source.ast.items[0];
    const clause = run?.$type === 'Run' ? run.block?.clauses[0] : undefined;
    const value = clause?.$type === 'Compare' ? clause.values[0] : undefined;
    if (!target || !value?.terms[0]) {
      program.reporter.report('N09', place, {
        name,
        verb: 'set',
        remedy: "name a property, as in 'server.memory=64MiB', a sysctl, or a name given by 'let'",
      });
      return;
    }
    const [term] = value.terms;
    const inner = withPlace(scope, place);
    if (target.kind === 'reclaim') {
      const variant = variantChoice(inner, value, value);
      if (variant) overrides.set('reclaim', { variant });
    } else if (target.knob) {
      const read = knobValue(inner, target.knob, value.terms, value);
      if (read !== null) overrides.set(target.key, { value: read });
    } else {
      const quantity = evaluate(inner, term);
      if (!quantity) return;
      if (target.kind === 'let') overrides.set(letKey(target.symbol!.name), { quantity });
      else if (target.kind === 'seed') {
        const seed = seedOf(inner, quantity, term);
        if (seed !== null) overrides.set('seed', { value: seed });
      } else if (quantity.dimension === 'bytes') overrides.set(target.key, { value: Math.round(quantity.value) });
      else program.reporter.report('U01', place, { what: `'${name}'`, example: `'${name}=96MiB'` });
    }
  });
  return overrides;
}

/** The same scope, complaining about one place: the nodes of a `--set` stand in no source. */
function withPlace(
  scope: Scope,
  place: LanguageDiagnostic['related'] extends readonly (infer P)[] | undefined ? Omit<P, 'message'> : never,
): Scope {
  const program = Object.create(scope.program) as Program;
  Object.assign(program, {
    placeOf: () => place,
    placeAfter: () => place,
    placeWithin: () => place,
    replace: () => ({ title: '', edits: [] }),
    insertAfter: () => ({ title: '', edits: [] }),
  });
  return { ...scope, program };
}

// ---- runs

interface RunContext {
  readonly options: CompileOptions;
  readonly overrides: ReadonlyMap<string, Override>;
  readonly faulty: ReadonlySet<ProgramItem['item']>;
  readonly used: Set<LanguageSymbol>;
  readonly titles: Map<string, Run>;
}

function compileRun(program: Program, node: Run, index: number, ordinal: number, context: RunContext): Plan | null {
  const before = program.reporter.errors;
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
  if (program.reporter.errors > before || points.length === 0 || context.options.checkOnly) return null;
  if (
    [...inputs.processes, ...inputs.timeline, ...inputs.swaps, ...inputs.sysctls, inputs.machine].some(
      (item) => item && context.faulty.has(item),
    )
  )
    return null;
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

/** The nearest machine before the run and what belongs to it; the processes and `at` blocks since the run before. */
function inputsOf(program: Program, node: Run, index: number): RunInputs {
  const { items } = program;
  let machineAt = -1;
  let firstMachine = Infinity;
  let since = 0;
  for (let i = 0; i < index; i++) {
    const { item, imported } = items[i];
    if (item.$type === 'Machine') {
      machineAt = i;
      firstMachine = Math.min(firstMachine, i);
    } else if (item.$type === 'Run' && !imported) since = i + 1;
  }
  const before = items.slice(0, index);
  const belongs = (i: number): boolean => i > machineAt || i < firstMachine;
  const listed = before.filter(({ item }, i) => item.$type === 'Swap' && belongs(i)).map(({ item }) => item as Swap);
  const own = (node.block?.clauses ?? []).filter((c): c is Sysctl => c.$type === 'Sysctl');
  const recent = items.slice(since, index).map(({ item }) => item);
  return {
    machine: machineAt < 0 ? null : (items[machineAt].item as Machine),
    swaps: listed,
    sysctls: [...before.filter(({ item }) => item.$type === 'Sysctl').map(({ item }) => item as Sysctl), ...own],
    processes: node.of.length > 0 ? processesNamed(program, node) : processesSince(program, node, recent, since > 0),
    timeline: recent.filter((item): item is At => item.$type === 'At'),
  };
}

function processesNamed(program: Program, node: Run): Process[] {
  const scope = scopeFor(program, null);
  if (node.processes.length === 0)
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'of'",
      part: 'a process',
      example: "'run of job'",
    });
  const found: Process[] = [];
  for (const word of node.processes) {
    const symbol = named(scope, word, ['process'], 'a process', (name) => `declare it with 'process ${name} { … }'`);
    if (!symbol) continue;
    if (found.includes(symbol.node as Process))
      program.reporter.report('V10', program.placeOf(word), { name: symbol.name });
    else found.push(symbol.node as Process);
  }
  return found;
}

function processesSince(
  program: Program,
  node: Run,
  recent: readonly ProgramItem['item'][],
  earlierRun: boolean,
): Process[] {
  const found = recent.filter((item): item is Process => item.$type === 'Process');
  if (found.length > 0) return found;
  // A process that was only misspelt has been complained about.
  if (recent.some((item) => item.$type === 'Unknown')) return found;
  const all = program.items
    .filter(({ item }) => item.$type === 'Process')
    .map(({ item }) => (item as Process).name?.text ?? '');
  const place = program.placeWithin(node, 0, 3);
  const last = all.at(-1);
  const header = node.title ?? null;
  const fix = last && {
    title: `Run 'of ${last}'`,
    edits: [
      {
        ...(header
          ? program.placeAfter(header)
          : { uri: place.uri, range: { start: place.range.end, end: place.range.end } }),
        newText: ` of ${last}`,
      },
    ],
    preferred: true,
  };
  program.reporter.report(
    'R01',
    place,
    {
      since: earlierRun ? 'since the run before' : 'before it',
      remedy: last
        ? `name one: 'run${node.title ? ` ${node.title.text}` : ''} of ${last}'`
        : 'declare one: process p { read db sequentially once }',
    },
    fix ? { fixes: [fix] } : {},
  );
  return found;
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

// ---- names that no run uses

function noteUsed(program: Program, inputs: RunInputs, used: Set<LanguageSymbol>): void {
  const wanted = [inputs.machine, ...inputs.processes];
  for (const symbol of program.symbols.values()) if (wanted.includes(symbol.node as Machine)) used.add(symbol);
}

function reportUnused(program: Program, used: ReadonlySet<LanguageSymbol>): void {
  const mentioned = new Set(program.references.map((r) => r.symbol));
  const own = new Set(program.items.filter((i) => !i.imported).map((i) => i.source.uri));
  for (const symbol of program.symbols.values()) {
    if (used.has(symbol) || mentioned.has(symbol) || symbol.kind === 'later' || !own.has(symbol.place.uri)) continue;
    program.reporter.report('N10', symbol.place, { kind: kindNames[symbol.kind], name: symbol.name });
  }
}

/** What counts for the runs behind it, and has none. */
function reportIdle(program: Program): void {
  const last = program.items.findLastIndex(({ item, imported }) => item.$type === 'Run' && !imported);
  for (const { item, imported } of program.items.slice(last + 1)) {
    if (imported) continue;
    if (item.$type === 'At' || item.$type === 'Sysctl' || item.$type === 'Seed' || item.$type === 'Swap') {
      const word = item.$type.toLowerCase();
      program.reporter.report('R12', program.placeWithin(item, 0, word.length), { what: word });
    }
  }
}

/** The importing line says when an imported file has errors; they themselves are listed under that file. */
function reportImports(program: Program): void {
  const found = program.reporter.diagnostics([]);
  for (const { place, path, source } of program.imports) {
    const errors = source ? found.filter((d) => d.uri === source.uri && d.severity === 'error') : [];
    const [first] = errors;
    if (!first) continue;
    program.reporter.report('N13', place, {
      path,
      count: errors.length === 1 ? 'an error' : `${errors.length} errors`,
      line: first.range.start.line + 1,
      message: first.message,
    });
  }
}
