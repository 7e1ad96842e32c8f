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
  /** Nothing is marked outside of [from, to). */
  from = 0;
  to = 0;

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
    this.from = pages;
    this.to = 0;
    const { kind, minFaults } = this.parameters;
    if (kind === 'none' || migrations < minFaults) return 0;
    if (kind === 'sequential') this.sequential(out, faulted, pages);
    else this.tree(out, resident, faulted, thrashing, pages);
    let marked = 0;
    for (let i = this.from; i < this.to; i++) {
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
    this.from = 0;
    this.to = pages;
  }

  private tree(
    out: BlockMask,
    resident: BlockMask,
    faulted: BlockMask,
    thrashing: BlockMask | null,
    pages: Pages,
  ): void {
    const { set } = this;
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
    for (let page = 0; page < pages; page++) {
      if (faulted[page] === 0) continue;
      // Up from the leaf: each level adds the sibling's count.
      let best = 0;
      let bestStart = page;
      let start = page;
      let end = page + 1;
      let count = set[page];
      for (let size = 1; ; size <<= 1) {
        const width = Math.min(pages, end) - start;
        if (count * 100 > width * threshold) {
          best = width;
          bestStart = start;
        }
        if (size === BLOCK_PAGES) break;
        if ((start & size) === 0) {
          const stop = Math.min(pages, end + size);
          for (let i = end; i < stop; i++) count += set[i];
          end += size;
        } else {
          for (let i = start - size; i < start; i++) count += set[i];
          start -= size;
        }
      }
      out.fill(1, bestStart, bestStart + best);
      if (bestStart < this.from) this.from = bestStart;
      if (bestStart + best > this.to) this.to = bestStart + best;
    }
  }
}
