/**
 * Which objects get page numbers, and with them a byte of this and a word of that for each page: those of which some page is accessed or treated
 * apart. A locked region that is only ever there, or unmapped whole, is an extent; what nobody uses is nothing at all.
 */
import type { Memory } from '../machine/memory.ts';
import type { ObjectSpec, RegionRef, Scenario, Step } from '../plan.ts';
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
  return objects.map(({ pages }, i) => (used.has(i) ? pages : 0));
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
