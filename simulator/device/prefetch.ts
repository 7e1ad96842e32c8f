/**
 * What moves to a device together with a faulted page. All within one block of 512 pages.
 *
 * Driver: uvm_perf_prefetch.c of NVIDIA's open kernel modules: a tree over the block's pages; a node is worth fetching whole when more than a
 * threshold of it is on the destination or faulted. Left out: preferred locations, which nothing here sets.
 */
import type { Pages } from '../units.ts';
import { BIG_PAGE, BLOCK_PAGES, type PrefetchParameters } from './parameters.ts';

/** One byte for each page of a block. */
export type BlockMask = Uint8Array;

export class Prefetcher {
  private readonly parameters: PrefetchParameters;
  private readonly set = new Uint8Array(BLOCK_PAGES);
  /** Pages of `set` in each node, level by level: 512 leaves, 256 pairs, … 1 root. */
  private readonly counts = new Uint16Array(2 * BLOCK_PAGES);

  constructor(parameters: PrefetchParameters) {
    this.parameters = parameters;
  }

  /**
   * Marks in `out` the pages to fetch beside the faulted ones. `resident`: on the destination already; `faulted`: to be moved anyway; `thrashing`
   * (or null): never prefetched; `pages`: length of the block, the last one of a region may be short; `migrations`: of this block to this
   * destination so far, these included. Returns how many pages were marked.
   */
  mark(
    out: BlockMask,
    resident: BlockMask,
    faulted: BlockMask,
    thrashing: BlockMask | null,
    pages: Pages,
    migrations: number,
  ): Pages {
    out.fill(0);
    const { kind, minFaults } = this.parameters;
    if (kind === 'none' || migrations < minFaults) return 0;
    if (kind === 'sequential') this.sequential(out, faulted, pages);
    else this.tree(out, resident, faulted, thrashing, pages);
    let marked = 0;
    for (let i = 0; i < pages; i++) {
      if (faulted[i] !== 0 || resident[i] !== 0 || (thrashing !== null && thrashing[i] !== 0)) out[i] = 0;
      marked += out[i];
    }
    return marked;
  }

  private sequential(out: BlockMask, faulted: BlockMask, pages: Pages): void {
    let until = 0;
    for (let i = 0; i < pages; i++) {
      if (i < until) out[i] = 1;
      if (faulted[i] !== 0) until = i + 1 + this.parameters.pages;
    }
  }

  private tree(
    out: BlockMask,
    resident: BlockMask,
    faulted: BlockMask,
    thrashing: BlockMask | null,
    pages: Pages,
  ): void {
    const { set, counts } = this;
    const { threshold } = this.parameters;
    if (threshold >= 100) return;
    for (let i = 0; i < pages; i++) set[i] = resident[i] | faulted[i];
    // A fault counts for its whole big page, unless something in there thrashes.
    for (let big = 0; big < pages; big += BIG_PAGE) {
      const end = Math.min(pages, big + BIG_PAGE);
      let any = false;
      let thrashes = false;
      for (let i = big; i < end; i++) {
        any ||= faulted[i] !== 0;
        thrashes ||= thrashing !== null && thrashing[i] !== 0;
      }
      if (any && !thrashes) set.fill(1, big, end);
    }
    let from = 0;
    for (let i = 0; i < BLOCK_PAGES; i++) counts[i] = i < pages ? set[i] : 0;
    for (let size = BLOCK_PAGES, at = BLOCK_PAGES; size > 1; size >>= 1, at += size) {
      for (let i = 0; i < size >> 1; i++) counts[at + i] = counts[from + 2 * i] + counts[from + 2 * i + 1];
      from = at;
    }
    for (let page = 0; page < pages; page++) {
      if (faulted[page] === 0) continue;
      let best = 0;
      let bestStart = page;
      for (let level = 0, at = 0, size = BLOCK_PAGES; size >= 1; at += size, size >>= 1, level++) {
        const node = page >> level;
        const start = node << level;
        const width = Math.min(pages, start + (1 << level)) - start;
        if (counts[at + node] * 100 > width * threshold) {
          best = width;
          bestStart = start;
        }
      }
      out.fill(1, bestStart, bestStart + best);
    }
  }
}
