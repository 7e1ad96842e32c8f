/** The language server at work in cells that are one program. */
import * as vscode from 'vscode';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

describe('The language', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('marks a mistake, and the mark moves with the text and goes with the mistake', async () => {
    const notebook = await h.openCells('file db 96 MiB\nprocess p { read dbb uniform, 1k times }\nrun');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mistake is marked', () => h.errorsOf(document).length === 1);
    equal(document.getText(h.errorsOf(document)[0].range), 'dbb');
    await h.edit(document, (edit, uri) => edit.insert(uri, new vscode.Position(0, 0), '# a comment\n'));
    await h.until('the mark has moved', () => h.errorsOf(document)[0]?.range.start.line === 2);
    equal(document.getText(h.errorsOf(document)[0].range), 'dbb');
    await h.replace(document, 'dbb', 'db');
    await h.until('the mark is gone', () => h.errorsOf(document).length === 0);
  });

  it('opens the page behind the code of a mistake', async () => {
    const notebook = await h.openCells('file db 96\nprocess p { read db uniform, 1k times }\nrun');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mistake is marked', () => h.errorsOf(document).length === 1);
    const { code } = h.errorsOf(document)[0];
    ok(typeof code === 'object', 'the code has no page');
    const page = await vscode.workspace.openTextDocument(code.target);
    ok(page.getText().startsWith(`# ${code.value}: `), page.getText());
  });

  it('marks uses in other cells when a declaration changes its name', async () => {
    const notebook = await h.openCells('file db 96 MiB', 'process p { read db uniform, 1k times }', 'run');
    const [file, process] = h.codeCells(notebook).map((cell) => cell.document);
    await h.until('all is well', () => h.errorsOf(process).length === 0);
    await h.replace(file, 'db', 'other');
    await h.until('the use is marked', () => h.errorsOf(process).length === 1);
    await h.replace(file, 'other', 'db');
    await h.until('all is well again', () => h.errorsOf(process).length === 0);
  });

  it('renames across cells', async () => {
    const notebook = await h.openCells(
      'file db 96 MiB',
      'process p { read db uniform, 1k times }\nprocess q { read db sequentially once }',
    );
    const [file, process] = h.codeCells(notebook).map((cell) => cell.document);
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      process.uri,
      h.rangeOf(process, 'db').start,
      'store',
    );
    ok(await vscode.workspace.applyEdit(edit), 'the rename was refused');
    equal(file.getText(), 'file store 96 MiB');
    equal(process.getText(), 'process p { read store uniform, 1k times }\nprocess q { read store sequentially once }');
  });

  it('leads from a use in one cell to the declaration in another', async () => {
    const notebook = await h.openCells('file db 96 MiB', 'process p { read db uniform, 1k times }');
    const [file, process] = h.codeCells(notebook).map((cell) => cell.document);
    const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
      'vscode.executeDefinitionProvider',
      process.uri,
      h.rangeOf(process, 'db').start,
    );
    const targets = found.map((one) => ('targetUri' in one ? one.targetUri : one.uri).toString());
    equal(targets, [file.uri.toString()]);
  });

  it('offers the names of other cells and the variants of a knob', async () => {
    const notebook = await h.openCells('file database 96 MiB', 'process p { read  }\nrun "R" { compare reclaim:  }');
    const { document } = h.codeCells(notebook)[1];
    const labelsAfter = async (text: string) => {
      const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        h.rangeOf(document, text).end,
      );
      return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    };
    ok((await labelsAfter('read ')).includes('database'), 'the file is not offered');
    ok((await labelsAfter('reclaim: ')).includes('v3.15'), 'v3.15 is not offered');
  });

  it('explains a kernel name on hover', async () => {
    const notebook = await h.openCells('sysctl vm.swappiness 60');
    const { document } = h.codeCells(notebook)[0];
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      h.rangeOf(document, 'swappiness').start,
    );
    const text = hovers
      .flatMap(({ contents }) => contents.map((c) => (typeof c === 'string' ? c : c.value)))
      .join('\n');
    ok(text.includes('/proc/sys/vm/swappiness'), `no kernel counterpart in: ${text}`);
  });

  it('mends a misspelt name with its quick fix', async () => {
    const notebook = await h.openCells('file database 96 MiB\nprocess p { read databse uniform, 1k times }');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mistake is marked', () => h.errorsOf(document).length === 1);
    await h.applyFix(document, 'databse', /database/);
    await h.until('the mistake is gone', () => h.errorsOf(document).length === 0);
    ok(document.getText().includes('read database uniform'), document.getText());
  });

  it('formats a cell, and a formatted cell stays as it is', async () => {
    const notebook = await h.openCells('process   p{\nread db   uniform,1k times\n}');
    const { document } = h.codeCells(notebook)[0];
    const format = async () => {
      const edits = await vscode.commands.executeCommand<vscode.TextEdit[] | undefined>(
        'vscode.executeFormatDocumentProvider',
        document.uri,
        { tabSize: 2, insertSpaces: true },
      );
      if (edits && edits.length > 0) {
        await h.edit(document, (edit, uri) => edits.forEach((one) => edit.replace(uri, one.range, one.newText)));
      }
      return document.getText();
    };
    const once = await format();
    equal(once, 'process p {\n  read db uniform, 1k times\n}');
    equal(await format(), once);
  });

  it('gives plain .refault files outline and code lenses', async () => {
    const uri = await h.write('file db 96 MiB\nprocess p { read db uniform, 1k times }\nrun "Look" { }\n', 'refault');
    await vscode.window.showTextDocument(uri);
    let symbols: vscode.DocumentSymbol[] = [];
    await h.until('the outline is there', async () => {
      symbols =
        (await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
          'vscode.executeDocumentSymbolProvider',
          uri,
        )) ?? [];
      return symbols.length > 0;
    });
    ok(
      ['db', 'p', 'Look'].every((name) => symbols.some((s) => s.name.includes(name))),
      symbols.map((s) => s.name).join(', '),
    );
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 10);
    ok(
      lenses.some(({ command }) => command?.command === 'refault.runScenario'),
      'no lens runs the scenario',
    );
  });
});
