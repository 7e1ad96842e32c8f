/**
 * Which objects get page numbers, and with them a byte of this and a word of that for each page: those of which some page is accessed or treated
 * apart. A locked region that is only ever there, or unmapped whole, is an extent; what nobody uses is nothing at all.
 */
import type { Memory } from '../machine/memory.ts';
import type { AccessStep, ObjectSpec, RegionRef, Scenario, Step } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import type { Pages } from '../units.ts';
import type { Setup } from './setup.ts';

export const isLocked = (object: ObjectSpec): boolean => object.kind === 'anon' && valueOf(object.values, knobs.locked);

/** How many pages of each object have numbers: all or none. `replayed` are the objects that traces access. */
export function numberedPages(
  scenario: Scenario,
  objects: readonly ObjectSpec[],
  replayed: ReadonlySet<number>,
): Pages[] {
  const used = new Set(replayed);
  for (const process of scenario.processes)
    for (const phase of process.phases) for (const step of phase.steps) markUsed(step, objects, used);
  for (const { index } of streamedObjects(scenario, objects)) used.delete(index);
  return objects.map(({ pages }, i) => (used.has(i) ? pages : 0));
}

export interface StreamedObject {
  readonly index: number;
  readonly pages: Pages;
  /** Whose memory its pages are. */
  readonly cgroup: number;
}

/**
 * Files on FUSE mounts that one thread only ever writes, from the front to the end and round again: counts stand for their pages
 * (machine/streams.ts).
 */
export function streamedObjects(scenario: Scenario, objects: readonly ObjectSpec[]): StreamedObject[] {
  const steps = new Map<number, { readonly process: number; readonly plain: boolean; readonly count: number }>();
  scenario.processes.forEach((process, p) => {
    const single = valueOf(process.values, knobs.threads) === 1;
    for (const phase of process.phases)
      for (const step of phase.steps) {
        const whole = step.kind === 'access' && isStreaming(step, objects) && single;
        const repeated = phase.duration !== undefined && step.kind === 'access' && step.amount.kind === 'time';
        for (const object of objectsOf(step)) {
          const known = steps.get(object);
          steps.set(object, {
            process: p,
            plain: whole && !repeated && (known === undefined || (known.plain && known.process === p)),
            count: (known?.count ?? 0) + 1,
          });
        }
      }
  });
  const found: StreamedObject[] = [];
  objects.forEach((object, index) => {
    const use = steps.get(index);
    if (object.fuse === undefined || !use?.plain) return;
    found.push({ index, pages: object.pages, cgroup: scenario.processes[use.process].cgroup });
  });
  return found;
}

const isStreaming = (step: AccessStep, objects: readonly ObjectSpec[]): boolean =>
  step.verb === 'write' &&
  (step.pattern.kind === 'sequential' || step.pattern.kind === 'stream') &&
  isWhole(step.target, objects);

/** Objects whose pages a step looks at one by one. */
function objectsOf(step: Step): readonly number[] {
  switch (step.kind) {
    case 'access':
    case 'mlock':
    case 'munlock':
    case 'munmap':
      return [step.target.object];
    case 'mix':
      return step.parts.map(({ access }) => access.target.object);
    default:
      return [];
  }
}

function markUsed(step: Step, objects: readonly ObjectSpec[], used: Set<number>): void {
  switch (step.kind) {
    case 'access':
    case 'mlock':
    case 'munlock':
    case 'volatile':
    case 'nonvolatile':
    case 'madvise':
      used.add(step.target.object);
      return;
    case 'mix':
      for (const { access } of step.parts) used.add(access.target.object);
      return;
    case 'munmap':
      if (isLocked(objects[step.target.object]) && !isWhole(step.target, objects)) used.add(step.target.object);
      return;
    default:
      // A replay's objects are known from its trace; the others look at no page.
      return;
  }
}

const isWhole = ({ object, start, pages }: RegionRef, objects: readonly ObjectSpec[]): boolean =>
  start === 0 && pages === objects[object].pages;

/** Frees a region of anonymous memory; how many pages of it were in memory. */
export function unmap({ layout, objects }: Setup, memory: Memory, { object, start, pages }: RegionRef): Pages {
  if (objects[object].kind !== 'anon') return 0;
  if (layout.numbered[object] === 0) return memory.vacate(object);
  return memory.release(layout.bases[object] + start, pages);
}

/** All of an object. */
export const wholeOf = ({ objects }: Setup, object: number): RegionRef => ({
  object,
  start: 0,
  pages: objects[object].pages,
});
