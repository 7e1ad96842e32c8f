/** Volatile ranges in an editor: the sample runs, its map is told in words too, calls are judged and explained while typing. */
import * as vscode from 'vscode';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const SAMPLE = 'volatile-ranges.refault.md';

describe('Volatile ranges', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('runs the sample on volatile ranges: every expectation holds, and what was lost is mapped and told', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    for (const { document } of h.codeCells(notebook)) equal(h.codesOf(document), [], document.getText());
    await h.runAll(notebook);
    const [why, scrolling, alarms] = h.codeCells(notebook);
    for (const cell of [why, scrolling, alarms]) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      for (const { title, points } of h.reportsOf(cell)) {
        const failed = points.flatMap((p) => p.expectations.filter((e) => !e.holds).map((e) => e.text));
        equal(failed, [], title);
      }
    }
    const points = [why, scrolling, alarms].map((cell) => h.reportOf(cell).points);
    equal(
      points.map(({ length }) => length),
      [48, 6, 3],
      'points of each run',
    );
    // Each interface lets go in its own way; two lose nothing at all.
    const lost = points[1].filter(({ ranges }) =>
      ranges?.some(({ shares }) => shares.purged.some((share) => share > 0)),
    );
    equal(lost.map(({ variant }) => variant['volatile.interface']).sort(), [
      'ashmem',
      'dontneed',
      'madv-free',
      'vrange',
    ]);
    const told = scrolling.outputs
      .filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME))
      .map(h.textOf)
      .join('\n');
    ok(/vrange: thumbnails: lost/.test(told), 'the textual forms do not say what was lost');
  });

  it('judges calls on ranges while typing, and its fix finds the advice that was meant', async () => {
    const notebook = await h.openCells(
      'machine m { memory 64 MiB }',
      'process p {\n  anon heap 1 MiB\n  write heap\n  nonvolatile heap\n  madvise fre heap\n}\nrun',
    );
    const { document } = h.codeCells(notebook)[1];
    await h.until('the calls are judged', () => h.codesOf(document).includes('V04'));
    await h.applyFix(document, 'fre ', "Replace with 'free'");
    await h.until('the error is gone', () => !h.codesOf(document).includes('V04'));
    await h.until('what is taken back was never given', () => h.codesOf(document).includes('K01'));
    await h.replace(document, '  nonvolatile heap', '  volatile heap\n  nonvolatile heap');
    await h.until('the warning is gone', () => !h.codesOf(document).includes('K01'));
  });

  it('says on hover what an interface is, and of which proposal', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    const { document } = h.codeCells(notebook)[0];
    const at = document.positionAt(document.getText().indexOf('vrange') + 2);
    let told = '';
    await h.until('the server answers', async () => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        at,
      );
      told = hovers.flatMap(({ contents }) => contents.map((c) => (typeof c === 'string' ? c : c.value))).join('\n');
      return told !== '';
    });
    ok(told.includes('proposal, 2013') && told.includes('vrange v10'), told);
  });
});
