/** Traces from files: opened, unpacked and decoded in one stream, so that only the accesses themselves are ever in memory. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import type { Plan } from '../simulator/plan.ts';
import type { DecodedTrace, TraceDecoder } from '../simulator/trace/decoder.ts';
import { packingOf, traceDecoder } from '../simulator/trace/format.ts';
import { TraceError } from '../simulator/trace/trace-error.ts';
import { CliError, EXIT } from './io.ts';

/** Bytes read at a time. */
const CHUNK = 1 << 18;

const unpackers = {
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
    const packing = packingOf(file);
    if (file !== '-' && packing === 'none') await readPlain(file, decoder, signal);
    else {
      const bytes: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK });
      const decode = async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) decoder.push(chunk);
      };
      const options = signal === undefined ? {} : { signal };
      if (packing === 'none') await pipeline(bytes, decode, options);
      else await pipeline(bytes, unpackers[packing](), decode, options);
    }
    return decoder.finish();
  } catch (error) {
    throw new CliError(`${file}: ${problemOf(error)}`, EXIT.unreadable);
  }
}

/** Two buffers in turn: one is filled while the other is decoded. */
async function readPlain(file: string, decoder: TraceDecoder, signal: AbortSignal | undefined): Promise<void> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    decoder.expect?.(size);
    let filling = Buffer.allocUnsafeSlow(CHUNK);
    let decoding = Buffer.allocUnsafeSlow(CHUNK);
    let filled = handle.read(filling, 0, CHUNK);
    for (;;) {
      const { bytesRead } = await filled;
      signal?.throwIfAborted();
      if (bytesRead === 0) return;
      [filling, decoding] = [decoding, filling];
      filled = handle.read(filling, 0, CHUNK);
      try {
        decoder.push(decoding.subarray(0, bytesRead));
      } catch (error) {
        await filled;
        throw error;
      }
    }
  } finally {
    await handle.close();
  }
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
