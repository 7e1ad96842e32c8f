/**
 * Reports as one HTML page that needs nothing else: the notebook's own renderer and the reports' bytes inside. Opens from a file, works without a
 * network, and says the same in text where scripts don't run.
 */
import { encodeReport } from '../report-codec.ts';
import type { Report } from '../report.ts';
import { DARK, LIGHT, type Palette } from '../view/palette.ts';
import { escapeXml } from '../view/svg.ts';
import { toBase64 } from './base64.ts';
import { reportToText } from './terminal.ts';

export interface HtmlOptions {
  readonly title: string;
  /** Text of the built renderer (dist/renderer.js), an ES module that exports `activate`. */
  readonly renderer: string;
}

export function reportToHtml(reports: readonly Report[], { title, renderer }: HtmlOptions): string {
  const sections = reports.map(
    (report, i) =>
      `<div class="output" id="report-${i}"><noscript><pre>${escapeXml(reportToText(report, { width: 100 }))}</pre></noscript></div>` +
      `<script type="application/octet-stream" id="bytes-${i}">${toBase64(encodeReport(report))}</script>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:\">",
    '<link rel="icon" href="data:,">',
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...sections,
    '</main>',
    // Base64 rather than text: no renderer can then end the script element that carries it.
    `<script type="module">${start(toBase64(utf8(renderer)))}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const start = (renderer: string): string => `
const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => {
  document.body.className = dark.matches ? 'vscode-dark' : 'vscode-light';
  document.body.dataset.vscodeThemeKind = document.body.className;
};
theme();
dark.addEventListener('change', theme);
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const { activate } = await import('data:text/javascript;base64,${renderer}');
const renderer = await activate({});
for (const element of document.querySelectorAll('.output')) {
  const bytes = bytesOf(document.getElementById(element.id.replace('report', 'bytes')).textContent);
  await renderer.renderOutputItem({ id: element.id, mime: 'application/vnd.refault.report', metadata: {}, data: () => bytes }, element);
}
`;

function variables(palette: Palette): string {
  const names = ['blue', 'orange', 'green', 'purple', 'red', 'yellow', 'foreground'];
  const pairs: [string, string][] = [
    ['editor-background', palette.background],
    ['foreground', palette.foreground],
    ['editor-foreground', palette.foreground],
    ['descriptionForeground', palette.muted],
    ['charts-lines', palette.grid],
    ['editorWidget-background', palette.background],
    ['editorWidget-border', palette.grid],
    ['widget-border', palette.grid],
    ['errorForeground', palette.alarm],
    ['focusBorder', palette.slots[0]],
    ['button-secondaryBackground', palette.grid],
    ['button-secondaryForeground', palette.foreground],
    ['font-family', palette.font],
    ['font-size', '13px'],
    ['editor-font-family', 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'],
    ...names.map((name, i): [string, string] => [`charts-${name}`, palette.slots[i]]),
  ];
  return pairs.map(([name, value]) => `--vscode-${name}:${value};`).join('');
}

const style = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme: dark){:root{${variables(DARK)}}}
body{margin:0;background:var(--vscode-editor-background);color:var(--vscode-foreground);font:13px/1.5 var(--vscode-font-family)}
main{max-width:1200px;margin:0 auto;padding:16px 24px}
.output{margin:0 0 32px}
pre{overflow:auto}
`;

/** UTF-8 by hand, for the same reason as base64. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}
