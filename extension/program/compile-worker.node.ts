/** The compile worker as a Node thread. */
import { Readable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { packingOf } from '../../simulator/trace/format.ts';
import { answer, buffersOf, type LanguageHost } from './compile-service.ts';
import type { LanguageRequest } from './protocol.ts';

const CHUNK = 1 << 20;

const host: LanguageHost = {
  shared: true,
  unpack: (name, bytes) => {
    const chunks = Readable.from(slices(bytes));
    switch (packingOf(name)) {
      case 'gzip':
        return chunks.pipe(createGunzip({ chunkSize: CHUNK }));
      case 'zstd':
        // Node 22.15 and later, which every VS Code since 1.101 brings
        return unpackZstd(bytes);
      case 'none':
        return chunks;
    }
  },
};

/** Frame after frame: Node's unpacker stops where the first one ends. */
async function* unpackZstd(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const frame = createZstdDecompress({ chunkSize: CHUNK });
    yield* Readable.from(slices(bytes.subarray(at))).pipe(frame);
    at += frame.bytesWritten;
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

parentPort!.on('message', (request: LanguageRequest) => {
  void answer(request, host).then((reply) => parentPort!.postMessage(reply, buffersOf(reply)));
});
