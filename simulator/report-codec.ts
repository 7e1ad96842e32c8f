/**
 * Reports as bytes, for threads, notebook outputs and caches; and as the JSON that the command line prints.
 *
 * Bytes: magic, version, length of the header (three little-endian u32, a fourth is zero); the header, JSON in ASCII, padded with spaces to
 * eight bytes; then the columns as little-endian doubles. In the header a column is {"$column": [first double, length]} and a number that
 * JSON lacks is {"$number": "Infinity"}.
 */
import { asciiBytes, asciiJson, hexHash } from './plan-hash.ts';
import type { PointReport, Report } from './report.ts';
import { REPORT_VERSION } from './report.ts';

const MAGIC = 0x544c4652; // "RFLT"
const PREFIX = 16;

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export function encodeReport(report: Report): Uint8Array {
  const columns: Float64Array[] = [];
  let doubles = 0;
  const pack = (_key: string, value: unknown): unknown => {
    if (value instanceof Float64Array) {
      columns.push(value);
      doubles += value.length;
      return { $column: [doubles - value.length, value.length] };
    }
    if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
    return value;
  };
  const json = asciiJson(JSON.stringify(report, pack));
  const header = asciiBytes(json + ' '.repeat((8 - (json.length % 8)) % 8));
  const bytes = new Uint8Array(PREFIX + header.length + 8 * doubles);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, REPORT_VERSION, true);
  view.setUint32(8, header.length, true);
  bytes.set(header, PREFIX);
  let at = PREFIX + header.length;
  for (const column of columns) {
    if (LITTLE_ENDIAN) new Float64Array(bytes.buffer, at, column.length).set(column);
    else column.forEach((value, i) => view.setFloat64(at + 8 * i, value, true));
    at += 8 * column.length;
  }
  return bytes;
}

/** Throws a plain Error with the reason when the bytes are no report, or one of a version from the future. */
export function decodeReport(bytes: Uint8Array): Report {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < PREFIX || view.getUint32(0, true) !== MAGIC) throw new Error('these bytes are not a report');
  const version = view.getUint32(4, true);
  if (version > REPORT_VERSION)
    throw new Error(`the report has version ${version}, this is made for versions up to ${REPORT_VERSION}`);
  const length = view.getUint32(8, true);
  const first = PREFIX + length;
  if (first > bytes.byteLength) throw new Error('the report is cut off');
  let json = '';
  for (let i = PREFIX; i < first; i += 8192)
    json += String.fromCharCode(...bytes.subarray(i, Math.min(first, i + 8192)));
  const room = Math.floor((bytes.byteLength - first) / 8);
  const column = (from: number, n: number): Float64Array => {
    if (!(from >= 0 && n >= 0 && from + n <= room)) throw new Error('the report is cut off');
    const out = new Float64Array(n);
    if (LITTLE_ENDIAN) new Uint8Array(out.buffer).set(bytes.subarray(first + 8 * from, first + 8 * (from + n)));
    else for (let i = 0; i < n; i++) out[i] = view.getFloat64(first + 8 * (from + i), true);
    return out;
  };
  return JSON.parse(json, (_key, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$column' in value) {
      const [from, n] = value.$column as [number, number];
      return column(from, n);
    }
    if ('$number' in value) return Number(value.$number);
    return value;
  }) as Report;
}

export const hashReport = (report: Report): string => hexHash(encodeReport(report));

/** What a JSON of several runs says at its top. */
export interface JsonReport {
  readonly refault: string;
  readonly plan: string;
  readonly report: string;
  readonly partial: boolean;
  readonly runs: readonly unknown[];
  readonly warnings: readonly string[];
}

/** The object that `--format json` prints (docs/report.md). Numbers that JSON lacks are null. Hashes of several runs are hashed together. */
export function reportToJson(...reports: readonly [Report, ...Report[]]): JsonReport {
  const together = (hashes: readonly string[]) =>
    hashes.length === 1 ? hashes[0] : hexHash(asciiBytes(hashes.join('\n')));
  return {
    refault: reports[0].model,
    plan: together(reports.map((report) => report.plan)),
    report: together(reports.map(hashReport)),
    partial: reports.some((report) => report.partial),
    runs: reports.map(({ title, seed, points, fidelity }) => ({
      title,
      seed,
      points: points.map(pointToJson),
      ...(fidelity ? { fidelity: plain(fidelity) } : {}),
    })),
    warnings: [...new Set(reports.flatMap((report) => report.warnings))],
  };
}

function pointToJson(point: PointReport): unknown {
  const { variant, at, counters, measures, phases, series, events, spans, expectations, coordinates, ...rest } = point;
  void coordinates;
  return plain({ variant, at, counters, measures, phases, series, events, spans, expectations, ...rest });
}

function plain(value: unknown): unknown {
  if (value instanceof Float64Array) return Array.from(value, (y) => (Number.isFinite(y) ? y : null));
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, v]) => v !== undefined && key !== 'source')
        .map(([key, v]) => [key, plain(v)]),
    );
  return value;
}
