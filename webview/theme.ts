/**
 * The colours of the moment: VS Code keeps them in style variables on the root element and says in the body's attributes when they change. Canvas
 * needs them as values, so they are read here, once for each change.
 */
import { DARK, LIGHT, type Palette } from '../simulator/view/palette.ts';

export interface Theme extends Palette {
  readonly kind: 'light' | 'dark' | 'hc-black' | 'hc-light';
  readonly focus: string;
  readonly lineWidth: number;
  readonly reducedMotion: boolean;
}

const SLOT_VARIABLES = ['blue', 'orange', 'green', 'purple', 'red', 'yellow', 'foreground'];

export function readTheme(): Theme {
  const kind = kindOf(document.body);
  const base = kind === 'light' || kind === 'hc-light' ? LIGHT : DARK;
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string): string =>
    style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const first = (names: readonly string[], fallback: string): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return fallback;
  };
  const highContrast = kind.startsWith('hc');
  const background = read('editor-background', base.background);
  // A notebook output may lie on a colour of its own, with or without transparency.
  const canvas = opaque(read('notebook-outputContainerBackgroundColor', background), background);
  const foreground = read('foreground', base.foreground);
  const needed = highContrast ? 4.5 : 3;
  return {
    kind,
    background: canvas,
    foreground,
    muted: legible(first(['descriptionForeground', 'disabledForeground'], base.muted), canvas, foreground, 4.5),
    grid: highContrast ? mix(foreground, canvas, 0.4) : mix(foreground, canvas, 0.14),
    alarm: legible(first(['errorForeground', 'editorError-foreground'], base.alarm), canvas, foreground, 4.5),
    slots: SLOT_VARIABLES.map((name, i) => {
      // High-contrast themes have no orange; in the light one, what could stand for it would look like their yellow.
      const fallback = kind === 'hc-light' && name === 'orange' ? '#00727d' : base.slots[i];
      return legible(read(`charts-${name}`, fallback), canvas, foreground, needed);
    }),
    neutral: legible(mix(foreground, canvas, 0.6), canvas, foreground, needed),
    focus: first(['focusBorder', 'contrastActiveBorder'], base.slots[0]),
    font: read('font-family', base.font),
    lineWidth: highContrast ? 2.4 : 1.8,
    reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
}

function kindOf(body: HTMLElement): Theme['kind'] {
  const said = body.dataset['vscodeThemeKind'] ?? '';
  const has = (name: string): boolean => said === name || body.classList.contains(name);
  if (has('vscode-high-contrast-light')) return 'hc-light';
  if (has('vscode-high-contrast')) return 'hc-black';
  if (has('vscode-light')) return 'light';
  if (has('vscode-dark')) return 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Calls `changed` after every change of theme; one animation frame at most separates them. */
export function watchTheme(changed: () => void): () => void {
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  };
  const observer = new MutationObserver(later);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['class', 'data-vscode-theme-kind', 'data-vscode-theme-id'],
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', later);
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    dark.removeEventListener('change', later);
  };
}

type Rgba = readonly [number, number, number, number];

let probe: CanvasRenderingContext2D | null = null;

const parsed = new Map<string, Rgba>();
/** Every theme brings some fifty. */
const REMEMBERED = 2000;

/** Any CSS colour as numbers: our own notation at once, others by the one parser that knows them all, which is slow. */
function parse(colour: string): Rgba {
  let found = parsed.get(colour);
  if (found) return found;
  found = /^#[\da-f]{6}$/.test(colour)
    ? [parseInt(colour.slice(1, 3), 16), parseInt(colour.slice(3, 5), 16), parseInt(colour.slice(5, 7), 16), 1]
    : parseByCanvas(colour);
  if (parsed.size >= REMEMBERED) parsed.clear();
  parsed.set(colour, found);
  return found;
}

function parseByCanvas(colour: string): Rgba {
  probe ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!probe) return [128, 128, 128, 1];
  probe.canvas.width = 1;
  probe.canvas.height = 1;
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = '#000';
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const hex = (channels: readonly number[]): string =>
  '#' +
  channels
    .slice(0, 3)
    .map((v) =>
      Math.max(0, Math.min(255, Math.round(v)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('');

/** `share` of `a` over `b`. */
export function mix(a: string, b: string, share: number): string {
  const x = parse(a);
  const y = parse(b);
  return hex([0, 1, 2].map((i) => x[i] * share + y[i] * (1 - share)));
}

/** `colour` laid over an opaque `background`. */
function opaque(colour: string, background: string): string {
  const alpha = parse(colour)[3];
  return alpha >= 1 ? hex(parse(colour)) : alpha <= 0 ? background : mix(hex(parse(colour)), background, alpha);
}

function luminance(colour: string): number {
  const [r, g, b] = parse(colour).map((v) => {
    const c = v / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: string, b: string): number {
  const x = luminance(a);
  const y = luminance(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Themes choose freely; a line still has to be seen. Moves `colour` towards the foreground until the contrast suffices. */
function legible(colour: string, background: string, foreground: string, needed: number): string {
  // Some themes give charts the translucent colour of a text highlight: the hue is what is meant.
  const solid = parse(colour)[3] > 0 ? hex(parse(colour)) : foreground;
  for (let share = 1; share > 0; share -= 0.1) {
    const tried = mix(solid, foreground, share);
    if (contrast(tried, background) >= needed) return tried;
  }
  return foreground;
}
