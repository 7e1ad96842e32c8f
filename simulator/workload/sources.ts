/**
 * Access patterns as endless sources of access words: `fill` writes the next ones into a block. A source draws from a generator of its own,
 * so what it yields never depends on how the blocks are cut (a property test). One class a pattern; state in fields between blocks, in locals
 * within.
 */
import { log } from '../math.ts';
import type { Pages, Ppm } from '../units.ts';
import type { Random } from './random.ts';
import { zipfPages, type ZipfTable } from './zipf-table.ts';

const MILLION = 1_000_000;

export interface Source {
  /** Writes the next `to − from` words. */
  fill(out: Uint32Array, from: number, to: number): void;
  /** A step starts again: orderly patterns begin at their first page, random ones just go on. */
  restart(): void;
  /** Whether `fill` of the next `n` would not wait for another thread; waits a little for it. Absent: it never waits. */
  ready?(n: number): boolean;
  /** Pages of one pass over the region. */
  readonly pass: Pages;
  /** After `restart` it yields the same words again, as cheaply as if they had been kept. */
  readonly repeats?: true;
}

/** First word of a region: its first page number with the operation in the upper bits. Adding a page index gives that page's word. */
type Base = number;

export class SequentialSource implements Source {
  readonly pass: Pages;
  readonly repeats = true;
  private readonly base: Base;
  private position = 0;

  constructor(base: Base, pages: Pages) {
    this.base = base;
    this.pass = pages;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pass } = this;
    let position = this.position;
    for (let i = from; i < to;) {
      const run = Math.min(to - i, pass - position);
      const end = i + run;
      let word = base + position;
      while (i < end) out[i++] = word++;
      position += run;
      if (position === pass) position = 0;
    }
    this.position = position;
  }

  restart(): void {
    this.position = 0;
  }
}

/** Every `stride`-th page from the first; a pass ends where the next stride would leave the region. */
export class StrideSource implements Source {
  readonly pass: Pages;
  readonly repeats = true;
  private readonly base: Base;
  private readonly pages: Pages;
  private readonly stride: Pages;
  private position = 0;

  constructor(base: Base, pages: Pages, stride: Pages) {
    this.base = base;
    this.pages = pages;
    this.stride = stride;
    this.pass = Math.ceil(pages / stride);
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pages, stride } = this;
    let position = this.position;
    for (let i = from; i < to; i++) {
      out[i] = base + position;
      position += stride;
      if (position >= pages) position = 0;
    }
    this.position = position;
  }

  restart(): void {
    this.position = 0;
  }
}

/** Where a use-once stream over a region stands: shared by all steps of a thread that stream over the same region. */
export interface StreamPosition {
  next: Pages;
}

export class StreamSource implements Source {
  readonly pass: Pages;
  private readonly base: Base;
  private readonly position: StreamPosition;

  constructor(base: Base, pages: Pages, position: StreamPosition) {
    this.base = base;
    this.pass = pages;
    this.position = position;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pass } = this;
    let position = this.position.next;
    for (let i = from; i < to; i++) {
      out[i] = base + position;
      if (++position === pass) position = 0;
    }
    this.position.next = position;
  }

  restart(): void {
    // Goes on where the last stream over this region stopped: that is the point of it.
  }
}

export class UniformSource implements Source {
  readonly pass: Pages;
  private readonly base: Base;
  private readonly random: Random;

  constructor(base: Base, pages: Pages, random: Random) {
    this.base = base;
    this.pass = pages;
    this.random = random;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pass, random } = this;
    for (let i = from; i < to; i++) out[i] = base + random.below(pass);
  }

  restart(): void {
    // Nothing to do: draws are independent.
  }
}

export class ZipfSource implements Source {
  readonly pass: Pages;
  private readonly base: Base;
  private readonly table: ZipfTable;
  private readonly permutation: Uint32Array;
  private readonly random: Random;

  constructor(base: Base, table: ZipfTable, permutation: Uint32Array, random: Random) {
    this.base = base;
    this.pass = table.n;
    this.table = table;
    this.permutation = permutation;
    this.random = random;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    zipfPages(this.table, this.permutation, this.base, this.random, out, from, to);
  }

  restart(): void {
    // Nothing to do: draws are independent.
  }
}

/** The first `share` of the pages takes `accesses` of the accesses; uniform on either side. */
export class HotColdSource implements Source {
  readonly pass: Pages;
  private readonly base: Base;
  private readonly hot: Pages;
  private readonly accesses: Ppm;
  private readonly random: Random;

  constructor(base: Base, pages: Pages, share: Ppm, accesses: Ppm, random: Random) {
    this.base = base;
    this.pass = pages;
    // At least a page on each side that is drawn at all: a share that rounds to none still means something small.
    this.hot = Math.min(Math.max(Math.round((pages * share) / MILLION), accesses > 0 ? 1 : 0), pages);
    this.accesses = this.hot === pages ? MILLION : accesses;
    this.random = random;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pass, hot, accesses, random } = this;
    for (let i = from; i < to; i++)
      out[i] = base + (random.below(MILLION) < accesses ? random.below(hot) : hot + random.below(pass - hot));
  }

  restart(): void {
    // Nothing to do: draws are independent.
  }
}

/** Normal deviates by the polar method (Marsaglia), rounded down to a page, wrapped round the region. */
export class GaussianSource implements Source {
  readonly pass: Pages;
  private readonly base: Base;
  private readonly mean: number;
  private readonly deviation: number;
  private readonly random: Random;
  private spare = 0;
  private hasSpare = false;

  constructor(base: Base, pages: Pages, mean: Ppm, deviation: Ppm, random: Random) {
    this.base = base;
    this.pass = pages;
    this.mean = (pages * mean) / MILLION;
    this.deviation = (pages * deviation) / MILLION;
    this.random = random;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { base, pass, mean, deviation } = this;
    for (let i = from; i < to; i++) {
      const x = Math.floor(mean + deviation * this.normal());
      const page = x - Math.floor(x / pass) * pass;
      out[i] = base + page;
    }
  }

  private normal(): number {
    if (this.hasSpare) {
      this.hasSpare = false;
      return this.spare;
    }
    const random = this.random;
    for (;;) {
      const u = 2 * random.unit() - 1;
      const v = 2 * random.unit() - 1;
      const q = u * u + v * v;
      if (q >= 1 || q === 0) continue;
      const factor = Math.sqrt((-2 * log(q)) / q);
      this.spare = v * factor;
      this.hasSpare = true;
      return u * factor;
    }
  }

  restart(): void {
    // Nothing to do: draws are independent.
  }
}

/** Accesses recorded elsewhere. File and anonymous pages are numbered apart in traces; each kind is moved to its own object. */
export class TraceSource implements Source {
  readonly pass: Pages;
  readonly repeats = true;
  private readonly words: Uint32Array;
  private readonly fileBase: number;
  private readonly anonBase: number;
  private position = 0;

  constructor(words: Uint32Array, fileBase: number, anonBase: number) {
    this.words = words;
    this.pass = words.length;
    this.fileBase = fileBase;
    this.anonBase = anonBase;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { words } = this;
    for (let i = from; i < to;) {
      const { position } = this;
      const run = Math.min(to - i, words.length - position);
      this.copy(out, i, position, run);
      i += run;
      this.position = position + run === words.length ? 0 : position + run;
    }
  }

  private copy(out: Uint32Array, to: number, from: number, n: number): void {
    const { words, fileBase, anonBase } = this;
    if (fileBase === 0 && anonBase === 0) {
      out.set(words.subarray(from, from + n), to);
      return;
    }
    for (let i = 0; i < n; i++) {
      const word = words[from + i];
      out[to + i] = word + (word >>> 30 === 2 ? anonBase : fileBase);
    }
  }

  restart(): void {
    this.position = 0;
  }
}

/** Each access comes from one of the parts, drawn by weight. */
export class MixSource implements Source {
  readonly pass: Pages;
  private readonly parts: readonly Source[];
  /** Cumulative weights: part i is drawn when the draw is below bounds[i] and not below its predecessor. */
  private readonly bounds: readonly number[];
  private readonly random: Random;
  private readonly choice: Uint8Array;
  private readonly lots: readonly Uint32Array[];

  /** Parts share a stream, so their lots can't be drawn apart. */
  private readonly entangled: boolean;

  /** `longest`: most words a `fill` will ask for. */
  constructor(
    parts: readonly Source[],
    weights: readonly number[],
    random: Random,
    longest: number,
    entangled = false,
  ) {
    this.entangled = entangled;
    this.parts = parts;
    let total = 0;
    this.bounds = weights.map((weight) => (total += weight));
    this.random = random;
    this.pass = parts.reduce((sum, part) => sum + part.pass, 0);
    this.choice = new Uint8Array(longest);
    this.lots = parts.map(() => new Uint32Array(longest));
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const { bounds, random, choice, lots, parts } = this;
    const total = bounds[bounds.length - 1];
    if (this.entangled) {
      for (let i = from; i < to; i++) {
        const draw = random.below(total);
        let part = 0;
        while (draw >= bounds[part]) part++;
        parts[part].fill(out, i, i + 1);
      }
      return;
    }
    const counts = new Uint32Array(parts.length);
    // Choose first, then let each part fill its lot in one go: no dispatch per access.
    for (let i = 0; i < to - from; i++) {
      const draw = random.below(total);
      let part = 0;
      while (draw >= bounds[part]) part++;
      choice[i] = part;
      counts[part]++;
    }
    for (let part = 0; part < parts.length; part++) parts[part].fill(lots[part], 0, counts[part]);
    counts.fill(0);
    for (let i = 0; i < to - from; i++) {
      const part = choice[i];
      out[from + i] = lots[part][counts[part]++];
    }
  }

  restart(): void {
    for (const part of this.parts) part.restart();
  }
}
