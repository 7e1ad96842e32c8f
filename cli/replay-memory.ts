/** The machine that a trace is replayed on: one processor, one process, one file and at most one anonymous region. */
import { createMemory } from '../simulator/machine/create-memory.ts';
import type { Memory, MemoryLayout } from '../simulator/machine/memory.ts';
import type { ObjectSpec, Scenario } from '../simulator/plan.ts';
import { ACTIVE } from '../simulator/reclaim/two-list.ts';
import { GIB, PAGE_SIZE, type Bytes, type Pages } from '../simulator/units.ts';

export interface ReplaySetup {
  readonly name: string;
  readonly policy: string;
  readonly size: Pages;
  /** The size is a cgroup's limit, not the machine's. */
  readonly memcg: boolean;
  readonly filePages: Pages;
  readonly anonPages: Pages;
  readonly swappiness?: number;
  readonly swap?: Bytes;
}

/** Inodes, dentries and the like that one open file costs a cgroup, read off slab sizes of recorded runs on Linux 6.1. */
const KERNEL_OBJECTS: Bytes = 1008;
/** Swap is as fast as a RAM disk: replays count, they do not wait. */
const SWAP_LATENCY = 1000;

/** With a cgroup, the one page of file-system metadata that belongs to the file comes with it. */
const metadataPages = (setup: ReplaySetup): Pages => (setup.memcg && setup.filePages > 0 ? 1 : 0);

/** Where the anonymous region starts in the machine's page numbers; the file starts at 0. */
export const anonBase = (setup: ReplaySetup): number => setup.filePages + metadataPages(setup);

export function scenarioOf(setup: ReplaySetup): Scenario {
  const { memcg, size, filePages, anonPages } = setup;
  const bytes = size * PAGE_SIZE;
  // No read-ahead because random access is advised, which also changes what accessed bits of mappings count for.
  const advice = memcg ? { advice: 'random' } : {};
  const object = (kind: 'file' | 'anon', name: string, pages: Pages): ObjectSpec[] =>
    pages > 0
      ? [{ kind, name, pages, values: kind === 'file' ? advice : {}, ...(kind === 'anon' ? { process: 0 } : {}) }]
      : [];
  return {
    machine: {
      name: 'machine',
      // A machine whose own memory never runs short: only the cgroup's limit matters then.
      values: { memory: memcg ? Math.max(2 * GIB, 8 * bytes) : bytes, cpus: 1 },
      disk: {},
      swap: setup.swap === undefined ? [] : [{ name: 'swap', values: { size: setup.swap, latency: SWAP_LATENCY } }],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      ...(memcg ? [{ name: 'replay', parent: 0, values: { 'memory.max': bytes } }] : []),
    ],
    objects: [
      ...object('file', setup.name, filePages),
      ...object('file', 'metadata', metadataPages(setup)),
      ...object('anon', 'memory', anonPages),
    ],
    processes: [
      {
        name: 'replay',
        cgroup: memcg ? 1 : 0,
        values: {},
        phases: [{ name: '', steps: [{ kind: 'replay', trace: 0 }] }],
      },
    ],
    timeline: [],
    reclaim: { id: setup.policy, values: {} },
    sysctls: setup.swappiness === undefined ? {} : { 'vm.swappiness': setup.swappiness },
  };
}

export function memoryFor(setup: ReplaySetup, scenario: Scenario): Memory {
  const bases: number[] = [];
  let pages = 0;
  for (const object of scenario.objects) {
    bases.push(pages);
    pages += object.pages;
  }
  const { machine, cgroups, objects, sysctls, reclaim } = scenario;
  const layout: MemoryLayout = {
    machine,
    cgroups,
    objects,
    sysctls,
    reclaim,
    bases,
    pages: Math.max(1, pages),
    kswapd: 'synchronous',
    ...(setup.memcg ? { kernelBytes: [0, KERNEL_OBJECTS] } : {}),
  };
  return createMemory(layout);
}

/**
 * ext4 reads an extent block when it first maps the file, touches it twice while it waits in a batch, and keeps hold of it. It is charged to
 * the cgroup of whoever reads the file. To be called after the first access.
 * Returns how many misses that made, which are none of the trace's.
 */
export function addMetadata(setup: ReplaySetup, memory: Memory): number {
  const { reclaimer } = memory;
  if (metadataPages(setup) === 0 || reclaimer.kind !== 'lists') return 0;
  memory.access(setup.filePages, 1);
  memory.pin?.(setup.filePages);
  if (!setup.policy.startsWith('mglru')) reclaimer.state[setup.filePages] |= ACTIVE;
  return 1;
}
