/** Starts the language server soon after activation, and again on demand. Without it everything but the editor's help still works. */
import type * as vscode from 'vscode';
import { LANGUAGE, NOTEBOOK_TYPE } from '../notebook/session.ts';
import type { Client } from '../platform.ts';
import type { Services } from '../services.ts';

export interface LanguageServer extends vscode.Disposable {
  /** Resolves when the server answers; rejects when it could not be started. */
  ready(): Promise<void>;
  restart(): Promise<void>;
}

export function createLanguageServer({ platform, log }: Services): LanguageServer {
  let client: Promise<Client> | undefined;

  async function start(): Promise<Client> {
    const begun = performance.now();
    const created = await platform.createClient({
      // files, untitled documents and notebook cells alike; cells of other notebooks stay out
      documentSelector: [{ language: LANGUAGE }, { notebook: NOTEBOOK_TYPE, language: LANGUAGE }],
      outputChannel: log,
      traceOutputChannel: log,
      markdown: { supportHtml: false },
      diagnosticPullOptions: { onChange: true, onTabs: true },
    });
    await created.start();
    log.info(`language server ready after ${(performance.now() - begun).toFixed(0)} ms`);
    return created;
  }

  const get = () => (client ??= start());

  return {
    async ready() {
      await get();
    },
    async restart() {
      const running = client;
      client = running
        ? running
            .then((one) => one.dispose())
            .catch(() => undefined) // it may have died: that is why one restarts
            .then(start)
        : start();
      await client;
    },
    dispose() {
      client?.then((running) => running.dispose()).catch(() => undefined);
    },
  };
}
