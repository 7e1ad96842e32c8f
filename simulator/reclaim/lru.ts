/**
 * Exact least recently used: the ruler that every list of the kernel approximates, and the only policy here whose miss-ratio curve one pass
 * over a trace gives for all sizes.
 *
 * Source: Mattson, Gecsei, Slutz, Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970. Equal to
 * libCacheSim's LRU, miss for miss. No known divergence.
 * Memory: 15.3 bytes a frame (the log), 4 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { PageLogs, isChunkFull } from './page-logs.ts';
import { placesFor } from './share-of.ts';
import { STRETCH } from './warm.ts';

const LOG = 1;
/** Entries a frame. A log with room to spare is hardly ever squeezed: old entries mostly leave by the old end. */
const ROOM = 3.75;

class Lru implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly logs: PageLogs;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.logs = new PageLogs(host.pages, 1, this.room());
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { logs } = this;
    const { positions, entries, ends } = logs;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    let end = ends[LOG];
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      logs.warm(block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        if (positions[page] === 0) {
          misses++;
          if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
          ends[LOG] = end;
          this.admit();
          end = ends[LOG];
        }
        if (isChunkFull(end)) {
          ends[LOG] = end;
          end = logs.extend(LOG);
        }
        positions[page] = end;
        entries[end++] = page;
      }
    }
    ends[LOG] = end;
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const hit = this.isResident(page);
    if (hit) this.tally.hits++;
    else {
      this.tally.misses++;
      this.admit();
    }
    this.logs.append(LOG, page);
    return hit;
  }

  isResident(page: number): boolean {
    return this.logs.positions[page] !== 0;
  }

  setCapacity(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    while (this.resident > this.capacity) this.evict();
    this.logs.grow(this.room());
  }

  drop(page: number): void {
    if (!this.isResident(page)) return;
    this.logs.remove(page);
    this.resident--;
  }

  private room(): number {
    return ROOM * placesFor(this.capacity, this.host.pages);
  }

  /** Makes room for a page that is about to be appended. */
  private admit(): void {
    if (this.resident === this.capacity) this.evict();
    this.resident++;
  }

  private evict(): void {
    const page = this.logs.shift(LOG);
    this.resident--;
    this.host.evicted?.(page);
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
