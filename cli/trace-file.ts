/** Traces from files: opened, unpacked and decoded in one stream, so that only the accesses themselves are ever in memory. */
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import type { Plan } from '../simulator/plan.ts';
import type { DecodedTrace, TraceDecoder } from '../simulator/trace/decoder.ts';
import { packingOf, traceDecoder, zstdContentSize, type Packing } from '../simulator/trace/format.ts';
import { TraceError } from '../simulator/trace/trace-error.ts';
import { CliError, EXIT } from './io.ts';

/** Bytes read, and bytes unpacked, at a time: as many as a processor keeps near, as few as make the hops between threads cheap. */
const CHUNK = 1 << 19;

type Packed = Exclude<Packing, 'none'>;
type Unpacker = Transform & zlib.Zlib;

const unpackers: Readonly<Record<Packed, () => Unpacker>> = {
  gzip: () => zlib.createGunzip({ chunkSize: CHUNK }),
  zstd: () => {
    // Nodes before 22.15 have none, and everything else runs on them.
    if (!('createZstdDecompress' in zlib))
      throw new TraceError(
        '',
        `it is packed with zstd, which this Node (${process.version}) can't unpack: take 22.15 or newer`,
      );
    return zlib.createZstdDecompress({ chunkSize: CHUNK });
  },
};

/** Reads a trace; `-` is standard input. Throws a CliError that names the file and the place in it. */
export async function readTrace(file: string, format: string, signal?: AbortSignal): Promise<DecodedTrace> {
  try {
    const decoder = traceDecoder(format, file);
    if (file === '-') await pipeline(process.stdin, pushAll(decoder), signal === undefined ? {} : { signal });
    else {
      const packing = packingOf(file);
      const handle = await open(file);
      try {
        const chunks = chunksOf(handle, signal);
        if (packing !== 'none') await unpackAll(chunks, packing, decoder);
        else {
          decoder.expect?.((await handle.stat()).size);
          await pushAll(decoder)(chunks);
        }
      } finally {
        await handle.close();
      }
    }
    return decoder.finish();
  } catch (error) {
    throw new CliError(`${file}: ${problemOf(error)}`, EXIT.unreadable);
  }
}

const pushAll = (decoder: TraceDecoder) => async (chunks: AsyncIterable<Uint8Array>) => {
  for await (const chunk of chunks) decoder.push(chunk);
};

/** Two buffers in turn: one is filled while the other is made use of. Each is good until the next one is asked for. */
async function* chunksOf(handle: FileHandle, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  let filling = Buffer.allocUnsafeSlow(CHUNK);
  let filled = Buffer.allocUnsafeSlow(CHUNK);
  let reading = handle.read(filling, 0, CHUNK);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      signal?.throwIfAborted();
      if (bytesRead === 0) return;
      [filling, filled] = [filled, filling];
      reading = handle.read(filling, 0, CHUNK);
      yield filled.subarray(0, bytesRead);
    }
  } finally {
    await reading.catch(() => {});
  }
}

/**
 * What `chunks` hold, unpacked, into the decoder. An unpacker takes a new buffer for every CHUNK that it makes; those it is done with are given
 * back at once and not when the engine collects garbage: a quarter of the time of reading goes to collections and fresh memory otherwise.
 */
async function unpackAll(chunks: AsyncIterable<Uint8Array>, packing: Packed, decoder: TraceDecoder): Promise<void> {
  let unpacker: Unpacker | undefined;
  try {
    for await (const chunk of chunks)
      for (let rest = chunk; rest.length > 0;) {
        if (unpacker === undefined) {
          unpacker = unpackers[packing]();
          pushUnpacked(unpacker, decoder);
          const size = zstdContentSize(rest);
          if (size !== undefined) decoder.expect?.(size);
        }
        const before = unpacker.bytesWritten;
        await write(unpacker, rest);
        rest = rest.subarray(unpacker.bytesWritten - before);
        if (rest.length === 0) break;
        // It has come to an end before its input. Node unpacks one frame of Zstandard, and such files may have many.
        if (packing === 'gzip') return;
        unpacker.destroy();
        unpacker = undefined;
      }
    if (unpacker !== undefined) await end(unpacker);
  } finally {
    unpacker?.destroy();
  }
}

function pushUnpacked(unpacker: Unpacker, decoder: TraceDecoder): void {
  let last: ArrayBufferLike | undefined;
  unpacker.on('data', (chunk: Uint8Array) => {
    try {
      decoder.push(chunk);
    } catch (error) {
      unpacker.destroy(error as Error);
    }
    if (last !== undefined && last !== chunk.buffer) giveBack(last);
    last = chunk.buffer;
  });
  // told by `settled`, which may have listened only until then
  unpacker.on('error', () => {});
}

/** Until all is unpacked, or the unpacker has come to its end. */
async function write(unpacker: Unpacker, bytes: Uint8Array): Promise<void> {
  await settled(unpacker, (done) => unpacker.write(bytes, done));
}

async function end(unpacker: Unpacker): Promise<void> {
  await settled(unpacker, () => unpacker.end());
}

/** Resolves when `begin` calls back or the unpacker comes to its end, rejects if it fails. */
function settled(unpacker: Unpacker, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      unpacker.off('end', settle).off('error', settle).off('close', settle);
      if (unpacker.errored) reject(unpacker.errored);
      else resolve();
    };
    unpacker.on('end', settle).on('error', settle).on('close', settle);
    begin(settle);
  });
}

/** Frees a buffer that nobody reads or writes any more. Nodes before 21 can't. */
function giveBack(buffer: ArrayBufferLike & { transfer?(length: number): unknown }): void {
  // smaller ones may be parts of Node's pool
  if (buffer.byteLength === CHUNK) buffer.transfer?.(0);
}

/** The access words of a plan's traces. Their paths are relative to the program `file` that names them. */
export async function loadTraces(plan: Plan, file: string): Promise<Uint32Array[]> {
  const traces: Uint32Array[] = [];
  for (const { path: name, format } of plan.traces) {
    traces.push((await readTrace(path.resolve(path.dirname(file), name), format)).words);
  }
  return traces;
}

/** What went wrong with a file, in words. */
export function problemOf(error: unknown): string {
  if (error instanceof TraceError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'this is a folder, not a trace';
  if (code === 'EACCES') return 'reading it is not allowed';
  if (code?.startsWith('Z_') || code?.startsWith('ZSTD_')) return `it is damaged or cut off (${message})`;
  return message;
}
