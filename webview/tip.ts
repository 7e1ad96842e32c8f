/** One small window per output that follows pointer or focus: readings of a chart, or what a variant is. For eyes; readers get text elsewhere. */
import { h } from './dom.ts';

export class Tip {
  readonly element: HTMLElement = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  readonly #root: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Beside (x, y) in page coordinates, kept within the output. */
  show(x: number, y: number, content: readonly Node[], gap = 14): void {
    const { element } = this;
    element.replaceChildren(...content);
    element.hidden = false;
    const root = this.#root.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const left = x - root.left + gap + width > root.width ? x - root.left - width - gap : x - root.left + gap;
    element.style.left = `${Math.max(0, Math.min(root.width - width, left))}px`;
    // Outputs may be clipped by their cell: rather above than cut off.
    const top = y - root.top + gap + height > root.height ? y - root.top - height - gap : y - root.top + gap;
    element.style.top = `${Math.max(0, top)}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
