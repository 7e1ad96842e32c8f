import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheName, createResultCache, type Store, type StoredFile } from '../../extension/run/cache.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { emptyReport } from './fixtures/reports.ts';

function memoryStore() {
  const files = new Map<string, { bytes: Uint8Array; modified: number }>();
  let clock = 0;
  const store: Store = {
    read: (name) => Promise.resolve(files.get(name)?.bytes),
    write: (name, bytes) => Promise.resolve(void files.set(name, { bytes, modified: ++clock })),
    remove: (name) => Promise.resolve(void files.delete(name)),
    list: () =>
      Promise.resolve(
        [...files].map(([name, f]): StoredFile => ({ name, bytes: f.bytes.length, modified: f.modified })),
      ),
  };
  return { store, files };
}

const options = {
  codec: { encode: encodeReport, decode: decodeReport },
  model: emptyReport.model,
  enabled: () => true,
  now: () => 0,
};

test('what was put comes back for the same plan and model, and for no other', async () => {
  const { store } = memoryStore();
  const cache = createResultCache({ ...options, store });
  await cache.put('hash', emptyReport);
  assert.deepEqual(await cache.get('hash'), emptyReport);
  assert.equal(await cache.get('other'), undefined);
  const newer = createResultCache({ ...options, store, model: `${emptyReport.model}-next` });
  assert.equal(await newer.get('hash'), undefined);
});

test('a partial report is never kept', async () => {
  const { store, files } = memoryStore();
  const cache = createResultCache({ ...options, store });
  await cache.put('hash', { ...emptyReport, partial: true });
  assert.equal(files.size, 0);
});

test('a damaged file is a miss and is removed', async () => {
  const { store, files } = memoryStore();
  const cache = createResultCache({ ...options, store });
  await cache.put('hash', emptyReport);
  files.set(cacheName('hash', options.model), { bytes: new Uint8Array([1, 2, 3]), modified: 1 });
  assert.equal(await cache.get('hash'), undefined);
  assert.equal(files.size, 0);
});

test('a file that holds another plan’s report is a miss', async () => {
  const { store, files } = memoryStore();
  const cache = createResultCache({ ...options, store });
  files.set(cacheName('wanted', options.model), { bytes: encodeReport(emptyReport), modified: 1 });
  assert.equal(await cache.get('wanted'), undefined);
});

test('the oldest go first when there are too many', async () => {
  const { store } = memoryStore();
  const cache = createResultCache({ ...options, store, maxFiles: 2 });
  for (const hash of ['a', 'b', 'c']) await cache.put(hash, { ...emptyReport, plan: hash });
  assert.equal(await cache.get('a'), undefined);
  assert.equal((await cache.get('b'))?.plan, 'b');
  assert.equal((await cache.get('c'))?.plan, 'c');
});

test('the oldest go first when they are too large together', async () => {
  const { store, files } = memoryStore();
  const size = encodeReport(emptyReport).byteLength;
  const cache = createResultCache({ ...options, store, maxBytes: size * 4 });
  for (const hash of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) await cache.put(hash, { ...emptyReport, plan: hash });
  assert.equal(files.size, 4);
  assert.equal(await cache.get('aaaa'), undefined);
});

test('a hit on a file older than a day makes it young again', async () => {
  const { store, files } = memoryStore();
  const cache = createResultCache({ ...options, store, now: () => 2 * 24 * 3600 * 1000 });
  await cache.put('hash', emptyReport);
  const before = [...files.values()][0].modified;
  await cache.get('hash');
  assert.ok([...files.values()][0].modified > before);
});

test('switched off, it neither keeps nor finds', async () => {
  const { store, files } = memoryStore();
  let enabled = true;
  const cache = createResultCache({ ...options, store, enabled: () => enabled });
  await cache.put('hash', emptyReport);
  enabled = false;
  assert.equal(await cache.get('hash'), undefined);
  await cache.put('two', { ...emptyReport, plan: 'two' });
  assert.equal(files.size, 1);
});

test('a store that cannot write harms nobody', async () => {
  const { store } = memoryStore();
  const cache = createResultCache({
    ...options,
    store: { ...store, write: () => Promise.reject(new Error('disk full')) },
  });
  await cache.put('hash', emptyReport);
  assert.equal(await cache.get('hash'), undefined);
});
