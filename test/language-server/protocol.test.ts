/** The server as any client meets it: a process, JSON-RPC over its pipes. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';

const server = fileURLToPath(new URL('../../language-server/server.node.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'refault-protocol-'));
const uriOf = (name: string): string => pathToFileURL(path.join(folder, name)).href;

let child: ChildProcessWithoutNullStreams;
let client: MessageConnection;
let refreshed = (): void => undefined;

interface Report {
  readonly kind: string;
  readonly resultId?: string;
  readonly items?: readonly {
    readonly code: string;
    readonly message: string;
    readonly range: { readonly start: { readonly line: number } };
  }[];
}

before(() => {
  writeFileSync(path.join(folder, 'machines.refault'), 'machine server { memory 64 MiB }\n');
  child = spawn(process.execPath, [server, '--stdio']);
  client = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  client.onRequest('workspace/diagnostic/refresh', () => {
    refreshed();
    return null;
  });
  client.onRequest('client/registerCapability', () => null);
  client.listen();
});

after(() => {
  child.kill();
  rmSync(folder, { recursive: true });
});

const pull = (uri: string, previousResultId?: string): Promise<Report> =>
  client.sendRequest('textDocument/diagnostic', {
    textDocument: { uri },
    ...(previousResultId ? { previousResultId } : {}),
  });
const codes = async (uri: string) => (await pull(uri)).items?.map((d) => `${d.range.start.line} ${d.code}`);

const cell = (name: string): string => `vscode-notebook-cell:${folder}/book.refault.md#${name}`;
const BOOK = uriOf('book.refault.md');

test('initialize announces notebooks, pull diagnostics between files and every feature', async () => {
  const { capabilities } = await client.sendRequest<{ capabilities: Record<string, unknown> }>('initialize', {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'work' }],
    capabilities: { workspace: { diagnostics: { refreshSupport: true } } },
  });
  await client.sendNotification('initialized', {});
  assert.deepEqual(capabilities['notebookDocumentSync'], {
    notebookSelector: [{ notebook: 'refault-notebook', cells: [{ language: 'refault' }] }],
  });
  assert.deepEqual(capabilities['diagnosticProvider'], {
    identifier: 'refault',
    interFileDependencies: true,
    workspaceDiagnostics: false,
  });
  for (const name of [
    'completion',
    'hover',
    'signatureHelp',
    'definition',
    'references',
    'documentHighlight',
    'rename',
    'documentSymbol',
    'workspaceSymbol',
    'foldingRange',
    'selectionRange',
    'semanticTokens',
    'documentFormatting',
    'documentRangeFormatting',
    'documentOnTypeFormatting',
    'inlayHint',
    'codeLens',
    'documentLink',
    'codeAction',
  ]) {
    assert.ok(capabilities[`${name}Provider`], name);
  }
});

test('a file that imports another is checked with it, and its edits arrive', async () => {
  const uri = uriOf('a.refault');
  const text = 'import "machines.refault"\nlet half = 0.5 * server.memory\nfile db half\nprocess p { read db }\nrun\n';
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'refault', version: 1, text },
  });
  const first = await pull(uri);
  assert.deepEqual(first.items, []);
  assert.equal((await pull(uri, first.resultId)).kind, 'unchanged');
  await client.sendNotification('textDocument/didChange', {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: { start: { line: 2, character: 8 }, end: { line: 2, character: 12 } }, text: '96' }],
  });
  assert.deepEqual(await codes(uri), ['2 U01']);
  const [definition] = await client.sendRequest<{ targetUri: string }[]>('textDocument/definition', {
    textDocument: { uri },
    position: { line: 1, character: 20 },
  });
  assert.equal(definition.targetUri, uriOf('machines.refault'));
});

test('renaming in an imported file reaches the files that import it', async () => {
  const uri = uriOf('machines.refault');
  await client.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'refault', version: 1, text: 'machine server { memory 64 MiB }\n' },
  });
  const edit = await client.sendRequest<{ changes: Record<string, unknown[]> }>('textDocument/rename', {
    textDocument: { uri },
    position: { line: 0, character: 10 },
    newName: 'host',
  });
  assert.deepEqual(Object.keys(edit.changes).sort(), [uriOf('a.refault'), uri].sort());
  await assert.rejects(
    client.sendRequest('textDocument/rename', {
      textDocument: { uri },
      position: { line: 0, character: 10 },
      newName: '1st',
    }),
    /no name/,
  );
});

test('cells of a notebook are one program; an edit in one refreshes the others', async () => {
  const texts: Readonly<Record<string, string>> = { one: 'file db 1 MiB', two: 'process p { read db }', three: 'run' };
  await client.sendNotification('notebookDocument/didOpen', {
    notebookDocument: {
      uri: BOOK,
      notebookType: 'refault-notebook',
      version: 1,
      cells: Object.keys(texts).map((name) => ({ kind: 2, document: cell(name) })),
    },
    cellTextDocuments: Object.entries(texts).map(([name, text]) => ({
      uri: cell(name),
      languageId: 'refault',
      version: 1,
      text,
    })),
  });
  for (const name of Object.keys(texts)) assert.deepEqual(await codes(cell(name)), [], name);
  const refresh = new Promise<void>((resolve) => (refreshed = resolve));
  await client.sendNotification('notebookDocument/didChange', {
    notebookDocument: { uri: BOOK, version: 2 },
    change: {
      cells: {
        textContent: [
          {
            document: { uri: cell('one'), version: 2 },
            changes: [{ range: { start: { line: 0, character: 5 }, end: { line: 0, character: 7 } }, text: 'data' }],
          },
        ],
      },
    },
  });
  assert.deepEqual(await codes(cell('two')), ['0 N01']);
  await refresh;
});

test('cells that are added, moved and removed change the program', async () => {
  await client.sendNotification('notebookDocument/didChange', {
    notebookDocument: { uri: BOOK, version: 3 },
    change: {
      cells: {
        structure: {
          array: { start: 0, deleteCount: 0, cells: [{ kind: 2, document: cell('zero') }] },
          didOpen: [{ uri: cell('zero'), languageId: 'refault', version: 1, text: 'file db 2 MiB' }],
        },
      },
    },
  });
  assert.deepEqual(await codes(cell('two')), []);
  await client.sendNotification('notebookDocument/didChange', {
    notebookDocument: { uri: BOOK, version: 4 },
    change: { cells: { structure: { array: { start: 0, deleteCount: 1 }, didClose: [{ uri: cell('zero') }] } } },
  });
  assert.deepEqual(await codes(cell('two')), ['0 N01']);
});

test('features answer inside of cells, lenses stay out of them', async () => {
  const textDocument = { uri: cell('two') };
  const position = { line: 0, character: 18 };
  const items = await client.sendRequest<{ label: string; data?: unknown }[]>('textDocument/completion', {
    textDocument,
    position: { line: 0, character: 17 },
  });
  assert.ok(items.some((i) => i.label === 'data'));
  const resolved = await client.sendRequest<{ documentation?: { value: string } }>(
    'completionItem/resolve',
    (
      await client.sendRequest<{ label: string }[]>('textDocument/completion', {
        textDocument: { uri: cell('three') },
        position: { line: 0, character: 0 },
      })
    )[0],
  );
  assert.ok(resolved.documentation!.value.length > 20);
  assert.deepEqual(await client.sendRequest('textDocument/codeLens', { textDocument: { uri: cell('three') } }), []);
  assert.equal(
    (await client.sendRequest<unknown[]>('textDocument/codeLens', { textDocument: { uri: uriOf('a.refault') } }))
      .length,
    1,
  );
  const actions = await client.sendRequest<{ title: string }[]>('textDocument/codeAction', {
    textDocument,
    range: { start: position, end: position },
    context: { diagnostics: [], only: ['quickfix'] },
  });
  assert.ok(actions.some((a) => a.title === "Declare 'file db'"));
  const hover = await client.sendRequest<{ contents: { value: string } }>('textDocument/hover', {
    textDocument,
    position: { line: 0, character: 2 },
  });
  assert.match(hover.contents.value, /process NAME/);
  const edits = await client.sendRequest<unknown[]>('textDocument/formatting', {
    textDocument: { uri: cell('three') },
    options: { tabSize: 2, insertSpaces: true },
  });
  assert.deepEqual(edits, []);
  const tokens = await client.sendRequest<{ data: number[]; resultId: string }>('textDocument/semanticTokens/full', {
    textDocument,
  });
  assert.ok(tokens.data.length > 0);
  const delta = await client.sendRequest<{ edits?: unknown[] }>('textDocument/semanticTokens/full/delta', {
    textDocument,
    previousResultId: tokens.resultId,
  });
  assert.deepEqual(delta.edits, []);
});

test('after it is closed, a notebook is forgotten', async () => {
  await client.sendNotification('notebookDocument/didClose', {
    notebookDocument: { uri: BOOK },
    cellTextDocuments: ['one', 'two', 'three'].map((name) => ({ uri: cell(name) })),
  });
  const symbols = await client.sendRequest<{ name: string }[]>('workspace/symbol', { query: 'data' });
  assert.deepEqual(symbols, []);
});

test('it shuts down when asked to', async () => {
  await client.sendRequest('shutdown');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await client.sendNotification('exit');
  assert.equal(await ended, 0);
});
