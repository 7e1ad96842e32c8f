/**
 * In which order points are run, and who runs which: points that make the same accesses one after another, because these are then drawn
 * once, those of one variant by the same worker, because its loops are then compiled once, and the longest first, so that nobody waits for a
 * long one that was begun last. What is found depends on none of it.
 */
import { partsOf, type AccessStep, type Plan, type Scenario, type Step } from './plan.ts';
import { hasLists, reclaimVariant } from './reclaim/registry.ts';
import { PAGE_SIZE } from './units.ts';
import { MAX_MEMO } from './workload/memo-source.ts';
import { MAX_KEPT_TABLES, tablesOf } from './workload/program.ts';
import { HEADER_BYTES } from './workload/shared-room.ts';

/** Accesses of a scenario as far as its steps tell: those that end by time count as none. */
export const foreseeableAccesses = (plan: Plan, scenario: Scenario): number =>
  accessesOfSteps(plan, scenario, () => true);

/** Those of them that are kept for other points (workload/memo-source.ts), because they are drawn. */
export const drawnAccesses = (plan: Plan, scenario: Scenario): number =>
  accessesOfSteps(
    plan,
    scenario,
    (step) =>
      step.kind !== 'replay' &&
      !(step.kind === 'access' && (step.pattern.kind === 'sequential' || step.pattern.kind === 'stride')),
  );

function accessesOfSteps(plan: Plan, scenario: Scenario, which: (step: Step) => boolean): number {
  let n = 0;
  for (const { phases } of scenario.processes)
    for (const { steps } of phases) for (const step of steps) if (which(step)) n += accessesOf(plan, step);
  return n;
}

function accessesOf(plan: Plan, step: Step): number {
  if (step.kind === 'replay') return plan.traces[step.trace]?.records ?? 0;
  if (step.kind !== 'access' && step.kind !== 'mix') return 0;
  const { amount } = step;
  switch (amount.kind) {
    case 'passes':
      return (
        amount.count *
        (step.kind === 'access'
          ? step.target.pages
          : step.parts.reduce((sum, part) => sum + part.access.target.pages, 0))
      );
    case 'accesses':
      return amount.count;
    case 'bytes':
      return Math.ceil(amount.bytes / PAGE_SIZE);
    case 'time':
      return 0;
  }
}

/**
 * For each point the number of its workload: points with the same number make the same accesses, as far as a look along each axis tells (all
 * other axes at their first value). A guess that costs as many looks as axes have values, not as there are points: who relies on it checks.
 */
export function workloadGroups({ axes, points }: Plan): readonly number[] {
  const strides: number[] = [];
  let size = 1;
  for (let a = axes.length - 1; a >= 0; a--) {
    strides[a] = size;
    size *= axes[a].values.length;
  }
  if (size !== points.length) return points.map((_, i) => i);
  const alike = axes.map(({ values }, a) => {
    const known = new Map<string, number>();
    return values.map((_, v) => numberIn(known, workloadOf(points[v * strides[a]].scenario)));
  });
  const groups = new Map<string, number>();
  return points.map((_, i) =>
    numberIn(groups, alike.map((numbers, a) => numbers[Math.floor(i / strides[a]) % numbers.length]).join()),
  );
}

const workloadOf = ({ processes, objects }: Scenario): string => JSON.stringify([processes, objects]);

function numberIn(known: Map<string, number>, key: string): number {
  let number = known.get(key);
  if (number === undefined) known.set(key, (number = known.size));
  return number;
}

/** Whose loops a point runs: those of one variant are compiled once by a worker that stays with it. */
const variantOf = (plan: Plan, point: number): string => plan.points[point]?.scenario.reclaim.id ?? '';

/** About how long an access takes, beside others: the kernel's ways do more for each than the literature's. */
const effortOf = ({ reclaim }: Scenario): number => {
  const variant = reclaimVariant(reclaim.id);
  return variant && hasLists(variant) ? 2 : 1;
};

/** A few points that one worker runs in one go: neighbours in the plan, so that what they found is easily put in order. */
export interface Task {
  readonly points: readonly number[];
  /** Workload of its first point. */
  readonly group: number;
  /** Reclaim variant of its first point. */
  readonly variant: string;
}

/** What somebody is at, or was at last. */
export type At = Pick<Task, 'group' | 'variant'>;

/** Accesses or bytes that are worth being made only once. */
const WORTH_SHARING = 1 << 16;

/** Zeroes behind a header, or undefined if there is not enough memory: then each worker tries for itself, and says so. */
function roomFor(bytes: number): SharedArrayBuffer | undefined {
  try {
    return new SharedArrayBuffer(HEADER_BYTES + bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Memory for the tables that points of a plan need, to be made once for all threads. Only for hosts whose memory may be shared. */
export function roomForTables(plan: Plan, least = WORTH_SHARING): Map<string, SharedArrayBuffer> {
  const rooms = new Map<string, SharedArrayBuffer>();
  let left = MAX_KEPT_TABLES;
  const add = (step: AccessStep): void => {
    for (const [name, bytes] of tablesOf(step, plan.seed)) {
      if (bytes < least || bytes > left || rooms.has(name)) continue;
      const room = roomFor(bytes);
      if (!room) return;
      left -= bytes;
      rooms.set(name, room);
    }
  };
  for (const { scenario } of plan.points)
    for (const { phases } of scenario.processes)
      for (const { steps } of phases)
        for (const step of steps) {
          if (step.kind === 'access') add(step);
          else if (step.kind === 'mix') step.parts.forEach(({ access }) => add(access));
        }
  return rooms;
}

/** Tasks a plan is cut into at most: beyond, sending begins to outweigh simulating. */
const MOST_TASKS = 1024;

/** What is still to be run, and what of it a worker should do next. */
export class Handout {
  /** Longest first, workload by workload. */
  private readonly waiting: Task[];
  /** Accesses of all points, as far as can be told beforehand. */
  readonly accesses: number;
  private readonly plan: Plan;
  /** By workload. */
  private readonly rooms = new Map<number, SharedArrayBuffer>();

  constructor(plan: Plan) {
    this.plan = plan;
    const parts = partsOf(plan);
    // Points along a single axis lie in order already.
    const groups = plan.axes.length > 1 ? workloadGroups(plan) : Array.from({ length: parts }, (_, i) => i);
    const count = Math.min(parts, MOST_TASKS);
    const lengths = new Map<number, number>();
    this.waiting = Array.from({ length: count }, (_, i) => {
      const from = Math.floor((i * parts) / count);
      const to = Math.floor(((i + 1) * parts) / count);
      const group = groups[from];
      if (!lengths.has(group))
        lengths.set(group, plan.points.length > from ? foreseeableAccesses(plan, plan.points[from].scenario) : 0);
      return { points: Array.from({ length: to - from }, (_, k) => from + k), group, variant: variantOf(plan, from) };
    });
    this.accesses = this.waiting.reduce((sum, { points, group }) => sum + points.length * lengths.get(group)!, 0);
    const effort = ({ points: [first] }: Task): number =>
      plan.points[first] ? effortOf(plan.points[first].scenario) : 0;
    this.waiting.sort(
      (a, b) => lengths.get(b.group)! - lengths.get(a.group)! || a.group - b.group || effort(b) - effort(a),
    );
  }

  get left(): number {
    return this.waiting.length;
  }

  /**
   * The next task of a worker that has just done `last`: more of the same workload and variant, else of that workload a variant that none of
   * `others` is at, else any of it; then a workload that none of `others` is at, else whatever there is, again by variant.
   */
  take(last: At | undefined, others: readonly At[]): Task | undefined {
    const { waiting } = this;
    const groups = new Set(others.map(({ group }) => group));
    const variants = new Set(others.map(({ variant }) => variant));
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < waiting.length && least > 0; i++) {
      const { group, variant } = waiting[i];
      const distance =
        3 * (group === last?.group ? 0 : groups.has(group) ? 2 : 1) +
        (variant === last?.variant ? 0 : variants.has(variant) ? 2 : 1);
      if (distance >= least) continue;
      least = distance;
      best = i;
    }
    return waiting.splice(best, 1)[0];
  }

  /**
   * Memory for the accesses of a task just taken, the same for all tasks of a workload, so that they are drawn once for all who run some of
   * it. Undefined where that would not pay: nothing is drawn, or too much to be kept, or nobody else will want it.
   */
  words({ group, points: [first] }: Task, least = WORTH_SHARING): SharedArrayBuffer | undefined {
    const { plan, rooms } = this;
    let room = rooms.get(group);
    const more = this.waiting.some((task) => task.group === group);
    if (!room && more && first < plan.points.length) {
      const { scenario } = plan.points[first];
      const drawn = drawnAccesses(plan, scenario);
      if (drawn >= least && foreseeableAccesses(plan, scenario) <= MAX_MEMO) room = roomFor(4 * drawn);
      if (room) rooms.set(group, room);
    }
    if (!more) rooms.delete(group);
    return room;
  }

  /** Nothing more is to be done. */
  clear(): void {
    this.waiting.length = 0;
  }
}
