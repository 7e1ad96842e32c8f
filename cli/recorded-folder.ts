/** Folders of recordings on disk, as the fidelity room of the simulator reads them: `.gz` and `.zst` are taken off on the way. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import zlib from 'node:zlib';
import { UnusableRecording, type RecordedFolder } from '../simulator/fidelity/sets.ts';

const COMPRESSED = /\.(gz|zst)$/;

/** All folders directly in `dir`, by name. Throws what reading a directory throws. */
export function recordedFolders(dir: string): RecordedFolder[] {
  return readdirSync(dir)
    .sort()
    .filter((name) => statSync(join(dir, name)).isDirectory())
    .map((name) => recordedFolder(join(dir, name)));
}

export function recordedFolder(path: string): RecordedFolder {
  const name = basename(path);
  const onDisk = new Map<string, string>();
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    onDisk.set(relative(path, file).split(sep).join('/').replace(COMPRESSED, ''), file);
  }
  const bytes = (file: string): Uint8Array => {
    const from = onDisk.get(file);
    if (from === undefined) throw new UnusableRecording(`${name}/${file} is missing`);
    const raw = readFileSync(from);
    // Nodes before 22.15 have none, and everything else runs on them.
    if (from.endsWith('.zst') && !('zstdDecompressSync' in zlib))
      throw new UnusableRecording(`${name}/${basename(from)} is packed with zstd, which Node reads from 22.15 on`);
    try {
      if (from.endsWith('.gz')) return zlib.gunzipSync(raw);
      if (from.endsWith('.zst')) return zlib.zstdDecompressSync(raw);
    } catch (error) {
      throw new UnusableRecording(`${name}/${basename(from)} can't be decompressed (truncated?): ${String(error)}`);
    }
    return raw;
  };
  return {
    name,
    files: [...onDisk.keys()].sort(),
    bytes,
    text: (file) => new TextDecoder().decode(bytes(file)),
    sibling: (other) => {
      const there = join(path, '..', other);
      return existsSync(there) && statSync(there).isDirectory() ? recordedFolder(there) : undefined;
    },
  };
}
