/** Traces of fixed-size little-endian records: oracleGeneral, u32, u64 and u32ops. */
import { IdCollector, OperationCollector, type DecodedTrace, type TraceDecoder } from './decoder.ts';
import { TraceError } from './trace-error.ts';

interface RecordFormat {
  /** A record's 32-bit words. */
  readonly width: number;
  /** Reads whole records. Signed words, for an engine keeps those in place before it has optimised the code too. */
  read(words: Int32Array): void;
  /** Records so far. */
  readonly length: number;
  /** As many records are expected. */
  expect(records: number): void;
  finish(): DecodedTrace;
}

/** Bytes that are put in place for a view of 32-bit words, at a time; a multiple of every record's size. */
const ALIGNED = 96 * 1024;

class BinaryDecoder implements TraceDecoder {
  private readonly format: RecordFormat;
  private readonly size: number;
  /** A record of which only a part has come. */
  private readonly partial: Uint8Array;
  private have = 0;
  private aligned: Uint8Array | undefined;

  constructor(format: RecordFormat) {
    this.format = format;
    this.size = 4 * format.width;
    this.partial = new Uint8Array(this.size);
  }

  expect(bytes: number): void {
    this.format.expect(Math.floor(bytes / this.size));
  }

  push(bytes: Uint8Array): void {
    const { size } = this;
    let at = 0;
    if (this.have > 0) {
      at = Math.min(size - this.have, bytes.length);
      this.partial.set(bytes.subarray(0, at), this.have);
      this.have += at;
      if (this.have < size) return;
      this.read(this.partial);
    }
    const whole = bytes.length - ((bytes.length - at) % size);
    this.read(bytes.subarray(at, whole));
    const rest = bytes.subarray(whole);
    this.partial.set(rest);
    this.have = rest.length;
  }

  finish(): DecodedTrace {
    if (this.have > 0) {
      const place = `record ${this.format.length + 1}`;
      throw new TraceError(place, `the trace ends after ${this.have} of the record's ${this.size} bytes`);
    }
    return this.format.finish();
  }

  /** Whole records, wherever they lie. */
  private read(bytes: Uint8Array): void {
    if (bytes.byteOffset % 4 === 0 && LITTLE_ENDIAN) {
      this.format.read(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2));
      return;
    }
    const aligned = (this.aligned ??= new Uint8Array(ALIGNED));
    for (let from = 0; from < bytes.length; from += ALIGNED) {
      const some = bytes.subarray(from, from + ALIGNED);
      aligned.set(some);
      const words = new Int32Array(aligned.buffer, 0, some.length >>> 2);
      if (!LITTLE_ENDIAN) {
        const view = new DataView(aligned.buffer);
        for (let i = 0; i < words.length; i++) words[i] = view.getInt32(4 * i, true);
      }
      this.format.read(words);
    }
  }
}

/** Whether this machine keeps the lowest byte of a word first, as traces do. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

class OracleGeneral extends IdCollector implements RecordFormat {
  readonly width = 6;

  /** u32 time, u64 id, u32 size, i64 index of the next access to the same id (−1 or the largest value: none). */
  read(words: Int32Array): void {
    for (let at = 0; at < words.length; at += 6) {
      const nextHigh = words[at + 5];
      // No trace has 2^53 records: such a number means that these are not oracleGeneral records.
      if (nextHigh >= 0x200000 ? nextHigh !== 0x7fffffff : nextHigh < -1)
        throw new TraceError(
          `record ${this.length + 1}`,
          'its next access is no record number, so this is not an oracleGeneral trace',
        );
      this.push(words[at + 1], words[at + 2]);
    }
  }
}

class U32 extends IdCollector implements RecordFormat {
  readonly width = 1;

  read(words: Int32Array): void {
    for (let i = 0; i < words.length; i++) this.push(words[i], 0);
  }
}

class U64 extends IdCollector implements RecordFormat {
  readonly width = 2;

  read(words: Int32Array): void {
    for (let i = 0; i < words.length; i += 2) this.push(words[i], words[i + 1]);
  }
}

class U32Ops extends OperationCollector implements RecordFormat {
  readonly width = 1;

  read(words: Int32Array): void {
    this.append(words);
  }
}

export const oracleGeneralDecoder = (): TraceDecoder => new BinaryDecoder(new OracleGeneral());
export const u32Decoder = (): TraceDecoder => new BinaryDecoder(new U32());
export const u64Decoder = (): TraceDecoder => new BinaryDecoder(new U64());
export const u32OpsDecoder = (): TraceDecoder => new BinaryDecoder(new U32Ops());
