/** Names of trace formats: as users write them, and as file names tell them. */
import { traceFormat } from '../tables/knobs.ts';
import { oracleGeneralDecoder, u32Decoder, u32OpsDecoder, u64Decoder } from './binary.ts';
import { damoDecoder, damonDecoder } from './damon.ts';
import type { TraceDecoder } from './decoder.ts';
import { blkparseDecoder, kernelEventsDecoder, lackeyDecoder, marksDecoder } from './kernel-events.ts';
import { csvDecoder, txtDecoder, type CsvOptions } from './text.ts';
import { TraceError } from './trace-error.ts';

const decoders: Readonly<Record<string, (options: string) => TraceDecoder>> = {
  oracleGeneral: oracleGeneralDecoder,
  txt: txtDecoder,
  csv: (options) => csvDecoder(csvOptions(options)),
  u32: u32Decoder,
  u64: u64Decoder,
  u32ops: u32OpsDecoder,
  events: kernelEventsDecoder,
  marks: marksDecoder,
  lackey: lackeyDecoder,
  blkparse: blkparseDecoder,
  damon: damonDecoder,
  damo: damoDecoder,
};

/** How a packed file ends; hosts unpack. */
export type Packing = 'none' | 'gzip' | 'zstd';

export function packingOf(fileName: string): Packing {
  if (fileName.endsWith('.gz')) return 'gzip';
  return /\.(zst|zstd)$/.test(fileName) ? 'zstd' : 'none';
}

const ZSTD_MAGIC = 0xfd2fb528;
/** Sizes that are larger are not believed, so that a damaged file can't make anyone take much memory. */
const BELIEVED = 0x10_0000_0000;

/**
 * How many bytes the first frame of a file packed with Zstandard unpacks to, if its header says (RFC 8878, 3.1.1.1); `start` is how the file
 * begins. Undefined for anything else.
 */
export function zstdContentSize(start: Uint8Array): number | undefined {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.byteLength < 18 || view.getUint32(0, true) !== ZSTD_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor >> 5) & 1;
  // an id of a dictionary of 0, 1, 2 or 4 bytes comes first, and a window's size unless all is one segment
  const at = 6 - single + [0, 1, 2, 4][descriptor & 3];
  const size = [
    () => (single === 1 ? view.getUint8(at) : Infinity),
    () => view.getUint16(at, true) + 256,
    () => view.getUint32(at, true),
    () => view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000,
  ][descriptor >> 6]();
  return size <= BELIEVED ? size : undefined;
}

/** The format that a file's name tells, or undefined. */
export function formatOfName(fileName: string): string | undefined {
  const name = fileName.replace(/^.*[/\\]/, '').replace(/\.(gz|zst|zstd)$/, '');
  if (/oracleGeneral/i.test(name)) return 'oracleGeneral';
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(decoders, ending) ? ending : undefined;
}

/**
 * A decoder for a format as users write it: a name, `auto`, or csv with options, `csv:id=obj,delimiter=;,header=true,ids=text`. The options
 * also go by libCacheSim's names (obj-id-col, has-header, obj-id-is-num). Throws a TraceError.
 */
export function traceDecoder(format: string, fileName: string): TraceDecoder {
  const [name, ...rest] = format.split(':');
  const chosen = name === 'auto' || name === '' ? formatOfName(fileName) : name;
  const known = traceFormat.type.of.map(({ id }) => id).filter((id) => id !== 'auto');
  if (chosen === undefined) {
    throw new TraceError('', `the name does not tell the format: say which, one of ${known.join(', ')}`);
  }
  const id = known.find((k) => k.toLowerCase() === chosen.toLowerCase());
  if (id === undefined) throw new TraceError('', `there is no trace format '${chosen}'; there are ${known.join(', ')}`);
  if (rest.length > 0 && id !== 'csv') throw new TraceError('', `the format ${id} has no options`);
  return decoders[id](rest.join(':'));
}

function csvOptions(text: string): CsvOptions {
  let options: CsvOptions = {};
  // A comma may be the delimiter's value.
  for (const pair of text.replace(/(^|,)(delimiter=),/i, '$1$2\u0000').split(',')) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    const key = (at < 0 ? pair : pair.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? 'true' : pair.slice(at + 1).replace('\u0000', ',');
    if (key === 'id' || key === 'obj-id-col') options = { ...options, id: columnOf(value.trim()) };
    else if (key === 'delimiter') options = { ...options, delimiter: delimiterOf(value) };
    else if (key === 'header' || key === 'has-header') options = { ...options, header: truth(key, value) };
    else if (key === 'ids') options = { ...options, text: oneOf(key, value, ['number', 'text']) === 'text' };
    else if (key === 'obj-id-is-num') options = { ...options, text: !truth(key, value) };
    else if (key !== 'time-col' && key !== 'obj-size-col')
      throw new TraceError('', `csv has no option '${key}'; there are id, delimiter, header, ids`);
  }
  return options;
}

function columnOf(value: string): string | number {
  if (!/^\d+$/.test(value)) return value;
  if (Number(value) === 0) throw new TraceError('', 'columns are counted from 1');
  return Number(value);
}

function delimiterOf(value: string): string {
  if (value === '\\t' || value === 'tab') return '\t';
  if (value.length !== 1) throw new TraceError('', `a delimiter is one character, not '${value}'`);
  return value;
}

const truth = (key: string, value: string): boolean =>
  ['true', '1', 'yes'].includes(oneOf(key, value, ['true', 'false', '1', '0', 'yes', 'no']));

function oneOf(key: string, value: string, allowed: readonly string[]): string {
  const chosen = value.trim().toLowerCase();
  if (!allowed.includes(chosen)) throw new TraceError('', `'${key}' is one of ${allowed.join(', ')}, not '${value}'`);
  return chosen;
}
