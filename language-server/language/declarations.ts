/** Everything that a program declares, checked as it stands, used by a run or not. */
import type { AstNode } from 'langium';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type { Machine } from './generated/ast.ts';
import { ObjectTable } from './objects.ts';
import { named } from './names.ts';
import { processSpec, traceRef } from './processes.ts';
import type { Program } from './program.ts';
import { type ProgramItem } from './program.ts';
import { cgroupSpec } from './cgroups.ts';
import { cpusetSpec } from './cpusets.ts';
import { deviceSpec } from './devices.ts';
import { machineSpec, sysctlValue } from './machines.ts';
import { recoverySpec } from './recoveries.ts';
import { scopeFor, seedValue } from './scenarios.ts';
import { timelineEntry } from './timeline.ts';
import { evaluate, letValue, type Scope } from './values.ts';

/**
 * Everything the text declares, checked as it stands, used or not. Returns the items with errors: runs that need them are not started.
 */
export function checkDeclarations(program: Program): ReadonlySet<AstNode> {
  const faulty = new Set<AstNode>(program.doubtful);
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
    case 'Cpuset':
      if (item.parent) named(scope, item.parent, ['cpuset'], 'a cpuset', (name) => `declare it with 'cpuset ${name}'`);
      cpusetSpec(scope, item, 0);
      break;
    case 'Tmpfs':
      new ObjectTable(program, []).add(scope, item);
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
          cpuset: () => 0,
          device: () => 0,
          fork: () => 0,
          complete: () => undefined,
          trace: (s, node) => (traceRef(s, node, undefined) ? 0 : null),
        },
        item,
      );
      break;
    case 'At':
      timelineEntry(scope, item, null, {
        cgroup: () => 0,
        cpuset: () => 0,
        mount: (node) => new ObjectTable(program, []).mount(scope, node),
        fuse: (node) => new ObjectTable(program, []).fuse(scope, node),
        device: () => 0,
      });
      break;
    case 'Fuse':
      new ObjectTable(program, []).add(scope, item);
      break;
    case 'Recovery':
      recoverySpec(scope, item);
      break;
    case 'Device':
      deviceSpec(scope, item);
      break;
    case 'Unknown':
      reportUnknown(program, item, 'at the top level', [], 'program');
      break;
    case 'Run':
      break;
  }
}
