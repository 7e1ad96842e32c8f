/** What of a process is in memory when it ends, and what giving it up takes when nobody else is about. */
import { backingRow, type Contents } from '../exit/costs.ts';
import { exitRules, regionOf } from '../exit/scenario.ts';
import { LU, regionWork, type Region } from '../exit/teardown.ts';
import { ANON, TOUCHED } from '../machine/reclaimer.ts';
import type { Memory } from '../machine/memory.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { unmap, wholeOf } from './numbering.ts';
import type { Setup } from './setup.ts';

export interface ExitingObject {
  readonly object: number;
  /** Its pages are those to be unmapped; one in swap counts as the part of the work that it is. */
  readonly region: Region;
  /** In memory. */
  readonly present: Pages;
}

/** A page in swap is unmapped and its slot freed; no frame goes back. */
export const SWAPPED_WEIGHT = LU.zap / LU.serial;

const IN_USE = ANON | TOUCHED;
export const isInUse = (memory: Memory, page: number): boolean => (memory.flags[page] & IN_USE) === IN_USE;

/** Whether frames of a region go back to the machine: not those of files that stay, nor the hugetlb pool's. */
export const comesBack = ({ contents, backing }: Region): boolean =>
  (contents === 'private' || contents === 'shared') && !backingRow(backing).hugetlb;

export function exitingObjects(setup: Setup, memory: Memory, process: number, persist = false): ExitingObject[] {
  const found: ExitingObject[] = [];
  const { bases, numbered } = setup.layout;
  setup.objects.forEach((spec, object) => {
    if (spec.kind !== 'anon' || spec.process !== process) return;
    let present = 0;
    let swapped = 0;
    if (numbered[object] === 0) present = memory.extentPages(object);
    for (let page = bases[object]; page < bases[object] + numbered[object]; page++) {
      if (!isInUse(memory, page)) continue;
      if (memory.isResident(page)) present++;
      else swapped++;
    }
    const weight = present + swapped * SWAPPED_WEIGHT;
    if (weight === 0) return;
    const region = regionOf(spec, weight);
    const contents: Contents = persist ? 'memory-file' : region.contents;
    found.push({ object, region: { ...region, contents }, present });
  });
  return found;
}

/** The fast path: nobody else is about. Frees what comes back; how much that was, and how long it took. */
export function exitAlone(setup: Setup, memory: Memory, process: number): { pages: Pages; time: Nanoseconds } {
  const { machine, recovery } = setup.scenario;
  const rules = exitRules(machine, recovery?.prefault);
  let pages = 0;
  let time = 0;
  for (const { object, region } of exitingObjects(setup, memory, process)) {
    const { pass, zap } = regionWork(rules, region);
    time += pass + zap;
    if (comesBack(region)) pages += unmap(setup, memory, wholeOf(setup, object));
  }
  return { pages, time };
}

export const exitDoneText = (name: string, pages: Pages, time: Nanoseconds): string =>
  `all memory of ${name} is given up: ${pages} pages in ${Math.round(time / 1000) / 1000} ms`;
