/** What the parts of the extension share, made once at activation. Heavy things are behind functions that make them when first called. */
import * as vscode from 'vscode';
import type * as engineModule from './engine.ts';
import type { Report } from '../simulator/report.ts';
import type { Platform } from './platform.ts';
import type { Compiler, ReadImport } from './program/compiler.ts';
import { createCompiler } from './program/compiler.ts';
import { createResultCache, type ResultCache } from './run/cache.ts';
import type { ExecuteServices } from './run/execute-plan.ts';
import { folderStore } from './run/folder-store.ts';
import { createResults, type Results } from './run/results.ts';
import { createPool, type Pool } from './worker/pool.ts';

/** Simulator code that the host itself needs; loaded with the first run. */
export type EngineModule = typeof engineModule;

export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly platform: Platform;
  readonly log: vscode.LogOutputChannel;
  readonly compiler: Compiler;
  readonly pool: Pool;
  readonly cache: ResultCache;
  readonly results: Results;
  readonly engine: () => Promise<EngineModule>;
  readonly execute: ExecuteServices;
}

export function createServices(context: vscode.ExtensionContext, platform: Platform): Services {
  const log = vscode.window.createOutputChannel('Refault', { log: true });
  const engine = () => import('./engine.ts');
  const compiler = createCompiler(platform.spawnCompiler, readImport);
  const pool = createPool({
    spawn: platform.spawnSimulator,
    shared: platform.sharedMemory,
    size: () => setting('workers', 0) || platform.defaultWorkers,
  });
  let cache: ResultCache | undefined;
  const lazyCache = async () => {
    const { decodeReport, MODEL_VERSION } = await engine();
    return (cache ??= createResultCache({
      store: folderStore(vscode.Uri.joinPath(context.globalStorageUri, 'results')),
      codec: { encode: (report) => compiler.write<'bytes'>({ as: 'bytes', report }), decode: decodeReport },
      model: MODEL_VERSION,
      enabled: () => setting('cache.enabled', true),
      now: Date.now,
    }));
  };
  const services: Services = {
    context,
    platform,
    log,
    compiler,
    pool,
    engine,
    results: createResults(),
    cache: {
      get: async (hash) => (await lazyCache()).get(hash),
      put: async (hash, report: Report) => (await lazyCache()).put(hash, report),
      clear: async () => (await lazyCache()).clear(),
    },
    execute: {
      pool,
      get cache() {
        return services.cache;
      },
      engine,
      freeMemory: platform.freeMemory,
      now: () => performance.now(),
    },
  };
  context.subscriptions.push(log, compiler, pool, services.results);
  return services;
}

export const setting = <T>(name: string, fallback: T): T =>
  vscode.workspace.getConfiguration('refault').get<T>(name, fallback);

/** `import "x.refault"` is relative to the text that says it; a cell's folder is its notebook's. */
const readImport: ReadImport = async ({ from, target }) => {
  try {
    const base = vscode.Uri.parse(from, true);
    if (base.scheme === 'untitled') return null;
    const notebook = vscode.workspace.notebookDocuments.find((doc) =>
      doc.getCells().some((cell) => cell.document.uri.toString() === from),
    );
    const uri = vscode.Uri.joinPath(notebook?.uri ?? base.with({ fragment: '' }), '..', target);
    const open = vscode.workspace.textDocuments.find((doc) => doc.uri.toString() === uri.toString());
    const text = open ? open.getText() : new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    return { uri: uri.toString(), text };
  } catch {
    return null;
  }
};
