/**
 * What MGLRU's parts share: page states, generations, feedback, the kernel's rules and the machine.
 */
import type { LruvecIndex, MemoryHost } from '../machine/reclaimer.ts';
import { RefaultFeedback } from './mglru-feedback.ts';
import { GenerationLists, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import type { MglruRules } from './mglru-rules.ts';
import { toldBy } from './mglru-shadow.ts';

/** Swappiness that takes anonymous pages only, since 6.14. */
const ANON_ONLY = 200;

export class Generations {
  readonly host: MemoryHost;
  readonly rules: MglruRules;
  readonly state: Uint8Array;
  readonly lists: GenerationLists;
  readonly feedback: RefaultFeedback;
  /** What shadow entries tell of pages, by their state. */
  readonly told: Uint8Array;

  constructor(host: MemoryHost, rules: MglruRules) {
    this.host = host;
    this.rules = rules;
    this.told = toldBy(rules);
    this.state = new Uint8Array(host.pages);
    this.lists = new GenerationLists(host.places, host.lruvecs);
    this.feedback = new RefaultFeedback(host.lruvecs, rules.feedback);
  }

  /** Puts a page on the list that its marks call for, and whether it is `active` (MglruRules.placement). */
  add(page: number, lru: LruvecIndex, type: number, active: boolean): void {
    const { lists } = this;
    const { maxSeq, minSeq } = lists;
    const marks = this.state[page];
    const seq = this.rules.placement(marks, maxSeq[lru], minSeq[lru * 2 + type], active, type === TYPE_ANON);
    lists.addHead(page, lru, type, seq & 3);
  }

  fileEvictable(swappiness: number): boolean {
    return this.rules.anonFollowsFile || swappiness !== ANON_ONLY;
  }

  /** Sequence number of the oldest generation that reclaim can take from. */
  evictableMinSeq(lru: LruvecIndex, swappiness: number): number {
    const anon = this.lists.minSeq[lru * 2 + TYPE_ANON];
    const file = this.lists.minSeq[lru * 2 + TYPE_FILE];
    if (swappiness === 0) return file;
    if (this.rules.anonFollowsFile || !this.fileEvictable(swappiness)) return anon;
    return Math.min(anon, file);
  }
}
