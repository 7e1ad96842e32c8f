/**
 * Results of finished runs by plan hash and model version. The model is deterministic, so a hit is the result; anything unreadable is a miss.
 * Several windows may share one store: there is no index, the files' own dates say which are oldest.
 */
import type { Report } from '../../simulator/report.ts';
import { breathe } from '../breathe.ts';

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** A flat folder. */
export interface Store {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<readonly StoredFile[]>;
}

export interface Codec {
  encode(report: Report): Uint8Array | Promise<Uint8Array>;
  decode(bytes: Uint8Array): Report;
}

export interface ResultCacheOptions {
  readonly store: Store;
  readonly codec: Codec;
  readonly model: string;
  readonly enabled: () => boolean;
  readonly now: () => number;
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

export interface ResultCache {
  get(hash: string): Promise<Report | undefined>;
  /**
   * Never throws: a result that cannot be kept is still a result. Partial reports are not kept. Need not be waited for: `get` of the same waits, and
   * what is shown first goes first.
   */
  put(hash: string, report: Report): Promise<void>;
  clear(): Promise<void>;
}

const SUFFIX = '.report';
const DAY_MS = 24 * 60 * 60 * 1000;

export const cacheName = (hash: string, model: string): string =>
  `${hash}-${model}`.replace(/[^\w.-]/g, '_').slice(0, 160) + SUFFIX;

export function createResultCache(options: ResultCacheOptions): ResultCache {
  const { store, codec, model, enabled, now, maxBytes = 64 * 1024 * 1024, maxFiles = 256 } = options;

  async function evict(): Promise<void> {
    const files = (await store.list())
      .filter(({ name }) => name.endsWith(SUFFIX))
      .sort((a, b) => b.modified - a.modified);
    let bytes = 0;
    for (const [i, file] of files.entries()) {
      bytes += file.bytes;
      if (i >= maxFiles || bytes > maxBytes) await store.remove(file.name).catch(() => undefined);
    }
  }

  const writing = new Map<string, Promise<void>>();

  async function write(hash: string, report: Report): Promise<void> {
    try {
      await breathe();
      const bytes = await codec.encode(report);
      if (bytes.byteLength > maxBytes / 4) return;
      await store.write(cacheName(hash, model), bytes);
      await evict();
    } catch {
      // a full or read-only disk: the run itself is unharmed
    }
  }

  return {
    async get(hash) {
      if (!enabled()) return undefined;
      await writing.get(hash);
      const name = cacheName(hash, model);
      const bytes = await store.read(name).catch(() => undefined);
      if (!bytes) return undefined;
      let report: Report;
      try {
        report = codec.decode(bytes);
        if (report.plan !== hash || report.model !== model || report.partial) throw new Error('another run’s report');
      } catch {
        await store.remove(name).catch(() => undefined);
        return undefined;
      }
      // writing it again makes it young; once a day is often enough for an order of age
      const file = await store.list().then(
        (files) => files.find((f) => f.name === name),
        () => undefined,
      );
      if (file && now() - file.modified > DAY_MS) await store.write(name, bytes).catch(() => undefined);
      return report;
    },

    async put(hash, report) {
      if (!enabled() || report.partial) return;
      const work = write(hash, report);
      writing.set(hash, work);
      await work;
      if (writing.get(hash) === work) writing.delete(hash);
    },

    async clear() {
      await Promise.all(writing.values());
      for (const { name } of await store.list()) {
        if (name.endsWith(SUFFIX)) await store.remove(name).catch(() => undefined);
      }
    },
  };
}
