/** Traces in lines, taken from chunks of any size. */
import type { DecodedTrace, TraceDecoder } from './decoder.ts';
import { TraceError } from './trace-error.ts';

/** A text trace has no such lines; a file that does is something else. */
const LONGEST_LINE = 1 << 20;
const SHOWN = 40;

export const NEWLINE = 10;
export const RETURN = 13;
const SPACE = 32;
export const HASH = 35;

export abstract class LineDecoder implements TraceDecoder {
  protected line = 0;
  private rest: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): void {
    let start = 0;
    for (;;) {
      if (this.rest.length === 0 && this.line > 0) start = this.plainLines(bytes, start);
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      if (this.rest.length === 0) this.takeLine(bytes, start, end);
      else {
        const whole = joined(this.rest, bytes.subarray(start, end));
        this.rest = new Uint8Array(0);
        this.takeLine(whole, 0, whole.length);
      }
      start = end + 1;
    }
    if (start === bytes.length) return;
    this.rest = joined(this.rest, bytes.subarray(start));
    if (this.rest.length > LONGEST_LINE) {
      throw new TraceError(`line ${this.line + 1}`, 'it is longer than a mebibyte, so this is not a trace in lines');
    }
  }

  finish(): DecodedTrace {
    if (this.rest.length > 0) this.takeLine(this.rest, 0, this.rest.length);
    return this.result();
  }

  /**
   * A short cut for lines that are just as most are: takes in as many whole ones as there are from `start` on and returns where the first
   * other one starts, which `record` gets. `line` counts them. Not asked for the first line.
   */
  protected plainLines(_bytes: Uint8Array, start: number): number {
    return start;
  }

  /** One line that is neither empty nor a comment, without its end. */
  protected abstract record(bytes: Uint8Array, start: number, end: number): void;

  /** What all lines together are. */
  protected abstract result(): DecodedTrace;

  protected fail(reason: string): never {
    throw new TraceError(`line ${this.line}`, reason);
  }

  private takeLine(bytes: Uint8Array, start: number, end: number): void {
    this.line++;
    if (this.line === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
    if (end > start && bytes[end - 1] === RETURN) end--;
    if (end === start || bytes[start] === HASH) return;
    this.record(bytes, start, end);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Bytes that are not ASCII become `?`: for messages, names, and lines of tools that write nothing else. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += bytes[i] >= SPACE && bytes[i] < 127 ? String.fromCharCode(bytes[i]) : '?';
  return text;
}

export const shown = (bytes: Uint8Array, start: number, end: number): string =>
  `'${textOf(bytes, start, Math.min(end, start + SHOWN))}${end - start > SHOWN ? '…' : ''}'`;
