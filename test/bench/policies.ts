/**
 * Accesses per second of every reclaim variant, on two Zipf traces. Blocks are generated once and shared, so that only the variant's own loop is
 * timed; variants take turns, and the median of the rounds' ratios to exact LRU is what counts: the machine's speed drifts, ratios don't.
 */
import type { MemoryLayout } from '../../simulator/machine/memory.ts';
import { BLOCK } from '../../simulator/machine/access.ts';
import { createMemory } from '../../simulator/machine/create-memory.ts';
import type { FutureAccesses } from '../../simulator/machine/reclaimer.ts';
import { reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { randomFor } from '../../simulator/workload/random.ts';
import { buildPermutation, buildZipfTable, zipfRank } from '../../simulator/workload/zipf-table.ts';
import { median, type Row } from './rows.ts';

interface Trace {
  readonly name: string;
  readonly pages: number;
  readonly s: number;
  readonly accesses: number;
}

const traces: readonly Trace[] = [
  { name: 'zipf 1.0, 1 M pages, cache 10 %', pages: 1_000_000, s: 1, accesses: 4_000_000 },
  { name: 'zipf 0.8, 10 M pages, cache 10 %', pages: 10_000_000, s: 0.8, accesses: 4_000_000 },
];

export function benchPolicies(rounds: number, only?: readonly string[]): Row[] {
  return traces.flatMap((trace) => benchTrace(trace, rounds, only));
}

function benchTrace(trace: Trace, rounds: number, only?: readonly string[]): Row[] {
  const words = generate(trace);
  const variants = reclaimVariants.filter((v) => !only || v.id === 'lru' || only.includes(v.id));
  const rates = new Map<string, number[]>(variants.map((v) => [v.id, []]));
  const misses = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const { id } of variants) {
      const memory = createMemory(layoutOf(trace, id));
      if (memory.wantsFuture) memory.foresee(futureOf(words, trace.pages));
      const start = performance.now();
      for (let at = 0; at < words.length; at += BLOCK) memory.run(words, at, Math.min(BLOCK, words.length - at), 1);
      rates.get(id)!.push(words.length / (performance.now() - start) / 1000);
      misses.set(id, memory.reclaimer.tally.misses);
    }
  }
  const lru = rates.get('lru')!;
  return variants.map(({ id }) => ({
    suite: trace.name,
    name: id,
    value: median(rates.get(id)!),
    unit: 'M accesses/s',
    ratio: median(rates.get(id)!.map((rate, i) => rate / lru[i])),
    note: `miss ratio ${(misses.get(id)! / words.length).toFixed(4)}`,
  }));
}

function generate({ pages, s, accesses }: Trace): Uint32Array {
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

/** One file in a cgroup whose limit is a tenth of it: the complete path, kernel memory charged. */
function layoutOf({ pages }: Trace, id: string): MemoryLayout {
  const limit = Math.floor(pages / 10);
  const isReference = reclaimVariants.find((v) => v.id === id)!.family !== 'kernel';
  return {
    machine: { name: 'bench', values: { memory: (isReference ? limit : 4 * limit) * PAGE_SIZE }, disk: {}, swap: [] },
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'job', parent: 0, values: { 'memory.max': limit * PAGE_SIZE } },
    ],
    objects: [{ kind: 'file', name: 'file', pages, values: {} }],
    bases: [0],
    pages,
    sysctls: {},
    reclaim: { id, values: {} },
    kswapd: 'synchronous',
  };
}

function futureOf(words: Uint32Array, pages: number): FutureAccesses {
  const next = new Uint32Array(words.length);
  const seen = new Uint32Array(pages).fill(0xffffffff);
  for (let i = words.length - 1; i >= 0; i--) {
    next[i] = seen[words[i]]!;
    seen[words[i]] = i;
  }
  return { next, first: seen };
}
