/** What a run would hold, and how many workers there is memory for. */
import type { Bytes } from './units.ts';

/** Largest memory a run would hold at a time, to be compared with what the host has before starting. */
export interface MemoryEstimate {
  readonly bytes: Bytes;
  /** Of these, what workers at the same plan have in common where memory can be shared. */
  readonly shared: Bytes;
  /** The biggest parts, for the message. */
  readonly parts: readonly { readonly what: string; readonly bytes: Bytes }[];
}

/** Workers that `free` bytes suffice for, where memory can be shared; 0: not even one. */
export const workersWithin = (free: Bytes, { bytes, shared }: MemoryEstimate): number =>
  bytes === 0 ? Infinity : free < bytes ? 0 : 1 + Math.floor((free - bytes) / (bytes - shared));
