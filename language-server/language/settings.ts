/** Settings from outside, `--set NAME=VALUE`: values that take the place of what the text says. */
import { seedOf } from './varied.ts';
import type { CompileOptions } from './compile.ts';
import type { LanguageDiagnostic } from './diagnostics.ts';
import type { Machine } from './generated/ast.ts';
import { parseSource } from './parser.ts';
import type { Program } from './program.ts';
import { formatNodelist, nodemask } from '../../simulator/numa/nodemask.ts';
import { nodeList } from './nodes.ts';
import { readMpol, readPolicy } from './policies.ts';
import { targetOf } from './targets.ts';
import { variantChoice } from './properties.ts';
import { scopeFor } from './scenarios.ts';
import { evaluate, letKey, type Override, type Scope } from './values.ts';
import { knobValue } from './knob-values.ts';

/** Uri of diagnostics about `--set`. */
export const SETTINGS_URI = 'set:';

export function readSettings(program: Program, options: CompileOptions): ReadonlyMap<string, Override> {
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
      const variant = variantChoice(inner, value, value, target.mechanism);
      if (variant) overrides.set(target.key, { variant });
    } else if (target.kind === 'policy') {
      const given = { text: text.replace(/\s+/g, ''), place };
      if ((target.symbol?.kind === 'tmpfs' ? readMpol(program, given) : readPolicy(program, given)) !== null)
        overrides.set(target.key, { value: given.text, place });
    } else if (target.kind === 'nodes') {
      const nodes = nodeList(inner, term, value, `'${name}'`, `'${name}=0-1'`, true);
      if (nodes) overrides.set(target.key, { value: formatNodelist(nodemask(nodes)) });
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
