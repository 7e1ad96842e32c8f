/** Machines: memory, disk, swap, sysctls, and the reclaim variant they choose. */
import type { AstNode } from 'langium';
import type { KnobValues, MachineSpec, VariantChoice } from '../../simulator/plan.ts';
import type { Variant } from '../../simulator/tables/define.ts';
import { MICROSECOND } from '../../simulator/units.ts';
import { reportLeftOver } from './complaints.ts';
import type { Expression, Property, Swap, Sysctl, Word } from './generated/ast.ts';
import { knobValue } from './knob-values.ts';
import { topology } from './nodes.ts';
import { entriesOf, properties, propertiesIn, variantChoice } from './properties.ts';
import { nearest } from './quantities.ts';
import type { RunInputs } from './scenarios.ts';
import { textOf, wordOf } from './syntax.ts';
import { bytesAccepted } from './writeback.ts';
import { knobOf, knobsOf } from './tables.ts';
import { DEFAULT_MACHINE } from './targets.ts';
import type { Scope } from './values.ts';

const ZRAM: KnobValues = { latency: 5 * MICROSECOND, bandwidth: 1_000_000_000 };

/** Properties of a machine that are written like the statements of the same name. */
const MACHINE_STATEMENTS = [
  'disk',
  'exit',
  'locks',
  'swap',
  'sysctl',
  'reclaim',
  'volatile.interface',
  'node',
  'distance',
] as const;

export function machineSpec(
  scope: Scope,
  inputs: Pick<RunInputs, 'machine' | 'swaps'>,
): {
  machine: MachineSpec;
  sysctls: KnobValues;
  reclaim: VariantChoice | null;
  volatile: VariantChoice | null;
} {
  const { program } = scope;
  const node = inputs.machine;
  const name = node?.name?.text ?? DEFAULT_MACHINE;
  if (node && !node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'machine'), {
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
  const exits = given.filter((p) => p.name.text === 'exit');
  for (const p of exits) {
    if (!p.block)
      program.reporter.report('S07', program.placeAfter(p), {
        what: "'exit'",
        part: 'its properties in braces',
        example: "'exit { munlock v3.12 }'",
      });
    reportLeftOver(program, p.rest, "properties of 'exit' stand in braces");
  }
  if (exits[1]) program.reporter.report('V10', program.placeOf(exits[1]), { name: 'exit' });
  const exit = properties(
    scope,
    `'exit' of '${name}'`,
    `${name}.exit`,
    knobsOf('exit'),
    exits.slice(0, 1).flatMap((p) => [...entriesOf(p.block)]),
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
  const choice = (mechanism: Variant['mechanism']): VariantChoice | null => {
    const chosen = given.find((p) => p.name.text === mechanism);
    if (!chosen) return null;
    const value = { terms: chosen.values, ...(chosen.block ? { block: chosen.block } : {}) };
    return variantChoice(scope, value, chosen.name, mechanism);
  };
  const locks = blockOf(scope, name, given, 'locks', "'locks { handoff 90 us }'");
  const { nodes, distances, totals } = topology(scope, name, given, values);
  const machine = {
    name,
    values: { ...values, ...totals },
    disk,
    ...(Object.keys(exit).length > 0 && { exit }),
    ...(Object.keys(locks).length > 0 && { locks }),
    swap,
    ...(nodes && { nodes }),
    ...(distances && { distances }),
  };
  return { machine, sysctls, reclaim: choice('reclaim'), volatile: choice('volatile.interface') };
}

/** A block of a machine that is given at most once. */
function blockOf(
  scope: Scope,
  machine: string,
  given: readonly Property[],
  word: 'locks',
  example: string,
): KnobValues {
  const { program } = scope;
  const blocks = given.filter((p) => p.name.text === word);
  for (const p of blocks) {
    if (!p.block)
      program.reporter.report('S07', program.placeAfter(p), {
        what: `'${word}'`,
        part: 'its properties in braces',
        example,
      });
    reportLeftOver(program, p.rest, `properties of '${word}' stand in braces`);
  }
  if (blocks[1]) program.reporter.report('V10', program.placeOf(blocks[1]), { name: word });
  const entries = blocks.slice(0, 1).flatMap((p) => [...entriesOf(p.block)]);
  return properties(scope, `'${word}' of '${machine}'`, `${machine}.${word}`, knobsOf(word), entries);
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
  if (read === null || !bytesAccepted(scope, row.name, read, value ?? word)) return null;
  return { name: row.name, value: read };
}
