/** How many bytes of large typed arrays are alive: what an estimate of memory is held to. Counts while `watch` runs, collects garbage to know. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Smaller arrays don't matter. */
const LARGE = 16_384;
const kinds = ['Uint8Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float64Array', 'ArrayBuffer'] as const;

/** Calls `work` until it says that it is done, and gives the largest number of bytes seen alive between two calls. */
export async function peakBytes(work: () => boolean): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const buffers = new Map<WeakRef<ArrayBufferLike>, number>();
  const known = new WeakSet<ArrayBufferLike>();
  const globals = globalThis as unknown as Record<string, unknown>;
  const originals = new Map(kinds.map((kind) => [kind, globals[kind]]));
  const note = (made: ArrayBufferView | ArrayBufferLike): void => {
    const buffer = ArrayBuffer.isView(made) ? made.buffer : made;
    if (buffer.byteLength < LARGE || known.has(buffer)) return;
    known.add(buffer);
    buffers.set(new WeakRef(buffer), buffer.byteLength);
  };
  for (const [kind, original] of originals)
    globals[kind] = new Proxy(original as new (...args: unknown[]) => ArrayBufferView, {
      construct(target, args: unknown[]) {
        const made = new target(...args);
        note(made);
        return made;
      },
    });
  let peak = 0;
  try {
    for (let done = false; !done;) {
      done = work();
      // weak references are kept until the end of the turn
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      let alive = 0;
      for (const [ref, bytes] of buffers) {
        if (ref.deref() === undefined) buffers.delete(ref);
        else alive += bytes;
      }
      peak = Math.max(peak, alive);
    }
  } finally {
    for (const [kind, original] of originals) globals[kind] = original;
  }
  return peak;
}
