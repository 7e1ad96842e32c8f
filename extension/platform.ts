/** What differs between the desktop (or a remote server) and the browser; everything else is written once against this. */
import type { LanguageClientOptions } from 'vscode-languageclient';
import type { SpawnCompiler } from './program/compiler.ts';
import type { SpawnWorker } from './worker/protocol.ts';

/** The part of a language client that we use; the client itself is loaded when it is first needed. */
export interface Client {
  start(): Promise<void>;
  dispose(): Promise<void>;
}

export interface Platform {
  readonly spawnSimulator: SpawnWorker;
  readonly spawnCompiler: SpawnCompiler;
  /** Whether workers can share memory with the extension host. */
  readonly sharedMemory: boolean;
  /** Workers when the setting says 0. */
  readonly defaultWorkers: number;
  readonly freeMemory: () => number | undefined;
  readonly createClient: (options: LanguageClientOptions) => Promise<Client>;
}
