/** The themes in which every picture must be legible: names as in the setting `workbench.colorTheme`. */
export const fourThemes = [
  { name: 'Light Modern', file: 'light' },
  { name: 'Dark Modern', file: 'dark' },
  { name: 'Default High Contrast Light', file: 'high-contrast-light' },
  { name: 'Default High Contrast', file: 'high-contrast-dark' },
] as const;
