/** FUSE mounts of one scenario, and their daemons. */
import { MAX_PAGES } from '../../simulator/machine/access.ts';
import type { FuseSpec, KnobValues } from '../../simulator/plan.ts';
import type { Knob } from '../../simulator/tables/define.ts';
import { accountingById } from '../../simulator/tables/fuse-accounting.ts';
import { memory } from '../../simulator/tables/knobs.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { reportLeftOver } from './complaints.ts';
import type { CompareValue, Fuse, Property } from './generated/ast.ts';
import { knobValue } from './knob-values.ts';
import { spanOfNode } from './spans.ts';
import { entriesOf, objectPages, properties, propertiesIn, propertyNamed } from './properties.ts';
import { exactQuantity } from './quantities.ts';
import { knobOf, knobsOf } from './tables.ts';
import type { Override, Scope } from './values.ts';

/** What the daemon of a mount is called. */
export const daemonOf = (mount: string): string => `${mount}.daemon`;

/** The knob that `photos.max_ratio` or `photos.daemon.bandwidth` names, from what stands behind the mount's name. */
export const fuseKnob = (rest: string): Knob | undefined =>
  rest.startsWith('daemon.') ? knobOf('daemon', rest.slice('daemon.'.length)) : knobOf('fuse', rest);

export function fuseSpec(scope: Scope, node: Fuse): FuseSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'fuse'), {
      what: "'fuse'",
      part: 'a name',
      example: "'fuse photos { max_ratio 1% }'",
    });
  reportLeftOver(program, node.rest, 'properties of a mount stand in braces: fuse photos { max_ratio 1% }');
  const entries = entriesOf(node.block);
  const values = properties(scope, `mount '${name}'`, node.name ? name : null, knobsOf('fuse'), entries, ['daemon']);
  const blocks = propertiesIn(entries).filter((p) => p.name.text === 'daemon');
  const [block, second] = blocks;
  if (second) program.reporter.report('V10', program.placeOf(second), { name: 'daemon' });
  if (block && !block.block)
    program.reporter.report('S07', program.placeAfter(block), {
      what: "'daemon'",
      part: 'its properties in braces',
      example: "'daemon { bandwidth 200 MB/s, threads 1 }'",
    });
  if (block) reportLeftOver(program, block.rest, 'properties of the daemon stand in braces');
  const daemon = properties(
    scope,
    `the daemon of '${name}'`,
    node.name ? daemonOf(name) : null,
    knobsOf('daemon'),
    entriesOf(block?.block),
  );
  checkRatios(scope, node, values);
  if (values['accounting'] === 'exempt' && daemon['flag'] === 'none') {
    const flag = propertyNamed(block?.block, 'flag');
    program.reporter.report('F06', program.placeOf(flag ?? node.name ?? node), { name });
  }
  if (program.reporter.errors > before) return null;
  return { name, values, daemon, source: spanOfNode(program, node) };
}

const ratio = (values: KnobValues, name: 'max_ratio' | 'min_ratio'): number =>
  Number(values[name] ?? knobOf('fuse', name)?.default ?? 0);

function checkRatios(scope: Scope, node: Fuse, values: KnobValues): void {
  const { program } = scope;
  const min = ratio(values, 'min_ratio');
  const max = ratio(values, 'max_ratio');
  if (min <= max) return;
  const given = propertyOf(node, 'min_ratio');
  const text = { min: exactQuantity('share', min), max: exactQuantity('share', max) };
  const [value] = given?.values ?? [];
  const upper = propertyOf(node, 'max_ratio')?.values[0];
  program.reporter.report(
    'F01',
    program.placeOf(given ?? node.name ?? node),
    { name: node.name?.text ?? '', ...text },
    {
      fixes: [
        ...(value ? [program.replace(value, text.max, `Lower min_ratio to ${text.max}`)] : []),
        upper
          ? { ...program.replace(upper, text.min, `Raise max_ratio to ${text.min}`), preferred: !value }
          : {
              ...program.insertAfter(given ?? node, `, max_ratio ${text.min}`, `Add 'max_ratio ${text.min}'`),
              preferred: !value,
            },
      ],
    },
  );
}

const propertyOf = (node: Fuse, name: string): Property | undefined =>
  propertiesIn(entriesOf(node.block)).find((p) => p.name.text === name);

/** Shares that devices have in any case must leave something: together less than all. */
export function checkShares(
  scope: Scope,
  disk: KnobValues,
  mounts: readonly { readonly spec: FuseSpec; readonly node: Fuse }[],
): void {
  const own = Number(disk['min_ratio'] ?? 0);
  const sum = mounts.reduce((total, { spec }) => total + ratio(spec.values, 'min_ratio'), own);
  if (sum < 1_000_000) return;
  const last = mounts.findLast(({ node }) => propertyOf(node, 'min_ratio')) ?? mounts.at(-1);
  if (!last) return;
  const { program } = scope;
  const given = propertyOf(last.node, 'min_ratio');
  program.reporter.report('F02', program.placeOf(given ?? last.node.name ?? last.node), {
    sum: exactQuantity('share', sum),
  });
}

/** A file so large that by the time writing comes round to its start, what was there has long left memory. */
const ENDLESS = 4;

/** The mount used as a file: pages of the one file on it. `null`: reported. */
export function mountPages(scope: Scope, node: Fuse): number | null {
  if (node.size || scope.overrides.has(`${node.name?.text ?? ''}.size`)) return objectPages(scope, node, MAX_PAGES);
  const size = scope.property(scope, memory.name, node)?.value ?? (memory.default as number);
  return Math.max(1, Math.min(MAX_PAGES / 2, Math.ceil((ENDLESS * size) / PAGE_SIZE)));
}

/**
 * `exempt { flag local }`: with a way of counting go properties of the mount and its daemon, in the place of what is declared. `null`: reported.
 */
export function accountingParameters(scope: Scope, mount: string, value: CompareValue): Map<string, Override> | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const found = new Map<string, Override>();
  const rows = parameterKnobs();
  for (const entry of propertiesIn(entriesOf(value.block))) {
    const { text } = entry.name;
    const row = rows.find((k) => k.name === text);
    if (!row) continue;
    const key = `${row.scope === 'daemon' ? daemonOf(mount) : mount}.${row.name}`;
    const read = knobValue(scope, row, entry.values, entry.name);
    if (read !== null) found.set(key, { value: read });
  }
  // Whatever is wrong with the block is said by the reader of all blocks.
  properties(scope, `accounting of '${mount}'`, null, rows, entriesOf(value.block));
  return program.reporter.errors > before ? null : found;
}

const parameterKnobs = (): Knob[] => [...knobsOf('fuse').filter((k) => k.name !== 'accounting'), ...knobsOf('daemon')];

/** What may stand in the braces behind a way of counting; nothing if `id` is none. */
export const accountingKnobs = (id = ''): readonly Knob[] => (accountingById(id) ? parameterKnobs() : []);

/** What can be set while a run goes on: what the kernel's files and the administrator of a daemon can. */
const CHANGING: readonly string[] = [
  'max_ratio',
  'min_ratio',
  'strictlimit',
  'max_background',
  'congestion_threshold',
  'bandwidth',
  'flag',
];

export const changesWhileRunning = (knob: Knob): boolean => CHANGING.includes(knob.name);
export const changingNames = (mount: string): string[] =>
  [
    ...knobsOf('fuse').map((k) => ({ k, name: `${mount}.${k.name}` })),
    ...knobsOf('daemon').map((k) => ({ k, name: `${daemonOf(mount)}.${k.name}` })),
  ]
    .filter(({ k }) => changesWhileRunning(k))
    .map(({ name }) => name);
