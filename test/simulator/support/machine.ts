/** Small machines for tests: one node, the objects asked for, sequences of accesses. */
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import { counterIndex } from '../../../simulator/machine/counters.ts';
import type { Memory, MemoryLayout } from '../../../simulator/machine/memory.ts';
import type { ListReclaimer } from '../../../simulator/machine/reclaimer.ts';
import type { CgroupSpec, KnobValues, MachineSpec, ObjectSpec } from '../../../simulator/plan.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';
import { Random } from '../../../simulator/workload/random.ts';

export interface SmallMachine {
  readonly variant: string;
  readonly values?: KnobValues;
  readonly memory: number;
  readonly files?: readonly number[];
  readonly anon?: readonly number[];
  readonly swap?: number;
  readonly swapLatency?: number;
  readonly cpus?: number;
  readonly tlb?: number;
  readonly sysctls?: KnobValues;
  /** Limits of cgroups below the root, in pages. */
  readonly limits?: readonly number[];
  readonly cgroups?: readonly CgroupSpec[];
  readonly kswapd?: 'synchronous' | 'concurrent';
  readonly kernelBytes?: readonly number[];
}

/** Files come first in the page-number space, then anonymous regions. */
export function layoutOf(m: SmallMachine): MemoryLayout {
  const object =
    (kind: 'file' | 'anon') =>
    (pages: number, i: number): ObjectSpec => ({ kind, name: `${kind}${i}`, pages, values: {} });
  const objects = [...(m.files ?? []).map(object('file')), ...(m.anon ?? []).map(object('anon'))];
  const bases: number[] = [];
  let pages = 0;
  for (const o of objects) {
    bases.push(pages);
    pages += o.pages;
  }
  const machine: MachineSpec = {
    name: 'm',
    values: { memory: m.memory * PAGE_SIZE, cpus: m.cpus ?? 1, tlb: m.tlb ?? 0 },
    disk: {},
    swap:
      m.swap === undefined
        ? []
        : [{ name: 'swap', values: { size: m.swap * PAGE_SIZE, latency: m.swapLatency ?? 100_000 } }],
  };
  const root: CgroupSpec = { name: '/', parent: null, values: {} };
  const limited = (m.limits ?? []).map((max, i): CgroupSpec => ({
    name: `g${i}`,
    parent: 0,
    values: { 'memory.max': max * PAGE_SIZE },
  }));
  return {
    machine,
    cgroups: m.cgroups ?? [root, ...limited],
    objects,
    bases,
    pages,
    sysctls: m.sysctls ?? {},
    reclaim: { id: m.variant, values: m.values ?? {} },
    kswapd: m.kswapd ?? 'synchronous',
    ...(m.kernelBytes === undefined ? {} : { kernelBytes: m.kernelBytes }),
  };
}

export const machine = (m: SmallMachine): Memory => createMemory(layoutOf(m));

export const counter = (memory: Memory, name: Parameters<typeof counterIndex>[0]): number =>
  memory.counters[counterIndex(name)];

/** State bytes of all pages, under one of the kernel's ways. */
export const statesOf = (memory: Memory): Uint8Array => (memory.reclaimer as ListReclaimer).state;

/** Runs words in one cgroup and returns how many missed. */
export function misses(memory: Memory, words: Uint32Array, cgroup = 0): number {
  const before = memory.reclaimer.tally.misses;
  memory.run(words, 0, words.length, cgroup);
  return memory.reclaimer.tally.misses - before;
}

/** `pages` in order from `start`. */
export function sequential(start: number, pages: number): Uint32Array {
  return Uint32Array.from({ length: pages }, (_, i) => start + i);
}

export function uniform(seed: number, start: number, pages: number, accesses: number): Uint32Array {
  const random = new Random(0x5eed, seed);
  return Uint32Array.from({ length: accesses }, () => start + random.below(pages));
}

/** P(rank r) ∝ (r + 1)^-s, ranks scattered over the pages. */
export function zipf(seed: number, s: number, pages: number, accesses: number): Uint32Array {
  const random = new Random(0x21bf, seed);
  const sums = new Float64Array(pages);
  let sum = 0;
  for (let rank = 0; rank < pages; rank++) {
    sum += (rank + 1) ** -s;
    sums[rank] = sum;
  }
  const place = Uint32Array.from({ length: pages }, (_, i) => i);
  for (let i = pages - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const page = place[i];
    place[i] = place[j];
    place[j] = page;
  }
  return Uint32Array.from({ length: accesses }, () => {
    const at = random.unit() * sum;
    let low = 0;
    let high = pages - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    return place[low];
  });
}

/** How many of a run of pages are in memory. */
export function resident(memory: Memory, start: number, pages: number): number {
  let n = 0;
  for (let page = start; page < start + pages; page++) if (memory.isResident(page)) n++;
  return n;
}
