/**
 * Who must go when no frame can be had.
 *
 * Kernel: out_of_memory, mem_cgroup_out_of_memory, oom_badness in mm/oom_kill.c: the process with the most anonymous memory, in frames or in
 * swap; of the cgroup's subtree if its limit was the reason. Left out: oom_score_adj. How frames come back, and the reaper: teardown.ts.
 */
import { CONSTRAINT_CPUSET, CONSTRAINT_MEMCG, CONSTRAINT_MEMORY_POLICY } from '../machine/placement.ts';
import { ANON, TOUCHED } from '../machine/reclaimer.ts';
import type { Memory } from '../machine/memory.ts';
import { formatNodelist, nodemask } from '../numa/nodemask.ts';
import { valueOf } from '../tables/define.ts';
import { movable } from '../tables/numa-knobs.ts';
import type { Pages } from '../units.ts';
import type { Setup } from './setup.ts';

/** A cgroup is at its limit if no more than a charge batch is left (MEMCG_CHARGE_BATCH). */
const CHARGE_BATCH = 64;

/** Whose limit makes an allocation in `cgroup` fail: a cgroup above it (or itself), or 0 for the machine. */
export function oomDomain(setup: Setup, memory: Memory, limits: readonly number[], cgroup: number): number {
  // with several nodes it is known which of the two it was
  if (setup.numa !== undefined && memory.failure?.constraint !== CONSTRAINT_MEMCG) return 0;
  for (let at = cgroup; at > 0; at = setup.scenario.cgroups[at].parent!)
    if (memory.usage(at) + CHARGE_BATCH > limits[at]) return at;
  return 0;
}

/** Whether a cgroup lies in the subtree of another. */
export const within = (setup: Setup, cgroup: number, domain: number): boolean => {
  for (let at: number | null = cgroup; at !== null; at = setup.scenario.cgroups[at].parent)
    if (at === domain) return true;
  return false;
};

/** Where memory ran out, in words: a cgroup, the nodes of a policy or a cpuset, or the machine. */
export function oomPlace(setup: Setup, memory: Memory, domain: number): string {
  if (domain !== 0) return `cgroup '${setup.scenario.cgroups[domain].name}'`;
  const { failure } = memory;
  if (setup.numa === undefined || failure === undefined) return 'the machine';
  const list = formatNodelist(nodemask(failure.nodes));
  const nodes = failure.nodes.length === 1 ? `node ${list}` : `nodes ${list}`;
  // there may be plenty of memory left, but not for this
  if (failure.kernel && setup.scenario.machine.nodes?.some(({ values }) => valueOf(values, movable))) {
    return failure.nodes.length === 0
      ? 'movable nodes, which give the kernel no memory of its own (page tables)'
      : `${nodes}, where the kernel has memory of its own (page tables); movable nodes give it none`;
  }
  if (failure.constraint === CONSTRAINT_MEMORY_POLICY) return `${nodes} of a memory policy (CONSTRAINT_MEMORY_POLICY)`;
  return failure.constraint === CONSTRAINT_CPUSET ? `${nodes} of a cpuset (CONSTRAINT_CPUSET)` : 'the machine';
}

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
    // memory ran out on some nodes only: those bound elsewhere, or in cpusets elsewhere, give nothing back
    if (domain === 0 && setup.numa !== undefined && !setup.numa.placement.mayKill(i)) return;
    const bad = badness(setup, memory, i);
    if (bad > worst || (bad === worst && i === asking)) {
      victim = i;
      worst = bad;
    }
  });
  return victim;
}
