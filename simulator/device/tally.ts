/** What is counted of each device: indices into an array that only rises, so that phases are differences. Bytes, nanoseconds and events. */

export const FAULTS = 0;
/** Faults that brought nothing new: coalesced, served by an earlier one, or flushed and raised again. */
export const DUPLICATES = 1;
/** Faults of processors on pages of the device. */
export const HOST_FAULTS = 2;
export const BATCHES = 3;
/** Faults fetched in batches. */
export const FETCHED = 4;
export const H2D_DEMAND = 5;
export const H2D_PREFETCH = 6;
export const H2D_REMOTE = 7;
export const D2H_DEMAND = 8;
export const D2H_EVICTION = 9;
export const D2H_REMOTE = 10;
export const PREFETCHED = 11;
export const PREFETCH_USED = 12;
/** Pages that moved, to either side. */
export const MOVES = 13;
/** Of them, within the window after their last move. */
export const MOVES_AGAIN = 14;
/** Chunks that were made to leave. */
export const EVICTIONS = 15;
/** Pages of which a second copy was dropped. */
export const DROPPED = 16;
/** Page-sized accesses, near and over the link. */
export const LOCAL = 17;
export const REMOTE = 18;
/** Time for which a kernel had all its streams waiting. */
export const STALL = 19;
export const THROTTLE_TIME = 20;
export const PIN_TIME = 21;
export const BOUNCES = 22;
/** Accesses that failed: beyond what the device sees, or the connection in error. */
export const FAILED = 23;
/** Pages made on the device at first touch. */
export const POPULATED = 24;
export const LOST = 25;
/** Pages that came to the device, by copy or made there. */
export const ARRIVED = 26;
/** Chunks that came to the device. */
export const CHUNKS_IN = 27;
export const UP_BUSY = 28;
export const DOWN_BUSY = 29;
export const NOTIFICATIONS = 30;
/** Pages that the device ever used. */
export const FOOTPRINT = 31;

/** Time for which kernels ran, added up. */
export const KERNEL_TIME = 32;

export const TALLY = 33;
