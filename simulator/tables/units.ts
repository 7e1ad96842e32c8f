/**
 * Units of the language, one row each. A quantity is kept in the base unit of its dimension: bytes, nanoseconds, bytes per second, parts per
 * million; plain counts as they are.
 */
import { GIB, KIB, MIB, MICROSECOND, MILLISECOND, PAGE_SIZE, SECOND } from '../units.ts';

export type Dimension = 'bytes' | 'time' | 'rate' | 'share' | 'number';

export interface UnitRow {
  readonly name: string;
  readonly dimension: Dimension;
  /** How many base units it is. */
  readonly factor: number;
  readonly doc: string;
  /** Understood, but formatted and completed under the other name. */
  readonly insteadOf?: string;
}

const size = (name: string, factor: number, doc: string): UnitRow => ({ name, dimension: 'bytes', factor, doc });
const rate = (name: string, factor: number, doc: string): UnitRow => ({ name, dimension: 'rate', factor, doc });
const time = (name: string, factor: number, doc: string): UnitRow => ({ name, dimension: 'time', factor, doc });

export const units: readonly UnitRow[] = [
  size('B', 1, 'Bytes.'),
  size('KiB', KIB, '1024 bytes.'),
  size('MiB', MIB, '1024 KiB.'),
  size('GiB', GIB, '1024 MiB.'),
  size('TiB', 1024 * GIB, '1024 GiB.'),
  size('kB', 1000, '1000 bytes.'),
  size('MB', 1_000_000, '1000 kB.'),
  size('GB', 1_000_000_000, '1000 MB.'),
  size('TB', 1_000_000_000_000, '1000 GB.'),
  size('pages', PAGE_SIZE, 'Base pages of 4 KiB.'),
  { ...size('page', PAGE_SIZE, 'One base page of 4 KiB.'), insteadOf: 'pages' },

  time('ns', 1, 'Nanoseconds, the simulator’s own unit of time.'),
  time('us', MICROSECOND, 'Microseconds.'),
  { ...time('µs', MICROSECOND, 'Microseconds.'), insteadOf: 'us' },
  { ...time('μs', MICROSECOND, 'Microseconds.'), insteadOf: 'us' },
  time('ms', MILLISECOND, 'Milliseconds.'),
  time('s', SECOND, 'Seconds.'),
  time('min', 60 * SECOND, 'Minutes.'),
  time('h', 3600 * SECOND, 'Hours.'),

  rate('B/s', 1, 'Bytes a second.'),
  rate('KiB/s', KIB, '1024 bytes a second.'),
  rate('MiB/s', MIB, '1024 KiB a second.'),
  rate('GiB/s', GIB, '1024 MiB a second.'),
  rate('kB/s', 1000, '1000 bytes a second.'),
  rate('MB/s', 1_000_000, '1000 kB a second.'),
  rate('GB/s', 1_000_000_000, '1000 MB a second.'),
  rate('TB/s', 1_000_000_000_000, '1000 GB a second.'),
  rate('pages/s', PAGE_SIZE, 'Base pages of 4 KiB a second.'),

  { name: '%', dimension: 'share', factor: 10_000, doc: 'Hundredths of a whole.' },
  { name: 'ppm', dimension: 'share', factor: 1, doc: 'Millionths of a whole.' },

  { name: 'k', dimension: 'number', factor: 1000, doc: 'Thousand: `400k times`.' },
  { name: 'M', dimension: 'number', factor: 1_000_000, doc: 'Million: `1M times`.' },
  { name: 'G', dimension: 'number', factor: 1_000_000_000, doc: 'Thousand million.' },
];

const byName = new Map(units.map((u) => [u.name, u]));

export const unitByName = (name: string): UnitRow | undefined => byName.get(name);

/** What a quantity of the dimension is called in messages, with an example of how one is written. */
export const dimensions: Readonly<Record<Dimension, { readonly noun: string; readonly example: string }>> = {
  bytes: { noun: 'a size', example: '64 MiB' },
  time: { noun: 'a time', example: '100 us' },
  rate: { noun: 'a rate', example: '150 MB/s' },
  share: { noun: 'a share', example: '20%' },
  number: { noun: 'a plain number', example: '4' },
};
