/**
 * Giving up the memory of a process: the munlock pass where there is one, then unmapping and freeing; alone, with threads that free in parallel,
 * with helpers that unmap too, and with other processes that exit at the same time.
 *
 * Kernel: exit_mmap and unmap_vmas (mm/mmap.c, mm/memory.c), the gather of mm/mmu_gather.c, oom_reaper and process_mrelease (mm/oom_kill.c).
 * The closed form of docs/models/exit.md. The event machine (engine/teardown.ts) does the same work lot by lot and queues for real.
 */
import { contention, type Station } from './contention.ts';
import { backingRow, type Backing, type Contents, type CostSet, type Era } from './costs.ts';
import { hasPass, munlockTime, type MunlockRules } from './munlock.ts';
import { PAGE_SIZE, SECOND, type BytesPerSecond, type Nanoseconds, type Pages } from '../units.ts';

/** One-page batches of ⌊(4096 − 16)/8⌋ = 510 entries, at most ⌊10000/510⌋ of them, and 8 inline: then the gather flushes. */
export const GATHER_BATCH = 8 + Math.floor((4096 - 16) / 8) * Math.floor(10_000 / Math.floor((4096 - 16) / 8));
/** Pages freed under one hold of the zone lock (pcp batch). */
export const ZONE_BATCH = 63;
/** Entries of a pagevec: pages munlocked under one hold of the LRU lock from 3.12 on. */
const PAGEVEC = 14;

export interface Region {
  readonly name: string;
  /** In memory. */
  readonly pages: Pages;
  readonly backing: Backing;
  readonly contents: Contents;
  readonly locked: boolean;
}

export interface ExitRules extends MunlockRules {
  /** Threads that free what the exiting thread unmaps; 0: it frees itself, as every released kernel does. */
  readonly workers: number;
  readonly sigma: number;
  readonly kappa: number;
  /** Nodes over which memory is spread: each has locks of its own. */
  readonly nodes: number;
  readonly cpus: number;
  /** init_on_free=1: freed pages are cleared. */
  readonly initOnFree: boolean;
  readonly zeroBandwidth: BytesPerSecond;
}

/** Threads that unmap the same address space beside the one that exits. */
export interface Helpers {
  readonly threads: number;
  /** After the kill. */
  readonly delay: Nanoseconds;
}

/** Lu, 320 GiB: freed by the exiting thread alone, unmapped only, freed by one other thread. */
export const LU = { serial: 10.8, zap: 4.8, free: 8.9 } as const;

/** Seconds for Lu's 320 GiB with `workers` ≥ 1 free-workers. */
export function luSeconds(workers: number, sigma: number, kappa: number, nodes = 1): number {
  const sharers = Math.max(0, workers / nodes - 1);
  const freeing = (LU.free / workers) * (1 + sigma * sharers + kappa * (workers / nodes) * sharers);
  return Math.max(LU.zap, freeing);
}

/** How long unmapping and freeing take with free-workers, as a share of the exiting thread doing both. */
export const parallelShare = ({ workers, sigma, kappa, nodes, cpus }: ExitRules): number => {
  const running = Math.min(workers, Math.max(0, cpus - 1));
  return running === 0 ? 1 : luSeconds(running, sigma, kappa, nodes) / LU.serial;
};

/** What one region costs one process. */
export interface RegionWork {
  /** The munlock pass; 0 where there is none. */
  readonly pass: Nanoseconds;
  /** Unmapping and freeing, unlocking included since 5.18. */
  readonly zap: Nanoseconds;
  /** Of its frames, those that come back. */
  readonly freed: Pages;
  /** The reaper and process_mrelease may unmap it. */
  readonly helped: boolean;
  readonly passLocks: readonly Hold[];
  readonly zapLocks: readonly Hold[];
}

/** A lock that work needs: what share of the work is done under it, and how long one hold is. */
export interface Hold {
  readonly lock: 'zone' | 'lru' | 'hugetlb' | 'i_mmap';
  readonly share: number;
  readonly hold: Nanoseconds;
}

/** Assumed: how much of munlocking a page is done under the LRU lock; of giving back a hugetlb page, under the hugetlb lock. */
const LRU_SHARE: Readonly<Record<Era, number>> = { 'pre-3.12': 0.4, 'v3.12': 0.15, 'v5.18': 0 };
const HUGETLB_SHARE = 0.3;

/** Measured on 6.18: two processes that unmap the same memory file at once bounce each page's map count; four on two processors less so. */
const SAME_FILE = { together: 1.56, apart: 1.15 } as const;

const zapFigure = (costs: CostSet, backing: Backing, contents: Contents): number => {
  const own = costs.zap[backing].ns;
  if (contents === 'private' || backingRow(backing).entry > 1) return own;
  return (costs.contents[contents].ns * own) / costs.zap['4k'].ns;
};

/** Nanoseconds to unmap and free `pages` alone, before anything is shared. */
function zapTime(rules: ExitRules, { backing, contents, locked }: Region, pages: Pages, sharers: number): number {
  const { costs } = rules;
  const { entry } = backingRow(backing);
  const entries = Math.floor(pages / entry);
  const tail = pages - entries * entry;
  let time = entries * zapFigure(costs, backing, contents) + tail * zapFigure(costs, '4k', contents);
  if (sharers > 1 && contents === 'memory-file' && !locked && costs.id === 'measured-6.18')
    time *= sharers <= rules.cpus ? SAME_FILE.together : SAME_FILE.apart;
  if (rules.initOnFree && comesBack(contents) && !backingRow(backing).hugetlb)
    time += (pages * PAGE_SIZE * SECOND) / rules.zeroBandwidth;
  return time;
}

const comesBack = (contents: Contents): boolean => contents === 'private' || contents === 'shared';

/** Work that the exit of one process does on a region, when `sharers` processes that map it exit together. */
export function regionWork(rules: ExitRules, region: Region, sharers = 1): RegionWork {
  const { backing, contents, locked, pages } = region;
  const { hugetlb } = backingRow(backing);
  const unlocking = locked ? munlockTime(rules, backing, contents, pages, sharers) : 0;
  const separate = hasPass(rules.era);
  const shared = contents !== 'private';
  const zap = (zapTime(rules, region, pages, sharers) + (separate ? 0 : unlocking)) * parallelShare(rules);
  const pass = separate ? unlocking : 0;
  const perPage = pages === 0 ? 0 : zap / pages;
  const freeing = rules.sigma * (LU.free / LU.serial);
  const multiplyLocked = shared && locked && sharers > 1;
  return {
    pass: Math.round(pass),
    zap: Math.round(zap),
    freed: comesBack(contents) && !hugetlb ? pages : 0,
    helped: !shared && !hugetlb && (!locked || !separate),
    passLocks: multiplyLocked
      ? // Each page's other mappings are looked at under the mapping's lock, which is given to one writer at a time.
        [{ lock: 'i_mmap', share: 1, hold: pages === 0 ? 0 : pass / pages }]
      : [
          {
            lock: 'lru',
            share: LRU_SHARE[rules.era],
            hold: pages === 0 ? 0 : ((LRU_SHARE[rules.era] * pass) / pages) * (batches(rules) ? PAGEVEC : 1),
          },
        ],
    zapLocks: hugetlb
      ? [{ lock: 'hugetlb', share: HUGETLB_SHARE, hold: HUGETLB_SHARE * perPage * backingRow(backing).entry }]
      : comesBack(contents)
        ? [{ lock: 'zone', share: freeing, hold: freeing * perPage * ZONE_BATCH }]
        : [],
  };
}

const batches = ({ era, interleaved }: ExitRules): boolean => era === 'v3.12' && !interleaved;

/** Processes that are alike and exit at the same time. */
export interface Exiting {
  readonly regions: readonly Region[];
  /** How many: private regions are split evenly among them, others are mapped whole by each. */
  readonly count: number;
}

/** What the closed form knows of a teardown; times from the kill. */
export interface Teardown {
  /** Of the longest: the munlock pass ends, everything has ended. */
  readonly passEnd: Nanoseconds;
  readonly end: Nanoseconds;
  /** When each process has exited, one entry for each group. */
  readonly exits: readonly { readonly end: Nanoseconds; readonly count: number }[];
  /** Mean wait for one hold of the most contended lock, at its worst. */
  readonly peakLockWait: Nanoseconds;
  /** Frames given back so far, in straight lines between these points. */
  readonly freed: readonly { readonly time: Nanoseconds; readonly pages: Pages }[];
}

interface Stage {
  left: number;
  readonly all: number;
  readonly pages: Pages;
  readonly locks: readonly Hold[];
}

interface Group {
  readonly count: number;
  readonly pass: Stage;
  /** What only the exiting thread may unmap, and what helpers may too. */
  readonly own: Stage;
  readonly helped: Stage;
  end: number;
  passEnd: number;
}

/** Several regions' work as one: shares of locks weighted by time. */
function stageOf(parts: readonly { time: number; pages: Pages; locks: readonly Hold[] }[]): Stage {
  const all = parts.reduce((sum, { time }) => sum + time, 0);
  const locks = new Map<Hold['lock'], Hold>();
  for (const part of parts)
    for (const { lock, share, hold } of part.locks) {
      const known = locks.get(lock) ?? { lock, share: 0, hold: 0 };
      locks.set(lock, {
        lock,
        share: known.share + (all === 0 ? 0 : (share * part.time) / all),
        hold: Math.max(known.hold, hold),
      });
    }
  return { left: all, all, pages: parts.reduce((sum, { pages }) => sum + pages, 0), locks: [...locks.values()] };
}

const splitAmong = (region: Region, count: number): Region =>
  region.contents === 'private' && count > 1 ? { ...region, pages: region.pages / count } : region;

function groupOf(rules: ExitRules, { regions, count }: Exiting): Group {
  const works = regions.map((region) => regionWork(rules, splitAmong(region, count), count));
  const zapped = (which: (work: RegionWork) => boolean) =>
    stageOf(works.filter(which).map(({ zap, freed, zapLocks }) => ({ time: zap, pages: freed, locks: zapLocks })));
  return {
    count,
    pass: stageOf(works.filter((w) => w.pass > 0).map((w) => ({ time: w.pass, pages: 0, locks: w.passLocks }))),
    own: zapped((work) => !work.helped),
    helped: zapped((work) => work.helped),
    end: 0,
    passEnd: 0,
  };
}

/** Slowdown and worst wait of a stage when `customers` do the like. */
function slowed(rules: ExitRules, stage: Stage, customers: number): { slowdown: number; wait: number } {
  if (customers <= 1) return { slowdown: 1, wait: 0 };
  const stations = stage.locks
    .filter(({ share }) => share > 0)
    .map(({ lock, share }): Station => ({ hold: share, among: lock === 'zone' || lock === 'lru' ? rules.nodes : 1 }));
  const inside = stations.reduce((sum, { hold }) => sum + hold, 0);
  const { slowdown, waits } = contention(customers, Math.max(0, 1 - inside), stations);
  // shares of a round become nanoseconds of one hold
  const holds = stage.locks.filter(({ share }) => share > 0);
  const wait = waits.reduce((most, w, i) => Math.max(most, (w / holds[i].share) * holds[i].hold), 0);
  return { slowdown, wait };
}

/** The closed form: work shrinks at rates that change whenever somebody begins or ends a stage. */
export function teardown(rules: ExitRules, exiting: readonly Exiting[], helpers: Helpers | null = null): Teardown {
  const groups = exiting.map((one) => groupOf(rules, one));
  const freed: { time: number; pages: number }[] = [{ time: 0, pages: 0 }];
  let now = 0;
  let given = 0;
  let peak = 0;
  const threads = (at: number) =>
    helpers !== null && helpers.threads > 0 && at >= helpers.delay ? helpers.threads : 0;
  const over = (g: Group) => g.pass.left <= 0 && g.own.left <= 0 && g.helped.left <= 0;
  for (;;) {
    const active = groups.filter((g) => !over(g));
    if (active.length === 0) break;
    const helping = threads(now);
    const stageNow = (g: Group) => (g.pass.left > 0 ? g.pass : g.own.left > 0 ? g.own : g.helped);
    const passing = active.reduce((n, g) => n + (g.pass.left > 0 ? g.count : 0), 0);
    const zapping = active.reduce(
      (n, g) => n + (g.pass.left > 0 ? 0 : g.count) + (g.helped.left > 0 ? helping * g.count : 0),
      0,
    );
    const crowd = Math.max(1, (passing + zapping) / rules.cpus);
    const rates = active.map((g) => {
      const stage = stageNow(g);
      const mine = slowed(rules, stage, Math.min(g.pass.left > 0 ? passing : zapping, rules.cpus));
      const theirs = slowed(rules, g.helped, Math.min(zapping, rules.cpus));
      peak = Math.max(peak, mine.wait, helping > 0 && g.helped.left > 0 ? theirs.wait : 0);
      const own = 1 / (mine.slowdown * crowd);
      const help = g.helped.left > 0 ? helping / (theirs.slowdown * crowd) : 0;
      return { g, stage, own, help };
    });
    let step = helpers !== null && now < helpers.delay && helpers.threads > 0 ? helpers.delay - now : Infinity;
    for (const { g, stage, own, help } of rates) {
      if (stage === g.helped) step = Math.min(step, g.helped.left / (own + help));
      else {
        step = Math.min(step, stage.left / own);
        if (help > 0) step = Math.min(step, g.helped.left / help);
      }
    }
    now += step;
    for (const { g, stage, own, help } of rates) {
      if (stage === g.helped) given += shrink(g.helped, step * (own + help)) * g.count;
      else {
        given += shrink(stage, step * own) * g.count;
        given += shrink(g.helped, step * help) * g.count;
      }
      if (g.passEnd === 0 && g.pass.left <= 0) g.passEnd = g.pass.all > 0 ? now : 0;
      if (over(g)) g.end = now;
    }
    freed.push({ time: Math.round(now), pages: Math.round(given) });
  }
  const ends = groups.map((g) => g.end);
  return {
    passEnd: Math.round(Math.max(0, ...groups.map((g) => g.passEnd))),
    end: Math.round(Math.max(0, ...ends)),
    exits: groups.map((g) => ({ end: Math.round(g.end), count: g.count })),
    peakLockWait: Math.round(peak),
    freed,
  };
}

/** Does `work` of a stage; the pages that gives back. What is left of a rounding error is nothing. */
function shrink(stage: Stage, work: number): number {
  if (work <= 0 || stage.left <= 0) return 0;
  const before = stage.left;
  stage.left = before - work < before * 1e-12 + 1e-6 ? 0 : before - work;
  return stage.all === 0 ? 0 : (stage.pages * (before - stage.left)) / stage.all;
}

/** When so many frames are back, by the straight lines of a teardown; its end if they never are. */
export function timeFreed({ freed, end }: Teardown, pages: Pages): Nanoseconds {
  if (pages <= 0) return 0;
  for (let i = 1; i < freed.length; i++) {
    const before = freed[i - 1];
    const after = freed[i];
    if (after.pages < pages) continue;
    const share = (pages - before.pages) / (after.pages - before.pages);
    return Math.round(before.time + share * (after.time - before.time));
  }
  return end;
}

/** The exit time that 99 of 100 processes keep (nearest rank). */
export function p99(exits: readonly { readonly end: Nanoseconds; readonly count: number }[]): Nanoseconds {
  const sorted = [...exits].sort((a, b) => a.end - b.end);
  const total = sorted.reduce((n, { count }) => n + count, 0);
  let seen = 0;
  for (const { end, count } of sorted) {
    seen += count;
    if (seen >= Math.ceil(0.99 * total)) return end;
  }
  return 0;
}
