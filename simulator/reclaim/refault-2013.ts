/**
 * The proposal as told in 2013: a returning page whose refault distance is within the size of the active list proves that list too large, and
 * makes it give up one page. The returning page starts on the inactive list like any other.
 *
 * Kernel: never merged in this form; refault-distance series of 2012-05, 2013-05 and 2013-08 (linux-mm).
 * Known divergence: one zone, so a global clock and one per zone are the same but for the limit on distances that came with the former; the
 * shrinker goes by age alone, not file by file. With several nodes there is still one clock, held against the active lists of all nodes.
 */
import {
  WORKINGSET_BALANCE,
  WORKINGSET_BALANCE_FORCE,
  WORKINGSET_REFAULT_FILE,
  WORKINGSET_SHADOWS_RECLAIMED,
  WORKINGSET_STALE,
} from '../machine/counters.ts';
import { LRU_ACTIVE_FILE, LRU_INACTIVE_FILE } from '../machine/memcg-stats.ts';
import type { MemoryHost, ReclaimVariant, ScanControl } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { choice, flag, integer, knob, valueOf } from '../tables/define.ts';
import { packShadow, timeSince } from './shadow-entry.ts';
import { TwoList315 } from './two-list-3.15.ts';
import { TwoList } from './two-list.ts';
import { inactiveRatioOf } from './workingset-6.1.ts';
import { RECLAIM_REFAULT_FAR, RECLAIM_REFAULT_STALE } from '../tables/rules.ts';

const posted = (where: string) => ({ kind: 'published', where }) as const;

const ratio = knob({
  name: 'ratio',
  scope: 'variant',
  type: choice({
    '1:1': 'The active list may be as long as the inactive one (2013).',
    sqrt: 'Longer by √(10 × GiB) (2012): a stale set is left alone until refaults tell.',
  }),
  default: '1:1',
  doc: 'How long the active file list may be before it is shrunk without any refault.',
  source: posted('linux-mm 2012-05-01 and 2013-05-07'),
});
const inactiveRatio = knob({
  name: 'inactive-ratio',
  scope: 'variant',
  type: integer(0, 1000),
  default: 0,
  doc: 'With ratio sqrt: the ratio itself, for machines too small to have one above 1; 0: from the size of memory.',
  source: { kind: 'derived', where: 'the formula of 2012 gives 1 below 1 GiB' },
});
const clock = knob({
  name: 'clock',
  scope: 'variant',
  type: choice({
    zone: 'A clock per zone (2013-08).',
    global: 'One clock for all memory (2013-05): distances above dirtyable memory are ignored.',
  }),
  default: 'zone',
  doc: 'Whose evictions and activations a refault distance counts.',
  source: posted('linux-mm 2013-05-07 and 2013-08-06'),
});
const throttle = knob({
  name: 'throttle',
  scope: 'variant',
  type: flag(),
  default: false,
  doc: 'Files that have shown no refaults leave a shadow entry only for one eviction in 32 or more (patch 10/10 of 2013-05).',
  source: posted('linux-mm 2013-05-07, patch 10/10'),
});
const demotion = knob({
  name: 'demotion',
  scope: 'variant',
  type: choice({
    batched: 'Refaults raise a count that reclaim takes into account in lots of up to 32, as posted.',
    ideal: 'Each qualifying refault demotes the oldest active page at once, next to the page that returned.',
  }),
  default: 'batched',
  doc: 'When the active list gives up its page.',
  source: { kind: 'derived', where: 'the proposal’s description as against its code' },
});
const compare = knob({
  name: 'compare',
  scope: 'variant',
  type: choice({ le: 'Up to the size of the active list (code of 2013).', lt: 'Below it (article, text of 2012).' }),
  default: 'le',
  doc: 'Whether a distance equal to the size of the active list qualifies.',
  source: posted('LWN 495543; linux-mm 2013-08-06'),
});
const shrinker = knob({
  name: 'shrinker',
  scope: 'variant',
  type: flag(),
  default: false,
  doc: 'Deletes the oldest shadow entries beyond twice the memory, rounded down to a power of two.',
  source: posted('linux-mm 2013-05-07, patch 10/10'),
});

/** Shadow entries of a file that has not earned them: planted for one eviction in 32·2^(e−1). */
const THROTTLE_BASE = 32;

class Refault2013 extends TwoList315 {
  lists: TwoList | undefined;
  readonly leavesSingly: boolean;
  #time = 0;
  #shrinkActive = 0;
  /** Active pages per inactive one that are let be. */
  readonly #ratio: number;
  readonly #global: boolean;
  readonly #ideal: boolean;
  readonly #strict: boolean;
  /** By first page of the file: how many refaults it still owes. */
  readonly #debts: Map<number, number> | undefined;
  #planted: number[] | undefined;
  #plantedHead = 0;
  #live = 0;

  constructor(host: MemoryHost, values: KnobValues) {
    super(host);
    const forced = valueOf(values, inactiveRatio);
    const sqrt = forced > 0 ? forced : inactiveRatioOf(host.memoryPages);
    this.#ratio = valueOf(values, ratio) === 'sqrt' ? sqrt : 1;
    this.#global = valueOf(values, clock) === 'global';
    this.#ideal = valueOf(values, demotion) === 'ideal';
    this.#strict = valueOf(values, compare) === 'lt';
    if (valueOf(values, throttle)) this.#debts = new Map();
    if (valueOf(values, shrinker)) this.#planted = [];
    this.leavesSingly = this.#debts !== undefined || this.#planted !== undefined;
  }

  /** Memory that could be dirty: free and file pages beyond the reserve. */
  #dirtyable(): number {
    const { host } = this;
    let pages = this.#free();
    for (let node = 0; node < host.nodes; node++) pages -= host.highWatermark(node * host.cgroups);
    for (let lru = 0; lru < host.lruvecs; lru++)
      pages += this.size(lru, LRU_INACTIVE_FILE) + this.size(lru, LRU_ACTIVE_FILE);
    return Math.max(pages, 2);
  }

  /** dirty_balance_reserve: what stays free anyway, with the gap by which kswapd overshoots (1 % of memory). */
  #reserve(): number {
    const { host } = this;
    let pages = Math.ceil(host.memoryPages / 100);
    for (let node = 0; node < host.nodes; node++) pages += host.highWatermark(node * host.cgroups);
    return pages;
  }

  #free(): number {
    const { host } = this;
    let pages = 0;
    for (let node = 0; node < host.nodes; node++) pages += host.freePages(node * host.cgroups);
    return pages;
  }

  #shift(): number {
    return 31 - Math.clz32(this.#dirtyable() - 1);
  }

  override activated(_lru: number): void {
    this.#time++;
    if (this.#shrinkActive > 0) this.#shrinkActive--;
  }

  override eviction(page: number, _target: number, _workingset: boolean): number {
    this.#time++;
    if (this.#debts !== undefined && !this.#mayPlant(page)) return 0;
    this.#live++;
    if (this.#planted !== undefined) {
      this.#planted.push(page, this.#time);
      this.#shrinkShadows(this.#planted);
    }
    return packShadow(this.#time, false);
  }

  #mayPlant(page: number): boolean {
    const debts = this.#debts!;
    const file = this.host.objectStart(page);
    const debt = debts.get(file) ?? this.#dirtyable();
    const e = Math.floor(debt / (1 << this.#shift()));
    const plant = e === 0 || this.#time % (THROTTLE_BASE * (1 << (e - 1))) === 0;
    debts.set(file, plant && e < 4 ? debt + 1 : debt);
    return plant;
  }

  #shrinkShadows(planted: number[]): void {
    const most = 2 * (1 << this.#shift());
    while (this.#plantedHead < planted.length) {
      const page = planted[this.#plantedHead];
      const time = planted[this.#plantedHead + 1];
      // the newest is not in the tree yet
      const live = time === this.#time || this.host.shadowAt(page) === packShadow(time, false);
      if (live && (this.#live <= most || time >= this.#time - most)) break;
      this.#plantedHead += 2;
      if (!live) continue;
      this.host.forgetShadow(page);
      this.#live--;
      this.host.counters[WORKINGSET_SHADOWS_RECLAIMED]++;
    }
    if (planted.length - this.#plantedHead > 16 * most || this.#plantedHead > 16 * most) this.#compact(planted);
  }

  #compact(planted: number[]): void {
    const kept: number[] = [];
    for (let i = this.#plantedHead; i < planted.length; i += 2) {
      const time = planted[i + 1];
      if (time === this.#time || this.host.shadowAt(planted[i]) === packShadow(time, false))
        kept.push(planted[i], time);
    }
    this.#planted = kept;
    this.#plantedHead = 0;
  }

  override refault(page: number, lru: number, shadow: number, _target: number, file: boolean): number {
    if (!file) return 0;
    const { host } = this;
    this.#live--;
    host.counters[WORKINGSET_REFAULT_FILE]++;
    const distance = timeSince(this.#time, shadow);
    if (this.#debts !== undefined) this.#pay(this.#debts, host.objectStart(page));
    // its own frame is already taken
    if (this.#free() + 1 > this.#reserve()) return 0;
    if (this.#global && distance > this.#dirtyable()) return 0;
    let size = 0;
    for (let node = 0; node < host.nodes; node++) size += this.activeFile(node);
    if (distance > size || (this.#strict && distance === size)) {
      if (host.logging) host.log(RECLAIM_REFAULT_FAR.id, page, distance, size);
      return 0;
    }
    host.counters[WORKINGSET_STALE]++;
    if (host.logging) host.log(RECLAIM_REFAULT_STALE.id, page, distance, size);
    if (this.#ideal) this.lists?.shrinkActive(lru, true, 1);
    else this.#shrinkActive++;
    return 0;
  }

  #pay(debts: Map<number, number>, file: number): void {
    const debt = debts.get(file) ?? this.#dirtyable();
    const e = Math.floor(debt / (1 << this.#shift()));
    debts.set(file, Math.max(debt - (e > 0 ? THROTTLE_BASE * (1 << (e - 1)) : 1), 0));
  }

  override inactiveIsLow(lru: number, file: boolean): boolean {
    if (!file) return super.inactiveIsLow(lru, false);
    const inactive = this.size(lru, LRU_INACTIVE_FILE);
    const active = this.size(lru, LRU_ACTIVE_FILE);
    return inactive * this.#ratio < active;
  }

  override mayDeactivate(lru: number, sc: ScanControl, file: boolean, pages: number): boolean {
    if (!file) return super.mayDeactivate(lru, sc, false, pages);
    if (this.#shrinkActive > 0) {
      this.#shrinkActive -= pages;
      this.host.counters[WORKINGSET_BALANCE]++;
      return true;
    }
    if (!this.inactiveIsLow(lru, true)) return false;
    this.host.counters[WORKINGSET_BALANCE_FORCE]++;
    return true;
  }
}

export const refault2013: ReclaimVariant = {
  id: 'refault-2013',
  title: 'Refault distance, as proposed',
  mechanism: 'reclaim',
  family: 'proposal',
  year: 2013,
  summary:
    'A page that returns within the size of the active list makes that list give up one page; itself it starts over as inactive.',
  knobs: [ratio, inactiveRatio, clock, throttle, demotion, compare, shrinker],
  source: { kind: 'published', where: 'linux-mm, thrash detection-based file cache sizing, 2012-05 to 2013-08' },
  create: (host, values) => {
    const policy = new Refault2013(host, values);
    const lists = new TwoList(host, policy);
    policy.lists = lists;
    lists.maxShadowNodes = () => Infinity;
    return lists;
  },
};
