/** Unpacks traces with what browsers have: gzip, but no Zstandard. */
export async function decompress(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (name.endsWith('.zst')) {
    throw new Error(`'${name}' is packed with Zstandard, which browsers cannot unpack; pack it as .gz`);
  }
  if (!name.endsWith('.gz')) return bytes;
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
