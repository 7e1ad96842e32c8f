/** Crashes and the way back in an editor: the sample runs, its edits are judged while typing, its pictures come with their twins. */
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const SAMPLE = 'exit-and-recovery.refault.md';

describe('Exit and recovery', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('runs the sample: every crash has phases, a critical path and its slack, and a sentence says so', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    await h.runAll(notebook);
    let runs = 0;
    for (const cell of h.codeCells(notebook)) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      for (const report of h.reportsOf(cell)) {
        runs++;
        for (const { recovery, expectations } of report.points) {
          ok(recovery && recovery.phases.some(({ critical }) => critical), `${report.title}: no critical path`);
          equal(recovery.slack, recovery.budget - recovery.timeToService, report.title);
          equal(
            expectations.filter((e) => !e.holds).map((e) => e.text),
            [],
            report.title,
          );
        }
      }
    }
    equal(runs, 10, 'runs of the sample');
    const [first] = h.codeCells(notebook);
    for (const output of first.outputs.filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME)))
      ok(
        /critical path: detect → munlock → zap/.test(h.textOf(output)),
        'the textual forms do not tell the critical path',
      );
  });

  it('refuses a budget of nothing while typing, and its fix gives it thirty seconds', async () => {
    const notebook = await h.openCells(
      'machine m { memory 64 GiB }\nprocess store { anon cache 16 GiB { locked } }',
      'recovery { budget 0 s }',
      'run',
    );
    const { document } = h.codeCells(notebook)[1];
    await h.until('the budget is judged', () => h.codesOf(document).includes('E01'));
    await h.applyFix(document, '0 s', 'Change to 30 s');
    await h.until('the error is gone', () => !h.codesOf(document).includes('E01'));
  });
});
