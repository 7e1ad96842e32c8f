/**
 * Colours a picture needs. In VS Code they are the theme's (webview/theme.ts reads them); files that stand alone have these two sets, which are VS
 * Code's own defaults, so that an exported picture looks like the one on screen.
 */
export interface Palette {
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly alarm: string;
  /** One per colour slot: blue, orange, green, purple, red, yellow, neutral strong. */
  readonly slots: readonly string[];
  /** Rulers (slot −1). */
  readonly neutral: string;
  readonly font: string;
}

const FONT = 'system-ui, "Segoe UI", Ubuntu, "Droid Sans", sans-serif';

export const LIGHT: Palette = {
  background: '#ffffff',
  foreground: '#3b3b3b',
  muted: '#616161',
  grid: '#e4e4e4',
  alarm: '#b01011',
  slots: ['#1a85ff', '#b5730f', '#388a34', '#652d90', '#e51400', '#8a6500', '#3b3b3b'],
  neutral: '#7a7a7a',
  font: FONT,
};

export const DARK: Palette = {
  background: '#1f1f1f',
  foreground: '#cccccc',
  muted: '#9d9d9d',
  grid: '#3c3c3c',
  alarm: '#f88070',
  slots: ['#3794ff', '#d18616', '#89d185', '#b180d7', '#f14c4c', '#cca700', '#cccccc'],
  neutral: '#9d9d9d',
  font: FONT,
};

export const colourOf = (palette: Palette, slot: number): string =>
  slot < 0 ? palette.neutral : palette.slots[slot % palette.slots.length];
