/** The two traces everybody is held against, the machines they run on, and the files that other simulators read. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { BLOCK } from '../../simulator/machine/access.ts';
import { createMemory } from '../../simulator/machine/create-memory.ts';
import type { Memory, MemoryLayout } from '../../simulator/machine/memory.ts';
import type { FutureAccesses } from '../../simulator/machine/reclaimer.ts';
import { hasLists, reclaimVariant } from '../../simulator/reclaim/registry.ts';
import { PAGE_SIZE, type Pages } from '../../simulator/units.ts';
import { randomFor } from '../../simulator/workload/random.ts';
import { buildPermutation, buildZipfTable, zipfRank } from '../../simulator/workload/zipf-table.ts';

export interface BenchTrace {
  readonly name: string;
  readonly pages: Pages;
  readonly s: number;
  readonly accesses: number;
}

const traces: readonly BenchTrace[] = [
  { name: 'zipf 1.0, 1 M pages, cache 10 %', pages: 1_000_000, s: 1, accesses: 4_000_000 },
  { name: 'zipf 0.8, 10 M pages, cache 10 %', pages: 10_000_000, s: 0.8, accesses: 4_000_000 },
];

/** In a hurry: the same shapes, a tenth as large. */
export const tracesFor = (quick: boolean): readonly BenchTrace[] =>
  quick
    ? traces.map((t) => ({
        ...t,
        name: `${t.name} (of a tenth)`,
        pages: t.pages / 10,
        accesses: t.accesses / 10,
      }))
    : traces;

/** A tenth of the pages. */
export const cacheOf = ({ pages }: BenchTrace): Pages => Math.floor(pages / 10);

export function wordsOf({ pages, s, accesses }: BenchTrace): Uint32Array {
  const table = drain(buildZipfTable(pages, s));
  const permutation = drain(buildPermutation(pages, randomFor(1, pages)));
  const random = randomFor(2, pages);
  const words = new Uint32Array(accesses);
  for (let i = 0; i < accesses; i++) words[i] = permutation[zipfRank(table, random.unit())]!;
  return words;
}

function drain<T>(generator: Generator<number, T>): T {
  for (;;) {
    const step = generator.next();
    if (step.done) return step.value;
  }
}

/** One file in a cgroup whose limit is the cache: the complete path, kernel memory charged. */
export function machineFor(id: string, pages: Pages, cache: Pages): Memory {
  const layout: MemoryLayout = {
    machine: {
      name: 'bench',
      values: { memory: (hasLists(reclaimVariant(id)!) ? 4 * cache : cache) * PAGE_SIZE },
      disk: {},
      swap: [],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'job', parent: 0, values: { 'memory.max': cache * PAGE_SIZE } },
    ],
    objects: [{ kind: 'file', name: 'file', pages, values: {} }],
    bases: [0],
    pages,
    sysctls: {},
    reclaim: { id, values: {} },
    kswapd: 'synchronous',
  };
  return createMemory(layout);
}

export function runThrough(memory: Memory, words: Uint32Array): void {
  for (let at = 0; at < words.length; at += BLOCK) memory.run(words, at, Math.min(BLOCK, words.length - at), 1);
}

/** When each page is accessed next, and first. */
export function futureOf(words: Uint32Array, pages: Pages): FutureAccesses {
  const next = new Uint32Array(words.length);
  const seen = new Uint32Array(pages).fill(0xffffffff);
  for (let i = words.length - 1; i >= 0; i--) {
    next[i] = seen[words[i]]!;
    seen[words[i]] = i;
  }
  return { next, first: seen };
}

const RECORD = 24;
const RECORDS = 1 << 16;

/**
 * Writes a trace as oracleGeneral: time (a thousand accesses a second), id, size and the number of the access that comes next to the same id,
 * −1 for none.
 */
export function writeOracleGeneral(file: string, words: Uint32Array, pages: Pages): void {
  const { next } = futureOf(words, pages);
  const fd = openSync(file, 'w');
  const bytes = Buffer.alloc(RECORDS * RECORD);
  for (let from = 0; from < words.length; from += RECORDS) {
    const n = Math.min(RECORDS, words.length - from);
    for (let i = 0; i < n; i++) {
      const at = i * RECORD;
      const then = next[from + i];
      bytes.writeUInt32LE(Math.floor((from + i) / 1000), at);
      bytes.writeUInt32LE(words[from + i], at + 4);
      bytes.writeUInt32LE(0, at + 8);
      bytes.writeUInt32LE(PAGE_SIZE, at + 12);
      bytes.writeInt32LE(then === 0xffffffff ? -1 : then, at + 16);
      bytes.writeInt32LE(then === 0xffffffff ? -1 : 0, at + 20);
    }
    writeSync(fd, bytes, 0, n * RECORD);
  }
  closeSync(fd);
}

/** The words alone, little-endian: how they go to a process of our own. */
export function writeWords(file: string, words: Uint32Array): void {
  const fd = openSync(file, 'w');
  writeSync(fd, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  closeSync(fd);
}
