/** Devices in an editor: the sample runs, says whether it pays, its edits are judged while typing. */
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { equal, ok } from './assert.ts';
import * as h from './helpers.ts';

const SAMPLE = 'hardware-initiated-paging.refault.md';

describe('Devices', () => {
  before(h.languageServer);
  afterEach(h.closeAll);

  it('runs the sample on hardware-initiated paging: every expectation holds, and the verdict is there in words', async () => {
    const notebook = await h.openNotebook(h.inWorkspace(SAMPLE));
    await h.runAll(notebook);
    let runs = 0;
    const verdicts = new Set<string>();
    for (const cell of h.codeCells(notebook)) {
      equal(cell.executionSummary?.success, true, `cell ${cell.index}: ${cell.outputs.map(h.textOf).join('\n')}`);
      for (const report of h.reportsOf(cell)) {
        runs++;
        for (const point of report.points) {
          const failed = point.expectations.filter((e) => !e.holds).map((e) => e.text);
          equal(failed, [], report.title);
          ok(point.devices && point.devices.length > 0, `${report.title}: no device in the report`);
          for (const { breakEven } of point.devices)
            if (breakEven) verdicts.add(breakEven.verdict.slice(0, breakEven.verdict.indexOf(' on ')));
        }
        if (report.title !== 'Does it pay, outside slides?') continue;
        const outputs = cell.outputs.filter(({ items }) => items.some(({ mime }) => mime === REPORT_MIME));
        ok(
          outputs.some((output) => /Moving does not pay on gpu/.test(h.textOf(output))),
          'the textual forms do not give the verdict',
        );
      }
    }
    equal(runs, 6, 'runs of the sample');
    equal([...verdicts].sort(), ['Moving does not pay', 'Moving pays', 'Moving would pay']);
  });

  it('judges a device across cells, and its fix mends it', async () => {
    const notebook = await h.openCells(
      'device gpu { memory 5 MiB }',
      'process p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
    );
    const { document } = h.codeCells(notebook)[0];
    await h.until('the device is judged', () => h.codesOf(document).includes('D01'));
    await h.applyFix(document, '5 MiB', /Change to \d MiB/);
    await h.until('the error is gone', () => !h.codesOf(document).includes('D01'));
  });
});
