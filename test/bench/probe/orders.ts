/** What the benchmark tells its probe to do, and what it hears back. */
import type { Busy } from './busy.ts';

export type Order = { readonly profile?: string } & (
  | { readonly do: 'ready' }
  /** Waits until the host has had nothing to do for a second. */
  | { readonly do: 'settle' }
  | { readonly do: 'open'; readonly file: string }
  | {
      readonly do: 'run';
      /** Code cells count from 1. */
      readonly cell: number;
      /** First edits the cell. */
      readonly replace?: readonly [what: string, by: string];
      /** Interrupts it after so many milliseconds; `begun` is then when that was asked. */
      readonly interrupt?: number;
    }
  | { readonly do: 'type'; readonly cell: number; readonly replace: readonly [what: string, by: string] }
  | { readonly do: 'export'; readonly format: 'json' | 'html' | 'csv' | 'markdown' }
  | { readonly do: 'close' }
);

export interface Answer {
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly ended: number;
  readonly busy: Busy;
  readonly failed?: boolean;
  /** What the extension says of its activation, in milliseconds. */
  readonly activation?: number;
}
