/** The few facts about a run that stand beside its title everywhere: how much, how long, how, how reliable. */
import type { PointReport, Report, VariantInfo } from '../report.ts';
import type { Rule } from '../tables/define.ts';
import { OOM_KILL_RULE, OOM_PANIC, RUN_STUCK, RUN_TIMELESS } from '../tables/engine-rules.ts';
import { KERNEL_CRASH } from '../tables/placement-rules.ts';
import { rules } from '../tables/rules.ts';
import { formatValue } from './format.ts';
import { cycleName } from './wait-graph.ts';

export interface Fact {
  readonly id: 'points' | 'time' | 'path' | 'seed' | 'partial' | 'cached' | 'alarm';
  readonly text: string;
  /** What it means, for tooltips. */
  readonly doc: string;
  readonly warn: boolean;
}

/** What makes figures mean something else than their reader expects: such a run did not do all that its program says. */
const ALARMS: readonly { readonly rule: Rule; readonly text: (subjects: readonly string[]) => string }[] = [
  {
    rule: OOM_KILL_RULE,
    text: (subjects) => `out of memory: ${subjects.slice(0, 3).join(', ')}${subjects.length > 3 ? ', …' : ''} killed`,
  },
  { rule: KERNEL_CRASH, text: () => 'kernel crash' },
  { rule: OOM_PANIC, text: () => 'out of memory: nobody left to kill' },
  { rule: RUN_STUCK, text: () => 'stuck' },
  { rule: RUN_TIMELESS, text: () => 'no time passes' },
];

export function factsOf(report: Report, cached = false): Fact[] {
  const facts: Fact[] = [];
  const add = (id: Fact['id'], text: string, doc: string, warn = false) => facts.push({ id, text, doc, warn });
  const n = report.points.length;
  if (report.partial) {
    add('partial', 'partial', 'The run was interrupted: what is shown is true, but not all that was asked for.', true);
  }
  if (cached) add('cached', 'cached', 'Restored from an earlier run of the same program, seed and model version.');
  if (report.fidelity) {
    const sets = report.fidelity.reduce((sum, part) => sum + part.sets.length, 0);
    const what = 'Recorded runs of unmodified kernels, each simulated from the same accesses and settings.';
    add('points', `${sets} recorded ${sets === 1 ? 'run' : 'runs'} compared`, what);
    const unusable = report.fidelity.flatMap((part) => part.unusable);
    const why = unusable.map(({ folder, reason }) => `${folder}: ${reason}`).join('\n');
    if (unusable.length > 0) add('alarm', `${unusable.length} unusable`, why, true);
    return facts;
  }
  add('points', n === 1 ? '1 point' : `${n} points`, 'Combinations of compared variants and swept values.');
  const times = report.points.map((point) => point.time);
  // A replayed trace has no clock.
  if (times.some((time) => time > 0)) {
    const least = formatValue(Math.min(...times), 'ns');
    const most = formatValue(Math.max(...times), 'ns');
    add('time', least === most ? `${most} simulated` : `${least} – ${most} simulated`, 'Simulated time until the end.');
  }
  const fast = report.points.filter((point) => point.path === 'blocks').length;
  const reckoned = report.points.filter((point) => point.path === 'formulas').length;
  const formulas =
    'Nothing but the recovery happens: the closed form gives it. The full machine agrees within 5 % where locks are one node’s, on several nodes within 15 % (eight: 30 %).';
  const blocks = 'The policy ran on its own loop over blocks of accesses; time is summed from counts.';
  const events = 'The full machine ran, event by event, with all its actors.';
  if (reckoned === n && n > 0) add('path', 'formulas', formulas);
  else if (fast === n && n > 0) add('path', 'fast path', blocks);
  else if (fast === 0 && n > 0) add('path', 'full machine', events);
  else if (n > 0) add('path', `fast path ×${fast}, full machine ×${n - fast}`, `${blocks} ${events}`);
  for (const { rule, text } of ALARMS) {
    const hit = report.points.map((point) => point.events.filter((event) => event.rule === rule.id));
    const points = hit.filter((events) => events.length > 0).length;
    if (points === 0) continue;
    const where = points === n ? '' : ` at ${points} of ${n} points`;
    add('alarm', `${text([...new Set(hit.flat().map(({ subject }) => subject))])}${where}`, rule.doc, true);
  }
  for (const { title, doc } of lockups(report)) add('alarm', title, doc, true);
  add('seed', `seed ${report.seed}`, 'The same program, seed and model version give the same numbers.');
  return facts;
}

/** One fact for each class of lock-up: where it happened, and when first. */
function lockups(report: Report): { title: string; doc: string }[] {
  const classes = new Map<string, { name: string; first: number; doc: string; points: Set<PointReport> }>();
  for (const point of report.points)
    for (const cycle of point.cycles ?? []) {
      const name = cycleName(cycle);
      const known = classes.get(name);
      known?.points.add(point);
      if (known) known.first = Math.min(known.first, cycle.time);
      else {
        const doc = rules.find((rule) => rule.id === cycle.rule)?.doc ?? '';
        classes.set(name, { name, first: cycle.time, doc, points: new Set([point]) });
      }
    }
  const n = report.points.length;
  return [...classes.values()].map(({ name, first, doc, points }) => {
    const where = points.size === n ? '' : ` at ${points.size} of ${n} points`;
    return { title: `locked up after ${formatValue(first, 'ns')}, ${name}${where}`, doc };
  });
}

/** `Linux 3.15, 2014, commit a528910e12ec`. */
export function eraOf(info: VariantInfo): string {
  const parts: string[] = [];
  if (info.linux !== undefined) parts.push(`Linux ${info.linux}`);
  if (info.year !== undefined) parts.push(String(info.year));
  if (info.commit !== undefined) parts.push(`commit ${info.commit}`);
  return parts.join(', ');
}

const STANDINGS = ['measured', 'published', 'derived', 'assumed'] as const;

/** Labels of variants by how far each is validated, those that are most so first: `measured: v6.1; published: classic, v3.15`. Empty: none is known. */
export function standingsText(
  variants: readonly { readonly label: string; readonly info?: Pick<VariantInfo, 'standing'> }[],
): string {
  return STANDINGS.flatMap((standing) => {
    const labels = variants.filter(({ info }) => info?.standing === standing).map(({ label }) => label);
    return labels.length > 0 ? [`${standing}: ${labels.join(', ')}`] : [];
  }).join('; ');
}

/** How far a variant's numbers may be trusted, in words. */
export function standingText(standing: VariantInfo['standing']): string {
  switch (standing) {
    case 'measured':
      return 'held against recordings of a real kernel';
    case 'published':
      return 'follows published code or text';
    case 'derived':
      return 'derived from published facts';
    case 'assumed':
      return 'rests on assumptions';
  }
}
