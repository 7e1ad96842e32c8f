/** The cgroups of one scenario. */
import type { CgroupSpec } from '../../simulator/plan.ts';
import { reportLeftOver } from './complaints.ts';
import type { Cgroup } from './generated/ast.ts';
import { named } from './names.ts';
import { entriesOf, properties } from './properties.ts';
import { knobsOf } from './tables.ts';
import type { Scope } from './values.ts';

export function cgroupSpec(scope: Scope, node: Cgroup, parent: number | null): CgroupSpec {
  const { program } = scope;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'cgroup'), {
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
export class CgroupTable {
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
