/** FUSE mounts in an editor: the sample runs, what locked up is told in every form, mistakes are judged while typing. */
import * as vscode from 'vscode';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const SAMPLE = 'fuse-writeback.refault.md';

describe('FUSE', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('runs the sample on writeback: every expectation holds, and lock-ups come with their circles, in words too', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    await h.runAll(notebook);
    const classes: string[] = [];
    let runs = 0;
    for (const cell of h.codeCells(notebook)) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      for (const report of h.reportsOf(cell)) {
        runs++;
        for (const point of report.points) {
          equal(
            point.expectations.filter((e) => !e.holds).map((e) => e.text),
            [],
            report.title,
          );
          for (const cycle of point.cycles ?? []) classes.push(cycle.class);
        }
      }
      for (const output of cell.outputs.filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME))) {
        const locked = h.reportsOf(cell).some(({ points }) => points.some((p) => (p.cycles ?? []).length > 0));
        if (locked)
          ok(/photos\.daemon waits/.test(h.textOf(output)), 'the textual forms do not say who waits for whom');
      }
    }
    equal(runs, 6, 'runs of the sample');
    equal([...new Set(classes)].sort(), ['D-A', 'D-C', 'D-D']);
  });

  it('judges a mount across cells, and its fix leads out', async () => {
    const notebook = await h.openCells('fuse photos { min_ratio 5% }', 'process p { write photos for 1 s }\nrun');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mount is judged', () => h.codesOf(document).includes('F01'));
    await h.applyFix(document, 'min_ratio', 'Lower min_ratio to 1%');
    await h.until('the error is gone', () => !h.codesOf(document).includes('F01'));
  });

  it('says on hover when a way of counting was merged, and in the text what a ratio is at most', async () => {
    const notebook = await h.openCells(
      'machine nas { memory 16 GiB }',
      'fuse photos { max_ratio 1% }\nprocess p { write photos for 1 s }\nrun { compare photos.accounting: none, strict }',
    );
    const { document } = h.codeCells(notebook)[1];
    const at = document.positionAt(document.getText().indexOf('strict') + 2);
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
    ok(told.includes('5a53748568f7') && told.includes('Linux 3.12'), told);
    const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
      'vscode.executeInlayHintProvider',
      document.uri,
      new vscode.Range(0, 0, 3, 0),
    );
    const labels = hints.map(({ label }) => (typeof label === 'string' ? label : label.map((l) => l.value).join('')));
    ok(labels.includes('≤ 32.77 MiB'), labels.join(', '));
  });
});
