/** A whole output: facts, expectations, legend with figures, charts, warnings. Draws from the report alone and keeps its elements across updates. */
import type { OutputFacts, SavedFile } from '../simulator/host-protocol.ts';
import type { SourceSpan } from '../simulator/plan.ts';
import type { Report } from '../simulator/report.ts';
import type { ChartModel } from '../simulator/view/chart-model.ts';
import { expectationsOf, verdictMark, verdictText, verdictWord } from '../simulator/view/expectations.ts';
import { factsOf } from '../simulator/view/facts.ts';
import { canShowWork, chartsOf, prefersWork } from '../simulator/view/plots.ts';
import { dimensionsOf, picksFor, pointFinder } from '../simulator/view/variants.ts';
import { withoutHidden, xKey } from '../simulator/view/visible.ts';
import { ChartCard, type CardHost } from './charts/chart-card.ts';
import { h, refill, setText } from './dom.ts';
import { Legend } from './legend.ts';
import { chartFile } from './save.ts';
import { installStyles } from './styles.ts';
import { readTheme, watchTheme } from './theme.ts';
import { Tip } from './tip.ts';
import { INITIAL, type ViewState } from './view-state.ts';

export interface ViewHost {
  readonly save: (file: SavedFile) => void;
  readonly stateChanged: (state: ViewState) => void;
  /** Absent: not offered. */
  readonly reveal?: ((source: SourceSpan) => void) | undefined;
  readonly openPanel?: ((report: Report) => void) | undefined;
  /** Shows what a variant's badge stands for. */
  readonly numbers?: (() => void) | undefined;
}

export class ReportView {
  readonly #root: HTMLElement;
  readonly #host: ViewHost;
  readonly #tip: Tip;
  readonly #title = h('h3');
  readonly #facts = h('ul', { class: 'facts' });
  readonly #actions = h('div', { class: 'tools' });
  readonly #expectations = h('ul', { class: 'expectations', 'aria-label': 'Expectations' });
  readonly #controls = h('div', { class: 'controls' });
  readonly #legend: Legend;
  readonly #charts = h('div', { class: 'charts' });
  readonly #warnings = h('div');
  readonly #live = h('div', { class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
  readonly #cards: ChartCard[] = [];
  readonly #stopWatching: () => void;
  #theme = readTheme();
  #report: Report | null = null;
  #facts_: OutputFacts = {};
  #state: ViewState = INITIAL;
  #frame = 0;

  constructor(element: HTMLElement, host: ViewHost) {
    installStyles();
    this.#host = host;
    this.#root = h('section', { class: 'refault' });
    this.#tip = new Tip(this.#root);
    this.#legend = new Legend(
      {
        toggle: (key) => this.#toggle(key),
        isolate: (key) => this.#isolate(key),
        highlight: (key) => this.#cards.forEach((card) => card.setHighlight(key)),
        get numbers() {
          return host.numbers;
        },
      },
      this.#tip,
    );
    this.#root.append(
      h('header', {}, this.#title, this.#facts, h('span', { class: 'spring' }), this.#actions),
      this.#expectations,
      this.#controls,
      this.#legend.element,
      this.#charts,
      this.#warnings,
      this.#live,
      this.#tip.element,
    );
    element.replaceChildren(this.#root);
    this.#stopWatching = watchTheme(() => {
      this.#theme = readTheme();
      this.#draw();
    });
  }

  get root(): HTMLElement {
    return this.#root;
  }

  get report(): Report | null {
    return this.#report;
  }

  update(report: Report, facts: OutputFacts, state: ViewState): void {
    this.#report = report;
    this.#facts_ = facts;
    this.#state = state;
    this.#draw();
  }

  /** The charts as shown now, for exports of the whole output. */
  get shown(): readonly ChartModel[] {
    return this.#cards.map((card) => card.shown);
  }

  /** Offers changed (the host has announced itself): draws the header's tools again. */
  refreshActions(): void {
    this.#draw();
  }

  dispose(): void {
    this.#stopWatching();
    cancelAnimationFrame(this.#frame);
    for (const card of this.#cards) card.dispose();
    this.#root.remove();
  }

  #setState(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#host.stateChanged(this.#state);
    this.#draw();
  }

  #draw(): void {
    const report = this.#report;
    if (!report) return;
    const theme = this.#theme;
    this.#root.style.setProperty('--refault-canvas', theme.background);
    this.#root.style.setProperty('--refault-line', theme.grid);
    this.#root.style.setProperty('--refault-line-strong', theme.neutral);
    this.#root.setAttribute('aria-label', `Result of ${report.title || 'run'}`);
    setText(this.#title, report.title || 'Run');
    this.#fillFacts(report);
    this.#fillActions(report);
    this.#fillExpectations(report);
    this.#fillPickers(report);
    const dimensions = dimensionsOf(report);
    const { indices } = picksFor(report, dimensions, this.#state.selection);
    const find = pointFinder(report, dimensions);
    const hidden = new Set(this.#state.hidden);
    this.#legend.element.hidden = report.points.length === 0;
    this.#legend.update({
      report,
      variants: dimensions.variants,
      points: dimensions.variants.map((variant) => find(variant, indices)),
      hidden,
      theme,
    });
    const variantKeys = new Set(dimensions.variants.map((v) => v.key));
    const whole = chartsOf(report, this.#state.selection, { work: this.#alongWork(report) });
    const shown = withoutHidden(whole, hidden);
    this.#fitCards(whole.length);
    // All widths before the first drawing: a chart that became wide behind it would be drawn twice.
    const wide = widths(whole);
    whole.forEach((_, i) => this.#cards[i].element.classList.toggle('wide', wide[i]));
    whole.forEach((model, i) => {
      const card = this.#cards[i];
      const key = xKey(shown[i]);
      card.update({
        model: shown[i],
        whole: model,
        theme,
        zoom: key === null ? undefined : this.#state.zoom[key],
        tableOpen: this.#state.tables.includes(model.id),
        hidden,
        ownLegend: model.series.length > 1 && !model.series.every((s) => variantKeys.has(s.key)),
      });
    });
    this.#fillWarnings(report);
  }

  #fitCards(count: number): void {
    while (this.#cards.length < count) {
      const card = new ChartCard(this.#cardHost());
      this.#cards.push(card);
      this.#charts.append(card.element);
    }
    while (this.#cards.length > count) {
      const card = this.#cards.pop()!;
      card.dispose();
      card.element.remove();
    }
  }

  #cardHost(): CardHost {
    return {
      announce: (text) => this.#announce(text),
      save: (format, model, width) => {
        const report = this.#report!;
        chartFile(format, model, report, this.#theme, width).then(
          (file) => {
            this.#host.save(file);
            this.#announce(`Saved ${file.name}`);
          },
          (error: unknown) => this.#announce(`Could not save as ${format}: ${String(error)}`),
        );
      },
      setZoom: (key, range) => {
        const zoom = { ...this.#state.zoom };
        if (range) zoom[key] = range;
        else delete zoom[key];
        this.#setState({ zoom });
      },
      setCursor: (source, key, x) => {
        cancelAnimationFrame(this.#frame);
        this.#frame = requestAnimationFrame(() => {
          for (const card of this.#cards)
            if (card !== source && key !== null) card.setCursor(card.key === key ? x : null);
        });
      },
      setTable: (id, open) => {
        const others = this.#state.tables.filter((other) => other !== id);
        this.#setState({ tables: open ? [...others, id] : others });
      },
      toggle: (key) => this.#toggle(key),
      showTip: (x, y, content) => this.#tip.show(x, y, content),
      hideTip: () => this.#tip.hide(),
    };
  }

  #toggle(key: string): void {
    const { hidden } = this.#state;
    const show = hidden.includes(key);
    this.#setState({ hidden: show ? hidden.filter((other) => other !== key) : [...hidden, key] });
    this.#announce(`${key} ${show ? 'shown' : 'hidden'}`);
  }

  #isolate(key: string): void {
    const keys = dimensionsOf(this.#report!).variants.map((v) => v.key);
    const others = keys.filter((other) => other !== key);
    const alone = others.every((other) => this.#state.hidden.includes(other));
    this.#setState({ hidden: alone ? [] : others });
    this.#announce(alone ? 'All variants shown' : `Only ${key} shown`);
  }

  #announce(text: string): void {
    setText(this.#live, text);
  }

  #fillFacts(report: Report): void {
    const facts = factsOf(report, this.#facts_.cached ?? false);
    refill(this.#facts, JSON.stringify(facts), () =>
      facts.map((fact) =>
        h('li', { title: fact.doc, class: fact.warn ? 'warn' : undefined, 'data-fact': fact.id }, fact.text),
      ),
    );
  }

  #fillActions(report: Report): void {
    const { reveal, openPanel } = this.#host;
    const source = report.source;
    refill(this.#actions, `${reveal && source ? 'reveal' : ''} ${openPanel ? 'panel' : ''}`, () => [
      reveal &&
        source &&
        h(
          'button',
          { type: 'button', onclick: () => this.#report?.source && reveal(this.#report.source) },
          'Go to source',
        ),
      openPanel &&
        h('button', { type: 'button', onclick: () => this.#report && openPanel(this.#report) }, 'Open in panel'),
    ]);
  }

  #fillExpectations(report: Report): void {
    const found = expectationsOf(report);
    const { reveal } = this.#host;
    this.#expectations.hidden = found.length === 0;
    refill(this.#expectations, JSON.stringify([reveal !== undefined, found]), () =>
      found.map((e) => {
        const { source } = e;
        const text = h('code', {}, e.text);
        const linked =
          reveal && source
            ? h(
                'button',
                { type: 'button', class: 'link', title: 'Go to its line', onclick: () => reveal(source) },
                text,
              )
            : text;
        return h(
          'li',
          { class: e.verdict },
          h('span', { class: 'mark', role: 'img', 'aria-label': verdictWord(e.verdict) }, verdictMark(e.verdict)),
          h('span', {}, linked, ' ', h('span', { class: 'why' }, verdictText(e))),
        );
      }),
    );
  }

  #alongWork(report: Report): boolean {
    return canShowWork(report) && (this.#state.work ?? prefersWork(report));
  }

  #fillPickers(report: Report): void {
    const { picks } = picksFor(report, dimensionsOf(report), this.#state.selection);
    const offersWork = canShowWork(report);
    this.#controls.hidden = picks.length === 0 && !offersWork;
    refill(this.#controls, JSON.stringify([picks.map((p) => [p.axis, p.labels]), offersWork]), () => [
      ...picks.map((pick) =>
        picker(h('code', {}, pick.axis), pick.labels, (index) =>
          this.#setState({ selection: { ...this.#state.selection, [pick.axis]: index } }),
        ),
      ),
      offersWork &&
        picker('time charts along', ['simulated time', 'accesses done'], (index) =>
          this.#setState({ work: index === 1 }),
        ),
    ]);
    const wanted = [...picks.map((pick) => pick.selected), ...(offersWork ? [this.#alongWork(report) ? 1 : 0] : [])];
    this.#controls.querySelectorAll('select').forEach((select, i) => {
      if (select.selectedIndex !== wanted[i]) select.selectedIndex = wanted[i];
    });
  }

  #fillWarnings({ warnings }: Report): void {
    const text = warnings.length === 1 ? '1 note on these numbers' : `${warnings.length} notes on these numbers`;
    refill(this.#warnings, JSON.stringify(warnings), () => [
      warnings.length > 0 &&
        h(
          'details',
          { class: 'warnings' },
          h('summary', {}, text),
          h('ul', {}, ...warnings.map((warning) => h('li', {}, warning))),
        ),
    ]);
  }
}

/** Which take the whole width. Bars and timelines that would have half a row to themselves take the other half, too. */
function widths(models: readonly ChartModel[]): boolean[] {
  const wide = models.map((_, i) => isWide(models, i));
  for (let i = 0; i < models.length; i++) {
    if (wide[i]) continue;
    if (i + 1 < models.length && !wide[i + 1]) i++;
    else wide[i] = models[i].kind === 'bars' || models[i].kind === 'timeline';
  }
  return wide;
}

/** A plot with one panel takes the whole width; panels of one plot stand side by side. */
function isWide(models: readonly ChartModel[], i: number): boolean {
  // Many columns want room.
  if ((models[i].heatmap?.columns.length ?? 0) > 6 || (models[i].kind === 'table' && models[i].table)) return true;
  if (
    models[i].kind === 'bars' &&
    (models[i].x.labels?.length ?? 0) > 8 &&
    models[i].series.some((s) => s.x.length > 1)
  )
    return true;
  const plot = (model: ChartModel) => model.id.slice(0, model.id.indexOf('.'));
  const panels = models.filter((model) => plot(model) === plot(models[i])).length;
  // Stacks of several variants are compared by eye: none is wider than the others.
  return panels % 2 === 1 && models[i].id.endsWith(`.${panels - 1}`)
    ? models[i].kind === 'line' || (models[i].kind === 'area' && panels === 1)
    : false;
}

/** A labelled native select; native, because nothing serves assistive technology better. */
function picker(label: HTMLElement | string, options: readonly string[], chosen: (index: number) => void): HTMLElement {
  const select = h('select', { onchange: (event: Event) => chosen((event.target as HTMLSelectElement).selectedIndex) });
  select.append(...options.map((option) => h('option', {}, option)));
  return h('label', {}, label, select);
}
