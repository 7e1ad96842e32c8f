/**
 * The host's end of the compile worker: programs in, plans out; imports are read by the host as the program turns out to name them, the last
 * results kept. A worker that dies or hangs is replaced; the request fails with a message for people.
 */
import {
  importKey,
  type Compiled,
  type ImportRef,
  type LanguageReply,
  type LanguageRequest,
  type PackedFile,
  type Source,
  type Trace,
  type UnpackReply,
} from './protocol.ts';
import type { Writing, Written } from './writing.ts';

/** No program that a person writes takes a hundredth of this. */
const LONGEST_COMPILE_MS = 20_000;
/** A trace of a gigabyte on a slow machine. */
const LONGEST_DECODE_MS = 600_000;
/** A report of a hundred megabytes on a slow machine. */
const LONGEST_WRITE_MS = 120_000;
const REMEMBERED = 16;
/** An import may import in turn; more rounds than this is a chain nobody means. */
const ROUNDS = 32;

export interface CompilerPort {
  post(request: LanguageRequest): void;
  terminate(): void;
}
export interface CompilerListener {
  reply(reply: LanguageReply): void;
  exit(reason: string): void;
}
export type SpawnCompiler = (listener: CompilerListener) => CompilerPort;
export type ReadImport = (ref: ImportRef) => Promise<Source | null>;

export interface Compiler {
  compile(sources: readonly Source[]): Promise<Compiled>;
  decodeTrace(name: string, format: string, bytes: Uint8Array): Promise<Trace>;
  /** Recordings by name, unpacked. */
  unpack(files: readonly PackedFile[]): Promise<UnpackReply['files']>;
  /** A report, or several, in the form that is asked for. */
  write<K extends keyof Written>(what: Extract<Writing, { readonly as: K }>): Promise<Written[K]>;
  /** Starts the worker and builds its parser, so that the first real request finds it ready. */
  warmUp(): void;
  dispose(): void;
}

interface Pending {
  readonly resolve: (reply: LanguageReply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

type Question<T> = T extends LanguageRequest ? Omit<T, 'id'> : never;

export function createCompiler(spawn: SpawnCompiler, readImport: ReadImport): Compiler {
  let port: CompilerPort | undefined;
  let nextId = 1;
  const pending = new Map<number, Pending>();
  const remembered = new Map<string, Promise<Compiled>>();

  function drop(reason: string): void {
    port = undefined;
    const waiting = [...pending.values()];
    pending.clear();
    for (const { reject, timer } of waiting) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
  }

  function ask<K extends LanguageRequest['kind']>(
    question: Question<Extract<LanguageRequest, { kind: K }>>,
    longest: number,
  ): Promise<Extract<LanguageReply, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const id = nextId++;
      const timer = setTimeout(() => {
        port?.terminate();
        drop('this took too long to read; the language worker was stopped');
      }, longest);
      pending.set(id, { resolve: resolve as (reply: LanguageReply) => void, reject, timer });
      try {
        port ??= start();
        port.post({ ...question, id });
      } catch (error) {
        drop(error instanceof Error ? error.message : String(error));
      }
    });
  }

  function start(): CompilerPort {
    const started: CompilerPort = spawn({
      reply: (reply) => {
        const waiting = pending.get(reply.id);
        if (!waiting) return;
        pending.delete(reply.id);
        clearTimeout(waiting.timer);
        if (reply.kind === 'failure') waiting.reject(new Error(reply.message));
        else waiting.resolve(reply);
      },
      exit: (reason) => {
        if (port === started) drop(`the language worker ended: ${reason}`);
      },
    });
    return started;
  }

  async function compile(sources: readonly Source[]): Promise<Compiled> {
    const imports: Record<string, Source | null> = {};
    for (let round = 0; ; round++) {
      const { plans, problems, missing } = await ask<'compile'>(
        { kind: 'compile', sources, imports },
        LONGEST_COMPILE_MS,
      );
      if (missing.length === 0 || round === ROUNDS) return { plans, problems };
      await Promise.all(missing.map(async (ref) => (imports[importKey(ref)] = await readImport(ref))));
    }
  }

  return {
    async compile(sources) {
      // imported files may change behind our back: what imports is not remembered
      if (sources.some(({ text }) => /^\s*import\b/m.test(text))) return compile(sources);
      const key = JSON.stringify(sources.map(({ uri, text }) => [uri, text]));
      let result = remembered.get(key);
      if (result) remembered.delete(key);
      else result = compile(sources);
      remembered.set(key, result);
      if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!);
      try {
        return await result;
      } catch (error) {
        remembered.delete(key);
        throw error;
      }
    },
    unpack: async (files) => (await ask<'unpack'>({ kind: 'unpack', files }, LONGEST_DECODE_MS)).files,
    // the worker gives what was asked for
    write: async <K extends keyof Written>(what: Extract<Writing, { readonly as: K }>) =>
      (await ask<'write'>({ kind: 'write', what }, LONGEST_WRITE_MS)).written as Written[K],
    decodeTrace: (name, format, bytes) => ask<'trace'>({ kind: 'trace', name, format, bytes }, LONGEST_DECODE_MS),
    warmUp() {
      compile([{ uri: 'refault:warm-up', text: 'file db 1 MiB\nprocess p { read db once }\nrun\n' }]).catch(
        () => undefined,
      );
    },
    dispose() {
      port?.terminate();
      drop('Refault is closing');
    },
  };
}
