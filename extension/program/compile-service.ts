/** The compile worker's end, whatever it is made of: the language's façade and the trace decoders behind plain messages. */
import { compileProgram, type LanguageDiagnostic } from '../../language-server/language/index.ts';
import { hashPlan, hexHash } from '../../simulator/plan-hash.ts';
import { traceDecoder } from '../../simulator/trace/format.ts';
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
} from './protocol.ts';

export interface LanguageHost {
  /** The bytes of a file, unpacked if its name says that it is packed. */
  readonly unpack: (name: string, bytes: Uint8Array) => AsyncIterable<Uint8Array>;
  /** Whether other workers can read the same memory. */
  readonly shared: boolean;
}

export async function answer(request: LanguageRequest, host: LanguageHost): Promise<LanguageReply> {
  try {
    return request.kind === 'compile' ? compile(request) : await decode(request, host);
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

function share(words: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(words.byteLength));
  copy.set(words);
  return copy;
}
