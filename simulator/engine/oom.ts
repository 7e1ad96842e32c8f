/**
 * Who must go when no frame can be had.
 *
 * Kernel: out_of_memory, mem_cgroup_out_of_memory, oom_badness in mm/oom_kill.c: the process with the most anonymous memory, in frames or in
 * swap; of the cgroup's subtree if its limit was the reason. Left out: oom_score_adj, the reaper's delay (frames come back at once).
 */
import { ANON, TOUCHED } from '../machine/reclaimer.ts';
import type { Memory } from '../machine/memory.ts';
import type { Pages } from '../units.ts';
import type { Setup } from './setup.ts';

/** A cgroup is at its limit if no more than a charge batch is left (MEMCG_CHARGE_BATCH). */
const CHARGE_BATCH = 64;

/** Whose limit makes an allocation in `cgroup` fail: a cgroup above it (or itself), or 0 for the machine. */
export function oomDomain(setup: Setup, memory: Memory, limits: readonly number[], cgroup: number): number {
  for (let at = cgroup; at > 0; at = setup.scenario.cgroups[at].parent!)
    if (memory.usage(at) + CHARGE_BATCH > limits[at]) return at;
  return 0;
}

const within = (setup: Setup, cgroup: number, domain: number): boolean => {
  for (let at: number | null = cgroup; at !== null; at = setup.scenario.cgroups[at].parent)
    if (at === domain) return true;
  return false;
};

/** Anonymous pages that `process` has touched and still has, in memory or in swap. */
export function badness(setup: Setup, memory: Memory, process: number): Pages {
  let pages = 0;
  setup.objects.forEach((object, i) => {
    if (object.kind !== 'anon' || object.process !== process) return;
    const base = setup.layout.bases[i];
    pages += memory.extentPages(i);
    for (let page = base; page < base + setup.layout.numbered[i]; page++)
      if ((memory.flags[page] & (ANON | TOUCHED)) === (ANON | TOUCHED)) pages++;
  });
  return pages;
}

/** The victim among the living, or −1. Of equals, the one that asked for the frame, then the first. */
export function chooseVictim(
  setup: Setup,
  memory: Memory,
  living: readonly boolean[],
  domain: number,
  asking: number,
): number {
  let victim = -1;
  let worst = -1;
  setup.scenario.processes.forEach((process, i) => {
    if (!living[i] || !within(setup, process.cgroup, domain)) return;
    const bad = badness(setup, memory, i);
    if (bad > worst || (bad === worst && i === asking)) {
      victim = i;
      worst = bad;
    }
  });
  return victim;
}
