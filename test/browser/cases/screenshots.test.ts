/** Pictures for eyes, in four themes: test-results/screenshots. What they must hold is asserted by the other cases. */
import assert from 'node:assert/strict';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { shiftReport } from '../../webview/fixtures.ts';
import { recoveryReport } from '../../webview/recovery-report.ts';
import { accessibilityProblems, browserTest, fourThemes, openRenderer, screenshot } from '../harness.ts';

const gallery = shiftReport({
  title: 'Every kind of chart',
  sizes: [64],
  variants: ['classic', 'v3.15', 'v6.1', 'opt'],
  oom: true,
  partial: true,
  plots: [
    { metrics: [{ name: 'hit-ratio' }, { name: 'misses' }], over: 'variant', text: '' },
    { metrics: [{ name: 'misses' }], over: 'phase', text: '' },
    { metrics: [{ name: 'refault-distance' }], as: 'distribution', text: '' },
    { metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }], over: 'time', as: 'area', text: '' },
    { metrics: [], as: 'timeline', text: '' },
  ],
});

for (const { name } of fourThemes) {
  browserTest(`an output is pictured in ${name}`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(shiftReport()) });
    await output.locator('canvas').first().waitFor();
    const stage = output.locator('.stage').first();
    await stage.hover({ position: { x: 320, y: 120 } });
    await renderer.page.waitForTimeout(100);
    await screenshot(output, `renderer-${name}`);
    assert.deepEqual(renderer.errors, []);
    const more = await renderer.render({ mime: REPORT_MIME, data: encodeReport(gallery), metadata: { cached: true } });
    await more.locator('canvas').first().waitFor();
    await screenshot(more, `gallery-${name}`);
    assert.deepEqual(renderer.errors, []);
  });
}

const recoveries = recoveryReport('compare recovery.overlap: none, freed, free\ncompare exit.munlock: v3.12, v5.18');

for (const { name } of fourThemes) {
  browserTest(`recoveries are pictured in ${name}, bar by bar and without fault`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(recoveries) });
    await output.locator('canvas').first().waitFor();
    await screenshot(output, `recovery-${name}`);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    assert.deepEqual(renderer.errors, []);
  });
}
