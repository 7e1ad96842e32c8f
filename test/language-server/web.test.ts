/** The server as a web worker: bundled for a browser, run where there is no Node, talked to by messages. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import vm from 'node:vm';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname, '..', '..');

interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

/** As much of a worker's global scope as a message reader and writer need. */
class Scope {
  onmessage: ((event: { data: Message }) => void) | null = null;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #id = 0;
  /** Files that the editor can reach. */
  readonly files: Readonly<Record<string, string>>;

  constructor(files: Readonly<Record<string, string>>) {
    this.files = files;
  }

  addEventListener(): void {
    // errors of the worker itself: none are expected
  }

  postMessage(message: Message): void {
    if (message.method === 'refault/readFile') {
      const { uri } = message.params as { uri: string };
      this.send({ jsonrpc: '2.0', id: message.id!, result: this.files[uri] ?? null });
    } else if (message.method === undefined) this.#waiting.get(message.id as number)?.(message.result);
    else if (message.id !== undefined) this.send({ jsonrpc: '2.0', id: message.id, result: null });
  }

  send(data: Message): void {
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  request<T>(method: string, params: unknown): Promise<T> {
    const id = ++this.#id;
    const answer = new Promise<T>((resolve) => this.#waiting.set(id, resolve as (result: unknown) => void));
    this.send({ jsonrpc: '2.0', id, method, params });
    return answer;
  }

  notify(method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', method, params });
  }
}

test('in a worker without Node the server checks a program, and has its imports read by the editor', async () => {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'language-server/server.web.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'error',
  });
  const scope = new Scope({ 'vscode-vfs://github/a/machines.refault': 'machine server { memory 64 MiB }' });
  const globals = {
    self: scope,
    setTimeout,
    clearTimeout,
    queueMicrotask,
    TextDecoder,
    TextEncoder,
    URL,
    console,
    performance,
  };
  vm.runInNewContext(outputFiles[0].text, globals);
  const { capabilities } = await scope.request<{ capabilities: Record<string, unknown> }>('initialize', {
    processId: null,
    rootUri: null,
    capabilities: {},
  });
  assert.ok(capabilities['diagnosticProvider']);
  scope.notify('initialized', {});
  const uri = 'vscode-vfs://github/a/x.refault';
  const text = 'import "machines.refault"\nfile db 0.5 * server.memory\nprocess p { read dbb }\nrun';
  scope.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'refault', version: 1, text } });
  const report = await scope.request<{ items: { message: string }[] }>('textDocument/diagnostic', {
    textDocument: { uri },
  });
  assert.deepEqual(
    Array.from(report.items, (d) => d.message),
    ["there is no file or anonymous memory 'dbb': did you mean 'db'?"],
  );
});
