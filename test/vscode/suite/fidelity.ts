/** Comparisons with recordings in an editor: the extension finds its own recordings, on Node and in the browser, and tells what came out. */
import * as vscode from 'vscode';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

describe('Recordings', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('compares recordings that come with the extension: no access of a moving working set differs', async () => {
    const notebook = await h.openCells('run "How faithful?" { fidelity reclaim.B_shift, exit }');
    await h.runAll(notebook);
    const [cell] = h.codeCells(notebook);
    equal(cell.executionSummary?.success, true, cell.outputs.map(h.textOf).join('\n'));
    const [report] = h.reportsOf(cell);
    equal(
      report.fidelity?.map(({ area, complete, unknown, unusable }) => [area, complete, unknown, unusable]),
      [
        ['reclaim', true, [], []],
        ['exit', true, [], []],
      ],
    );
    equal(
      report.fidelity?.[0].sets.map(({ mode, differingAccesses }) => [mode, differingAccesses]),
      [
        ['classic', 0],
        ['mglru', 0],
      ],
    );
    ok(/0 of 294,900 accesses differ/.test(cell.outputs.map(h.textOf).join('\n')), 'the textual forms do not say so');
  });

  it('judges names of recordings while typing', async () => {
    const notebook = await h.openCells('run { fidelity reclam }');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the name is judged', () =>
      vscode.languages.getDiagnostics(document.uri).some(({ message }) => message.includes("did you mean 'reclaim'?")),
    );
  });
});
