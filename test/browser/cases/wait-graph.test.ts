import assert from 'node:assert/strict';
import { REPORT_MIME, type HostMessage, type PageMessage } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { fuseReport } from '../../webview/fuse-report.ts';
import { accessibilityProblems, browserTest, drawn, fourThemes, openRenderer, screenshot } from '../harness.ts';

for (const { name } of fourThemes) {
  browserTest(`in ${name}, a lock-up is drawn, told apart without colour, and passes axe`, async () => {
    const renderer = await openRenderer(name);
    await renderer.page.setViewportSize({ width: 1100, height: 900 });
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(fuseReport()) });
    await output.locator('canvas').first().waitFor();
    const graph = output.locator('svg.wait-graph');
    assert.equal(await graph.count(), 1);
    // Every word of it is text, inside of the picture.
    for (const actor of ['photos.daemon', 'reclaim', 'temporary pages of photos', 'copier', 'flusher'])
      assert.ok(await graph.getByText(actor, { exact: true }).isVisible(), actor);
    const outside = await graph.evaluate((svg) => {
      const frame = svg.getBoundingClientRect();
      const inside = (r: DOMRect) =>
        r.left >= frame.left - 1 && r.right <= frame.right + 1 && r.bottom <= frame.bottom + 1;
      return [...svg.querySelectorAll('text')]
        .filter((t) => !inside(t.getBoundingClientRect()))
        .map((t) => t.textContent);
    });
    assert.deepEqual(outside, []);
    assert.match((await graph.getAttribute('aria-label')) ?? '', /photos\.daemon waits for a free page/);
    assert.ok((await drawn(output.locator('canvas').first())).pixels > 2000);
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    await screenshot(output, `fuse-${name}`);
    assert.deepEqual(renderer.errors, []);
  });
}

browserTest('a limit is seen over the bands that it bounds', async () => {
  const report = fuseReport();
  const renderer = await openRenderer();
  const ink = async (plots: typeof report.plots): Promise<number> => {
    const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport({ ...report, plots }), id: 'one' });
    const canvas = output.locator('canvas').nth(1);
    await canvas.waitFor();
    return canvas.evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      // Inside of the plot, away from axes and their labels.
      const { data } = (element as HTMLCanvasElement)
        .getContext('2d')!
        .getImageData(width * 0.3, height * 0.2, width * 0.6, height * 0.55);
      let dark = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] < 300) dark++;
      return dark;
    });
  };
  const without = {
    ...report.plots[0],
    metrics: report.plots[0].metrics.filter((m) => m.name !== 'nr_dirty_threshold'),
  };
  assert.ok((await ink([without])) < 20);
  assert.ok((await ink([report.plots[0]])) > 200);
});

browserTest('the table of a graph opens from the keyboard and says the circle line by line', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(fuseReport()) });
  const card = output.locator('figure').filter({ has: renderer.page.locator('svg.wait-graph') });
  await card.getByRole('button', { name: 'Table' }).focus();
  await renderer.page.keyboard.press('Enter');
  const rows = await card.locator('table tbody tr').allInnerTexts();
  assert.equal(rows.length, 5);
  assert.match(rows[0], /photos\.daemon\s+a free page for its backing write\s+reclaim\s+12 write requests\s+yes/);
  assert.deepEqual(await accessibilityProblems(renderer.page), []);
});

browserTest('a graph is saved as the picture that is seen', async () => {
  const renderer = await openRenderer();
  await renderer.receive({ type: 'host', abilities: ['save'] } satisfies HostMessage);
  const output = await renderer.render({ mime: REPORT_MIME, data: encodeReport(fuseReport()) });
  const card = output.locator('figure').filter({ has: renderer.page.locator('svg.wait-graph') });
  await card.getByRole('button', { name: 'SVG' }).click();
  await renderer.page.waitForTimeout(200);
  const saved = ((await renderer.sent()) as PageMessage[]).flatMap((m) => (m.type === 'save' ? [m.file] : []));
  assert.equal(saved.length, 1);
  const words = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map((found) => found[1]);
  const drawn = await card.locator('svg.wait-graph text').allTextContents();
  const file = words(saved[0].data);
  for (const text of drawn.filter((word) => word.startsWith('has ') || word.includes('.')))
    assert.ok(file.includes(text), text);
});
