/** Legend and summary in one: a row per variant with a button that shows or hides it everywhere, what it is, and its figures. */
import type { PointReport, Report, VariantInfo } from '../simulator/report.ts';
import { eraOf, standingText } from '../simulator/view/facts.ts';
import { formatCell } from '../simulator/view/format.ts';
import { figuresOf } from '../simulator/view/tables.ts';
import type { VariantRow } from '../simulator/view/variants.ts';
import { h, refill, setText, uniqueId } from './dom.ts';
import { swatch } from './swatch.ts';
import type { Theme } from './theme.ts';
import type { Tip } from './tip.ts';

export interface LegendHost {
  readonly toggle: (key: string) => void;
  /** Show this one only, or, when it is the only one, all. */
  readonly isolate: (key: string) => void;
  readonly highlight: (key: string | null) => void;
  /** Shows what a badge stands for; absent: not offered. */
  readonly numbers?: (() => void) | undefined;
}

export interface LegendInput {
  readonly report: Report;
  readonly variants: readonly VariantRow[];
  /** The point of each variant at the selected swept values. */
  readonly points: readonly (PointReport | undefined)[];
  readonly hidden: ReadonlySet<string>;
  readonly theme: Theme;
}

export class Legend {
  readonly element = h('div', { class: 'legend scroll' });
  readonly #host: LegendHost;
  readonly #tip: Tip;
  readonly #table = h('table');

  constructor(host: LegendHost, tip: Tip) {
    this.#host = host;
    this.#tip = tip;
    this.element.append(this.#table);
  }

  update(input: LegendInput): void {
    const { report, variants, points, hidden, theme } = input;
    const figures = figuresOf(report);
    const infos = variants.map((v) => (v.info ? eraOf(v.info) : ''));
    const hasEra = infos.some((text) => text !== '');
    const offers = this.#host.numbers !== undefined;
    const validated = variants.some((variant) => variant.info);
    const shape = JSON.stringify([
      offers,
      theme.kind,
      theme.slots,
      theme.neutral,
      variants,
      figures.map((f) => f.title),
    ]);
    refill(this.#table, shape, () => {
      const axes = report.axes.filter((axis) => axis.kind === 'compare').map((axis) => axis.name);
      const head = h(
        'tr',
        {},
        h('th', { scope: 'col', class: 'text' }, axes.join(' · ') || 'variant'),
        hasEra && h('th', { scope: 'col', class: 'text' }, 'since'),
        validated && h('th', { scope: 'col', class: 'text' }, 'validated'),
        ...figures.map((f) => h('th', { scope: 'col' }, f.title)),
      );
      const rows = variants.map((variant, i) =>
        this.#row(variant, infos[i], { hasEra, validated, figures: figures.length }, input),
      );
      const caption = h(
        'caption',
        { class: 'hidden-text' },
        'Variants and their totals; the buttons show or hide them in the charts',
      );
      return [caption, h('thead', {}, head), h('tbody', {}, ...rows)];
    });
    const rows = [...this.#table.tBodies[0].rows];
    const ranked = points.map((point, i) =>
      variants[i].info?.family === 'ruler' ? null : ((point && figures[0]?.of(point)) ?? null),
    );
    const best =
      figures[0]?.title === 'hit ratio' && variants.length > 2 ? Math.max(...ranked.map((v) => v ?? -1)) : NaN;
    const differ = new Set(ranked.filter((v) => v !== null)).size > 1;
    rows.forEach((row, i) => {
      const off = hidden.has(variants[i].key);
      row.querySelector('button')?.setAttribute('aria-pressed', String(!off));
      const point = points[i];
      figures.forEach((figure, f) => {
        const cell = row.cells[row.cells.length - figures.length + f];
        const value = point ? figure.of(point) : null;
        setText(cell, formatCell(value, figure.unit) + (point && !point.complete && f === 0 ? ' (interrupted)' : ''));
        if (f === 0) cell.classList.toggle('best', differ && ranked[i] !== null && ranked[i] === best);
      });
    });
  }

  /** One word that says how far a model is validated; a button where a host can show the numbers. */
  #badge({ standing }: VariantInfo): HTMLElement {
    const text = capitalised(standingText(standing));
    if (!this.#host.numbers)
      return h('span', { class: 'badge', 'data-standing': standing, title: `${text}.` }, standing);
    return h(
      'button',
      {
        type: 'button',
        class: 'badge',
        'data-standing': standing,
        title: `${text}. Press to see how far the simulator is from recorded kernels.`,
        onclick: () => this.#host.numbers?.(),
      },
      standing,
    );
  }

  #row(
    variant: VariantRow,
    era: string,
    { hasEra, validated, figures }: { readonly hasEra: boolean; readonly validated: boolean; readonly figures: number },
    { theme, variants }: LegendInput,
  ): HTMLElement {
    const { key, label, info } = variant;
    const about = uniqueId('about');
    const name = h('span', { class: 'name' }, label);
    const described = info ? `${info.title}. ${info.summary} ${capitalised(standingText(info.standing))}.` : '';
    const mark = swatch(variant.style, theme);
    const head =
      variants.length > 1
        ? h(
            'button',
            {
              type: 'button',
              class: 'key',
              'aria-pressed': 'true',
              'aria-describedby': info ? about : undefined,
              'data-series': key,
              onclick: (event: MouseEvent) =>
                event.altKey || event.shiftKey ? this.#host.isolate(key) : this.#host.toggle(key),
              ondblclick: () => this.#host.isolate(key),
            },
            mark as unknown as Node,
            name,
          )
        : h('span', { class: 'key' }, mark as unknown as Node, name);
    const cell = h(
      'th',
      { scope: 'row', class: 'text' },
      head,
      info && h('span', { id: about, class: 'hidden-text' }, described),
    );
    const row = h(
      'tr',
      {},
      cell,
      hasEra && h('td', { class: 'text muted' }, era.replace(/, commit (\w{7})\w*/, ', $1')),
      validated && h('td', { class: 'text' }, info && this.#badge(info)),
      ...Array.from({ length: figures }, () => h('td')),
    );
    const enter = () => {
      this.#host.highlight(key);
      if (info) {
        const box = head.getBoundingClientRect();
        this.#tip.show(
          box.left,
          box.bottom,
          [
            h('div', { class: 'title' }, info.title),
            h('div', {}, info.summary),
            h('div', { class: 'muted' }, [era, standingText(info.standing)].filter((t) => t !== '').join('; ')),
          ],
          6,
        );
      }
    };
    const leave = () => {
      this.#host.highlight(null);
      this.#tip.hide();
    };
    head.addEventListener('pointerenter', enter);
    head.addEventListener('pointerleave', leave);
    head.addEventListener('focus', () => head.matches(':focus-visible') && enter());
    head.addEventListener('blur', leave);
    return row;
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
