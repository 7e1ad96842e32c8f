/** The tmpfs mounts of one scenario. */
import type { TmpfsSpec } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { reportLeftOver } from './complaints.ts';
import type { Tmpfs } from './generated/ast.ts';
import { spanOfNode } from './spans.ts';
import { policyOfProperty, readMpol } from './policies.ts';
import { entriesOf, objectPages, properties, propertiesIn } from './properties.ts';
import { knobsOf } from './tables.ts';
import type { Scope } from './values.ts';

export function tmpfsSpec(scope: Scope, node: Tmpfs, limitPages: number): TmpfsSpec | null {
  const { program } = scope;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'tmpfs'), {
      what: "'tmpfs'",
      part: 'a name',
      example: "'tmpfs scratch 2 GiB'",
    });
  const pages = objectPages(scope, node, limitPages);
  reportLeftOver(program, node.rest, `properties of '${name}' stand in braces`);
  const knobs = knobsOf('tmpfs').filter((k) => k.name !== 'size');
  const entries = entriesOf(node.block);
  const values = properties(scope, `tmpfs '${name}'`, node.name ? name : null, knobs, entries, ['mpol']);
  const given = propertiesIn(entries).filter((p) => p.name.text === 'mpol');
  if (given[1]) program.reporter.report('V10', program.placeOf(given[1]), { name: 'mpol' });
  const override = scope.overrides.get(`${name}.mpol`);
  let mpol: string | null | undefined;
  if (override && 'value' in override) mpol = String(override.value);
  else if (given[0]) {
    const text = policyOfProperty(program, given[0]);
    if (text) mpol = readMpol(program, text);
    else
      program.reporter.report('S07', program.placeAfter(given[0]), {
        what: "'mpol'",
        part: 'a policy',
        example: "'mpol bind=relative:0-1'",
      });
  }
  if (pages === null) return null;
  return {
    name,
    ...(typeof mpol === 'string' ? { mpol } : {}),
    values: { ...values, size: pages * PAGE_SIZE },
    source: spanOfNode(program, node),
  };
}
