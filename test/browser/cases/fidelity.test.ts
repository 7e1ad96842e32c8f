/** Comparisons with recordings in the renderer, and the badge that says how far a variant is validated. */
import assert from 'node:assert/strict';
import { loadRecordings } from '../../../cli/recordings.ts';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { PLAN_VERSION } from '../../../simulator/plan.ts';
import { createRun } from '../../../simulator/run.ts';
import { shiftReport } from '../../webview/fixtures.ts';
import { accessibilityProblems, browserTest, drawn, fourThemes, openRenderer, screenshot } from '../harness.ts';

function compared() {
  const simulation = createRun(
    {
      ...{ version: PLAN_VERSION, title: 'How faithful?', seed: 1 },
      ...{ axes: [], points: [], plots: [], expects: [], traces: [] },
      fidelity: [{ area: 'reclaim', recordings: ['B_shift', 'C_scan', 'D_zipf1.0', 'E_u1.5'] }, { area: 'exit' }],
    },
    { recordings: loadRecordings() },
  );
  while (!simulation.advance(1).done);
  return simulation.report();
}
const report = compared();

for (const { name } of fourThemes) {
  browserTest(`errors stand beside the kernel’s own spread in ${name}, with their table, without fault`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(report) });
    const bars = output.locator('canvas:visible').first();
    await bars.waitFor();
    assert.match(
      (await bars.getAttribute('aria-label')) ?? '',
      /^Bar chart: Page reclaim, Linux 6\.1: error of 10 recordings/,
    );
    assert.ok((await drawn(bars)).pixels > 500);
    const [overview, reclaim] = await output.locator('figure .data table').all();
    assert.equal(await overview.locator('tbody tr').count(), 2);
    // two rows where accesses are of two classes
    assert.equal(await reclaim.locator('tbody tr').count(), 2 * 2 + 3 * 2 + 3 + 2);
    assert.ok(!(await output.locator('.legend').isVisible()), 'there are no variants');
    await screenshot(output, `fidelity-${name}`);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    assert.deepEqual(renderer.errors, []);
  });

  browserTest(`each variant wears a badge in ${name}, and pressing it asks the host for the numbers`, async () => {
    const renderer = await openRenderer(name);
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(shiftReport()) });
    const badges = output.locator('.legend .badge');
    await badges.first().waitFor();
    assert.deepEqual(
      await badges.evaluateAll((all) => all.map((badge) => badge.tagName)),
      Array<string>(7).fill('SPAN'),
      'without a host that can show them there is nothing to press',
    );
    const row = output.locator('.legend tr', { hasText: 'v6.1' });
    assert.equal(await row.locator('.badge').textContent(), 'measured');
    await renderer.receive({ type: 'host', abilities: ['save', 'numbers'] });
    await row.getByRole('button', { name: 'measured' }).click();
    assert.deepEqual((await renderer.sent()).at(-1), { type: 'numbers' });
    await screenshot(output.locator('.legend'), `badges-${name}`);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    assert.deepEqual(renderer.errors, []);
  });
}
