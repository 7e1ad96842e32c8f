/** A heat map is a table whose cells are shaded: readable by eye, by screen reader and by copy and paste alike. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { formatValue } from '../../simulator/view/format.ts';
import { contrast, mix, type Theme } from '../theme.ts';
import { h } from '../dom.ts';

export function heatmapTable(model: ChartModel, theme: Theme): HTMLElement {
  const { rows, columns, values } = model.heatmap!;
  const span = model.y.max - model.y.min || 1;
  const body = rows.map((row, r) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', class: 'text' }, row),
      ...columns.map((_, c) => {
        const value = values[r * columns.length + c];
        const cell = h('td', {}, formatValue(value, model.y.unit));
        if (!Number.isNaN(value)) {
          const shade = mix(theme.slots[0], theme.background, 0.06 + 0.7 * ((value - model.y.min) / span));
          cell.style.backgroundColor = shade;
          cell.style.color =
            contrast(theme.foreground, shade) >= contrast(theme.background, shade)
              ? theme.foreground
              : theme.background;
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
