/** One chart with its title, tools, canvas, table and notes. Made once, updated in place. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { formatCell, formatValue } from '../../simulator/view/format.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { lastValue } from '../../simulator/view/sentence.ts';
import { isSideways } from '../../simulator/view/svg.ts';
import { shownTable } from '../../simulator/view/tables.ts';
import { xKey, zoomed, type Range } from '../../simulator/view/visible.ts';
import { h, refill, setText, uniqueId } from '../dom.ts';
import { CHART_FORMATS, type ChartFormat } from '../save.ts';
import { swatch } from '../swatch.ts';
import { mix, type Theme } from '../theme.ts';
import { labelRoom } from './annotations.ts';
import { Chart } from './chart-js.ts';
import { configOf, isDrawn } from './config.ts';
import { faceOf, setFace } from './face.ts';
import { flowChart } from './flow.ts';
import { heatPicture } from './heat-picture.ts';
import { heatmapTable } from './heatmap.ts';
import { interact } from './interaction.ts';
import { waitGraph } from './wait-graph.ts';
import { placeText, readingsAt, readingText, type Reading } from './reading.ts';

/** What a card asks of the output it stands in. */
export interface CardHost {
  readonly announce: (text: string) => void;
  readonly save: (format: ChartFormat, model: ChartModel, width: number) => void;
  readonly setZoom: (key: string, range: Range | null) => void;
  /** The reader points at `x` of this card; the output tells the others. */
  readonly setCursor: (card: ChartCard, key: string | null, x: number | null) => void;
  readonly setTable: (id: string, open: boolean) => void;
  readonly toggle: (key: string) => void;
  readonly showTip: (x: number, y: number, content: readonly Node[]) => void;
  readonly hideTip: () => void;
}

export interface CardInput {
  /** With hidden series left out. */
  readonly model: ChartModel;
  /** With all of them: the card's own legend offers to bring them back. */
  readonly whole: ChartModel;
  readonly theme: Theme;
  readonly zoom: Range | undefined;
  readonly tableOpen: boolean;
  readonly hidden: ReadonlySet<string>;
  /** Series are the variants of the output's legend; no legend of its own is needed. */
  readonly ownLegend: boolean;
}

/** Wide enough for a line of words; it shrinks with a narrower card. */
const GRAPH_WIDTH = 430;
/** Of a dense heat map; it shrinks with its card. */
const HEAT_WIDTH = 640;
const FLOW_WIDTH = 640;
/** Also for narrower pictures, which may become wider. */
const MIN_COLUMNS = 800;

export class ChartCard {
  readonly element: HTMLElement;
  readonly #host: CardHost;
  readonly #title = h('h4');
  readonly #names = h('code', { class: 'muted' });
  readonly #where = h('span', { class: 'muted' });
  readonly #keys = h('div', { class: 'keys', role: 'group' });
  readonly #canvas = h('canvas', { role: 'img' });
  readonly #stage: HTMLElement;
  readonly #heat = h('div', { class: 'scroll' });
  readonly #empty = h('p', { class: 'empty', hidden: true });
  readonly #notes = h('div');
  readonly #data = h('div', { class: 'data', tabindex: 0, role: 'region', hidden: true });
  readonly #tableButton: HTMLButtonElement;
  readonly #resetButton: HTMLButtonElement;
  #chart: Chart | null = null;
  #drawn = '';
  #input!: CardInput;

  constructor(host: CardHost) {
    this.#host = host;
    const help = uniqueId('help');
    const titleId = uniqueId('title');
    this.#title.id = titleId;
    this.#data.id = uniqueId('data');
    this.#stage = h(
      'div',
      {
        class: 'stage',
        tabindex: 0,
        role: 'group',
        'aria-roledescription': 'interactive chart',
        'aria-labelledby': titleId,
        'aria-describedby': help,
      },
      this.#canvas,
    );
    this.#tableButton = h(
      'button',
      { type: 'button', 'aria-expanded': 'false', 'aria-controls': this.#data.id, onclick: () => this.#toggleTable() },
      'Table',
    );
    this.#resetButton = h(
      'button',
      { type: 'button', hidden: true, title: 'Show the whole range (Escape)', onclick: () => this.#setZoom(null) },
      'Reset zoom',
    );
    const formats = CHART_FORMATS.map((format) =>
      h('button', { type: 'button', title: `Save as ${format}`, onclick: () => this.#save(format) }, format),
    );
    const tools = h('div', { class: 'tools' }, this.#resetButton, this.#tableButton, ...formats);
    const helpText =
      'Left and right arrow keys walk the points, up and down change the series, Home and End jump, plus and minus zoom, Escape shows the whole range.';
    this.element = h(
      'figure',
      {},
      h('figcaption', {}, this.#title, this.#names, this.#where, h('span', { class: 'spring' }), tools),
      this.#keys,
      this.#stage,
      this.#heat,
      this.#empty,
      h('span', { id: help, class: 'hidden-text' }, helpText),
      this.#notes,
      this.#data,
    );
    interact(this.#stage, {
      chart: () => this.#chart,
      model: () => this.#input.model,
      zoomable: () => xKey(this.#input.model) !== null,
      zoomed: () => this.#input.zoom !== undefined,
      setZoom: (range) => this.#setZoom(range),
      setCursor: (x, at, only) => this.#point(x, at, only),
      announce: host.announce,
    });
  }

  /** The model as shown now: what is saved. */
  get shown(): ChartModel {
    return zoomed(this.#input.model, this.#input.zoom);
  }

  get key(): string | null {
    return xKey(this.#input.model);
  }

  update(input: CardInput): void {
    this.#input = input;
    const { model, zoom, tableOpen } = input;
    setText(this.#title, model.title);
    setText(this.#names, model.names.join(', '));
    this.#names.title = model.doc;
    setText(this.#where, model.subtitle);
    this.#canvas.setAttribute('aria-label', model.sentence);
    this.#resetButton.hidden = zoom === undefined;
    this.#tableButton.setAttribute('aria-expanded', String(tableOpen));
    this.#tableButton.hidden = model.kind === 'table';
    refill(this.#notes, model.notes.join('\n'), () => model.notes.map((note) => h('p', { class: 'note' }, note)));
    this.#fillKeys(input);
    this.#draw(input);
    this.#fillTable(tableOpen || model.kind === 'table');
  }

  dispose(): void {
    this.#chart?.destroy();
    this.#chart = null;
  }

  /** Draws the crosshair at `x`, or none. */
  setCursor(x: number | null): void {
    const face = this.#chart && faceOf(this.#chart);
    if (!this.#chart || !face || face.cursor === x) return;
    face.cursor = x;
    face.readings = x === null ? [] : readingsAt(this.#input.model, x);
    this.#chart.draw();
  }

  /** Dims all series but one. */
  setHighlight(key: string | null): void {
    const chart = this.#chart;
    const face = chart && faceOf(chart);
    if (!chart || !face || face.highlight === key) return;
    const { model, theme } = this.#input;
    const known = model.series.some((s) => s.key === key);
    face.highlight = known ? key : null;
    if (model.kind === 'area' || model.kind === 'timeline') return;
    model.series.forEach((s, i) => {
      const colour = colourOf(theme, s.style.slot);
      const ink = face.highlight !== null && s.key !== key ? mix(colour, theme.background, 0.25) : colour;
      const dataset = chart.data.datasets[i];
      dataset.borderColor = ink;
      if (model.kind === 'bars') dataset.backgroundColor = ink;
    });
    chart.update('none');
  }

  #draw({ model, theme, zoom }: CardInput): void {
    const hasData =
      model.heatmap !== undefined ||
      model.graph !== undefined ||
      (model.flow ? model.flow.flows.length > 0 : (model.table?.rows.length ?? 0) > 0) ||
      model.series.some((s) => lastValue(s) !== null);
    this.#empty.hidden = hasData;
    const why =
      this.#input.whole.series.length > model.series.length ? 'All series are hidden.' : 'There is nothing to draw.';
    setText(this.#empty, why);
    this.#heat.hidden = model.heatmap === undefined && model.graph === undefined && !model.flow?.flows.length;
    // A wide map scrolls: also by the keyboard.
    for (const [name, value] of [
      ['tabindex', '0'],
      ['role', 'region'],
      ['aria-label', `Values of ${model.title}`],
    ] as const)
      if (model.heatmap) this.#heat.setAttribute(name, value);
      else this.#heat.removeAttribute(name);
    if (model.heatmap)
      this.#heat.replaceChildren(
        model.heatmap.dense ? heatPicture(model, theme, HEAT_WIDTH) : heatmapTable(model, theme),
      );
    if (model.graph) this.#heat.replaceChildren(waitGraph(model, theme, GRAPH_WIDTH));
    if (model.flow) this.#heat.replaceChildren(flowChart(model, theme, FLOW_WIDTH));
    this.#setHeight(model);
    this.#stage.hidden = !hasData || !isDrawn(model);
    const config = this.#stage.hidden ? null : configOf(zoomed(model, zoom), theme, this.#columns(model));
    if (config === null) {
      this.#chart?.destroy();
      this.#chart = null;
      return;
    }
    const drawn = `${config.type} ${isSideways(model)}`;
    if (this.#chart && this.#drawn === drawn) {
      setFace(this.#chart, this.#face(model, theme));
      this.#chart.data = config.data as never;
      this.#chart.options = config.options as never;
      this.#chart.update('none');
      return;
    }
    this.#chart?.destroy();
    this.#drawn = drawn;
    const holder: { chart?: Chart } = {};
    const face = this.#face(model, theme);
    // The first drawing happens inside the constructor: the plugins must know the face before it.
    const attach = { id: 'refault-face', beforeInit: (chart: Chart) => void setFace((holder.chart = chart), face) };
    this.#chart = new Chart(this.#canvas, { ...config, plugins: [attach] } as never);
  }

  /** Columns that long lines are thinned to: as many as the picture has pixels. A picture that becomes wider keeps its extremes, somewhat coarser. */
  #columns({ series }: ChartModel): number {
    const long = series.some(({ x }) => x.length > 4 * MIN_COLUMNS);
    return long ? Math.max(MIN_COLUMNS, Math.ceil(this.#stage.clientWidth * devicePixelRatio)) : MIN_COLUMNS;
  }

  #face(model: ChartModel, theme: Theme) {
    return { model, theme, cursor: null, readings: [], highlight: null };
  }

  #setHeight(model: ChartModel): void {
    const rows = isSideways(model)
      ? (model.x.labels?.length ?? 1)
      : model.kind === 'timeline'
        ? (model.y.labels?.length ?? 1)
        : 0;
    const height = rows > 0 ? rows * 26 + 58 : 236 + labelRoom(model.annotations);
    this.#stage.style.height = `${height}px`;
  }

  #fillKeys({ whole, theme, hidden, ownLegend }: CardInput): void {
    this.#keys.hidden = !ownLegend;
    if (!ownLegend) return;
    this.#keys.setAttribute('aria-label', `Series of ${whole.title}`);
    const key = [theme.kind, theme.slots.join(), ...whole.series.map((s) => s.key)].join('\n');
    refill(this.#keys, key, () =>
      whole.series.map((s) =>
        h(
          'button',
          {
            type: 'button',
            class: 'key',
            'data-series': s.key,
            'aria-pressed': 'true',
            onclick: () => this.#host.toggle(s.key),
          },
          swatch(s.style, theme, s.overlay ? 'line' : whole.kind, s.faint, s.points),
          h('span', { class: 'name' }, s.label),
        ),
      ),
    );
    for (const button of this.#keys.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(!hidden.has(button.dataset['series'] ?? '')));
    }
  }

  #fillTable(open: boolean): void {
    this.#data.hidden = !open;
    if (!open) {
      this.#data.replaceChildren();
      return;
    }
    const model = this.shown;
    this.#data.setAttribute('aria-label', `Data of ${model.title}`);
    const { columns, rows, note } = shownTable(model);
    const text = columns.map((_, c) => rows.every((row) => typeof row[c] === 'string'));
    const head = columns.map((c, i) => {
      const unit =
        c.unit === '' || c.unit === 'count' || c.unit === 'ratio' || c.unit === 'ns' || c.unit === c.title
          ? ''
          : ` (${c.unit})`;
      // A header cell without words says nothing to those who hear the table.
      if (c.title === '') return h('td', {});
      return h('th', { scope: 'col', class: text[i] ? 'text' : undefined }, c.title + (c.unit === 'bytes' ? '' : unit));
    });
    const body = rows.map((row) =>
      h(
        'tr',
        {},
        ...row.map((cell, i) => {
          const shown =
            typeof cell === 'string'
              ? cell
              : i === 0
                ? firstCell(cell, columns[0].unit)
                : formatCell(cell, columns[i].unit);
          return i === 0
            ? h('th', { scope: 'row', class: text[0] ? 'text' : undefined }, shown)
            : h('td', { class: text[i] ? 'text' : undefined }, shown);
        }),
      ),
    );
    const caption = h('caption', { class: 'hidden-text' }, model.title);
    this.#data.replaceChildren(
      h('table', {}, caption, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body)),
      ...(note === '' ? [] : [h('p', { class: 'note' }, note)]),
    );
  }

  #toggleTable(): void {
    this.#host.setTable(this.#input.model.id, !this.#input.tableOpen);
  }

  #setZoom(range: Range | null): void {
    const key = this.key;
    if (key !== null) this.#host.setZoom(key, range);
  }

  #save(format: ChartFormat): void {
    const width = Math.max(420, Math.round(this.#stage.getBoundingClientRect().width) || 760);
    this.#host.save(format, this.shown, width);
  }

  #point(x: number | null, at?: { x: number; y: number }, only?: Reading): void {
    this.setCursor(x);
    this.#host.setCursor(this, this.key, x);
    const { model, theme } = this.#input;
    const readings = x === null ? [] : only ? [only] : readingsAt(model, x);
    if (x === null || !at || readings.length === 0) {
      this.#host.hideTip();
      return;
    }
    const place = placeText(model.x, only && !model.x.labels ? only.x : x);
    const rows = readings
      .slice(0, 16)
      .map((reading) =>
        h(
          'tr',
          {},
          h('td', {}, swatch(reading.series.style, theme) as unknown as Node),
          h('td', { class: 'text' }, reading.series.label),
          h('td', {}, readingText(model, reading)),
        ),
      );
    this.#host.showTip(at.x, at.y, [h('div', { class: 'title' }, place), h('table', {}, h('tbody', {}, ...rows))]);
  }
}

const firstCell = (value: number | null, unit: string): string =>
  unit === 'count' ? formatValue(value, '') : formatValue(value, unit);
