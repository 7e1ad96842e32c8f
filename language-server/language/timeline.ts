/** What happens at fixed times: `at 5 s { … }`. */
import type { TimelineAction, TimelineEntry } from '../../simulator/plan.ts';
import { duration } from './amounts.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type { Action, At, Cgroup, Process } from './generated/ast.ts';
import { knobValue } from './knob-values.ts';
import { sysctlValue } from './machines.ts';
import { spanOfNode } from './objects.ts';
import { named } from './processes.ts';
import type { Scope } from './values.ts';
import { varied } from './varied.ts';

export function timelineEntry(
  scope: Scope,
  node: At,
  processes: readonly Process[] | null,
  cgroup: (node: Cgroup) => number,
): TimelineEntry | null {
  const { program } = scope;
  reportLeftOver(program, node.rest, 'what happens stands in braces: at 5 s { sysctl vm.dirty_ratio 10 }');
  if (!node.time || !node.block) {
    if (node.rest.length === 0)
      program.reporter.report('S07', program.placeAfter(node), {
        what: "'at'",
        part: node.time ? 'what happens, in braces' : 'a time',
        example: "'at 5 s { sysctl vm.dirty_ratio 10 }'",
      });
    return null;
  }
  const time = duration(scope, node.time, "the time behind 'at'", '5 s', 0);
  const actions = node.block.actions.map((a) => actionOf(scope, a, processes, cgroup)).filter((a) => a !== null);
  return time === null ? null : { time, actions, source: spanOfNode(program, node) };
}

function actionOf(
  scope: Scope,
  node: Action,
  processes: readonly Process[] | null,
  cgroup: (node: Cgroup) => number,
): TimelineAction | null {
  const { program } = scope;
  switch (node.$type) {
    case 'Sysctl': {
      const set = sysctlValue(scope, node.name, node.value, node, node.rest);
      return set && { kind: 'sysctl', ...set };
    }
    case 'KillAction': {
      reportLeftOver(program, node.rest, "'kill' takes one process");
      if (!node.process) {
        program.reporter.report('S07', program.placeAfter(node), {
          what: "'kill'",
          part: 'a process',
          example: "'kill worker'",
        });
        return null;
      }
      const symbol = named(scope, node.process, ['process'], 'a process', () => 'declare it first');
      if (!symbol) return null;
      const index = processes?.indexOf(symbol.node as Process) ?? 0;
      if (index >= 0) return { kind: 'kill', process: index };
      program.reporter.report('R08', program.placeOf(node.process), {
        name: symbol.name,
        uses: `has ${processes!.map((p) => `'${p.name?.text ?? ''}'`).join(', ')}`,
        remedy: "name it behind the run’s 'of'",
      });
      return null;
    }
    case 'SetAction': {
      reportLeftOver(program, node.rest, 'a property has one value');
      const target = varied(scope, node.target, node, 'set');
      if (!target || !node.target) return null;
      if (target.knob?.scope === 'sysctl') {
        program.reporter.report('N09', program.placeOf(node.target), {
          name: node.target.text,
          verb: 'set',
          remedy: `it is a sysctl: write 'sysctl ${node.target.text} …'`,
        });
        return null;
      }
      if (target.symbol?.kind !== 'cgroup' || !target.knob) {
        program.reporter.report('N09', program.placeOf(node.target), {
          name: node.target.text,
          verb: 'set',
          remedy: 'only sysctls and properties of cgroups change during a run',
        });
        return null;
      }
      const value = knobValue(scope, target.knob, node.value ? [node.value] : [], node.target);
      return value === null
        ? null
        : { kind: 'cgroup', cgroup: cgroup(target.symbol.node as Cgroup), name: target.knob.name, value };
    }
    case 'LaterAction':
      program.reporter.report('L01', program.placeOf(node), { what: node.keyword, remedy: 'leave it out until then' });
      return null;
    case 'Unknown':
      reportUnknown(program, node, "in an 'at' block", [], 'at');
      return null;
    default:
      return null;
  }
}
