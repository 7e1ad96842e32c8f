/** The compile worker as a web worker. Browsers unpack gzip, but no Zstandard. */
import { packingOf } from '../../simulator/trace/format.ts';
import { answer, buffersOf, type LanguageHost } from './compile-service.ts';
import type { LanguageRequest } from './protocol.ts';

declare const self: DedicatedWorkerGlobalScope;

const host: LanguageHost = {
  shared: false,
  async *unpack(name, bytes) {
    const packing = packingOf(name);
    if (packing === 'zstd') {
      throw new Error('it is packed with Zstandard, which browsers cannot unpack; pack it as .gz');
    }
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const stream = packing === 'gzip' ? blob.pipeThrough(new DecompressionStream('gzip')) : blob;
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  },
};

self.onmessage = (event: MessageEvent<LanguageRequest>) => {
  void answer(event.data, host).then((reply) => self.postMessage(reply, buffersOf(reply)));
};
