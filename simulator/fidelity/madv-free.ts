/**
 * Lazily freed pages held against recorded kernels: what is purged, in what order, and what stays, of lazily freed pages F beside anonymous ones
 * (A), older and younger inactive file pages (I, IL) and active ones (AC), under a limit, memory.reclaim or allocation of X pages; and the errors
 * of madvise. Each figure is a check: within one reclaim batch of 32 pages and what a per-CPU stock of charges may hold (63).
 *
 * A kernel of 6.12 or later is simulated as v6.12, an earlier one as v6.1.
 */
import { OP_READ, OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { counterIndex, type counterRows } from '../machine/counters.ts';
import { createMemory } from '../machine/create-memory.ts';
import { OUT_OF_MEMORY, type Memory } from '../machine/memory.ts';
import type { ObjectSpec } from '../plan.ts';
import { PAGE_SIZE, type Pages } from '../units.ts';
import { volatileInterface } from '../volatile/interfaces.ts';
import { UnusableRecording, compareFigures, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

type MadvRecord = Readonly<Record<string, unknown>>;

const FILE = /^mfree-(\d+)\.(\d+)[\w.-]*\.jsonl$/;
/** A batch of reclaim, and a stock of charges that counts as used and is given back first. */
const TOLERANCE: Pages = 32 + 63;
const MACHINE: Pages = 262_144;
const OBJECTS = ['left', 'leftActive', 'I', 'AC', 'A', 'F', 'IL', 'X'] as const;
type Name = (typeof OBJECTS)[number];
const ANON: ReadonlySet<string> = new Set<Name>(['A', 'F', 'X']);
/** What is compared: of files what is left, of lazily freed pages what was purged. */
const FIGURES = ['F_zero', 'I_left', 'IL_left', 'AC_left', 'A_swapped', 'pglazyfreed', 'pswpout'] as const;

const figure = (record: MadvRecord, name: string): number => {
  const value = record[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
};
const pair = (record: MadvRecord, name: string): readonly [number, number] => {
  const value = record[name];
  return Array.isArray(value) ? [Number(value[0]) || 0, Number(value[1]) || 0] : [0, 0];
};

function records(folder: RecordedFolder, file: string): MadvRecord[] {
  const found: MadvRecord[] = [];
  folder
    .text(file)
    .split('\n')
    .forEach((line, i) => {
      if (line.trim() === '') return;
      try {
        const value: unknown = JSON.parse(line);
        if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
        found.push(value as MadvRecord);
      } catch {
        throw new UnusableRecording(`${folder.name}/${file}, line ${i + 1}: no record`);
      }
    });
  if (!found.some((record) => record['test'] === 'purge'))
    throw new UnusableRecording(`${folder.name}/${file}: it has no record of a purge`);
  return found;
}

/** What the simulator makes of one recorded purge. */
export function simulatePurge(record: MadvRecord, variant: string): Readonly<Record<string, number>> {
  const sizes = sizesOf(record);
  const bases = {} as Record<Name, number>;
  let pages = 0;
  for (const name of OBJECTS) {
    bases[name] = pages;
    pages += sizes[name];
  }
  const swap = figure(record, 'swap') > 0;
  const memory = createMemory({
    machine: {
      name: 'recorded',
      values: { memory: MACHINE * PAGE_SIZE, cpus: 1 },
      disk: {},
      swap: swap ? [{ name: 'swap', values: { size: MACHINE * PAGE_SIZE } }] : [],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'test', parent: 0, values: {} },
    ],
    objects: OBJECTS.map((name): ObjectSpec => ({
      kind: ANON.has(name) ? 'anon' : 'file',
      name,
      pages: sizes[name],
      values: {},
    })),
    bases: OBJECTS.map((name) => bases[name]),
    pages: Math.max(1, pages),
    sysctls: { 'vm.swappiness': figure(record, 'swappiness') || 60 },
    reclaim: { id: variant, values: {} },
    kswapd: 'synchronous',
  });
  const touch = (name: Name, count = sizes[name]): boolean => {
    const word = ((ANON.has(name) ? OP_STORE : OP_READ) << OP_SHIFT) >>> 0;
    for (let i = 0; i < count; i++) if ((memory.access(word + bases[name] + i, 1) & OUT_OF_MEMORY) !== 0) return false;
    return true;
  };
  for (const name of ['left', 'I', 'A', 'F'] as const) touch(name);
  for (let pass = 0; pass < 2; pass++) for (const name of ['leftActive', 'AC'] as const) touch(name);
  memory.settle();
  for (let i = 0; i < sizes.F; i++) memory.advice!.lazyFree(bases.F + i);
  touch('IL');
  memory.settle();
  const before = Float64Array.from(memory.counters);
  const used = memory.usage(1);
  const pressure = figure(record, 'X');
  const limit = (to: Pages) =>
    memory.apply({ kind: 'cgroup', cgroup: 1, name: 'memory.max', value: Math.max(1, to) * PAGE_SIZE });
  if (record['how'] === 'alloc') {
    limit(used);
    touch('X');
  } else if (figure(record, 'v') === 2) memory.advice!.reclaim(1, pressure);
  else lowerLimit(memory, used - pressure);
  return tell(memory, bases, sizes, before);
}

/** mem_cgroup_resize_max of cgroup v1: a batch at a time, until usage is low enough or five tries in a row bring nothing. */
function lowerLimit(memory: Memory, to: Pages): void {
  for (let tries = 5; memory.usage(1) > to && tries > 0;) if (memory.advice!.reclaim(1, 1) === 0) tries--;
}

function sizesOf(record: MadvRecord): Record<Name, Pages> {
  const own = { I: figure(record, 'I'), AC: figure(record, 'AC'), A: figure(record, 'A'), F: figure(record, 'F') };
  const IL = figure(record, 'IL');
  const [inactive, active] = pair(record, 'lru_file');
  const spare = (n: number) => (n > TOLERANCE ? n : 0);
  return {
    ...own,
    IL,
    left: spare(inactive - own.I - own.F - IL),
    leftActive: spare(active - own.AC),
    X: record['how'] === 'alloc' ? figure(record, 'X') : 0,
  };
}

function tell(
  memory: Memory,
  bases: Readonly<Record<Name, number>>,
  sizes: Readonly<Record<Name, Pages>>,
  before: Float64Array,
): Record<string, number> {
  // prettier-ignore
  const there = (name: Name): Pages => {
    let n = 0;
    for (let i = 0; i < sizes[name]; i++) if (memory.isResident(bases[name] + i)) n++;
    return n;
  };
  const rise = (name: (typeof counterRows)[number]['name']) =>
    memory.counters[counterIndex(name)] - before[counterIndex(name)];
  let ranges = 0;
  let gone = false;
  for (let i = 0; i < sizes.F; i++) {
    const now = !memory.isResident(bases.F + i);
    if (now && !gone) ranges++;
    gone = now;
  }
  return {
    F_zero: sizes.F - there('F'),
    I_left: there('I'),
    IL_left: there('IL'),
    AC_left: there('AC'),
    A_swapped: sizes.A - there('A'),
    pglazyfreed: rise('pglazyfreed'),
    pswpout: rise('pswpout'),
    purged_ranges: ranges,
  };
}

/** errno numbers of madvise(MADV_FREE) as recorded: EINVAL is 22. */
function checkErrors(record: MadvRecord): { checks: number; matched: number; notes: string[] } {
  const { errors } = volatileInterface('madv-free')!;
  const expected: Readonly<Record<string, string>> = {
    shared_anon: errors.shared,
    private_file: errors.shared,
    shared_file: errors.shared,
    mlocked: errors.locked,
    readonly_anon: 'ok',
  };
  const notes: string[] = [];
  let checks = 0;
  let matched = 0;
  for (const [name, errno] of Object.entries(expected)) {
    if (typeof record[name] !== 'number') continue;
    checks++;
    if ((record[name] === 22) === (errno === 'EINVAL')) matched++;
    else notes.push(`MADV_FREE of ${name}: errno ${record[name]} there, ${errno} here`);
  }
  return { checks, matched, notes };
}

export function compareMadvFree(folder: RecordedFolder, file: string): FidelitySet[] {
  const [, major, minor] = FILE.exec(file)!;
  const variant = Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 12) ? 'v6.12' : 'v6.1';
  const groups = new Map<string, MadvRecord[]>();
  const sets: FidelitySet[] = [];
  for (const record of records(folder, file)) {
    if (record['test'] === 'errs') {
      const { checks, matched, notes } = checkErrors(record);
      sets.push({
        area: 'madv-free', name: 'errors', mode: `${major}.${minor}`, kernel: {}, simulated: {}, spread: {}, errors: {},
        checks, matched, differingAccesses: null, accesses: 0, ...(notes.length > 0 ? { notes } : {}),
      }); // prettier-ignore
    }
    // A run that was killed says nothing.
    if (record['test'] !== 'purge' || record['how'] === undefined || record['F_zero'] === undefined) continue;
    const swap = figure(record, 'swap') > 0 ? ', swap' : '';
    const way = `v${figure(record, 'v')} ${record['how'] === 'alloc' ? 'alloc' : 'reclaim'}`;
    const key = `${typeof record['cfg'] === 'string' ? record['cfg'] : '?'}, ${way}${swap}, X ${figure(record, 'X')}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  for (const [name, repeats] of groups) {
    const notes: string[] = [];
    let checks = 0;
    let matched = 0;
    let nearest: Readonly<Record<string, number>> = {};
    let least = Infinity;
    // What was left over from the run before differs: each repeat is simulated as it began.
    for (const record of repeats) {
      const ours = simulatePurge(record, variant);
      let off = 0;
      for (const row of FIGURES) {
        const difference = Math.abs(ours[row] - figure(record, row));
        checks++;
        off += difference;
        if (difference <= TOLERANCE) matched++;
        else notes.push(`${row}: ${figure(record, row)} there, ${ours[row]} here`);
      }
      if (off < least) {
        least = off;
        nearest = ours;
      }
    }
    sets.push({
      area: 'madv-free',
      name,
      mode: `${major}.${minor}`,
      ...compareFigures(
        nearest,
        repeats.map((record) => Object.fromEntries(FIGURES.map((row) => [row, figure(record, row)]))),
      ),
      checks,
      matched,
      differingAccesses: null,
      accesses: 0,
      ...(notes.length > 0 ? { notes: [...new Set(notes)] } : {}),
    });
  }
  return sets;
}

export const madvFreeArea: FidelityArea = {
  claims: ({ name, files }) => name.startsWith('madv-free') || files.some((file) => FILE.test(file)),
  uses: (file) => FILE.test(file),
  *compare(folder) {
    const files = folder.files.filter((file) => FILE.test(file));
    if (files.length === 0) throw new UnusableRecording(`${folder.name}: it has no mfree-VERSION.jsonl`);
    for (const file of files) yield* compareMadvFree(folder, file);
  },
};
