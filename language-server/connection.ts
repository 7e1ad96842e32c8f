/** The server behind a connection: what it can do, and which feature answers what. The same for Node and for a web worker. */
import { pathToKnownFiles, type FileSystem } from './file-system.ts';
import {
  DidChangeWatchedFilesNotification,
  NotebookDocuments,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeResult,
  type TextDocumentPositionParams,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { codeActions } from './features/code-actions.ts';
import { codeLenses } from './features/code-lens.ts';
import { completion, resolveCompletion } from './features/completion.ts';
import { documentContext, positionContext, type DocumentContext, type PositionContext } from './features/context.ts';
import { diagnosticReport } from './features/diagnostics.ts';
import { documentLinks } from './features/document-links.ts';
import { foldingRanges } from './features/folding.ts';
import { formatting, formattingOnType } from './features/formatting.ts';
import { hover } from './features/hover.ts';
import { inlayHints } from './features/inlay-hints.ts';
import { definition, highlights, references } from './features/navigation.ts';
import { prepareRename, rename, RenameError } from './features/rename.ts';
import { selectionRange } from './features/selection-range.ts';
import { pushTokens, SemanticTokensCache, tokenModifiers, tokenTypes } from './features/semantic-tokens.ts';
import { signatureHelp } from './features/signature-help.ts';
import { documentSymbols, workspaceSymbols } from './features/symbols.ts';
import { SemanticTokensBuilder } from 'vscode-languageserver';
import { warmUp } from './language/parser.ts';
import { LANGUAGE, Workspace, type ProgramView } from './workspace.ts';

export const NOTEBOOK_TYPE = 'refault-notebook';
/** LSPErrorCodes.RequestFailed: the message is shown to the user. */
const REQUEST_FAILED = -32803;

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  notebookDocumentSync: { notebookSelector: [{ notebook: NOTEBOOK_TYPE, cells: [{ language: LANGUAGE }] }] },
  diagnosticProvider: { identifier: LANGUAGE, interFileDependencies: true, workspaceDiagnostics: false },
  completionProvider: { triggerCharacters: [' ', '.', ':', ',', '"', '('], resolveProvider: true },
  hoverProvider: true,
  signatureHelpProvider: { triggerCharacters: [' '], retriggerCharacters: [',', ' '] },
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  workspaceSymbolProvider: true,
  foldingRangeProvider: true,
  selectionRangeProvider: true,
  semanticTokensProvider: {
    legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
    full: { delta: true },
    range: true,
  },
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  documentOnTypeFormattingProvider: { firstTriggerCharacter: '}', moreTriggerCharacter: ['\n'] },
  inlayHintProvider: { resolveProvider: false },
  codeLensProvider: { resolveProvider: false },
  documentLinkProvider: { resolveProvider: false },
  codeActionProvider: {
    codeActionKinds: ['quickfix', 'source.fixAll.refault', 'refactor.extract', 'refactor.inline', 'refactor.rewrite'],
  },
};

export function serve(connection: Connection, files: FileSystem): void {
  const texts = new TextDocuments(TextDocument);
  const notebooks = new NotebookDocuments(texts);
  const open = new Set<string>();
  const workspace = new Workspace(
    {
      text(uri) {
        const document = texts.get(uri) ?? notebooks.cellTextDocuments.get(uri);
        return document && { text: document.getText(), version: document.version };
      },
      files: () =>
        texts
          .all()
          .map((d) => d.uri)
          .filter((uri) => notebooks.findNotebookDocumentForCell(uri) === undefined),
      notebooks: () => [...open].map((uri) => notebooks.getNotebookDocument(uri)).filter((n) => n !== undefined),
      notebookOf: (cell) => notebooks.findNotebookDocumentForCell(cell),
    },
    (uri) => files.read(uri),
  );
  const tokens = new SemanticTokensCache();
  let canRefresh = false;
  let canWatch = false;
  let folders: readonly string[] = [];

  connection.onInitialize(({ capabilities: client, workspaceFolders, rootUri }) => {
    canRefresh = client.workspace?.diagnostics?.refreshSupport === true;
    canWatch = client.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    folders = workspaceFolders?.map((f) => f.uri) ?? (rootUri ? [rootUri] : []);
    return { capabilities, serverInfo: { name: 'Refault' } };
  });
  connection.onInitialized(async () => {
    warmUp();
    if (canWatch) {
      await connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.refault' }],
      });
    }
    workspace.know(await pathToKnownFiles(files, folders));
  });
  connection.onDidChangeWatchedFiles(async ({ changes }) => {
    workspace.forget(changes.map((c) => c.uri));
    workspace.know(await pathToKnownFiles(files, folders));
    refreshOthers();
  });

  // ---- staying fresh: errors elsewhere depend on what is declared here

  /** What was declared when diagnostics were last worked out. */
  const declared = new Map<string, string>();
  const namesOf = ({ program }: ProgramView): string =>
    [...program.symbols.values()].map((s) => `${s.kind} ${s.name}`).join();
  const touched = new Set<string>();
  let pending = false;
  const refreshOthers = (): void => {
    if (canRefresh) connection.languages.diagnostics.refresh().catch(() => undefined); // the client may be leaving
  };
  /** Once for all that arrives together: opening a notebook touches every cell. */
  const changed = (uri: string): void => {
    touched.add(workspace.keyOf(uri));
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      let stale = false;
      for (const key of touched) {
        const names = namesOf(workspace.view(key));
        stale ||= declared.has(key) && declared.get(key) !== names;
        declared.set(key, names);
      }
      touched.clear();
      if (stale) refreshOthers();
    });
  };
  texts.onDidChangeContent(({ document }) => changed(document.uri));
  texts.onDidClose(({ document }) => {
    workspace.close(document.uri);
    declared.delete(document.uri);
    tokens.forget(document.uri);
  });
  notebooks.onDidOpen((n) => open.add(n.uri));
  notebooks.onDidClose((n) => {
    open.delete(n.uri);
    workspace.close(n.uri);
    declared.delete(n.uri);
  });
  notebooks.onDidChange(({ notebookDocument }) => changed(notebookDocument.uri));

  // ---- features

  const within = async (uri: string): Promise<DocumentContext | undefined> =>
    documentContext(await workspace.settled(uri), uri);
  const at = async ({
    textDocument: { uri },
    position,
  }: TextDocumentPositionParams): Promise<PositionContext | undefined> =>
    positionContext(await workspace.settled(uri), uri, position);
  const isCell = (uri: string): boolean => notebooks.findNotebookDocumentForCell(uri) !== undefined;

  connection.languages.diagnostics.on(async ({ textDocument: { uri }, previousResultId }) => {
    const view = await workspace.settled(uri);
    if (!declared.has(view.key)) declared.set(view.key, namesOf(view));
    return diagnosticReport(view, uri, previousResultId);
  });
  connection.onCompletion(async (params) => {
    const context = await at(params);
    return context ? completion(context) : [];
  });
  connection.onCompletionResolve(resolveCompletion);
  connection.onHover(async (params) => {
    const context = await at(params);
    return context ? hover(context) : null;
  });
  connection.onSignatureHelp(async (params) => {
    const context = await at(params);
    return context ? signatureHelp(context) : null;
  });
  connection.onDefinition(async (params) => {
    const context = await at(params);
    return context ? definition(context) : [];
  });
  connection.onReferences(async (params) => {
    const context = await at(params);
    return context ? references(context, await workspace.allViews(), params.context.includeDeclaration) : [];
  });
  connection.onDocumentHighlight(async (params) => {
    const context = await at(params);
    return context ? highlights(context) : [];
  });
  connection.onPrepareRename(async (params) => {
    const context = await at(params);
    return context ? prepareRename(context) : null;
  });
  connection.onRenameRequest(async (params) => {
    const context = await at(params);
    if (!context) return null;
    try {
      return rename(context, await workspace.allViews(), params.newName);
    } catch (error) {
      if (error instanceof RenameError) return new ResponseError<void>(REQUEST_FAILED, error.message);
      throw error;
    }
  });
  connection.onDocumentSymbol(async ({ textDocument }) => {
    const context = await within(textDocument.uri);
    return context ? documentSymbols(context) : [];
  });
  connection.onWorkspaceSymbol(async ({ query }) => workspaceSymbols(await workspace.allViews(), query));
  connection.onFoldingRanges(async ({ textDocument }) => {
    const context = await within(textDocument.uri);
    return context ? foldingRanges(context) : [];
  });
  connection.onSelectionRanges(async ({ textDocument: { uri }, positions }) => {
    const view = await workspace.settled(uri);
    return positions.map((position) => {
      const context = positionContext(view, uri, position);
      return context ? selectionRange(context) : { range: { start: position, end: position } };
    });
  });
  connection.languages.semanticTokens.on(async ({ textDocument }) => {
    const context = await within(textDocument.uri);
    return context ? tokens.full(context) : { data: [] };
  });
  connection.languages.semanticTokens.onDelta(async ({ textDocument, previousResultId }) => {
    const context = await within(textDocument.uri);
    return context ? tokens.delta(context, previousResultId) : { data: [] };
  });
  connection.languages.semanticTokens.onRange(async ({ textDocument, range }) => {
    const context = await within(textDocument.uri);
    const builder = new SemanticTokensBuilder();
    if (context) pushTokens(builder, context, range);
    return builder.build();
  });
  const textOf = (uri: string): string | undefined =>
    (texts.get(uri) ?? notebooks.cellTextDocuments.get(uri))?.getText();
  connection.onDocumentFormatting(({ textDocument: { uri }, options }) => {
    const text = textOf(uri);
    return text === undefined ? [] : formatting({ text, options, isCell: isCell(uri) });
  });
  connection.onDocumentRangeFormatting(({ textDocument: { uri }, options, range }) => {
    const text = textOf(uri);
    return text === undefined ? [] : formatting({ text, options, isCell: isCell(uri), range });
  });
  connection.onDocumentOnTypeFormatting(({ textDocument: { uri }, options, position, ch }) => {
    const text = textOf(uri);
    return text === undefined ? [] : formattingOnType({ text, options, isCell: isCell(uri) }, position.line, ch);
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const context = await within(textDocument.uri);
    return context ? inlayHints(context, range) : [];
  });
  connection.onCodeLens(async ({ textDocument }) => {
    const context = await within(textDocument.uri);
    return context && !isCell(textDocument.uri) ? codeLenses(context) : [];
  });
  connection.onDocumentLinks(async ({ textDocument }) => {
    const context = await within(textDocument.uri);
    return context ? documentLinks(context) : [];
  });
  connection.onCodeAction(async ({ textDocument: { uri }, range, context: { diagnostics, only } }) => {
    const context = positionContext(await workspace.settled(uri), uri, range.start);
    const actions = context ? codeActions(context, range, diagnostics) : [];
    return only
      ? actions.filter((a) => only.some((kind) => a.kind === kind || a.kind?.startsWith(`${kind}.`)))
      : actions;
  });

  texts.listen(connection);
  notebooks.listen(connection);
  connection.listen();
}
