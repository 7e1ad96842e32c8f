import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { REPORT_MIME, type HostMessage, type PageMessage } from '../../../simulator/host-protocol.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import type { Report } from '../../../simulator/report.ts';
import { formatCell } from '../../../simulator/view/format.ts';
import { chartsOf } from '../../../simulator/view/plots.ts';
import { tableOf } from '../../../simulator/view/tables.ts';
import { SHIFT_PLOTS, shiftReport, VARIANTS } from '../../webview/fixtures.ts';
import { accessibilityProblems, browserTest, drawn, fourThemes, openRenderer, type RendererPage } from '../harness.ts';

const item = (report: Report, id = 'one', metadata = {}) => ({
  mime: REPORT_MIME,
  data: encodeReport(report),
  id,
  metadata,
});

/** Pixels of a canvas that have (nearly) this colour: edges of lines are blended, their middles are not. */
async function pixelsOf(canvas: Locator, colour: string): Promise<number> {
  return canvas.evaluate((element, wanted) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    const rgb = [1, 3, 5].map((i) => parseInt(wanted.slice(i, i + 2), 16));
    let n = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 200 && rgb.every((v, k) => Math.abs(data[i + k] - v) < 12)) n++;
    }
    return n;
  }, colour);
}

/** The strokes of the legend, which are the colours of the charts. */
const legendColours = (output: Locator) =>
  output.locator('.legend svg path:first-child').evaluateAll((paths) => paths.map((p) => p.getAttribute('stroke')!));

const canvasOf = (output: Locator, title: string) =>
  output
    .locator('figure')
    .filter({ has: output.page().locator('h4', { hasText: new RegExp(`^${title}`) }) })
    .locator('canvas');

const noErrors = (renderer: RendererPage) => assert.deepEqual(renderer.errors, []);

browserTest('every chart of an output has pixels in the colour of each of its variants', async () => {
  const renderer = await openRenderer();
  // Sizes at which no curve hides another completely.
  const output = await renderer.render(
    item(shiftReport({ plots: [{ metrics: [{ name: 'misses' }], over: 'variant', text: '' }, ...SHIFT_PLOTS] })),
  );
  const colours = await legendColours(output);
  assert.equal(new Set(colours).size, 7);
  assert.equal(await output.locator('canvas').count(), 5);
  for (const colour of colours)
    assert.ok((await pixelsOf(canvasOf(output, 'Misses by variant'), colour)) > 500, colour);
  for (const canvas of await output.locator('canvas').all()) {
    const { pixels, colours: found } = await drawn(canvas);
    assert.ok(pixels > 2000 && found.length > 20);
    assert.ok((await pixelsOf(canvas, colours[0])) > 100, 'classic is seen everywhere');
  }
  noErrors(renderer);
});

browserTest(
  'the legend is worked from the keyboard: Tab reaches it, Enter hides a variant in every chart, Enter brings it back',
  async () => {
    const renderer = await openRenderer();
    const output = await renderer.render(item(shiftReport()));
    const classic = output.getByRole('button', { name: 'classic' });
    const [colour] = await legendColours(output);
    const canvas = canvasOf(output, 'Active file pages');
    const before = await pixelsOf(canvas, colour);
    await output.getByRole('combobox', { name: 'time charts along' }).focus();
    await renderer.page.keyboard.press('Tab');
    assert.ok(await classic.evaluate((e) => e === document.activeElement));
    await renderer.page.keyboard.press('Enter');
    assert.equal(await classic.getAttribute('aria-pressed'), 'false');
    assert.ok(await classic.evaluate((e) => e === document.activeElement), 'focus stays');
    await renderer.page.mouse.move(5, 5);
    assert.ok((await pixelsOf(canvas, colour)) < before / 20, 'its line is gone');
    assert.equal(await output.getByRole('status').textContent(), 'classic hidden');
    assert.match((await canvas.getAttribute('aria-label'))!, /6 series/);
    await renderer.page.keyboard.press('Enter');
    assert.equal(await classic.getAttribute('aria-pressed'), 'true');
    await classic.blur();
    assert.ok((await pixelsOf(canvas, colour)) > before / 2);
    noErrors(renderer);
  },
);

browserTest('the table view holds what the chart shows, cell by cell', async () => {
  const renderer = await openRenderer();
  const report = shiftReport();
  const output = await renderer.render(item(report));
  for (const model of chartsOf(report).filter((m) => tableOf(m).rows.length <= 200)) {
    const figure = output.locator('figure').filter({ has: renderer.page.locator('h4', { hasText: model.title }) });
    const button = figure.getByRole('button', { name: 'Table' });
    await button.click();
    assert.equal(await button.getAttribute('aria-expanded'), 'true');
    const cells = await figure
      .locator('.data table')
      .evaluate((t) =>
        [...(t as HTMLTableElement).tBodies[0].rows].map((row) => [...row.cells].slice(1).map((c) => c.textContent)),
      );
    const { rows, columns } = tableOf(model);
    assert.deepEqual(
      cells,
      rows.map((row) => row.slice(1).map((cell, i) => formatCell(cell as number | null, columns[i + 1].unit))),
    );
  }
  noErrors(renderer);
});

browserTest('a change of theme redraws charts and legend in the new colours at once', async () => {
  const renderer = await openRenderer('Light Modern');
  const output = await renderer.render(item(shiftReport()));
  const canvas = canvasOf(output, 'Hit ratio by pass');
  const [light] = await legendColours(output);
  assert.ok((await pixelsOf(canvas, light)) > 100);
  await renderer.setTheme('Default High Contrast');
  await renderer.page.waitForFunction(
    (old) => document.querySelector('.legend svg path')!.getAttribute('stroke') !== old,
    light,
  );
  const [contrast] = await legendColours(output);
  assert.equal(await pixelsOf(canvas, light), 0);
  assert.ok((await pixelsOf(canvas, contrast)) > 100);
  noErrors(renderer);
});

for (const { name } of fourThemes) {
  browserTest(`axe-core finds no fault in ${name}, with a table open and notes unfolded`, async () => {
    const renderer = await openRenderer(name);
    const plots = [
      ...SHIFT_PLOTS,
      { metrics: [{ name: 'hit-ratio' }], as: 'heatmap' as const, text: '' },
      {
        metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }],
        over: 'time',
        as: 'area' as const,
        text: '',
      },
    ];
    const output = await renderer.render(
      item(shiftReport({ plots, partial: true, variants: ['classic', 'lru', 'opt'] }), 'one', { cached: true }),
    );
    await output.getByRole('button', { name: 'Table' }).first().click();
    await output.locator('summary').click();
    await output.getByRole('button', { name: 'lru', exact: true }).click();
    assert.deepEqual(await accessibilityProblems(renderer.page), []);
    noErrors(renderer);
  });
}

browserTest(
  'an updated output is changed in place: same canvases, focus kept, hidden variants stay hidden',
  async () => {
    const renderer = await openRenderer();
    const output = await renderer.render(item(shiftReport()));
    await output.locator('canvas').evaluateAll((all) => all.forEach((c, i) => (c.dataset['mark'] = String(i))));
    await output.getByRole('button', { name: 'lru', exact: true }).click();
    await output.getByRole('button', { name: 'v6.1' }).focus();
    await renderer.render(item(shiftReport({ passes: [4, 12] })));
    assert.deepEqual(await output.locator('canvas').evaluateAll((all) => all.map((c) => c.dataset['mark'])), [
      '0',
      '1',
      '2',
      '3',
    ]);
    assert.match((await canvasOf(output, 'Hit ratio by pass').getAttribute('aria-label'))!, /6 series/);
    assert.ok(await output.getByRole('button', { name: 'v6.1' }).evaluate((e) => e === document.activeElement));
    const fewer = await renderer.render(item(shiftReport({ plots: [SHIFT_PLOTS[0]] })));
    assert.equal(await fewer.locator('canvas').count(), 1);
    noErrors(renderer);
  },
);

browserTest('what the reader chose survives a reload of the window: hidden, swept value, open table', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render(item(shiftReport()));
  await output.getByRole('button', { name: 'lru', exact: true }).click();
  await output.getByRole('combobox', { name: 'server.memory' }).selectOption('80 MiB');
  await output.getByRole('button', { name: 'Table' }).first().click();
  await renderer.dispose();
  assert.equal(await output.locator('canvas').count(), 0);
  const again = await renderer.render(item(shiftReport(), 'two'));
  assert.equal(await again.getByRole('button', { name: 'lru', exact: true }).getAttribute('aria-pressed'), 'false');
  assert.equal(await again.getByRole('combobox', { name: 'server.memory' }).inputValue(), '80 MiB');
  assert.ok(await again.locator('.data').first().isVisible());
  noErrors(renderer);
});

browserTest('the swept value picks the figures of the legend and the charts that show one value', async () => {
  const renderer = await openRenderer();
  const report = shiftReport();
  const output = await renderer.render(item(report));
  const row = output.locator('.legend tr', { hasText: 'v3.15' });
  for (const [index, size] of ['56 MiB', '80 MiB'].entries()) {
    await output.getByRole('combobox', { name: 'server.memory' }).selectOption(size);
    const point = report.points.find((p) => p.variant['reclaim'] === 'v3.15' && p.coordinates[1] === index * 3)!;
    assert.ok((await row.textContent())!.includes(formatCell(point.counters['misses'], 'pages')));
    assert.match((await canvasOf(output, 'Hit ratio by pass').getAttribute('aria-label'))!, new RegExp(size));
  }
  noErrors(renderer);
});

browserTest('dragging zooms all charts with the same x; a wheel alone scrolls; Escape shows all again', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render(item(shiftReport()));
  const stages = output.locator('.stage');
  const box = (await stages.nth(1).boundingBox())!;
  const { mouse, keyboard } = renderer.page;
  await stages.nth(1).scrollIntoViewIfNeeded();
  const at = (await stages.nth(1).boundingBox())!;
  await mouse.move(at.x + at.width * 0.3, at.y + at.height / 2);
  await mouse.down();
  await mouse.move(at.x + at.width * 0.5, at.y + at.height / 2, { steps: 4 });
  assert.ok(await output.locator('.band').nth(1).isVisible());
  await mouse.up();
  const resets = output.getByRole('button', { name: 'Reset zoom' });
  assert.deepEqual(await resets.evaluateAll((all) => all.map((b) => (b as HTMLButtonElement).hidden)).catch(() => []), [
    false,
    false,
  ]);
  await stages.nth(1).focus();
  await keyboard.press('Escape');
  assert.equal(await resets.count(), 0);
  const defaultKept = await stages.nth(1).evaluate((e) => {
    const plain = new WheelEvent('wheel', { deltaY: 50, bubbles: true, cancelable: true, clientX: 300, clientY: 300 });
    e.dispatchEvent(plain);
    return !plain.defaultPrevented;
  });
  assert.ok(defaultKept && box.width > 0);
  const here = (await stages.nth(1).boundingBox())!;
  await mouse.move(here.x + here.width / 2, here.y + here.height / 2);
  await keyboard.down('Control');
  await mouse.wheel(0, -200);
  await keyboard.up('Control');
  await resets.first().waitFor();
  assert.equal(await resets.count(), 2);
  noErrors(renderer);
});

browserTest(
  'pointing at one chart puts the crosshair into its siblings, and reads all variants, greatest first',
  async () => {
    const renderer = await openRenderer();
    const output = await renderer.render(item(shiftReport()));
    const sibling = canvasOf(output, 'Inactive file pages');
    const before = await sibling.evaluate((c) => (c as HTMLCanvasElement).toDataURL());
    const stage = output.locator('.stage').nth(1);
    await stage.hover({ position: { x: 200, y: 100 } });
    await renderer.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.notEqual(await sibling.evaluate((c) => (c as HTMLCanvasElement).toDataURL()), before);
    const tip = output.locator('.tip');
    assert.ok(await tip.isVisible());
    assert.match((await tip.textContent())!, /^accesses .*classic/);
    await renderer.page.mouse.move(2, 2);
    await renderer.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.equal(await sibling.evaluate((c) => (c as HTMLCanvasElement).toDataURL()), before);
    assert.ok(!(await tip.isVisible()));
    noErrors(renderer);
  },
);

browserTest('charts over time run along time or accesses as chosen, all of them, and say which', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render(item(shiftReport()));
  const along = output.getByRole('combobox', { name: 'time charts along' });
  assert.equal(await along.inputValue(), 'accesses done', 'classic takes more than three times the median');
  assert.equal(await output.locator('h4', { hasText: 'by accesses done' }).count(), 2);
  await along.selectOption('simulated time');
  assert.equal(await output.locator('h4', { hasText: 'over time' }).count(), 2);
  assert.equal(await output.locator('h4', { hasText: 'by accesses done' }).count(), 0);
  await output
    .locator('.stage')
    .nth(1)
    .hover({ position: { x: 200, y: 100 } });
  assert.match((await output.locator('.tip').textContent())!, /^time .*s/);
  noErrors(renderer);
});

browserTest('arrow keys walk points and series and say each value; Home and End jump', async () => {
  const renderer = await openRenderer();
  const report = shiftReport();
  const output = await renderer.render(item(report));
  const said = output.getByRole('status');
  const { keyboard } = renderer.page;
  await output.locator('.stage').first().focus();
  await keyboard.press('ArrowRight');
  assert.equal(await said.textContent(), 'classic, pass 1: 0\u202f%');
  await keyboard.press('ArrowRight');
  assert.equal(await said.textContent(), 'classic, pass 2: 100\u202f%');
  await keyboard.press('ArrowDown');
  assert.equal(await said.textContent(), 'refault-2013, pass 2: 100\u202f%');
  await keyboard.press('End');
  assert.equal(await said.textContent(), 'refault-2013, pass 34: 100\u202f%');
  await keyboard.press('ArrowUp');
  assert.equal(await said.textContent(), 'classic, pass 34: 58.0\u202f%');
  await keyboard.press('Home');
  assert.equal(await said.textContent(), 'classic, pass 1: 0\u202f%');
  noErrors(renderer);
});

browserTest('what a variant is appears beside it on focus, and is read to those who do not see', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render(item(shiftReport()));
  const button = output.getByRole('button', { name: 'v3.15' });
  await output.getByRole('button', { name: 'refault-2013' }).focus();
  await renderer.page.keyboard.press('Tab');
  assert.match(
    (await output.locator('.tip').textContent())!,
    /Refault distance, as merged.*Linux 3\.15, 2014, commit a528910e12ec/,
  );
  const described = await button.evaluate(
    (b) => document.getElementById(b.getAttribute('aria-describedby')!)!.textContent,
  );
  assert.match(described, /as merged/);
  assert.equal(VARIANTS['v3.15'].year, 2014);
  noErrors(renderer);
});

browserTest('without a host, saving downloads; with one, the host is asked to save', async () => {
  const renderer = await openRenderer();
  const report = shiftReport();
  const output = await renderer.render(item(report));
  const figure = output.locator('figure').first();
  const [file] = await Promise.all([
    renderer.page.waitForEvent('download'),
    figure.getByRole('button', { name: 'CSV' }).click(),
  ]);
  assert.equal(file.suggestedFilename(), 'workload-shift-hit-ratio-by-pass.csv');
  assert.deepEqual(await renderer.sent(), [{ type: 'ready' }]);
  const offer: HostMessage = { type: 'host', abilities: ['save', 'open-panel'] };
  await renderer.receive(offer);
  for (const format of ['PNG', 'SVG', 'CSV', 'JSON']) await figure.getByRole('button', { name: format }).click();
  await renderer.page.waitForFunction(() => window.stub.sent.length === 5);
  await output.getByRole('button', { name: 'Open in panel' }).click();
  const sent = (await renderer.sent()) as PageMessage[];
  const saved = sent.flatMap((m) => (m.type === 'save' ? [m.file] : []));
  const named = (ending: string) => saved.find((f) => f.name.endsWith(ending))!;
  const png = Buffer.from(named('.png').data, 'base64');
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.ok(png.readUInt32BE(16) >= 1000, 'twice the width on screen');
  assert.match(named('.svg').data, /^<svg /);
  assert.match(named('.csv').data, /^pass \[count\],classic \[ratio\]/);
  assert.equal((JSON.parse(named('.json').data) as { plan: string }).plan, report.plan);
  assert.deepEqual(sent[5], { type: 'open-panel', plan: report.plan, title: report.title });
  noErrors(renderer);
});

browserTest('a host that can reveal makes expectations lead to their lines', async () => {
  const renderer = await openRenderer();
  const report = shiftReport({ variants: ['classic'], sizes: [64] });
  const source = { uri: 'file:///x.refault', line: 7, column: 2, endLine: 7, endColumn: 30 };
  const placed: Report = {
    ...report,
    points: report.points.map((p) => ({ ...p, expectations: p.expectations.map((e) => ({ ...e, source })) })),
  };
  const output = await renderer.render(item(placed));
  assert.equal(await output.locator('.expectations button').count(), 0);
  await renderer.receive({ type: 'host', abilities: ['reveal'] } satisfies HostMessage);
  await output.locator('.expectations button').click();
  assert.deepEqual(((await renderer.sent()) as PageMessage[]).at(-1), { type: 'reveal', source });
  noErrors(renderer);
});

browserTest('partial and cached results say so in words', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render(item(shiftReport({ partial: true }), 'one', { cached: true }));
  assert.match((await output.locator('.facts').textContent())!, /^partialcached28 points/);
  await renderer.render(item(shiftReport()));
  assert.match((await output.locator('.facts').textContent())!, /^28 points/);
  noErrors(renderer);
});

browserTest('bytes that are no report give a readable message, and the next good report is drawn', async () => {
  const renderer = await openRenderer();
  const output = await renderer.render({ mime: REPORT_MIME, data: new Uint8Array([1, 2, 3]), id: 'one' });
  assert.match((await output.textContent())!, /can't be drawn: these bytes are not a report/);
  await renderer.render(item(shiftReport()));
  assert.equal(await output.locator('canvas').count(), 4);
  await renderer.render({ mime: REPORT_MIME, data: encodeReport(shiftReport()).slice(0, 500), id: 'one' });
  assert.match((await output.textContent())!, /can't be drawn/);
  noErrors(renderer);
});

browserTest('a hundred thousand points draw, and their single spike is still there', async () => {
  const renderer = await openRenderer();
  const base = shiftReport({
    variants: ['v6.1'],
    sizes: [64],
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
  });
  const n = 100_000;
  const t = Float64Array.from({ length: n }, (_, i) => i * 1000);
  const y = Float64Array.from({ length: n }, (_, i) => (i === 61_803 ? 9000 : 100 + (i % 50)));
  const big: Report = {
    ...base,
    points: base.points.map((p) => ({
      ...p,
      time: n * 1000,
      series: [{ name: 'nr_active_file', unit: 'pages', t, y }],
    })),
  };
  const output = await renderer.render(item(big));
  const canvas = output.locator('canvas');
  const [colour] = await legendColours(output);
  const top = await canvas.evaluate((element, wanted) => {
    const c = element as HTMLCanvasElement;
    const { data } = c.getContext('2d')!.getImageData(0, 0, c.width, c.height);
    const rgb = [1, 3, 5].map((i) => parseInt(wanted.slice(i, i + 2), 16));
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 60 && rgb.every((v, k) => Math.abs(data[i + k] - v) < 90))
        return Math.floor(i / 4 / c.width) / c.height;
    }
    return 1;
  }, colour);
  assert.ok(top < 0.3, `the spike reaches up to ${top} of the canvas`);
  noErrors(renderer);
});

browserTest('an output with no points, or all of them hidden, says why it is empty', async () => {
  const renderer = await openRenderer();
  const report = shiftReport({ variants: ['classic', 'lru'], sizes: [64], plots: [SHIFT_PLOTS[0]] });
  const output = await renderer.render(item({ ...report, points: [] }));
  assert.match((await output.textContent())!, /nothing to draw/);
  await renderer.render(item(report));
  for (const name of ['classic', 'lru']) await output.getByRole('button', { name, exact: true }).click();
  assert.match((await output.textContent())!, /All series are hidden/);
  await output.getByRole('button', { name: 'lru', exact: true }).click();
  assert.ok((await drawn(output.locator('canvas'))).pixels > 2000);
  noErrors(renderer);
});

browserTest('a long line breaks where values are missing and is drawn everywhere else', async () => {
  const renderer = await openRenderer();
  const base = shiftReport({
    variants: ['v6.1'],
    sizes: [64],
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
  });
  const n = 50_000;
  const t = Float64Array.from({ length: n }, (_, i) => i * 1000);
  const y = Float64Array.from({ length: n }, (_, i) => (i >= 20_000 && i < 30_000 ? NaN : 500 + (i % 500)));
  const series = [{ name: 'nr_active_file', unit: 'pages', t, y }];
  const output = await renderer.render(
    item({ ...base, points: base.points.map((p) => ({ ...p, time: n * 1000, series })) }),
  );
  const canvas = output.locator('canvas');
  const [colour] = await legendColours(output);
  const inked = await canvas.evaluate((element, wanted) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
    const columns: number[] = [];
    for (let x = 0; x < width; x++)
      for (let at = x; at < width * height; at += width)
        if (data[4 * at] === r && data[4 * at + 1] === g && data[4 * at + 2] === b) {
          columns.push(x);
          break;
        }
    return columns;
  }, colour);
  const gaps = inked.slice(1).flatMap((x, i) => (x - inked[i] > 1 ? [x - inked[i]] : []));
  assert.equal(gaps.length, 1, `columns without the line's colour: ${gaps.join(', ')}`);
  const share = gaps[0] / (inked.at(-1)! - inked[0]);
  assert.ok(Math.abs(share - 0.2) < 0.02, `a fifth is missing, ${share} is left out`);
  noErrors(renderer);
});

browserTest('a chart that would have half a row to itself takes all of it; two share one', async () => {
  const renderer = await openRenderer();
  await renderer.page.setViewportSize({ width: 1200, height: 900 });
  const plot = (name: string) => ({ metrics: [{ name }], text: '' });
  const widths = async (...names: string[]) => {
    const output = await renderer.render(item(shiftReport({ sizes: [64], plots: names.map(plot) })));
    return output.locator('figure').evaluateAll((all) => all.map((e) => Math.round(e.getBoundingClientRect().width)));
  };
  const [alone] = await widths('hit-ratio');
  assert.ok(alone > 1000, `${alone} px`);
  const [left, right, last] = await widths('hit-ratio', 'misses', 'activations');
  assert.equal(left, right);
  assert.ok(left < 600 && last > 1000, `${left} and ${last} px`);
  noErrors(renderer);
});
