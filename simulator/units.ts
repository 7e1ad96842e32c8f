/**
 * Units, as types. Every quantity in a Plan or a Report is a plain number in one of these, so that a signature says what it means.
 */

/** Base pages of 4 KiB. */
export type Pages = number;
export type Bytes = number;
/** Integer nanoseconds of simulated time. */
export type Nanoseconds = number;
export type BytesPerSecond = number;
/** Parts per million: exact shares without fractions. */
export type Ppm = number;

export const PAGE_SIZE: Bytes = 4096;
export const KIB: Bytes = 1024;
export const MIB: Bytes = 1024 * KIB;
export const GIB: Bytes = 1024 * MIB;
export const MICROSECOND: Nanoseconds = 1_000;
export const MILLISECOND: Nanoseconds = 1_000_000;
export const SECOND: Nanoseconds = 1_000_000_000;

/** Whole pages that `bytes` covers, rounded up: the last page of a file counts. */
export const pagesOf = (bytes: Bytes): Pages => Math.ceil(bytes / PAGE_SIZE);
