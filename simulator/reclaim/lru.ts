/**
 * Exact least recently used: the ruler that every list of the kernel approximates, and the only policy here whose miss-ratio curve one pass
 * over a trace gives for all sizes.
 *
 * Source: Mattson, Gecsei, Slutz, Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970. Equal to
 * libCacheSim's LRU, miss for miss. No known divergence.
 * Memory: 16 bytes a frame (the log), 5 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { PageLog } from './page-log.ts';
import { placesFor } from './share-of.ts';

/** Entries a frame: at 4, each access pays for a third of a compaction step, however good the hit ratio. */
const ROOM = 4;

class Lru implements CacheReclaimer {
  readonly kind = 'cache';
  readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly log: PageLog;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.state = new Uint8Array(host.pages);
    this.log = new PageLog(new Int32Array(host.pages).fill(-1), 0, this.room());
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const log = this.log;
    const { positions, entries } = log;
    const limit = entries.length;
    let at = log.end;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      if (positions[page] < 0) {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
        this.admit(page);
      }
      if (at === limit) {
        log.end = at;
        log.compact();
        at = log.end;
      }
      positions[page] = at;
      entries[at++] = page;
    }
    log.end = at;
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const hit = this.log.positions[page] >= 0;
    if (hit) this.tally.hits++;
    else {
      this.tally.misses++;
      this.admit(page);
    }
    this.log.append(page);
    return hit;
  }

  setCapacity(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    while (this.resident > this.capacity) this.evict();
    this.log.resize(this.room());
  }

  drop(page: number): void {
    if ((this.state[page] & RESIDENT) === 0) return;
    this.log.remove(page);
    this.state[page] = 0;
    this.resident--;
  }

  private room(): number {
    return ROOM * placesFor(this.capacity, this.host.pages);
  }

  private admit(page: number): void {
    if (this.resident === this.capacity) this.evict();
    this.resident++;
    this.state[page] = RESIDENT;
  }

  private evict(): void {
    const page = this.log.shift();
    this.state[page] = 0;
    this.resident--;
    this.host.evicted(page);
  }
}

export const lru: ReclaimVariant = {
  id: 'lru',
  title: 'Exact LRU',
  mechanism: 'reclaim',
  family: 'ruler',
  year: 1970,
  summary: 'Evicts the page whose last use is longest ago. Keeps full order, which no kernel can afford.',
  knobs: [],
  source: {
    kind: 'published',
    where: 'Mattson, Gecsei, Slutz, Traiger, Evaluation techniques for storage hierarchies, IBM Syst. J. 9(2), 1970',
  },
  create: (host) => new Lru(host),
};
