/** The command palette's commands, as far as they need no answer from a user. */
import * as vscode from 'vscode';
import type { Report } from '../../../simulator/report.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const program =
  'file db 96 MiB\nprocess p { read db zipf 1.0, 100k times }\nrun "First" { compare reclaim: classic, lru }\n';

const webviews = () =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('refault.results'));

describe('Commands', () => {
  before(h.refault);
  afterEach(h.closeAll);

  it('Run Scenario runs a .refault file into the results panel beside it', async () => {
    await vscode.window.showTextDocument(await h.write(program, 'refault'));
    const reports = await vscode.commands.executeCommand<readonly Report[]>('refault.runScenario');
    await h.until('the panel is open', () => webviews().length === 1);
    equal(webviews()[0].label, 'Refault Results');
    equal((await h.refault()).lastReports().at(-1)?.report.title, 'First');
    ok(reports, 'the command returned nothing');
  });

  it('Run Scenario runs the fenced block at the cursor of a Markdown text', async () => {
    const blocks = ['Outer', 'Inner'].map(
      (title) =>
        `\`\`\`refault\n${program.replace('First', title).replaceAll(/\b(db|p)\b/g, `$1-${title.toLowerCase()}`)}\`\`\`\n`,
    );
    const editor = await vscode.window.showTextDocument(await h.write(`# Text\n\n${blocks.join('\nmore\n\n')}`, 'md'));
    const inside = h.rangeOf(editor.document, 'Inner').start;
    editor.selection = new vscode.Selection(inside, inside);
    await vscode.commands.executeCommand('refault.runScenario');
    equal((await h.refault()).lastReports().at(-1)?.report.title, 'Inner');
  });

  it('Run with Seed changes the seed of the report, and nothing else that is named', async () => {
    const notebook = await h.openCells(program);
    const [cell] = h.codeCells(notebook);
    await h.runCell(cell);
    const { seed } = h.reportOf(cell);
    await vscode.commands.executeCommand('refault.runWithSeed', cell, seed + 1);
    await h.until('the report has another seed', () => h.reportsOf(cell)[0]?.seed === seed + 1);
    equal(h.reportOf(cell).title, 'First');
  });

  it('New Notebook and Open Sample open untitled notebooks that run', async () => {
    for (const [command, ...args] of [['refault.newNotebook'], ['refault.openSample', h.SAMPLE]] as const) {
      await vscode.commands.executeCommand(command, ...args);
      const notebook = vscode.window.activeNotebookEditor?.notebook;
      ok(notebook?.isUntitled, `${command} opened no untitled notebook`);
      await h.runAll(notebook);
      ok(h.codeCells(notebook).flatMap(h.reportsOf).length > 0, `${command}: nothing was run`);
      await h.closeAll();
    }
  });

  it('Open as Notebook turns a plain program into cells that mean the same', async () => {
    const uri = await h.write(program, 'refault');
    await vscode.window.showTextDocument(uri);
    await vscode.commands.executeCommand('refault.openAsNotebook', uri);
    const notebook = vscode.window.activeNotebookEditor!.notebook;
    await h.runAll(notebook);
    const [report] = h.codeCells(notebook).flatMap(h.reportsOf);
    equal(
      report.points.map(({ variant }) => variant['reclaim']),
      ['classic', 'lru'],
    );
  });

  it('Export Results writes JSON in the documented shape', async () => {
    const notebook = await h.openCells(program);
    await h.runAll(notebook);
    const target = h.inWorkspace('exported.json');
    await vscode.commands.executeCommand('refault.exportResults', undefined, { format: 'json', target });
    const json = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(target))) as {
      runs: { title: string; points: { variant: { reclaim: string }; measures: Record<string, number> }[] }[];
    };
    equal(
      json.runs.map(({ title }) => title),
      ['First'],
    );
    equal(
      json.runs[0].points.map(({ variant }) => variant.reclaim),
      ['classic', 'lru'],
    );
    ok(
      json.runs[0].points.every(({ measures }) => measures['hit-ratio'] > 0),
      'no hit ratio',
    );
  });

  it('Show Kernel Counters opens them under their names in /proc/vmstat', async () => {
    const notebook = await h.openCells(program.replace('classic', 'v6.1'));
    await h.runAll(notebook);
    await vscode.commands.executeCommand('refault.showCounters');
    await h.until('the counters are shown', () =>
      /workingset_refault_file/.test(vscode.window.activeTextEditor?.document.getText() ?? ''),
    );
  });

  it('Restart Language Server brings back diagnostics', async () => {
    const notebook = await h.openCells('file db 96 MiB\nprocess p { read dbb uniform, 1k times }');
    const { document } = h.codeCells(notebook)[0];
    await h.until('the mistake is marked', () => h.errorsOf(document).length === 1);
    await vscode.commands.executeCommand('refault.restartServer');
    await h.replace(document, 'dbb', 'dbbb');
    await h.until('the mistake is marked again', () =>
      h.errorsOf(document).some(({ range }) => document.getText(range) === 'dbbb'),
    );
  });
});
