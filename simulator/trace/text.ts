/** Traces in lines: one id a line, or a table with columns. */
import { IdCollector, type DecodedTrace, type TraceDecoder } from './decoder.ts';
import { HASH, LineDecoder, NEWLINE, RETURN, shown, textOf } from './lines.ts';

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const ZERO = 48;
/** 2^32. */
const WORD = 4294967296;
/** Bytes that `digits` and the end of a line may look at. */
const ROOM = 24;

export interface CsvOptions {
  /** Name in the header, or number counted from 1. Absent: the first of the usual names in the header, else the first column. */
  readonly id?: string | number;
  /** One character. Absent: `,`. */
  readonly delimiter?: string;
  /** Absent: the first line is a header if the id's column holds no number there. */
  readonly header?: boolean;
  /** Ids are any text, not numbers. */
  readonly text?: boolean;
}

/** Names under which traces keep the id, in order of preference. */
const USUAL_NAMES = ['id', 'obj_id', 'obj-id', 'object_id', 'object', 'page', 'block', 'lbn', 'key'];

/** Lines with an id each. */
abstract class IdLines extends LineDecoder {
  protected readonly accesses = new IdCollector();

  protected result(): DecodedTrace {
    return this.accesses.finish();
  }

  /** An unsigned number of at most 64 bits between `start` and `end`, into `number`; false if there is anything else. */
  protected parse(bytes: Uint8Array, start: number, end: number): boolean {
    while (start < end && isBlank(bytes[start])) start++;
    while (end > start && isBlank(bytes[end - 1])) end--;
    if (start === end) return false;
    let low = 0;
    let high = 0;
    for (let i = start; i < end; i++) {
      const digit = bytes[i] - ZERO;
      if (digit < 0 || digit > 9) return false;
      low = low * 10 + digit;
      const carry = low >= 4294967296 ? Math.floor(low / 4294967296) : 0;
      low -= carry * 4294967296;
      high = high * 10 + carry;
      if (high > 0xffffffff) this.fail(`${shown(bytes, start, end)} has more than 64 bits`);
    }
    this.low = low;
    this.high = high;
    return true;
  }

  /**
   * Reads digits from `at` on into `low` and `high`, without a look at where `bytes` ends: 21 bytes must be there. Returns where the digits end;
   * `at` if they are none, too many or too large.
   */
  protected digits(bytes: Uint8Array, at: number): number {
    let i = at;
    let small = 0;
    for (const end = at + 9; i < end; i++) {
      const digit = bytes[i] ^ ZERO;
      if (digit > 9) break;
      small = (small * 10 + digit) | 0;
    }
    if ((bytes[i] ^ ZERO) > 9) {
      this.low = small;
      this.high = 0;
      return i;
    }
    // Fifteen digits are exact in a double; what follows is multiplied into both halves.
    let most = small;
    for (const end = at + 15; i < end; i++) {
      const digit = bytes[i] ^ ZERO;
      if (digit > 9) break;
      most = most * 10 + digit;
    }
    let power = 1;
    let rest = 0;
    for (const end = at + 20; i < end; i++) {
      const digit = bytes[i] ^ ZERO;
      if (digit > 9) break;
      power *= 10;
      rest = rest * 10 + digit;
    }
    const upper = Math.floor(most / WORD);
    const lower = (most - upper * WORD) * power + rest;
    const carry = Math.floor(lower / WORD);
    this.low = lower - carry * WORD;
    this.high = upper * power + carry;
    return this.high >= WORD || (bytes[i] ^ ZERO) <= 9 ? at : i;
  }

  /** Result of `digits`, `parse` and `hash`. */
  protected low = 0;
  protected high = 0;

  /** Stands in for a text: two independent 32-bit hashes, so that two of a billion texts share one with odds of 1 in 37. */
  protected hash(bytes: Uint8Array, start: number, end: number): void {
    let a = 0x811c9dc5;
    let b = 0x9e3779b9;
    for (let i = start; i < end; i++) {
      a = Math.imul(a ^ bytes[i], 0x01000193);
      b = Math.imul(b ^ bytes[i], 0x85ebca6b);
      b ^= b >>> 13;
    }
    this.low = (a ^ (a >>> 15)) >>> 0;
    this.high = b >>> 0;
  }
}

class TxtDecoder extends IdLines {
  /** Lines of nothing but digits. */
  protected override plainLines(bytes: Uint8Array, start: number): number {
    const last = bytes.length - ROOM;
    let lines = 0;
    while (start <= last) {
      let end = this.digits(bytes, start);
      if (end === start) break;
      if (bytes[end] === RETURN) end++;
      if (bytes[end] !== NEWLINE) break;
      this.accesses.push(this.low, this.high);
      start = end + 1;
      lines++;
    }
    this.line += lines;
    return start;
  }

  protected record(bytes: Uint8Array, start: number, end: number): void {
    if (!this.parse(bytes, start, end))
      this.fail(`${shown(bytes, start, end)} is not an id: a whole number is expected`);
    this.accesses.push(this.low, this.high);
  }
}

class CsvDecoder extends IdLines {
  private readonly options: CsvOptions;
  private readonly delimiter: number;
  /** Index of the id's column, from 0; −1 until the first line has been seen. */
  private column = -1;
  private readonly hasPlainLines: boolean;

  constructor(options: CsvOptions) {
    super();
    this.options = options;
    this.delimiter = (options.delimiter ?? ',').charCodeAt(0);
    this.hasPlainLines = options.text !== true && (this.delimiter ^ ZERO) > 9;
  }

  /** Lines without a quote up to the id, which is nothing but digits. */
  protected override plainLines(bytes: Uint8Array, start: number): number {
    const { column, delimiter } = this;
    if (column < 0 || !this.hasPlainLines) return start;
    const last = bytes.length - ROOM;
    let lines = 0;
    for (;;) {
      let at = start;
      for (let left = column; left > 0 && at <= last; at++) {
        const byte = bytes[at];
        if (byte === delimiter) left--;
        else if (byte === QUOTE || byte === NEWLINE) break;
      }
      if (at > last || bytes[start] === HASH) break;
      const after = this.digits(bytes, at);
      if (after === at) break;
      let end = bytes[after] === RETURN ? after + 1 : after;
      if (bytes[end] !== NEWLINE) {
        if (bytes[after] !== delimiter) break;
        while (end < bytes.length && bytes[end] !== NEWLINE) end++;
        if (end === bytes.length) break;
      }
      this.accesses.push(this.low, this.high);
      start = end + 1;
      lines++;
    }
    this.line += lines;
    return start;
  }

  protected record(bytes: Uint8Array, start: number, end: number): void {
    if (this.column < 0 && this.isHeader(bytes, start, end)) return;
    if (!this.field(bytes, start, end, this.column)) {
      this.fail(
        `there is no column ${this.column + 1} (columns are separated by '${String.fromCharCode(this.delimiter)}')`,
      );
    }
    const { from, to } = this;
    if (this.options.text === true) this.hash(bytes, from, to);
    else if (!this.parse(bytes, from, to))
      this.fail(`${shown(bytes, from, to)} in column ${this.column + 1} is not an id: a whole number is expected`);
    this.accesses.push(this.low, this.high);
  }

  /** Bounds of the field that `field` found, without quotes. */
  private from = 0;
  private to = 0;

  private field(bytes: Uint8Array, start: number, end: number, column: number): boolean {
    for (; ; column--) {
      let at = start;
      if (bytes[start] === QUOTE) {
        at = bytes.indexOf(QUOTE, start + 1);
        // A doubled quote stands for one within the field.
        while (at >= 0 && at < end && bytes[at + 1] === QUOTE) at = bytes.indexOf(QUOTE, at + 2);
        if (at < 0 || at >= end) this.fail('a quoted field has no closing quote');
      }
      while (at < end && bytes[at] !== this.delimiter) at++;
      if (column === 0) {
        const quoted = bytes[start] === QUOTE;
        this.from = quoted ? start + 1 : start;
        this.to = quoted ? Math.max(start + 1, at - 1) : at;
        return true;
      }
      if (at === end) return false;
      start = at + 1;
    }
  }

  /** Settles which column holds the id. */
  private isHeader(bytes: Uint8Array, start: number, end: number): boolean {
    const { id, header } = this.options;
    if (typeof id === 'number') {
      this.column = id - 1;
      if (header !== undefined) return header;
      return (
        this.options.text !== true &&
        this.field(bytes, start, end, this.column) &&
        !this.parse(bytes, this.from, this.to)
      );
    }
    const names: string[] = [];
    for (let column = 0; this.field(bytes, start, end, column); column++) {
      names.push(textOf(bytes, this.from, this.to).trim().toLowerCase());
    }
    const wanted = id === undefined ? USUAL_NAMES : [id.toLowerCase()];
    const found = header === false ? undefined : wanted.find((name) => names.includes(name));
    if (found !== undefined) {
      this.column = names.indexOf(found);
      return true;
    }
    if (id !== undefined) this.fail(`there is no column '${id}' in the header: ${names.slice(0, 20).join(', ')}`);
    this.column = 0;
    if (header !== undefined) return header;
    return this.options.text !== true && this.field(bytes, start, end, 0) && !this.parse(bytes, this.from, this.to);
  }
}

const isBlank = (byte: number) => byte === SPACE || byte === TAB;

export const txtDecoder = (): TraceDecoder => new TxtDecoder();
export const csvDecoder = (options: CsvOptions = {}): TraceDecoder => new CsvDecoder(options);
