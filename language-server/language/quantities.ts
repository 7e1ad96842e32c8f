/** How quantities are read and shown: the number, then the unit that keeps it short. */
import type { Dimension } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';

const steps: Readonly<Record<Dimension, readonly (readonly [factor: number, unit: string])[]>> = {
  bytes: [
    [1024 ** 4, ' TiB'],
    [1024 ** 3, ' GiB'],
    [1024 ** 2, ' MiB'],
    [1024, ' KiB'],
    [1, ' B'],
  ],
  time: [
    [1e9, ' s'],
    [1e6, ' ms'],
    [1e3, ' us'],
    [1, ' ns'],
  ],
  rate: [
    [1e12, ' TB/s'],
    [1e9, ' GB/s'],
    [1e6, ' MB/s'],
    [1e3, ' kB/s'],
    [1, ' B/s'],
  ],
  share: [[10_000, '%']],
  number: [[1, '']],
};

/** Short, in the unit of the dimension that fits: `64 MiB`, `1.5 GiB`, `20%`. */
export function formatQuantity(dimension: Dimension, value: number): string {
  if (!Number.isFinite(value))
    return Number.isNaN(value) ? 'not a number' : value > 0 ? 'too big a number' : 'too small a number';
  const of = steps[dimension];
  const [factor, unit] = of.find(([f]) => Math.abs(value) >= f) ?? of.at(-1)!;
  return trimmed(value / factor) + unit;
}

/** As `formatQuantity`, but so that reading it gives the same value again: what quick fixes and labels write. */
export function exactQuantity(dimension: Dimension, value: number): string {
  const of = steps[dimension];
  const exact = of.find(([f]) => Math.abs(value) >= f && Number.isInteger((value / f) * 100)) ?? of.at(-1)!;
  return `${value / exact[0]}${exact[1]}`;
}

function trimmed(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? String(value) : value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** `16 384`: groups of three, with a space that does not break. */
export const grouped = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');

export const pagesText = (bytes: number): string => {
  const pages = Math.ceil(bytes / PAGE_SIZE);
  return `${grouped(pages)} ${pages === 1 ? 'page' : 'pages'}`;
};

/** The candidate that is nearest to what was typed, if one is near enough to be meant. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const lower = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - typed.length) >= bestDistance) continue;
    const distance = candidate.toLowerCase() === lower ? 0.5 : editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours. Words longer than 40 characters are no typing mistakes. */
function editDistance(a: string, b: string): number {
  if (a.length > 40 || b.length > 40) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let d = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2] + 1);
      row.push(d);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}
