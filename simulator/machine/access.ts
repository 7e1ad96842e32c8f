/**
 * One page access in one 32-bit word: bits 31–30 the operation, bits 29–0 the page number. The same coding as the `u32ops` trace format,
 * so that a recorded trace is a block of accesses as it stands. Page numbers are machine-wide: each object has a contiguous run of them.
 */

/** read() through a descriptor. */
export const OP_READ = 0;
/** Load through a mapping (file or anonymous): sets the young bit only. */
export const OP_LOAD = 1;
/** Store to anonymous memory: sets young and dirty bits. */
export const OP_STORE = 2;
/** write() through a descriptor, or a store through a file mapping. */
export const OP_WRITE = 3;

export const OP_SHIFT = 30;
export const PAGE_MASK = 0x3fffffff;
/** Page numbers are 30 bits wide: 4 TiB of objects in one scenario. */
export const MAX_PAGES = PAGE_MASK + 1;
/** Accesses handed to a loop at a time. Sampling, events and cancellation happen between blocks. */
export const BLOCK = 65_536;
