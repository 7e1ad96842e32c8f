/**
 * What MGLRU's parts share: page states, generations, feedback, the kernel's rules and the machine.
 */
import type { LruvecIndex, MemoryHost } from '../machine/reclaimer.ts';
import { RefaultFeedback } from './mglru-feedback.ts';
import { GenerationLists, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import type { MglruRules, Placement } from './mglru-rules.ts';

/** Swappiness that takes anonymous pages only, since 6.14. */
const ANON_ONLY = 200;

export class Generations {
  readonly host: MemoryHost;
  readonly rules: MglruRules;
  readonly state: Uint8Array;
  readonly lists: GenerationLists;
  readonly feedback: RefaultFeedback;

  constructor(host: MemoryHost, rules: MglruRules) {
    this.host = host;
    this.rules = rules;
    this.state = new Uint8Array(host.pages);
    this.lists = new GenerationLists(host.pages, host.lruvecs);
    this.feedback = new RefaultFeedback(host.lruvecs, rules.feedback);
  }

  /** Puts a page on the list that its marks and `place` call for. */
  add(page: number, lru: LruvecIndex, type: number, place: Placement): void {
    place.maxSeq = this.lists.maxSeq[lru];
    place.minSeq = this.lists.minSeq[lru * 2 + type];
    this.lists.addHead(page, lru, type, this.rules.placement(this.state[page], place) & 3);
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
