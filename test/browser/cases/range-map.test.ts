/** Maps of volatile ranges in the renderer: there, readable, and without fault in four themes. */
import assert from 'node:assert/strict';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { rangeReport } from '../../webview/range-report.ts';
import { accessibilityProblems, browserTest, fourThemes, openRenderer, screenshot } from '../harness.ts';

const data = encodeReport(rangeReport());

for (const { name } of fourThemes) {
  browserTest(`in ${name}, what was volatile and what was lost is mapped, and passes axe`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data });
    const maps = output.locator('svg.heat-picture');
    await maps.first().waitFor();
    assert.equal(await maps.count(), 6, 'lost, volatile and neither, of two interfaces');
    assert.match((await maps.first().getAttribute('aria-label')) ?? '', /^Heat map: vrange: heap: lost, 16 rows/);
    // Every word lies inside of its picture.
    const outside = await maps.evaluateAll((pictures) =>
      pictures.flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')]
          .filter((t) => {
            const r = t.getBoundingClientRect();
            return r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 1;
          })
          .map((t) => t.textContent);
      }),
    );
    assert.deepEqual(outside, []);
    await screenshot(output, `range-map-${name}`);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    assert.deepEqual(renderer.errors, []);
  });
}

browserTest('the table of a range map opens from the keyboard: a row for each sixteenth of the region', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render({ mime: REPORT_MIME, data });
  const card = output.locator('figure').filter({ hasText: 'madv-free: heap: lost' });
  await card.getByRole('button', { name: 'Table' }).focus();
  await renderer.page.keyboard.press('Enter');
  const rows = await card.locator('.data tbody tr').allInnerTexts();
  assert.equal(rows.length, 16);
  assert.match(rows[1], /^512.KiB\s+0.%.*100.%/s);
  assert.deepEqual(await accessibilityProblems(renderer.page), []);
});
