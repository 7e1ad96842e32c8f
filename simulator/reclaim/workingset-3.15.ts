/**
 * Refault distance as it was merged: the evicted page leaves the time of its eviction behind, and if it returns within the size of the active
 * list, it goes straight to the active list.
 *
 * Kernel: mm/workingset.c, a528910e12ec (Linux 3.15).
 * Known divergence: the clock does not wrap; the radix tree's nodes are as large as today's.
 */
import { WORKINGSET_ACTIVATE_FILE, WORKINGSET_REFAULT_FILE } from '../machine/counters.ts';
import type { MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { integer, knob, valueOf } from '../tables/define.ts';
import { TwoList315 } from './two-list-3.15.ts';
import { packShadow, timeSince } from './shadow-entry.ts';
import { ACTIVE, TwoList } from './two-list.ts';
import { RECLAIM_REFAULT_ACTIVATE, RECLAIM_REFAULT_FAR } from '../tables/rules.ts';

const shadowLimit = knob({
  name: 'shadow-limit',
  scope: 'variant',
  type: integer(-1, 0x3fffffff),
  default: -1,
  doc: 'Tree nodes that may hold only shadow entries; −1: a sixteenth of all pages, as the kernel does; 0: no shadows at all.',
  kernel: 'count_shadow_nodes in mm/workingset.c',
  source: { kind: 'published', where: 'commit 449dd6984d0e (3.15)' },
});

class Workingset315 extends TwoList315 {
  /** Of each node (zone->inactive_age). */
  readonly #age: Float64Array;
  readonly #shadows: boolean;

  constructor(host: MemoryHost, values: KnobValues) {
    super(host);
    this.#age = new Float64Array(host.nodes);
    this.#shadows = valueOf(values, shadowLimit) !== 0;
  }

  override activated(lru: number): void {
    this.#age[this.nodeOf(lru)]++;
  }

  override eviction(_page: number, target: number, _workingset: boolean): number {
    const node = this.nodeOf(target);
    this.#age[node]++;
    return this.#shadows ? packShadow(this.#age[node], false) : 0;
  }

  override refault(page: number, lru: number, shadow: number, target: number, file: boolean): number {
    if (!file) return 0;
    const { host } = this;
    const node = this.nodeOf(target);
    const distance = timeSince(this.#age[node], shadow);
    const size = this.activeFile(node);
    host.counters[WORKINGSET_REFAULT_FILE]++;
    if (distance > size) {
      if (host.logging) host.log(RECLAIM_REFAULT_FAR.id, page, distance, size);
      return 0;
    }
    host.counters[WORKINGSET_ACTIVATE_FILE]++;
    this.#age[this.nodeOf(lru)]++;
    if (host.logging) host.log(RECLAIM_REFAULT_ACTIVATE.id, page, distance, size);
    return ACTIVE;
  }
}

export const workingset315: ReclaimVariant = {
  id: 'v3.15',
  title: 'Refault distance, as merged',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '3.15',
  year: 2014,
  commit: 'a528910e12ec',
  summary: 'A page that returns within the size of the active list goes straight to the active list.',
  knobs: [shadowLimit],
  source: { kind: 'published', where: 'commit a528910e12ec, Linux 3.15 mm/workingset.c' },
  create: (host, values) => {
    const lists = new TwoList(host, new Workingset315(host, values));
    const limit = valueOf(values, shadowLimit);
    if (limit >= 0) lists.maxShadowNodes = () => limit;
    return lists;
  },
};
