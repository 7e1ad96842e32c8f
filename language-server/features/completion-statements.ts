/** What may be written behind the words of a statement: at the top, in a process, in a run, at a time. */
import type { CompletionItem } from 'vscode-languageserver';
import { isAccounting } from '../language/axes.ts';
import { changesWhileRunning } from '../language/fuse.ts';
import type { Program } from '../language/program.ts';
import { ADVICES } from '../language/range-calls.ts';
import { isMechanism, knobOf, knobsOf, patternRow } from '../language/tables.ts';
import { targetOf } from '../language/targets.ts';
import {
  choiceItems,
  KIND,
  daemonItems,
  knobItems,
  metricItems,
  patternItems,
  recordingItems,
  scopeOf,
  snippet,
  statementItems,
  symbolItems,
  targetItems,
  valueItems,
  variantItems,
  words,
} from './completion-items.ts';
import { policyTokens, sysctlItems } from './completion-properties.ts';
import type { PositionContext } from './context.ts';
import type { Token } from './cursor.ts';
import { nodeItems, policyItems } from './placement.ts';

export function atTop(program: Program, before: readonly Token[]): CompletionItem[] {
  const [head, second] = before;
  const last = before.at(-1)!;
  if (!head) return statementItems('program');
  switch (head.image) {
    case 'sysctl':
      return sysctlItems(before);
    case 'swap':
      return before.length === 1 ? words('zram', 'disk') : [];
    case 'recovery':
      return before.length === 1 ? symbolItems(program, ['process']) : [];
    case 'process':
    case 'cgroup':
    case 'cpuset':
      if (before.some((t) => t.image === 'in'))
        return symbolItems(program, head.image === 'process' ? ['cgroup', 'cpuset'] : [head.image]);
      return second ? words('in') : [];
    case 'run':
      if (before.some((t) => t.image === 'of') && (last.image === 'of' || last.image === ','))
        return symbolItems(program, ['process']);
      return words('of', 'for');
    case 'file':
      if (last.image === 'on') return symbolItems(program, ['tmpfs', 'fuse']);
      return before.length >= 2 ? [...valueItems(program), ...words('on')] : [];
    case 'let':
      return before.length >= 2 ? valueItems(program) : [];
    default:
      return [];
  }
}

const ACCESS = new Set(['read', 'write', 'touch']);

export function inProcess(program: Program, before: readonly Token[]): CompletionItem[] {
  let [head] = before;
  if (!head) return [...statementItems('process'), ...knobItems(knobsOf('process'), 'process')];
  let rest = before;
  const weighted = before.findIndex((t) => ACCESS.has(t.image));
  if (head.tokenType.name === 'NUMBER') {
    if (weighted < 0) return statementItems('process').filter((i) => ACCESS.has(i.label));
    rest = before.slice(weighted);
    head = rest[0];
  }
  const last = rest.at(-1)!;
  if (ACCESS.has(head.image)) {
    if (rest.length === 1) return symbolItems(program, ['file', 'anon', 'tmpfs', 'fuse']);
    if (last.image === 'of') return words('pages', 'accesses');
    const named = rest.some((t) => patternRow(t.image));
    return [
      ...(named ? [] : patternItems()),
      ...words('once', 'for', 'at', 'every'),
      ...(last.image === ',' || last.image === 'zipf' ? symbolItems(program, ['let']) : []),
    ];
  }
  switch (head.image) {
    case 'mlock':
    case 'munlock':
    case 'munmap':
      return rest.length === 1 ? symbolItems(program, ['file', 'anon']) : [];
    case 'fsync':
      return rest.length === 1 ? symbolItems(program, ['file', 'fuse']) : [];
    case 'sync':
      return rest.length === 1 ? symbolItems(program, ['fuse']) : [];
    case 'volatile':
    case 'nonvolatile':
      return rest.length === 1 ? symbolItems(program, ['anon']) : rangesItems(rest);
    case 'madvise':
      if (rest.length === 1) return words(...ADVICES);
      return rest.length === 2 ? symbolItems(program, ['anon']) : rangesItems(rest.slice(1));
    case 'on':
      return rest.length === 1 ? words('purged') : [];
    case 'replay':
      return rest.length === 1 ? symbolItems(program, ['trace']) : [];
    case 'mempolicy':
      return policyItems(program, rest.slice(1), false);
    case 'mbind':
      return rest.length === 1 ? symbolItems(program, ['anon', 'tmpfs']) : policyItems(program, rest.slice(2), false);
    case 'phase':
      if (last.image === 'on') return symbolItems(program, ['device']);
      return rest.length >= 2 ? words('on', 'for') : [];
    case 'anon':
      return rest.length === 2 ? valueItems(program) : [];
    default: {
      const knob = knobOf('process', head.image);
      return knob && rest.length === 1 ? choiceItems(knob) : [];
    }
  }
}

/** `in ranges of`, word by word. */
function rangesItems(rest: readonly Token[]): CompletionItem[] {
  const last = rest.at(-1)!.image;
  if (last === 'in') return words('ranges');
  if (last === 'ranges') return words('of');
  return rest.some((t) => t.image === 'in') ? [] : words('in');
}

export function inRun(program: Program, before: readonly Token[], context: PositionContext): CompletionItem[] {
  const [head, second] = before;
  if (!head) return statementItems('run');
  const last = before.at(-1)!;
  switch (head.image) {
    case 'compare': {
      if (!second) return targetItems(program);
      if (before.length === 2) return words(':');
      const target = targetOf(scopeOf(program), second.image);
      if (target && isAccounting(target))
        return last.image === ':' || last.image === ',' ? choiceItems(target.knob!) : words('as');
      if (target?.kind === 'reclaim')
        return last.image === ':' || last.image === ',' ? variantItems(target.mechanism) : words('as');
      return target?.knob ? choiceItems(target.knob) : valueItems(program);
    }
    case 'sweep':
      if (!second) return targetItems(program).filter((i) => !isMechanism(String(i.label)));
      return before.some((t) => t.image === '..')
        ? [...words('step', 'in'), ...valueItems(program)]
        : valueItems(program);
    case 'plot':
      if (last.image === 'by' || last.image === 'over')
        return [...words('time', 'pass', 'phase', 'variant', 'node'), ...axesAt(context)];
      if (last.image === 'of')
        return [
          ...symbolItems(program, ['file', 'anon', 'tmpfs', 'fuse', 'device', 'process', 'cgroup']),
          ...daemonItems(program),
        ];
      if (last.image === 'as') return words('line', 'bars', 'area', 'heatmap', 'distribution', 'timeline', 'table');
      return last.image === ',' || before.length === 1 ? metricItems() : words('by', 'over', 'of', 'as');
    case 'expect':
      if (last.image === 'at') return axesAt(context);
      return [...metricItems(), ...labelsAt(context), ...words('no', 'oom', 'at', 'before')];
    case 'fidelity':
      return before.length === 1 || last.image === ',' ? recordingItems() : [];
    case 'sysctl':
      return sysctlItems(before);
    default:
      return [];
  }
}

export function inAt(program: Program, before: readonly Token[]): CompletionItem[] {
  const [head] = before;
  if (!head) return statementItems('at');
  if (head.image === 'kill' || head.image === 'reset') {
    const devices = symbolItems(program, ['device']);
    if (before.length === 2) return devices.some((d) => d.label === before[1].image) ? words('give-back', 'lose') : [];
    if (before.length > 2) return [];
    return head.image === 'reset'
      ? devices
      : [...symbolItems(program, ['process']), ...daemonItems(program), ...devices];
  }
  if (head.image === 'stall' || head.image === 'resume') return before.length === 1 ? daemonItems(program) : [];
  if (head.image === 'sysctl') return sysctlItems(before);
  if (head.image === 'offline' || head.image === 'online') {
    if (before.length === 1) return words('node');
    if (before.length === 2 && before[1].image === 'node')
      return nodeItems(program).filter((i) => /^\d+$/.test(i.label));
    return head.image === 'online' && before.length === 3 ? words('movable', 'kernel') : [];
  }
  if (head.image === 'attach')
    return before.length === 1
      ? symbolItems(program, ['process'])
      : before.length === 2
        ? words('to')
        : before.length === 3
          ? symbolItems(program, ['cpuset'])
          : [];
  if (head.image === 'remount') {
    if (before.length === 1) return symbolItems(program, ['tmpfs']);
    return before.length === 2 ? [snippet('mpol', 'mpol=')] : policyItems(program, policyTokens(before.slice(3)), true);
  }
  if (head.image === 'set' && before.length === 1) {
    return targetItems(program).filter((i) => {
      const target = targetOf(scopeOf(program), i.label);
      const kind = target?.symbol?.kind;
      return (
        kind === 'cgroup' || kind === 'cpuset' || (kind === 'fuse' && target?.knob && changesWhileRunning(target.knob))
      );
    });
  }
  return [];
}

/** The run around the cursor. */
function runAt({ source, offset }: PositionContext) {
  const run = source.ast.items.find(
    (item) => item.$type === 'Run' && item.$cstNode!.offset <= offset && offset <= item.$cstNode!.end,
  );
  return run?.$type === 'Run' ? run : undefined;
}

const axesAt = (context: PositionContext): CompletionItem[] =>
  (runAt(context)?.block?.clauses ?? []).flatMap((c) =>
    (c.$type === 'Compare' || c.$type === 'Sweep') && c.target ? [{ label: c.target.text, kind: KIND.property }] : [],
  );

const labelsAt = (context: PositionContext): CompletionItem[] =>
  (runAt(context)?.block?.clauses ?? []).flatMap((c) =>
    c.$type === 'Compare'
      ? c.values.map((v) => ({
          label: v.alias?.text ?? v.terms.map((t) => t.$cstNode?.text ?? '').join(' '),
          kind: KIND.enumMember,
          detail: 'compared here',
        }))
      : [],
  );
