/**
 * Latencies of the language server over its pipes, p95, against the budgets: a notebook of 50 cells and 500 lines, edited and asked in turn.
 * Budgets are those of an editor that feels immediate; the table says by how much they are kept.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { Row } from './rows.ts';

const CELLS = 50;
const NOTEBOOK = 'file:///bench/book.refault.md';
const uriOf = (i: number): string => `vscode-notebook-cell:/bench/book.refault.md#c${i}`;

/** Ten lines: a file, a process with phases, and a run that varies two things. */
const cellText = (i: number): string =>
  i === 0
    ? 'machine server {\n  memory 64 MiB\n  disk { latency 100 us, bandwidth 150 MB/s }\n}\nlet hot = 0.6 * server.memory\nfile shared 32 MiB\nsysctl vm.swappiness 60\ncgroup web {\n  memory.max 48 MiB\n}'
    : `file data-${i} ${16 + i} MiB\nprocess job-${i} in web {\n  phase "first" { read data-${i} sequentially 2 times; touch shared uniform, 10k times }\n  phase "second" { read data-${i} zipf 1.0, 100k times }\n}\nrun "Experiment ${i}" {\n  compare reclaim: classic, v3.15, v6.1, lru, opt\n  sweep server.memory 56 MiB .. 80 MiB step 8 MiB\n  expect v3.15: workingset_refault_file("second") < 100k\n}`;

/** In milliseconds: what an editor may take. */
const budgets = {
  'cold start to diagnostics': 1500,
  'edit to diagnostics': 100,
  completion: 50,
  hover: 30,
  highlight: 20,
  'semantic tokens': 50,
  'inlay hints': 50,
  rename: 100,
  format: 60,
} as const;

const p95 = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.ceil(times.length * 0.95) - 1)];

export async function benchEditor(rounds: number): Promise<Row[]> {
  const bundle = fileURLToPath(new URL('../../dist/server.cjs', import.meta.url));
  const source = fileURLToPath(new URL('../../language-server/server.node.ts', import.meta.url));
  const server = existsSync(bundle) ? bundle : source;
  const begun = performance.now();
  // as the extension starts it (extension/client/client.node.ts)
  const child = spawn(process.execPath, ['--max-semi-space-size=4', server, '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const client = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  client.listen();
  try {
    return await measure(client, child.pid, begun, rounds, server === bundle ? 'bundled' : 'from source');
  } finally {
    client.dispose();
    child.kill();
  }
}

async function measure(
  client: MessageConnection,
  pid: number | undefined,
  begun: number,
  rounds: number,
  how: string,
): Promise<Row[]> {
  const times: Record<keyof typeof budgets, number[]> = {
    'cold start to diagnostics': [],
    'edit to diagnostics': [],
    completion: [],
    hover: [],
    highlight: [],
    'semantic tokens': [],
    'inlay hints': [],
    rename: [],
    format: [],
  };
  const timed = async (name: keyof typeof budgets, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    times[name].push(performance.now() - start);
  };
  await client.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
  await client.sendNotification('initialized', {});
  const texts = Array.from({ length: CELLS }, (_, i) => cellText(i));
  await client.sendNotification('notebookDocument/didOpen', {
    notebookDocument: {
      uri: NOTEBOOK,
      notebookType: 'refault-notebook',
      version: 1,
      cells: texts.map((_, i) => ({ kind: 2, document: uriOf(i) })),
    },
    cellTextDocuments: texts.map((text, i) => ({ uri: uriOf(i), languageId: 'refault', version: 1, text })),
  });
  const document = (i: number) => ({ textDocument: { uri: uriOf(i) } });
  const pull = (i: number) => client.sendRequest<{ items?: unknown[] }>('textDocument/diagnostic', document(i));
  const first = await pull(CELLS - 1);
  times['cold start to diagnostics'].push(performance.now() - begun);
  if (first.items?.length !== 0)
    throw new Error(`the benchmark's notebook has diagnostics: ${JSON.stringify(first.items)}`);

  let version = 1;
  for (let round = 0; round < rounds * 40; round++) {
    const i = 1 + ((round * 7) % (CELLS - 1));
    version++;
    const digit = String(round % 10);
    // A figure of the cell changes, so that the whole program is checked again.
    await timed('edit to diagnostics', async () => {
      await client.sendNotification('notebookDocument/didChange', {
        notebookDocument: { uri: NOTEBOOK, version },
        change: {
          cells: {
            textContent: [
              {
                document: { uri: uriOf(i), version },
                changes: [
                  { range: { start: { line: 3, character: 38 }, end: { line: 3, character: 39 } }, text: digit },
                ],
              },
            ],
          },
        },
      });
      await pull(i);
    });
    await timed('completion', () =>
      client.sendRequest('textDocument/completion', { ...document(i), position: { line: 2, character: 24 } }),
    );
    await timed('hover', () =>
      client.sendRequest('textDocument/hover', { ...document(i), position: { line: 8, character: 22 } }),
    );
    await timed('highlight', () =>
      client.sendRequest('textDocument/documentHighlight', { ...document(i), position: { line: 0, character: 6 } }),
    );
    await timed('semantic tokens', () => client.sendRequest('textDocument/semanticTokens/full', document(i)));
    await timed('inlay hints', () =>
      client.sendRequest('textDocument/inlayHint', {
        ...document(i),
        range: { start: { line: 0, character: 0 }, end: { line: 10, character: 0 } },
      }),
    );
    await timed('rename', () =>
      client.sendRequest('textDocument/rename', {
        ...document(0),
        position: { line: 0, character: 9 },
        newName: `host-${round}`,
      }),
    );
    await timed('format', () =>
      client.sendRequest('textDocument/formatting', { ...document(i), options: { tabSize: 2, insertSpaces: true } }),
    );
  }
  const rows = (Object.keys(budgets) as (keyof typeof budgets)[]).map((name): Row => ({
    suite: `editor: ${CELLS} cells, ${CELLS * 10} lines, p95, server ${how}`,
    name,
    value: p95(times[name]),
    unit: 'ms',
    budget: budgets[name],
  }));
  const memory = residentMiB(pid);
  return memory === null
    ? rows
    : [
        ...rows,
        {
          suite: rows[0].suite,
          name: 'server memory',
          value: memory,
          unit: 'MiB resident',
          budget: 150,
          note: 'resident: Node itself and the code too',
        },
      ];
}

/** What the server process holds, where the system says so. */
function residentMiB(pid: number | undefined): number | null {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}
