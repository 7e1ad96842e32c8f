/** A crash and the way back: what a `recovery` says, for the run it belongs to. */
import { dumpBytes, sizeOf } from '../../simulator/exit/recovery.ts';
import {
  backingOf,
  crashOf,
  dumpModeOf,
  lockedRegions,
  rebootOf,
  recoveryRules,
} from '../../simulator/exit/scenario.ts';
import { backingRow } from '../../simulator/exit/costs.ts';
import type { KnobValues, ObjectSpec, RecoverySpec, Scenario } from '../../simulator/plan.ts';
import { valueOf } from '../../simulator/tables/define.ts';
import { RECOVERY_BLOCKS, type RecoveryBlock } from '../../simulator/tables/exit-knobs.ts';
import * as exit from '../../simulator/tables/exit-knobs.ts';
import * as knobs from '../../simulator/tables/knobs.ts';
import { GIB, MIB, PAGE_SIZE } from '../../simulator/units.ts';
import { reportLeftOver } from './complaints.ts';
import type { Anon, Expression, Machine, Process, Property, Recovery } from './generated/ast.ts';
import { knobValue } from './knob-values.ts';
import { spanOfNode } from './spans.ts';
import { named } from './names.ts';
import { entriesOf, properties, propertiesIn } from './properties.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { textOf, wordOf } from './syntax.ts';
import { knobOf, knobsOf } from './tables.ts';
import type { Scope } from './values.ts';

/** What names of its properties begin with: `recovery.budget`, `recovery.dump.mode`. */
export const RECOVERY = 'recovery';

/** `null`: something is wrong with it, and has been reported. `processes`: those of the run; absent: it is checked for itself. */
export function recoverySpec(scope: Scope, node: Recovery, processes?: readonly Process[]): RecoverySpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  reportLeftOver(program, node.rest, 'what belongs to a recovery stands in braces: recovery { budget 30 s }');
  const symbol =
    node.process &&
    named(scope, node.process, ['process'], 'a process', (name) => `declare it with 'process ${name} { … }'`);
  const entries = entriesOf(node.block);
  const values = properties(scope, 'the recovery', RECOVERY, knobsOf('recovery'), entries, RECOVERY_BLOCKS);
  const given = propertiesIn(entries);
  const [dump, prefault, helpers] = RECOVERY_BLOCKS.map((block) => blockValues(scope, block, given));
  const all = processes?.map((_, i) => i) ?? [0];
  const spec: RecoverySpec = {
    processes: symbol && processes ? all.filter((i) => processes[i] === symbol.node) : all,
    values,
    dump,
    prefault,
    helpers,
    source: spanOfNode(program, node),
  };
  reportContradictions(scope, node, spec);
  return program.reporter.errors > before || symbol === null ? null : spec;
}

/** `dump { mode full, bandwidth 2 GB/s }`, or a property a line: `prefault threads 8`, `dump full`, `helpers persist`. */
function blockValues(scope: Scope, block: RecoveryBlock, given: readonly Property[]): KnobValues {
  const { program } = scope;
  const rows = knobsOf(block);
  const values: Record<string, number | string | boolean> = {};
  const seen = new Map<string, Property>();
  const put = (at: Property, found: KnobValues): void => {
    for (const [name, value] of Object.entries(found)) {
      const first = seen.get(name);
      if (first && first !== at)
        program.reporter.report(
          'V10',
          program.placeOf(at),
          { name },
          { related: [{ ...program.placeOf(first), message: 'given here' }] },
        );
      else {
        seen.set(name, at);
        values[name] = value;
      }
    }
  };
  for (const property of given.filter((p) => p.name.text === block)) {
    reportLeftOver(program, property.rest, `properties of '${block}' stand in braces`);
    if (property.block) put(property, properties(scope, `'${block}'`, null, rows, entriesOf(property.block)));
    if (property.values.length > 0) put(property, inLine(scope, block, property.values));
    else if (!property.block)
      program.reporter.report('S07', program.placeAfter(property), {
        what: `'${block}'`,
        part: 'a property',
        example:
          block === 'dump' ? "'dump full'" : block === 'prefault' ? "'prefault threads 8'" : "'helpers trim 20%'",
      });
  }
  // What the experiment varies.
  return { ...values, ...properties(scope, `'${block}'`, `${RECOVERY}.${block}`, rows, []) };
}

function inLine(scope: Scope, block: RecoveryBlock, terms: readonly Expression[]): KnobValues {
  const { program } = scope;
  const [first, ...rest] = terms;
  const word = textOf(first).replace(/\s/g, '');
  const mode = exit.dumpMode.type.of.some(({ id }) => id === word);
  if (block === 'dump' && mode) {
    if (rest[0])
      program.reporter.report('S01', program.placeOf(rest[0]), {
        found: textOf(rest[0]),
        remedy: `more of a dump stands in braces: dump { mode ${word}, bandwidth 2 GB/s }`,
      });
    return { [exit.dumpMode.name]: word };
  }
  const row = knobOf(block, wordOf(first)?.text ?? word);
  if (!row) {
    const names = knobsOf(block).map((k) => k.name);
    const meant = nearest(word, names);
    program.reporter.report(
      'N05',
      program.placeOf(first),
      { owner: `'${block}'`, name: word, hint: meant ? `: did you mean '${meant}'?` : `: it has ${names.join(', ')}` },
      meant ? { fixes: [program.replace(first, meant, `Change to '${meant}'`)] } : {},
    );
    return {};
  }
  const value = knobValue(scope, row, rest, first);
  return value === null ? {} : { [row.name]: value };
}

const propertyOf = (node: Recovery, name: string): Property | undefined =>
  propertiesIn(entriesOf(node.block)).find((p) => p.name.text === name);

/** What contradicts itself whatever the machine. */
function reportContradictions(scope: Scope, node: Recovery, spec: RecoverySpec): void {
  const { program } = scope;
  if (spec.values[exit.budget.name] === 0) {
    const at = propertyOf(node, exit.budget.name);
    const figure = at?.values[0];
    program.reporter.report(
      'E01',
      program.placeOf(figure ?? at ?? node),
      {},
      figure ? { fixes: [program.replace(figure, '30 s', 'Change to 30 s')] } : {},
    );
  }
  if (crashOf(spec) === 'kernel' && rebootOf(spec) === 'none') {
    const at = propertyOf(node, exit.reboot.name);
    const word = at?.values[0];
    program.reporter.report(
      'E02',
      program.placeOf(at ?? node),
      {},
      word
        ? { fixes: ['kexec', 'firmware'].map((kind) => program.replace(word, kind, `Change to 'reboot ${kind}'`)) }
        : {},
    );
  }
  if (valueOf(spec.helpers, exit.persist) && rebootOf(spec) !== 'none')
    program.reporter.report('E06', program.placeOf(propertyOf(node, 'helpers') ?? node), { reboot: rebootOf(spec) });
}

/** What only the whole scenario tells: whether locked memory and the dump have room. */
export function reportRoom(
  scope: Scope,
  scenario: Scenario,
  at: { readonly machine: Machine | null; readonly recovery: Recovery | null },
): void {
  const { program } = scope;
  const regions = scenario.processes.flatMap((_, process) => lockedRegions(scenario, process));
  const memory = valueOf(scenario.machine.values, knobs.memory);
  const locked = sizeOf(regions);
  if (locked > memory) {
    const largest = [...scenario.objects]
      .filter((object) => object.kind === 'anon' && valueOf(object.values, knobs.locked))
      .sort((a, b) => b.pages - a.pages)[0];
    const region = program.symbols.get(largest.name)?.node as Anon | undefined;
    // the kernel keeps some for itself: page tables, watermarks
    const unit = locked < GIB ? 16 * MIB : GIB;
    const enough = exactQuantity('bytes', Math.ceil((locked * 1.02 + MIB) / unit) * unit);
    program.reporter.report('E03', program.placeOf(region?.size ?? region ?? at.machine ?? at.recovery!), {
      locked: formatQuantity('bytes', locked),
      machine: scenario.machine.name,
      memory: formatQuantity('bytes', memory),
      enough,
    });
  }
  const spec = scenario.recovery;
  const node = at.recovery;
  const device = spec?.dump[exit.dumpDevice.name];
  if (!spec || !node || typeof device !== 'number' || dumpModeOf(spec) === 'off') return;
  const dumped = spec.processes.flatMap((process) => lockedRegions(scenario, process));
  const bytes = Math.ceil(dumpBytes(recoveryRules(scenario.machine, spec, 0), dumped));
  if (bytes <= device) return;
  program.reporter.report('E04', program.placeOf(propertyOf(node, 'dump') ?? node), {
    bytes: formatQuantity('bytes', bytes),
    device: formatQuantity('bytes', device),
    remedy: dumpModeOf(spec) === 'full' ? "write 'dump filtered'" : 'keep a smaller fraction',
  });
}

/** Pages of a backing that do not divide a region: hugetlb refuses it, others put base pages at its end. */
export function reportBacking(
  scope: Scope,
  node: Anon,
  object: Pick<ObjectSpec, 'kind' | 'name' | 'pages' | 'values'>,
): void {
  const { program } = scope;
  const { id, size, hugetlb } = backingRow(backingOf(object));
  const bytes = object.pages * PAGE_SIZE;
  if (bytes % size === 0) return;
  const up = exactQuantity('bytes', Math.ceil(bytes / size) * size);
  const at = node.size ?? node;
  program.reporter.report(
    hugetlb ? 'E05' : 'E07',
    program.placeOf(at),
    { name: object.name, size: exactQuantity('bytes', bytes), backing: id, page: exactQuantity('bytes', size), up },
    node.size?.$type === 'Quantity' ? { fixes: [program.replace(at, up, `Change to ${up}`)] } : {},
  );
}
