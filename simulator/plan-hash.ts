/** What a plan asks for, as a hash: canonical JSON (sorted keys) without source positions, so that moving text changes nothing. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Plan } from './plan.ts';

export function hashPlan(plan: Plan): string {
  return hexHash(asciiBytes(canonical(plan)));
}

export const hexHash = (bytes: Uint8Array): string =>
  Array.from(sha256(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A hash as numbers: eight of 32 bits. */
export function hashWords(text: string): number[] {
  const bytes = sha256(asciiBytes(asciiJson(text)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: 8 }, (_, i) => view.getInt32(4 * i));
}

/** JSON in which everything beyond ASCII is escaped, so that characters are bytes. */
export const asciiJson = (text: string): string =>
  text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([key, v]) => key !== 'source' && v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, v]) => `${asciiJson(JSON.stringify(key))}:${canonical(v)}`);
    return `{${entries.join(',')}}`;
  }
  return asciiJson(JSON.stringify(value) ?? 'null');
}
