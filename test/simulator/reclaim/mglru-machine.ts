/** Small machines for tests of reclaim: one cgroup with a limit, or memory alone. */
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { counterIndex, type counterRows } from '../../../simulator/machine/counters.ts';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { Memory } from '../../../simulator/machine/memory.ts';
import type { KnobValues } from '../../../simulator/plan.ts';
import { GIB, MICROSECOND, PAGE_SIZE } from '../../../simulator/units.ts';

export interface Machine {
  readonly variant: string;
  readonly values?: KnobValues;
  /** memory.max of the one cgroup; absent: no cgroup. */
  readonly limit?: number;
  readonly memory?: number;
  readonly file: number;
  readonly fileValues?: KnobValues;
  readonly anon?: number;
  readonly swap?: number;
  readonly swappiness?: number;
  readonly sysctls?: KnobValues;
}

export function machine(m: Machine): Memory {
  const objects = [
    { kind: 'file' as const, name: 'file', pages: m.file, values: m.fileValues ?? {} },
    ...(m.anon === undefined ? [] : [{ kind: 'anon' as const, name: 'anon', pages: m.anon, values: {} }]),
  ];
  return createMemory({
    machine: {
      name: 'test',
      values: { memory: m.memory === undefined ? 1 * GIB : m.memory * PAGE_SIZE },
      disk: {},
      swap: m.swap === undefined ? [] : [{ name: 'swap', values: { size: m.swap * PAGE_SIZE, latency: MICROSECOND } }],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      ...(m.limit === undefined ? [] : [{ name: 'group', parent: 0, values: { 'memory.max': m.limit * PAGE_SIZE } }]),
    ],
    objects,
    bases: m.anon === undefined ? [0] : [0, m.file],
    pages: m.file + (m.anon ?? 0),
    sysctls: { 'vm.swappiness': m.swappiness ?? 60, ...m.sysctls },
    reclaim: { id: m.variant, values: m.values ?? {} },
    kswapd: 'synchronous',
  });
}

const word = (operation: number) => (page: number) => ((operation << OP_SHIFT) | page) >>> 0;
export const read = word(OP_READ);
export const load = word(OP_LOAD);
export const store = word(OP_STORE);
export const write = word(OP_WRITE);

/** Runs words to the end and returns the hit ratio. */
export function hitRatio(memory: Memory, words: Uint32Array, cgroup: number): number {
  const { tally } = memory.reclaimer;
  const before = tally.hits;
  const done = memory.run(words, 0, words.length, cgroup);
  if (done < words.length) throw new Error(`out of memory at access ${done}`);
  return (tally.hits - before) / words.length;
}

export const sequence = (length: number, page: (i: number) => number): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => page(i));

export const count = (memory: Memory, name: (typeof counterRows)[number]['name']): number =>
  memory.counters[counterIndex(name)];

export const residentOf = (memory: Memory, start: number, pages: number): number => {
  let n = 0;
  for (let page = start; page < start + pages; page++) if (memory.isResident(page)) n++;
  return n;
};

/** A small xorshift generator: numbers below `n`, the same for every run. */
export function randomBelow(seed: number): (n: number) => number {
  let x = seed | 0;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return Math.floor(((x >>> 0) / 4_294_967_296) * n);
  };
}
