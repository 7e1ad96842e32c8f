/** Residency and break-even in the renderer: there, readable, and without fault in four themes. */
import assert from 'node:assert/strict';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { deviceReport } from '../../webview/device-report.ts';
import { accessibilityProblems, browserTest, fourThemes, openRenderer, screenshot } from '../harness.ts';

const report = deviceReport();

for (const { name } of fourThemes) {
  browserTest(`residency and break-even are pictured in ${name}, without fault`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(report) });
    await output.locator('svg.heat-picture').first().waitFor();
    const maps = output.locator('svg.heat-picture');
    assert.equal(await maps.count(), 3, 'one for each variant that moved something');
    assert.match((await maps.first().getAttribute('aria-label')) ?? '', /^Heat map: migrate: Residency of grid/);
    await screenshot(output, `devices-${name}`);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    assert.deepEqual(renderer.errors, []);
  });
}

browserTest('the verdict stands under the picture in words, and changes with the size that is picked', async () => {
  const [{ name }] = fourThemes;
  const renderer = await openRenderer(name);
  const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(report) });
  await output.locator('svg.heat-picture').first().waitFor();
  const verdict = output.locator('.note', { hasText: 'migrate: Moving' });
  assert.match((await verdict.first().textContent()) ?? '', /does not pay/);
  await output.locator('.controls select').first().selectOption({ index: 1 });
  await verdict.first().waitFor();
  assert.match((await verdict.first().textContent()) ?? '', /Moving pays on gpu/);
});

browserTest('a residency map has its table: a row for each part of the region', async () => {
  const [{ name }] = fourThemes;
  const renderer = await openRenderer(name);
  const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(report) });
  const card = output.locator('figure', { hasText: 'Residency of grid' }).first();
  await card.getByRole('button', { name: 'Table' }).click();
  assert.equal(await card.locator('table tbody tr').count(), 24);
});
