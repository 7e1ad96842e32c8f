import assert from 'node:assert/strict';
import {
  browserTest,
  accessibilityProblems,
  drawn,
  fourThemes,
  openPanel,
  screenshot,
  type PanelPage,
} from '../harness.ts';
import type { HostMessage, PageMessage, RunEntry } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import type { Report } from '../../../simulator/report.ts';
import { toBase64 } from '../../../simulator/text/base64.ts';
import { shiftReport } from '../../webview/fixtures.ts';

const BODY = '<div id="refault"></div>';

const RUNS: readonly RunEntry[] = [
  { id: 'b', title: 'Workload shift', seed: 2, origin: 'shift.refault', when: 1_700_000_060_000 },
  { id: 'a', title: 'Workload shift', seed: 1, origin: 'shift.refault', when: 1_700_000_000_000 },
];

const tell = (panel: PanelPage, message: HostMessage) => panel.receive(message);
const report = (made: Report, run = 'a', cached = false): HostMessage => ({
  type: 'report',
  run,
  report: toBase64(encodeReport(made)),
  facts: { cached },
});

async function filled(theme: (typeof fourThemes)[number]['name'] = 'Light Modern'): Promise<PanelPage> {
  const panel = await openPanel(BODY, theme);
  await tell(panel, { type: 'host', abilities: ['save', 'reveal'] });
  await tell(panel, { type: 'runs', runs: RUNS, selected: 'a' });
  await tell(panel, report(shiftReport()));
  await panel.page.locator('canvas').first().waitFor();
  return panel;
}

const asked = async (panel: PanelPage) => ((await panel.sent()) as PageMessage[]).slice(1);

browserTest(
  'an empty panel says how to fill it, and a report fills it with the charts of a notebook output',
  async () => {
    const panel = await openPanel(BODY);
    assert.deepEqual(await panel.sent(), [{ type: 'ready' }]);
    assert.match((await panel.page.locator('main').textContent())!, /Refault: Run Scenario/);
    await tell(panel, report(shiftReport(), 'a', true));
    assert.equal(await panel.page.locator('canvas').count(), 4);
    assert.ok((await drawn(panel.page.locator('canvas').first())).pixels > 2000);
    assert.match((await panel.page.locator('.facts').textContent())!, /cached/);
    assert.ok(!(await panel.page.getByText('No results yet').isVisible()));
    assert.deepEqual(panel.errors, []);
  },
);

browserTest(
  '"Run again" asks for the seed in the field, and for none when it is empty; a bad seed is refused in words',
  async () => {
    const panel = await filled();
    const field = panel.page.locator('refault-text-field').locator('input');
    const again = panel.page.locator('refault-button', { hasText: 'Run again' });
    assert.equal(await field.inputValue(), '1');
    await field.fill('77');
    await again.click();
    await field.fill('');
    await field.press('Enter');
    assert.deepEqual(await asked(panel), [{ type: 'run', seed: 77 }, { type: 'run' }]);
    await field.fill('often');
    await again.click();
    assert.match((await panel.page.getByRole('alert').textContent())!, /whole number/);
    assert.equal((await asked(panel)).length, 2);
    assert.deepEqual(panel.errors, []);
  },
);

browserTest('while a run is under way the same button stops it, and progress is told', async () => {
  const panel = await filled();
  await tell(panel, { type: 'progress', running: true, fraction: 0.42, text: 'point 3 of 28' });
  assert.equal(await panel.page.locator('.status').textContent(), '42 %, point 3 of 28');
  assert.ok(await panel.page.locator('refault-progress-ring').isVisible());
  await panel.page.locator('refault-button', { hasText: 'Stop' }).click();
  assert.deepEqual(await asked(panel), [{ type: 'interrupt' }]);
  await tell(panel, { type: 'progress', running: false });
  assert.ok(!(await panel.page.locator('refault-progress-ring').isVisible()));
  assert.deepEqual(panel.errors, []);
});

browserTest('choosing another run of the history asks the host for it', async () => {
  const panel = await filled();
  const dropdown = panel.page.locator('refault-dropdown');
  await panel.page.waitForFunction(() => document.querySelector<HTMLSelectElement>('refault-dropdown')?.value === 'a');
  await dropdown.focus();
  await panel.page.keyboard.press('ArrowUp');
  await panel.page.keyboard.press('Enter');
  await panel.page.waitForFunction(() => window.stub.sent.length === 2);
  assert.deepEqual(await asked(panel), [{ type: 'select', run: 'b' }]);
  assert.deepEqual(panel.errors, []);
});

browserTest('exports carry the whole report as JSON, CSV and Markdown', async () => {
  const panel = await filled();
  for (const name of ['JSON', 'CSV', 'Markdown'])
    await panel.page.locator('.exports refault-button', { hasText: name }).click();
  const files = (await asked(panel)).flatMap((m) => (m.type === 'save' ? [m.file] : []));
  assert.deepEqual(
    files.map((f) => f.name),
    ['workload-shift.json', 'workload-shift.csv', 'workload-shift.md'],
  );
  const json = JSON.parse(files[0].data) as { runs: { points: unknown[] }[] };
  assert.equal(json.runs[0].points.length, 28);
  assert.equal(files[1].data.trimEnd().split('\r\n').length, 29);
  assert.match(files[2].data, /^## Workload shift/);
  assert.deepEqual(panel.errors, []);
});

browserTest('a failure is told beside the last good result, and the next result clears it', async () => {
  const panel = await filled();
  await tell(panel, { type: 'failure', text: 'The simulation worker stopped. Run again.' });
  assert.ok(await panel.page.getByRole('alert').isVisible());
  assert.equal(await panel.page.locator('canvas').count(), 4);
  await tell(panel, { type: 'report', run: 'a', report: 'AAAA', facts: {} });
  assert.match((await panel.page.getByRole('alert').textContent())!, /can't be drawn/);
  await tell(panel, report(shiftReport()));
  assert.ok(!(await panel.page.getByRole('alert').isVisible()));
  assert.deepEqual(panel.errors, []);
});

for (const { name } of fourThemes) {
  browserTest(`the panel in ${name}: no fault by axe-core, controls in the theme's own colours`, async () => {
    const panel = await filled(name);
    await panel.page.setViewportSize({ width: 1100, height: 800 });
    await tell(panel, { type: 'progress', running: true, fraction: 0.5 });
    await screenshot(panel.page, `panel-${name}`);
    assert.deepEqual(await accessibilityProblems(panel.page), []);
    const [wanted, found] = await panel.page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('div'));
      const of = (variable: string) => {
        probe.style.backgroundColor = 'transparent';
        probe.style.backgroundColor = `var(${variable}, transparent)`;
        return getComputedStyle(probe).backgroundColor;
      };
      const inner = document.querySelector('refault-button')!.shadowRoot!.querySelector('button')!;
      const host = getComputedStyle(document.querySelector('refault-button')!).backgroundColor;
      const own = getComputedStyle(inner).backgroundColor;
      return [of('--vscode-button-background'), own === 'rgba(0, 0, 0, 0)' ? host : own];
    });
    assert.equal(found, wanted);
    assert.deepEqual(panel.errors, []);
  });
}

browserTest(
  'a change of theme reaches the controls at once, without the load event that the toolkit waits for',
  async () => {
    const panel = await filled('Light Modern');
    const background = () =>
      panel.page.evaluate(
        () =>
          getComputedStyle(document.querySelector('refault-text-field')!.shadowRoot!.querySelector('.root')!)
            .backgroundColor,
      );
    const light = await background();
    await panel.setTheme('Dark Modern');
    assert.notEqual(await background(), light);
    assert.deepEqual(panel.errors, []);
  },
);
