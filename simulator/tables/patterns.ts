/** Access patterns of the language, one row each: completion, hover and documentation are fed from here. */
import type { Pattern } from '../plan.ts';

export interface PatternRow {
  readonly kind: Pattern['kind'];
  /** The word in the language. */
  readonly name: string;
  /** How it is written, parameters included. */
  readonly form: string;
  readonly example: string;
  readonly doc: string;
}

export const patterns: readonly PatternRow[] = [
  {
    kind: 'sequential',
    name: 'sequentially',
    form: 'sequentially',
    example: 'read db sequentially 4 times',
    doc: 'Pages in order, from the first to the last; repeated it is a cyclic scan.',
  },
  {
    kind: 'stride',
    name: 'stride',
    form: 'stride SIZE',
    example: 'read db stride 64 KiB, 10k times',
    doc: 'Every so manieth page from the first on; begins again when the next would lie beyond the end.',
  },
  {
    kind: 'uniform',
    name: 'uniform',
    form: 'uniform',
    example: 'read db uniform, 1M times',
    doc: 'Each page equally likely, each access independent of all others.',
  },
  {
    kind: 'zipf',
    name: 'zipf',
    form: 'zipf S',
    example: 'read db zipf 1.0, 1M times',
    doc: 'The r-th most popular page is accessed in proportion to 1/r^S; which page that is is shuffled over the region. S may be 0 (uniform) or anything above.',
  },
  {
    kind: 'hot-cold',
    name: 'hot-cold',
    form: 'hot-cold SHARE of pages SHARE of accesses',
    example: 'read db hot-cold 10% of pages 90% of accesses, 1M times',
    doc: 'The first share of the pages takes a share of the accesses; uniform within either part.',
  },
  {
    kind: 'gaussian',
    name: 'gaussian',
    form: 'gaussian mean SHARE deviation SHARE',
    example: 'read db gaussian mean 50% deviation 10%, 1M times',
    doc: 'A bell curve over the region, mean and deviation as shares of its length; what falls outside wraps round.',
  },
  {
    kind: 'stream',
    name: 'stream',
    form: 'stream',
    example: 'read log stream, 100k times',
    doc: 'Use-once data: each page in order, going on where this thread’s last stream over the same region stopped; starts over at the end.',
  },
];
