/** Traces from files, packed or not: the same words whichever way the bytes come, and an end to every way of going wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { readTrace } from '../../cli/trace-file.ts';
import { zstdContentSize } from '../../simulator/trace/format.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-trace-file-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string, bytes: Uint8Array): string => {
  const at = path.join(folder, name);
  writeFileSync(at, bytes);
  return at;
};

/** Bytes that are read and unpacked at a time. */
const CHUNK = 1 << 19;

const packers: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  '': (bytes) => bytes,
  '.gz': (bytes) => zlib.gzipSync(bytes, { level: 1 }),
  '.zst': (bytes) => zlib.zstdCompressSync(bytes),
  // incompressible bytes, so that input too comes in many chunks
  ' stored.gz': (bytes) => zlib.gzipSync(bytes, { level: 0 }),
  ' frames.zst': (bytes) => {
    const cut = Math.floor(bytes.length / 3);
    return Buffer.concat([zlib.zstdCompressSync(bytes.subarray(0, cut)), zlib.zstdCompressSync(bytes.subarray(cut))]);
  },
};

/** Page numbers below 2^20 that hardly compress. */
function noise(n: number, seed: number): Uint32Array {
  const words = new Uint32Array(n);
  let x = seed | 1;
  for (let i = 0; i < n; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    words[i] = x >>> 12;
  }
  return words;
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer);

test('packed and plain files give the same words, whatever their size against the chunks they come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: -6, max: 6 }),
      fc.integer(),
      fc.constantFrom(...Object.keys(packers)),
      async (chunks, beside, seed, packing) => {
        const words = noise(Math.max(1, (chunks * CHUNK) / 4 + beside), seed);
        const read = await readTrace(file(`words.u32ops${packing}`, packers[packing](bytesOf(words))), 'u32ops');
        assert.deepEqual(read.words, words);
      },
    ),
    { numRuns: 25 },
  );
});

test('records that lie across two unpacked chunks are put together', async () => {
  const records = 100_003;
  const bytes = new Uint8Array(24 * records);
  const view = new DataView(bytes.buffer);
  const words = noise(records, 7);
  for (let i = 0; i < records; i++) {
    view.setUint32(24 * i + 4, words[i], true);
    view.setBigInt64(24 * i + 16, -1n, true);
  }
  const plain = await readTrace(file('a.oracleGeneral', bytes), 'auto');
  for (const packing of ['.gz', '.zst', ' frames.zst']) {
    const packed = await readTrace(file(`a.oracleGeneral${packing}`, packers[packing](bytes)), 'oracleGeneral');
    assert.deepEqual(packed, plain, packing);
  }
});

test('a packed file that goes wrong half-way is refused with the place, and reading ends', async () => {
  const text = `${'17\n'.repeat(1_000_000)}seventeen\n${'17\n'.repeat(1_000_000)}`;
  const wanted = { message: /line 1000001: 'seventeen' is not an id/, status: 3 };
  for (const packing of ['', '.gz', '.zst'])
    await assert.rejects(readTrace(file(`bad.txt${packing}`, packers[packing](Buffer.from(text))), 'txt'), wanted);
  for (const packing of ['.gz', '.zst']) {
    const packed = packers[packing](bytesOf(noise(1_000_000, 3)));
    const cut = file(`cut.u32${packing}`, packed.subarray(0, packed.length >> 1));
    await assert.rejects(readTrace(cut, 'u32'), { message: /it is damaged or cut off/ });
    await assert.rejects(readTrace(file(`empty.u32${packing}`, new Uint8Array(0)), 'u32'));
  }
});

test('reading ends when its signal says so', async () => {
  const stop = new AbortController();
  stop.abort();
  for (const packing of ['', '.gz', '.zst']) {
    const large = file(`large.u32${packing}`, packers[packing](bytesOf(noise(1_000_000, 5))));
    await assert.rejects(readTrace(large, 'u32', stop.signal));
  }
});

test("a Zstandard file's header tells what it unpacks to, where it does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000 }), (length) => {
      const packed = zlib.zstdCompressSync(new Uint8Array(length).fill(1));
      assert.equal(zstdContentSize(packed), packed.length < 18 ? undefined : length);
    }),
  );
  const start = (...bytes: number[]) =>
    Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes, ...new Array<number>(20).fill(0)]);
  assert.equal(zstdContentSize(start(0x20, 200)), 200);
  assert.equal(zstdContentSize(start(0x60, 1, 2)), 0x0201 + 256);
  // a window's size and a dictionary's id of two bytes come first
  assert.equal(zstdContentSize(start(0x82, 0x58, 7, 7, 1, 2, 3)), 0x030201);
  assert.equal(zstdContentSize(start(0xe0, 1, 0, 0, 0, 2)), 0x2_0000_0001);
  // not told; not to be believed; no such file
  assert.equal(zstdContentSize(start(0x00, 0x58)), undefined);
  assert.equal(zstdContentSize(start(0xe0, 0, 0, 0, 0, 0, 1)), undefined);
  assert.equal(zstdContentSize(new Uint8Array(40)), undefined);
});
