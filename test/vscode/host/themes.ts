/** The themes in which every picture must be legible: name as in the setting `workbench.colorTheme`, label as in the theme picker. */
export const fourThemes = [
  { name: 'Light Modern', label: 'Light Modern', file: 'light' },
  { name: 'Dark Modern', label: 'Dark Modern', file: 'dark' },
  { name: 'Default High Contrast Light', label: 'Light High Contrast', file: 'high-contrast-light' },
  { name: 'Default High Contrast', label: 'Dark High Contrast', file: 'high-contrast-dark' },
] as const;
