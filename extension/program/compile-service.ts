/** The compile worker's end, whatever it is made of: the language's façade and the trace decoders behind plain messages. */
import { compileProgram, type LanguageDiagnostic } from '../../language-server/language/index.ts';
import { hashPlan, hexHash } from '../../simulator/plan-hash.ts';
import { isRecordedText } from '../../simulator/fidelity/recorded-files.ts';
import { packingOf, traceDecoder } from '../../simulator/trace/format.ts';
import {
  importKey,
  type CompileReply,
  type CompileRequest,
  type ImportRef,
  type LanguageReply,
  type LanguageRequest,
  type Problem,
  type TraceReply,
  type TraceRequest,
  type UnpackReply,
  type UnpackRequest,
} from './protocol.ts';
import { write } from './writing.ts';

export interface LanguageHost {
  /** The bytes of a file, unpacked if its name says that it is packed. */
  readonly unpack: (name: string, bytes: Uint8Array) => AsyncIterable<Uint8Array>;
  /** Whether other workers can read the same memory. */
  readonly shared: boolean;
}

export async function answer(request: LanguageRequest, host: LanguageHost): Promise<LanguageReply> {
  try {
    switch (request.kind) {
      case 'compile':
        return compile(request);
      case 'trace':
        return await decode(request, host);
      case 'unpack':
        return await unpack(request, host);
      case 'write':
        return { kind: 'write', id: request.id, written: write(request.what) };
    }
  } catch (error) {
    return { kind: 'failure', id: request.id, message: error instanceof Error ? error.message : String(error) };
  }
}

function compile({ id, sources, imports }: CompileRequest): CompileReply {
  const missing: ImportRef[] = [];
  const resolveImport = (from: string, target: string) => {
    const ref = { from, target };
    const found = imports[importKey(ref)];
    if (found === undefined) missing.push(ref);
    return found ?? null;
  };
  const { plans, diagnostics } = compileProgram(sources, { resolveImport });
  return {
    kind: 'compile',
    id,
    plans: plans.map((plan) => ({ plan, hash: hashPlan(plan) })),
    problems: diagnostics.map(problemOf),
    missing,
  };
}

const problemOf = ({ uri, range, severity, code, message }: LanguageDiagnostic): Problem => ({
  severity,
  code,
  message,
  where: {
    uri,
    line: range.start.line,
    column: range.start.character,
    endLine: range.end.line,
    endColumn: range.end.character,
  },
});

async function decode({ id, name, format, bytes }: TraceRequest, host: LanguageHost): Promise<TraceReply> {
  const decoder = traceDecoder(format, name);
  for await (const chunk of host.unpack(name, bytes)) decoder.push(chunk);
  const { words, filePages, anonPages } = decoder.finish();
  const hash = hexHash(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  return { kind: 'trace', id, words: host.shared ? share(words) : words, pages: filePages + anonPages, hash };
}

async function unpack({ id, files }: UnpackRequest, host: LanguageHost): Promise<UnpackReply> {
  const found: Record<string, string | Uint8Array> = {};
  for (const { name, bytes } of files) {
    const parts: Uint8Array[] = [];
    for await (const chunk of host.unpack(name, bytes)) parts.push(chunk);
    const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    const file = packingOf(name) === 'none' ? name : name.slice(0, name.lastIndexOf('.'));
    found[file] = isRecordedText(file) ? new TextDecoder().decode(whole) : whole;
  }
  return { kind: 'unpack', id, files: found };
}

/** What need not be copied on its way back. */
export function buffersOf(reply: LanguageReply): ArrayBuffer[] {
  if (reply.kind !== 'write' || typeof reply.written === 'string') return [];
  const { buffer } = 'bytes' in reply.written ? reply.written.bytes : reply.written;
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}

function share(words: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(words.byteLength));
  copy.set(words);
  return copy;
}
