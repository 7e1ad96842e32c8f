/** Unpacks traces with Node's own zlib. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

export async function decompress(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (name.endsWith('.gz')) return promisify(zlib.gunzip)(bytes);
  if (name.endsWith('.zst')) {
    // Node 22.15 and later, which every VS Code since 1.101 brings
    return promisify(zlib.zstdDecompress)(bytes);
  }
  return bytes;
}
