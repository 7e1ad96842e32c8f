/**
 * Finds deadlocks of FUSE mounts: work is queued, nothing of it has been done for long, and following who waits for whom leads back to where it
 * began. Five classes: the daemon waits for memory (D-A), for reclaim that waits for its own writeback (D-B), in its own throttle (D-C); somebody
 * waits for writeback that never ends (D-D); requests that wait for requests fill the queue (D-E).
 */
import type { WaitCycle, WaitMember } from '../report.ts';
import type { Rule } from '../tables/define.ts';
import * as rules from '../tables/engine-rules.ts';
import { waitCycle, type Waitable, type WaitEdge, type Waiter } from '../engine/waits.ts';
import type { Thread } from '../engine/thread.ts';
import type { Nanoseconds } from '../units.ts';
import { DaemonThread, type Daemon } from './daemon.ts';

/** What can be waited for, with words for the picture. */
export interface Resource extends Waitable {
  /** What it has that somebody waits for. */
  holds(): string;
  /** What must happen before it is had. */
  needs(): string;
}

export const isResource = (what: Waitable): what is Resource => 'holds' in what && 'needs' in what;

interface LockupClass {
  readonly class: string;
  readonly rule: Rule;
  readonly wants: string;
}

const CLASSES: Readonly<Record<string, LockupClass>> = {
  frames: { class: 'D-A', rule: rules.LOCKUP_MEMORY, wants: 'a free page for its own write' },
  writeback: { class: 'D-B', rule: rules.LOCKUP_RECLAIM, wants: 'reclaim, which waits for writeback of this mount' },
  throttle: { class: 'D-C', rule: rules.LOCKUP_THROTTLE, wants: 'dirty pages to fall below the limit' },
  sync: { class: 'D-D', rule: rules.LOCKUP_SYNC, wants: 'writeback that never ends' },
  request: { class: 'D-E', rule: rules.LOCKUP_QUEUE, wants: 'an answer to its own request' },
};

export interface Lockup {
  readonly rule: Rule;
  readonly cycle: WaitCycle;
  readonly text: string;
}

/** The deadlock of a daemon whose mount has got nothing done since `since`; null if somebody can go on in time. */
export function lockupOf(
  daemon: Daemon,
  since: Nanoseconds,
  now: Nanoseconds,
  outside: readonly (Thread | Waiter)[],
): Lockup | null {
  for (const thread of daemon.threads) {
    const edges = waitCycle(thread);
    if (!edges) continue;
    const known = CLASSES[thread.waitsFor];
    if (known) return describe(edges, known, since, now, outside);
  }
  return null;
}

/** Somebody waits for a daemon that was stopped for good: no ring of waits, but no end either. */
export function endlessSync(daemon: Daemon, since: Nanoseconds, now: Nanoseconds, waiting: readonly Thread[]): Lockup {
  const { sync } = CLASSES;
  const { mount } = daemon;
  const pages = mount.bdi.temps + mount.bdi.underWriteback;
  const members: WaitMember[] = [
    { actor: daemon.name, kind: 'daemon', waitsFor: 'to be resumed', holds: `${mount.requests} requests`, on: 1 },
    {
      actor: `writeback of ${mount.bdi.name}`,
      kind: 'resource',
      waitsFor: 'answers of the daemon',
      holds: pagesText(pages),
      on: 0,
    },
    ...waiting.map((thread): WaitMember => outsider(thread, 1)),
  ];
  const names = waiting.map((thread) => thread.name).join(', ');
  return {
    rule: sync.rule,
    cycle: { time: now, since, rule: sync.rule.id, class: sync.class, members },
    text: `${names || 'somebody'} waits for writeback of ${mount.bdi.name}, whose daemon was stopped and is not resumed`,
  };
}

function describe(
  edges: readonly WaitEdge[],
  known: LockupClass,
  since: Nanoseconds,
  now: Nanoseconds,
  outside: readonly (Thread | Waiter)[],
): Lockup {
  const size = 2 * edges.length;
  const members = edges.flatMap(({ who, what }, i): WaitMember[] => [
    {
      actor: who.name,
      kind: who instanceof DaemonThread ? 'daemon' : 'process',
      waitsFor: CLASSES[who.waitsFor]?.wants ?? who.waitsFor,
      holds: who instanceof DaemonThread ? `${who.daemon.mount.requests} requests` : '',
      on: 2 * i + 1,
    },
    {
      actor: what.name,
      kind: 'resource',
      waitsFor: isResource(what) ? what.needs() : 'its owners',
      holds: isResource(what) ? what.holds() : '',
      on: (2 * i + 2) % size,
    },
  ]);
  const inside = new Set(edges.map(({ who }) => who.name));
  for (const waiter of outside) {
    if (inside.has(waiter.name) || waiter.waitsFor === 'nothing') continue;
    const at = edges.findIndex(({ what }) => what === waiter.waitsOn);
    if (at >= 0 || waiter.waitsFor === edges[0].who.waitsFor) members.push(outsider(waiter, at >= 0 ? 2 * at + 1 : 1));
  }
  const { who, what } = edges[0];
  return {
    rule: known.rule,
    cycle: { time: now, since, rule: known.rule.id, class: known.class, members },
    text: `${who.name} waits for ${known.wants}; ${what.name} waits for ${isResource(what) ? what.needs() : 'its owners'}: nobody can go on (${known.class})`,
  };
}

const outsider = (waiter: Thread | Waiter, on: number): WaitMember => ({
  actor: waiter.name,
  kind: waiter.name.startsWith('flusher') ? 'kernel' : 'process',
  waitsFor: WANTS[waiter.waitsFor] ?? waiter.waitsFor,
  holds: '',
  on,
});

const WANTS: Readonly<Record<string, string>> = {
  frames: 'a free page',
  throttle: 'dirty pages to fall below the limit',
  sync: 'writeback to end',
  request: 'an answer',
};

export const pagesText = (pages: number): string =>
  pages >= 1_000_000
    ? `${(pages / 1_000_000).toFixed(1)}M pages`
    : pages >= 10_000
      ? `${Math.round(pages / 1000)}k pages`
      : `${pages} pages`;
