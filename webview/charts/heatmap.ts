/** A heat map is a table whose cells are shaded: readable by eye, by screen reader and by copy and paste alike. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { formatCell } from '../../simulator/view/format.ts';
import { contrast, mix, type Theme } from '../theme.ts';
import { h } from '../dom.ts';

export function heatmapTable(model: ChartModel, theme: Theme): HTMLElement {
  const { rows, columns, values } = model.heatmap!;
  const span = model.y.max - model.y.min || 1;
  const deepest = deepestShade(theme);
  const body = rows.map((row, r) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', class: 'text' }, row),
      ...columns.map((_, c) => {
        const value = values[r * columns.length + c];
        const cell = h('td', {}, formatCell(value, model.y.unit));
        if (!Number.isNaN(value)) {
          const share = (value - model.y.min) / span;
          cell.style.backgroundColor = mix(theme.slots[0], theme.background, 0.06 + (deepest - 0.06) * share);
        }
        return cell;
      }),
    ),
  );
  const head = h('tr', {}, h('td', {}), ...columns.map((c) => h('th', { scope: 'col' }, c)));
  return h(
    'table',
    { class: 'heat' },
    h('caption', { class: 'hidden-text' }, model.title),
    h('thead', {}, head),
    h('tbody', {}, ...body),
  );
}

/** The strongest shade on which text is still easy to read. */
function deepestShade(theme: Theme): number {
  let share = 0.8;
  while (share > 0.1 && contrast(theme.foreground, mix(theme.slots[0], theme.background, share)) < 4.6) share -= 0.02;
  return share;
}
