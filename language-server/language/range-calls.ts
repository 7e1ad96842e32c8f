/** Memory that a process says it can do without: `volatile`, `nonvolatile`, `madvise`, `on purged`, and the children of `fork`. */
import type { Advice, PhaseSpec, PurgedHandler, Step } from '../../simulator/plan.ts';
import { reportLeftOver } from './complaints.ts';
import type { Fork, Handler, RangeCall, Statement } from './generated/ast.ts';
import { convert } from './knob-values.ts';
import { entriesOf, properties } from './properties.ts';
import { spanOfNode } from './spans.ts';
import { nearest } from './quantities.ts';
import { regionBytes } from './regions.ts';
import type { ScenarioParts } from './scenario-parts.ts';
import { knobsOf } from './tables.ts';
import { evaluate, type Scope } from './values.ts';

export const ADVICES: readonly Advice[] = ['free', 'cold', 'pageout', 'dontneed'];

export function rangeCallStep(scope: Scope, parts: ScenarioParts, s: RangeCall): Step | null {
  const { program } = scope;
  const { objects } = parts;
  const before = program.reporter.errors;
  const advice = s.call === 'madvise' ? adviceOf(scope, s) : undefined;
  const example = s.call === 'madvise' ? `madvise ${s.advice?.text ?? 'free'}` : s.call;
  reportLeftOver(program, s.rest, `write '${example} heap', perhaps '${example} heap[0 .. 16 MiB] in ranges of 1 MiB'`);
  if (!s.target) {
    if (advice !== null)
      program.reporter.report('S07', program.placeAfter(s), {
        what: `'${example}'`,
        part: 'anonymous memory',
        example: `'${example} heap'`,
      });
    return null;
  }
  const region = regionBytes(scope, objects, s.target, true);
  const each = eachOf(scope, s, example);
  if (!region || each === null || advice === null || program.reporter.errors > before) return null;
  const { kind } = objects.objects[region.target.object];
  if (kind !== 'anon') {
    program.reporter.report('R11', program.placeOf(s.target), {
      what: `'${s.target.name.text}' is a file, and calls on ranges are simulated for memory of processes`,
      remedy: `declare 'anon ${s.target.name.text} …' in the process`,
    });
    return null;
  }
  if (region.bytes?.start === region.bytes?.end && region.bytes !== undefined)
    program.reporter.report('K02', program.placeOf(s.target), { name: s.target.name.text });
  const common = { ...region, ...(each === undefined ? {} : { each }), source: objects.span(s) };
  return s.call === 'madvise' ? { kind: 'madvise', advice: advice!, ...common } : { kind: s.call, ...common };
}

function adviceOf(scope: Scope, s: RangeCall): Advice | null {
  const { program } = scope;
  const word = s.advice?.text;
  const known = ADVICES.find((advice) => advice === word);
  if (known) return known;
  const meant = word === undefined ? undefined : nearest(word, ADVICES);
  if (word === undefined || !s.advice)
    program.reporter.report('S07', program.placeAfter(s), {
      what: "'madvise'",
      part: 'an advice and anonymous memory',
      example: "'madvise free heap'",
    });
  else
    program.reporter.report(
      'V04',
      program.placeOf(s.advice),
      {
        what: "the advice of 'madvise'",
        choices: ADVICES.join(', '),
        name: word,
        hint: meant ? `: did you mean '${meant}'?` : '',
      },
      meant ? { fixes: [program.replace(s.advice, meant)] } : {},
    );
  return null;
}

/** `in ranges of 1 MiB`. `undefined`: not given; `null`: reported. */
function eachOf(scope: Scope, s: RangeCall, example: string): number | undefined | null {
  const { program } = scope;
  if (!s.ranges && !s.each) return undefined;
  if (s.ranges && s.ranges.text !== 'ranges') {
    program.reporter.report(
      'S01',
      program.placeOf(s.ranges),
      { found: s.ranges.text, remedy: `write 'in ranges of 1 MiB'` },
      { fixes: [program.replace(s.ranges, 'ranges')] },
    );
    return null;
  }
  if (!s.each) {
    program.reporter.report('S07', program.placeAfter(s), {
      what: "'in ranges'",
      part: 'their size',
      example: `'${example} heap in ranges of 1 MiB'`,
    });
    return null;
  }
  const value = evaluate(scope, s.each);
  const bytes = value && convert(scope, s.each, value, 'bytes', 'the size of the ranges', '1 MiB');
  if (bytes === null) return null;
  if (bytes >= 1) return Math.round(bytes);
  program.reporter.report('V01', program.placeOf(s.each), {
    what: 'the size of the ranges',
    value: '0 B',
    range: 'from 1 B',
    example: "'1 MiB'",
  });
  return null;
}

/** `on purged { regenerate 3 ms }`, once a process. */
export function purgedHandler(scope: Scope, statements: readonly Statement[]): PurgedHandler | undefined {
  const { program } = scope;
  const given = statements.filter((s): s is Handler => s.$type === 'Handler');
  for (const s of given) {
    reportLeftOver(program, s.rest, "what the process does stands in braces: 'on purged { regenerate 3 ms }'");
    if (s.event?.text === 'purged') continue;
    if (s.event)
      program.reporter.report(
        'N14',
        program.placeOf(s.event),
        { name: s.event.text, what: 'event of a process', remedy: "there is 'purged'" },
        { fixes: [program.replace(s.event, 'purged')] },
      );
    else
      program.reporter.report('S07', program.placeAfter(s), {
        what: "'on'",
        part: 'an event and what is done about it',
        example: "'on purged { regenerate 3 ms }'",
      });
  }
  const [first, second] = given.filter((s) => s.event?.text === 'purged');
  if (second) program.reporter.report('V10', program.placeOf(second), { name: 'on purged' });
  if (!first) return undefined;
  if (!first.block)
    program.reporter.report('S07', program.placeAfter(first), {
      what: "'on purged'",
      part: 'a block',
      example: "'on purged { regenerate 3 ms }'",
    });
  const values = properties(scope, "'on purged'", null, knobsOf('handler'), entriesOf(first.block));
  const { regenerate, idle } = values as { regenerate?: number; idle?: number };
  if (first.block && regenerate === undefined) program.reporter.report('K03', program.placeOf(first), {});
  return {
    ...(regenerate === undefined ? {} : { regenerate }),
    ...(idle === undefined ? {} : { idle }),
    source: spanOfNode(scope.program, first),
  };
}

/** What is taken back must have been given; said once for each region. */
export function checkRangeCalls(scope: Scope, statements: readonly Statement[]): void {
  const { program } = scope;
  const calls: RangeCall[] = [];
  const walk = (list: readonly Statement[]): void => {
    for (const s of list) {
      if (s.$type === 'RangeCall') calls.push(s);
      else if ((s.$type === 'Phase' || s.$type === 'ForBlock' || s.$type === 'Fork') && s.block)
        walk(s.block.statements);
    }
  };
  walk(statements);
  const marked = new Set(calls.filter((s) => s.call === 'volatile').map((s) => s.target?.name.text));
  const told = new Set<string>();
  for (const s of calls) {
    const name = s.target?.name.text;
    if (s.call !== 'nonvolatile' || name === undefined || marked.has(name) || told.has(name)) continue;
    told.add(name);
    program.reporter.report('K01', program.placeOf(s), { name });
  }
  for (const s of statements)
    if (s.$type === 'Handler' && s.event?.text === 'purged' && calls.length === 0)
      program.reporter.report('K04', program.placeOf(s), {});
}

/** `fork child { … }`: a process of its own, which begins here with the same memory. `phasesOf` reads what it does. */
export function forkStep(
  scope: Scope,
  parts: ScenarioParts,
  s: Fork,
  phasesOf: (scope: Scope, parts: ScenarioParts, statements: readonly Statement[]) => PhaseSpec[],
): Step | null {
  const { program } = scope;
  const { objects } = parts;
  reportLeftOver(program, s.rest, "what the child does stands in braces: 'fork child { write heap }'");
  if (!s.name || !s.block) {
    program.reporter.report('S07', program.placeAfter(s.name ?? s), {
      what: "'fork'",
      part: s.name ? 'a block' : 'a name and a block',
      example: `'fork ${s.name?.text ?? 'child'} { write heap uniform, 10k times }'`,
    });
    return null;
  }
  const inner = s.block.statements.find((one) => ['Fork', 'Anon', 'Property', 'Handler'].includes(one.$type));
  if (inner) {
    program.reporter.report('R09', program.placeOf(inner), {
      problem:
        inner.$type === 'Fork'
          ? 'a child cannot fork again'
          : 'a child has the memory and the properties of its parent, and none of its own',
      remedy: inner.$type === 'Fork' ? 'fork it from the parent' : 'put it into the parent',
    });
    return null;
  }
  const parent = objects.process;
  if (!parent) return null;
  const phases = phasesOf(scope, parts, s.block.statements);
  const source = objects.span(s);
  const { name, ...groups } = parent;
  const spec = { name: s.name.text, ...groups, values: {}, phases, source };
  const process = parts.fork(spec);
  const pairs = objects.copyRegions(s.name.text, process);
  const copies = new Map(pairs.map(({ of, copy }) => [of, copy]));
  const own = <T>(value: T): T => {
    if (Array.isArray(value)) return value.map(own) as T;
    if (typeof value !== 'object' || value === null) return value;
    const moved: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(value))
      moved[key] = key === 'object' && copies.has(part as number) ? copies.get(part as number) : own(part);
    return moved as T;
  };
  parts.complete(process, {
    ...spec,
    phases: own(phases),
    forked: { parent: objects.currentProcess, objects: pairs },
  });
  return name === '' ? null : { kind: 'fork', process, source };
}
