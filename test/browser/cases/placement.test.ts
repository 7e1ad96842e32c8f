import assert from 'node:assert/strict';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { placementReport } from '../../webview/placement-fixture.ts';
import { accessibilityProblems, browserTest, fourThemes, openRenderer, screenshot } from '../harness.ts';

const data = () => encodeReport(placementReport());

for (const { name } of fourThemes) {
  browserTest(`in ${name}, where pages are, what moved and why is readable, and passes axe`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1200, height: 1400 });
    const output = await renderer.render({ mime: REPORT_MIME, data: data() });
    const heat = output.locator('table.heat').first();
    await heat.waitFor();
    assert.equal(await heat.locator('tbody tr').count(), 8);
    assert.equal(await heat.getByRole('rowheader', { name: 'heap · node 3' }).count(), 1);
    const flow = output.locator('svg.flow');
    assert.equal(await flow.count(), 1);
    assert.match((await flow.getAttribute('aria-label')) ?? '', /428.pages from node 2 to node 3/);
    // Every word lies inside of the picture, and no two node names on each other.
    const outside = await flow.evaluate((svg) => {
      const frame = svg.getBoundingClientRect();
      return [...svg.querySelectorAll('text')]
        .filter((t) => {
          const r = t.getBoundingClientRect();
          return r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 1;
        })
        .map((t) => t.textContent);
    });
    assert.deepEqual(outside, []);
    const why = output.locator('figure').filter({ hasText: 'Why here?' });
    assert.match(await why.locator('tbody tr').first().innerText(), /bind=relative:0-1 of the file, 2-3 in force/);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    await screenshot(output, `placement-${name}`);
    assert.deepEqual(renderer.errors, []);
  });
}

browserTest('the table of what moved opens from the keyboard, each migration on a line of its own', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render({ mime: REPORT_MIME, data: data() });
  const card = output.locator('figure').filter({ has: renderer.page.locator('svg.flow') });
  await card.getByRole('button', { name: 'Table' }).focus();
  await renderer.page.keyboard.press('Enter');
  const rows = await card.locator('.data tbody tr').allInnerTexts();
  assert.equal(rows.length, 3);
  assert.match(rows[2], /4.s\s+scratch\s+node 2\s+node 3\s+300\s+hotplug\.offline/);
  assert.deepEqual(await accessibilityProblems(renderer.page), []);
});

browserTest('in a narrow notebook the pictures of nodes do not widen the page', async () => {
  const renderer = await openRenderer();
  await renderer.page.setViewportSize({ width: 480, height: 900 });
  const output = await renderer.render({ mime: REPORT_MIME, data: data() });
  await output.locator('svg.flow').waitFor();
  const wider = await renderer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `${wider} px`);
});
