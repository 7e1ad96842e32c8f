/** The cpusets of one scenario. */
import type { CpusetSpec } from '../../simulator/plan.ts';
import { reportLeftOver } from './complaints.ts';
import type { Cpuset } from './generated/ast.ts';
import { nodeList, readNodeList } from './nodes.ts';
import { spanOfNode } from './spans.ts';
import { named } from './names.ts';
import { entriesOf, properties, propertiesIn } from './properties.ts';
import { knobsOf } from './tables.ts';
import type { Scope } from './values.ts';

/** Properties that are node or processor lists. */
export const CPUSET_LISTS = ['mems', 'cpus'] as const;
export type CpusetList = (typeof CPUSET_LISTS)[number];

export const listExample = (list: CpusetList): string => (list === 'mems' ? "'mems 2-3'" : "'cpus 0-3'");

export function cpusetSpec(scope: Scope, node: Cpuset, parent: number | null): CpusetSpec {
  const { program } = scope;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'cpuset'), {
      what: "'cpuset'",
      part: 'a name',
      example: "'cpuset jail { mems 2-3 }'",
    });
  reportLeftOver(program, node.rest, 'properties of a cpuset stand in braces: cpuset jail { mems 2-3 }');
  const entries = entriesOf(node.block);
  const values = properties(
    scope,
    `cpuset '${name}'`,
    node.name ? name : null,
    knobsOf('cpuset'),
    entries,
    CPUSET_LISTS,
  );
  const lists: { mems?: readonly number[]; cpus?: readonly number[] } = {};
  for (const list of CPUSET_LISTS) {
    const override = scope.overrides.get(`${name}.${list}`);
    if (override && 'value' in override) {
      lists[list] = readNodeList(String(override.value)) ?? [];
      continue;
    }
    const [given, twice] = propertiesIn(entries).filter((p) => p.name.text === list);
    if (twice)
      program.reporter.report(
        'V10',
        program.placeOf(twice),
        { name: list },
        { related: [{ ...program.placeOf(given), message: 'given here' }] },
      );
    if (!given) continue;
    reportLeftOver(program, given.rest, `a ',' or a new line ends '${list}'; node lists are written without spaces`);
    const nodes = nodeList(scope, given.values[0], given.name, `'${list}'`, listExample(list), true);
    if (nodes) lists[list] = nodes;
  }
  return { name, parent, ...lists, values, source: spanOfNode(program, node) };
}

/** The cpusets that one scenario uses; the root is always there. */
export class CpusetTable {
  readonly specs: CpusetSpec[] = [{ name: '', parent: null, values: {} }];
  readonly nodes: (Cpuset | null)[] = [null];

  add(scope: Scope, node: Cpuset, depth = 0): number {
    const known = this.nodes.indexOf(node);
    if (known >= 0) return known;
    const { program } = scope;
    let parent = 0;
    if (node.parent && depth < 32) {
      const symbol = named(scope, node.parent, ['cpuset'], 'a cpuset', (name) => `declare it with 'cpuset ${name}'`);
      if (symbol?.node === node)
        program.reporter.report('N11', program.placeOf(node.parent), {
          name: symbol.name,
          chain: `${symbol.name} → ${symbol.name}`,
        });
      else if (symbol) parent = this.add(scope, symbol.node as Cpuset, depth + 1);
    } else if (node.parent) {
      program.reporter.report('N11', program.placeOf(node.parent), {
        name: node.parent.text,
        chain: 'cpusets that contain each other',
      });
    }
    const again = this.nodes.indexOf(node);
    if (again >= 0) return again;
    this.specs.push(cpusetSpec(scope, node, parent));
    this.nodes.push(node);
    return this.specs.length - 1;
  }
}
