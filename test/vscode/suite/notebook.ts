/** The main path: the sample opens as a notebook, runs, and tells its story. */
import * as vscode from 'vscode';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';
import { note } from './reporter.ts';

describe('A notebook', () => {
  before(h.refault);
  afterEach(h.closeAll);

  it('is supported in Restricted Mode and in virtual workspaces, as the manifest declares', () => {
    const manifest = vscode.extensions.getExtension('refault.refault')!.packageJSON as {
      capabilities: { untrustedWorkspaces: { supported: unknown }; virtualWorkspaces: unknown };
    };
    equal(manifest.capabilities.untrustedWorkspaces.supported, true);
    equal(manifest.capabilities.virtualWorkspaces, true);
  });

  it('is what a .refault.md file opens as, with prose and programs in the order of the file', async () => {
    const uri = h.inWorkspace(h.SAMPLE);
    const notebook = await h.openNotebook(uri);
    equal(notebook.notebookType, 'refault-notebook');
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const fences = text.match(/^```refault$/gm)!.length;
    equal(h.codeCells(notebook).length, fences, 'cells with programs');
    ok(notebook.cellAt(0).document.getText().startsWith('# '), 'the first cell is not the title');
    ok(
      h.codeCells(notebook).every(({ document }) => document.languageId === 'refault'),
      'a program is not in the language refault',
    );
  });

  it('gives every run of the sample a report, with the same in Markdown and in plain text', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(h.SAMPLE));
    await h.runAll(notebook);
    const hashes: string[] = [];
    let runs = 0;
    for (const cell of h.codeCells(notebook)) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      runs += cell.document.getText().match(/^run\b/gm)?.length ?? 0;
      for (const output of cell.outputs.filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME))) {
        equal(
          output.items.map(({ mime }) => mime),
          [REPORT_MIME, 'text/markdown', 'text/plain'],
        );
        ok(h.textOf(output).length > 100, 'the textual forms are empty');
      }
      hashes.push(...h.reportsOf(cell).map(h.hashOf));
      for (const report of h.reportsOf(cell)) {
        equal(report.partial, false, `"${report.title}" is partial`);
        const broken = report.points.flatMap(({ expectations }) => expectations.filter(({ holds }) => !holds));
        equal(
          broken.map(({ text }) => text),
          [],
          `expectations of "${report.title}" that do not hold`,
        );
      }
    }
    ok(runs > 0, 'the sample has no run');
    equal(hashes.length, runs, 'reports for the runs of the sample');
    note('hashes of the sample', hashes.join(' '));
  });

  it('shows that the classic lists never notice the move, and that what was merged in 3.15 does (LWN, LSFMM 2013)', async () => {
    const notebook = await h.openCells(
      'machine server { memory 64 MiB }\nfile A 48 MiB\nfile B 48 MiB',
      'process job {\n  phase "A" { read A sequentially 4 times }\n  phase "B" { read B sequentially 12 times }\n}',
      'run "The workload moves" { compare reclaim: classic, v3.15 }',
    );
    await h.runAll(notebook);
    const report = h.reportOf(h.codeCells(notebook)[2]);
    const lastPass = (reclaim: string) =>
      h
        .pointOf(report, reclaim)
        .phases.find(({ name }) => name === 'B')!
        .passes.at(-1)!;
    const [classic, merged] = [lastPass('classic'), lastPass('v3.15')];
    equal(merged.misses, 0, 'v3.15: misses in the last pass over B');
    ok(
      classic.hits / classic.accesses < 0.5,
      `classic: ${classic.hits} of ${classic.accesses} hits in the last pass over B`,
    );
    equal(h.pointOf(report, 'classic').counters['workingset_refault_file'] ?? 0, 0, 'classic knows no refaults');
    ok(h.pointOf(report, 'v3.15').counters['workingset_activate_file'] > 0, 'v3.15 activates what refaults');
  });

  it('runs what a cell depends on when only that cell is run', async () => {
    const notebook = await h.openCells('file db 96 MiB', 'process p { read db zipf 1.0, 100k times }', 'run');
    const [file, , run] = h.codeCells(notebook);
    await h.runCell(run);
    equal(h.reportOf(run).points.length, 1);
    equal(file.executionSummary?.success, true, 'the declaration was not run');
  });

  it('gives the same bytes again when it is run again', async () => {
    const notebook = await h.openCells('file db 96 MiB\nprocess p { read db zipf 1.0, 100k times }\nrun');
    const [cell] = h.codeCells(notebook);
    await h.runCell(cell);
    const first = h.hashOf(h.reportOf(cell));
    await h.runCell(cell);
    equal(h.hashOf(h.reportOf(cell)), first);
  });

  it('keeps its file byte for byte when an edit is undone and the file saved', async () => {
    const odd =
      '# Title \n\n\n~~~~ refault\nfile A 1 MiB\n~~~~\n\ntext  \n* * *\n```js\nlet x\n```\n\n```refault\n\n```';
    const uri = await h.write(odd, 'refault.md');
    const notebook = await h.openNotebook(uri);
    const [cell] = h.codeCells(notebook);
    await h.replace(cell.document, 'A', 'BB');
    await h.replace(cell.document, 'BB', 'A');
    ok(await notebook.save(), 'not saved');
    equal(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)), odd);
  });

  it('shows kept results when it is opened again, and says that they are', async () => {
    const api = await h.refault();
    const uri = await h.write(
      '```refault\nfile db 96 MiB\nprocess p { read db zipf 1.1, 100k times }\nrun\n```\n',
      'refault.md',
    );
    const first = await h.openNotebook(uri);
    await h.runAll(first);
    const hash = h.hashOf(h.reportOf(h.codeCells(first)[0]));
    await h.closeAll();
    await h.until('the notebook is closed', () => first.isClosed);
    const second = await h.openNotebook(uri);
    const [cell] = h.codeCells(second);
    await h.until('the kept result is shown', () => h.reportsOf(cell).length === 1);
    await api.whenRestored();
    equal(h.hashOf(h.reportOf(cell)), hash);
    equal(cell.outputs[0].metadata?.['cached'], true, 'labelled as cached');
    ok(/cached/i.test(h.textOf(cell.outputs[0])), 'the textual forms do not say so');
  });

  it('marks a cell stale when its program changes, and not before', async () => {
    const api = await h.refault();
    const notebook = await h.openCells('file db 96 MiB', 'process p { read db zipf 1.0, 100k times }\nrun');
    const [file, run] = h.codeCells(notebook);
    await h.runAll(notebook);
    equal(api.isStale(run), false);
    await h.replace(file.document, '96', '48');
    await h.until('the run is marked stale', () => api.isStale(run));
    await h.replace(file.document, '48', '96');
    await h.until('the run is as written again', () => !api.isStale(run));
  });
});
