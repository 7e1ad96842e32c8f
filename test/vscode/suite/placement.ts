/** Nodes, cpusets and policies in an editor: the sample runs, its edits are judged while typing, its pictures come with their twins. */
import * as vscode from 'vscode';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const SAMPLE = 'tmpfs-and-cpusets.refault.md';

describe('Placement', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('runs the sample on tmpfs and cpusets: every expectation holds, where pages are is drawn and told', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    await h.runAll(notebook);
    let runs = 0;
    for (const cell of h.codeCells(notebook)) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      for (const report of h.reportsOf(cell)) {
        runs++;
        for (const point of report.points) {
          ok(point.numa && point.numa.nodes.length === 4, `${report.title}: no nodes in the report`);
          const failed = point.expectations.filter((e) => !e.holds).map((e) => e.text);
          equal(failed, [], report.title);
        }
      }
      for (const output of cell.outputs.filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME)))
        ok(/Why here\?/.test(h.textOf(output)), 'the textual forms do not say why pages are where they are');
    }
    equal(runs, 6, 'runs of the sample');
    const crash = h
      .codeCells(notebook)
      .flatMap(h.reportsOf)
      .flatMap(({ points }) => points.flatMap((p) => p.events.filter((e) => e.rule === 'crash.kernel')));
    equal(crash.length, 1);
    ok(crash[0].text.includes('5f00110f7273'), `the event does not name the commit that fixed it: ${crash[0].text}`);
  });

  it('judges policies across cells, and its fix makes the mount mean the same to everybody', async () => {
    const notebook = await h.openCells(
      'tmpfs scratch 8 MiB { mpol bind=relative:0-1 }',
      'machine quad { node 0-3 { memory 64 MiB } }\ncpuset a { mems 0-1 }\ncpuset b { mems 2-3 }',
      'process p in a { write scratch }\nprocess q in b { write scratch }\nrun',
    );
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mount is judged', () => h.codesOf(document).includes('P05'));
    await h.applyFix(document, 'bind=relative:0-1', "Make it static: 'bind=static:0-1'");
    await h.until('the warning is gone', () => !h.codesOf(document).includes('P05'));
  });

  it('shows the nodes in force behind a policy of another cell’s cpuset, and what becomes of them on hover', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    const document = h.codeCells(notebook).find((c) => c.document.getText().includes('process binder'))!.document;
    await h.until('the policy is judged', () => h.codesOf(document).includes('P07'));
    const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
      'vscode.executeInlayHintProvider',
      document.uri,
      new vscode.Range(0, 0, document.lineCount, 0),
    );
    const labels = hints.map(({ label }) => (typeof label === 'string' ? label : label.map((p) => p.value).join('')));
    ok(labels.includes('→ 2-3'), labels.join(', '));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      h.rangeOf(document, 'bind:2-3 as plain').start,
    );
    const text = hovers
      .flatMap(({ contents }) => contents.map((c) => (typeof c === 'string' ? c : c.value)))
      .join('\n');
    ok(/from 1500 ms: \*\*0-1\*\* in force|from 1\.5 s: \*\*0-1\*\* in force/.test(text), text);
  });
});
