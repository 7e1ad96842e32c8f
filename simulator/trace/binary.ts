/** Traces of fixed-size little-endian records: oracleGeneral, u32, u64 and u32ops. */
import { IdCollector, OperationCollector, type DecodedTrace, type TraceDecoder } from './decoder.ts';
import { TraceError } from './trace-error.ts';

interface RecordFormat {
  readonly bytes: number;
  /** Reads `count` records from the start of `view`. */
  read(view: DataView, count: number): void;
  /** Records so far. */
  readonly length: number;
  finish(): DecodedTrace;
}

class BinaryDecoder implements TraceDecoder {
  private readonly format: RecordFormat;
  /** A record of which only a part has come. */
  private readonly partial: Uint8Array;
  private have = 0;

  constructor(format: RecordFormat) {
    this.format = format;
    this.partial = new Uint8Array(format.bytes);
  }

  push(bytes: Uint8Array): void {
    const size = this.format.bytes;
    let at = 0;
    if (this.have > 0) {
      at = Math.min(size - this.have, bytes.length);
      this.partial.set(bytes.subarray(0, at), this.have);
      this.have += at;
      if (this.have < size) return;
      this.format.read(new DataView(this.partial.buffer), 1);
    }
    const count = Math.floor((bytes.length - at) / size);
    this.format.read(new DataView(bytes.buffer, bytes.byteOffset + at, count * size), count);
    const rest = bytes.subarray(at + count * size);
    this.partial.set(rest);
    this.have = rest.length;
  }

  finish(): DecodedTrace {
    if (this.have > 0) {
      const place = `record ${this.format.length + 1}`;
      throw new TraceError(place, `the trace ends after ${this.have} of the record's ${this.format.bytes} bytes`);
    }
    return this.format.finish();
  }
}

class OracleGeneral extends IdCollector implements RecordFormat {
  readonly bytes = 24;

  /** u32 time, u64 id, u32 size, i64 index of the next access to the same id (−1 or the largest value: none). */
  read(view: DataView, count: number): void {
    for (let at = 0; count > 0; count--, at += 24) {
      const nextHigh = view.getInt32(at + 20, true);
      // No trace has 2^53 records: such a number means that these are not oracleGeneral records.
      if (nextHigh >= 0x200000 ? nextHigh !== 0x7fffffff : nextHigh < -1)
        throw new TraceError(
          `record ${this.length + 1}`,
          'its next access is no record number, so this is not an oracleGeneral trace',
        );
      this.push(view.getUint32(at + 4, true), view.getUint32(at + 8, true));
    }
  }
}

class U32 extends IdCollector implements RecordFormat {
  readonly bytes = 4;

  read(view: DataView, count: number): void {
    for (let i = 0; i < count; i++) this.push(view.getUint32(4 * i, true), 0);
  }
}

class U64 extends IdCollector implements RecordFormat {
  readonly bytes = 8;

  read(view: DataView, count: number): void {
    for (let i = 0; i < count; i++) this.push(view.getUint32(8 * i, true), view.getUint32(8 * i + 4, true));
  }
}

class U32Ops extends OperationCollector implements RecordFormat {
  readonly bytes = 4;

  read(view: DataView, count: number): void {
    for (let i = 0; i < count; i++) this.push(view.getUint32(4 * i, true));
  }
}

export const oracleGeneralDecoder = (): TraceDecoder => new BinaryDecoder(new OracleGeneral());
export const u32Decoder = (): TraceDecoder => new BinaryDecoder(new U32());
export const u64Decoder = (): TraceDecoder => new BinaryDecoder(new U64());
export const u32OpsDecoder = (): TraceDecoder => new BinaryDecoder(new U32Ops());
