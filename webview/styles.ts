/** Styles of everything drawn, as one constructed sheet: no inline style, so the strictest content security policy is fine with it. */

const css = `
.refault { color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size, 13px); line-height: 1.45; position: relative; width: 100%; container-type: inline-size; }
.refault * { box-sizing: border-box; }
.refault h3, .refault h4, .refault p, .refault ul, .refault table, .refault figure { margin: 0; }
.refault h3 { font-size: 1.2em; font-weight: 600; }
.refault h4 { font-size: 1em; font-weight: 600; }
.refault code { color: inherit; background: none; padding: 0; border: 0; }
.refault code.muted { color: var(--vscode-descriptionForeground); }
.refault code, .refault .mono { font-family: var(--vscode-editor-font-family, monospace); font-size: 0.92em; }
.refault .muted { color: var(--vscode-descriptionForeground); }
.refault tr:hover .muted, .refault button:hover .muted { color: inherit; }
.refault .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.refault [hidden] { display: none !important; }

.refault header { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; margin-bottom: 6px; }
.refault .facts { display: flex; flex-wrap: wrap; gap: 4px 0; list-style: none; padding: 0; }
.refault .facts li { color: var(--vscode-descriptionForeground); padding: 0 8px; border-left: 1px solid var(--refault-line); white-space: nowrap; }
.refault .facts li.warn, .refault .facts li[data-fact=cached] { color: var(--vscode-foreground); border: 1px solid var(--refault-line-strong); border-radius: 9px; padding: 0 8px; margin-right: 6px; }
.refault .facts li.warn { border-style: dashed; border-color: var(--vscode-editorWarning-foreground, var(--refault-line-strong)); }
.refault .facts li.warn + li, .refault .facts li[data-fact=cached] + li:not(.warn) { border-left: 0; }
.refault .facts li:first-child:not(.warn):not([data-fact=cached]) { border-left: 0; padding-left: 0; }
.refault header .spring { flex: 1; }

.refault .expectations { list-style: none; padding: 0; margin: 2px 0 8px; }
.refault .expectations li { display: grid; grid-template-columns: 1.4em 1fr; }
.refault .expectations .mark { font-weight: 700; }
.refault .expectations .holds .mark { color: var(--vscode-testing-iconPassed, var(--vscode-charts-green)); }
.refault .expectations .fails .mark { color: var(--vscode-testing-iconFailed, var(--vscode-errorForeground)); }
.refault .expectations .open .mark { color: var(--vscode-editorWarning-foreground, inherit); }
.refault button.link { border: 0; padding: 0; text-align: left; }
.refault button.link:hover { background: none; text-decoration: underline; }
.refault .expectations .why { color: var(--vscode-descriptionForeground); }
.refault .expectations .fails .why { color: var(--vscode-foreground); }

.refault .controls { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; margin: 6px 0; }
.refault label { display: inline-flex; gap: 6px; align-items: center; }
.refault select { font: inherit; color: var(--vscode-dropdown-foreground, inherit); background: var(--vscode-dropdown-background, transparent); border: 1px solid var(--vscode-dropdown-border, var(--refault-line-strong)); border-radius: 2px; padding: 1px 4px; }
.refault button { font: inherit; color: inherit; background: transparent; border: 1px solid transparent; border-radius: 3px; padding: 1px 6px; cursor: pointer; }
.refault button:hover { background: var(--vscode-toolbar-hoverBackground, var(--vscode-list-hoverBackground)); }
.refault button:focus-visible, .refault select:focus-visible, .refault summary:focus-visible, .refault [tabindex]:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
.refault .tools { margin-left: auto; display: inline-flex; flex-wrap: wrap; gap: 0; color: var(--vscode-descriptionForeground); font-size: 0.92em; }
.refault .tools button[aria-expanded=true], .refault .tools button[aria-pressed=true] { color: var(--vscode-foreground); border-color: var(--refault-line-strong); }

.refault .scroll { overflow-x: auto; }
.refault table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.refault th, .refault td { padding: 1px 10px; text-align: right; white-space: nowrap; border: 0; background: none; }
.refault th { font-weight: 600; }
.refault thead th { color: var(--vscode-descriptionForeground); font-weight: normal; border-bottom: 1px solid var(--refault-line-strong); }
.refault .text { text-align: left; }
.refault thead, .refault tr, .refault tr:nth-child(even) { background: none; font-weight: normal; }
.refault tbody tr:hover { background: var(--vscode-list-hoverBackground); }
.refault .legend { margin: 4px 0 10px; }
.refault .legend th:first-child { padding-left: 0; }
.refault tbody th { font-weight: normal; }
.refault .key { display: inline-flex; align-items: center; gap: 7px; text-align: left; }
.refault .key[aria-pressed=false] .name { text-decoration: line-through; }
.refault .key[aria-pressed=false] svg { opacity: 0.35; }
.refault .key svg { flex: none; overflow: visible; }
.refault .keys { display: flex; flex-wrap: wrap; gap: 0 4px; margin: 2px 0; }
.refault .best { font-weight: 700; }
.refault .badge { display: inline-block; color: var(--vscode-descriptionForeground); font-size: 0.85em; line-height: 1.3; border: 1px solid var(--refault-line-strong); border-radius: 9px; padding: 0 7px; }
.refault .badge[data-standing=measured] { color: var(--vscode-foreground); border-color: var(--vscode-testing-iconPassed, var(--vscode-charts-green)); }
.refault .badge[data-standing=derived] { border-style: dashed; }
.refault .badge[data-standing=assumed] { border-style: dotted; border-color: var(--vscode-editorWarning-foreground, var(--refault-line-strong)); }
.refault tr:hover .badge { color: inherit; }

.refault .charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px 24px; }
@container (min-width: 860px) { .refault .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); } .refault .charts .wide { grid-column: 1 / -1; } }
.refault figure { position: relative; min-width: 0; }
.refault figcaption { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
.refault figcaption .spring { flex: 1; }
.refault .stage { position: relative; height: 250px; border-radius: 2px; touch-action: pan-y; }
.refault .stage canvas { display: block; }
.refault .stage .band { position: absolute; top: 0; bottom: 0; pointer-events: none; background: var(--vscode-editor-selectionBackground, var(--vscode-focusBorder)); opacity: 0.35; border: 1px solid var(--vscode-focusBorder); border-width: 0 1px; }
.refault .note { color: var(--vscode-descriptionForeground); margin-top: 2px; }
.refault .empty { color: var(--vscode-descriptionForeground); padding: 12px 0; }
.refault .data { max-height: 320px; overflow: auto; margin-top: 6px; border: 1px solid var(--refault-line); }
.refault .data thead th { position: sticky; top: 0; background: var(--refault-canvas); }
.refault .heat td { min-width: 4.5em; }
.refault .wait-graph, .refault .flow, .refault .heat-picture { display: block; max-width: 100%; height: auto; margin: 4px auto; }

.refault .tip { position: absolute; z-index: 10; max-width: min(420px, 90%); padding: 5px 9px; pointer-events: none; color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground)); background: var(--vscode-editorHoverWidget-background, var(--vscode-editorWidget-background, var(--refault-canvas))); border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, var(--refault-line-strong))); border-radius: 3px; box-shadow: 0 2px 8px rgb(0 0 0 / 25%); }
.refault .tip .title { font-weight: 600; }
.refault details.warnings { margin-top: 10px; color: var(--vscode-descriptionForeground); }
.refault details.warnings summary { cursor: pointer; width: fit-content; }
.refault details.warnings ul { padding-left: 1.4em; }
.refault .problem { border-left: 3px solid var(--vscode-errorForeground); padding: 4px 10px; }

.refault-panel { padding: 10px 0 24px; }
.refault-panel .bar { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; padding-bottom: 10px; margin-bottom: 12px; border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); }
.refault-panel .bar .spring { flex: 1; }
.refault-panel .bar .exports { display: inline-flex; flex-wrap: wrap; gap: 4px 6px; align-items: center; }
.refault-panel .bar refault-dropdown { min-width: 22em; max-width: 100%; }
.refault-panel .ring refault-progress-ring { width: 18px; height: 18px; }

.vscode-high-contrast .refault button, .vscode-high-contrast-light .refault button { border-color: var(--vscode-contrastBorder); }
.vscode-high-contrast .refault .key, .vscode-high-contrast-light .refault .key { border-color: transparent; }
.vscode-high-contrast .refault .stage, .vscode-high-contrast-light .refault .stage { outline: 1px solid var(--vscode-contrastBorder); outline-offset: 2px; margin-block: 4px 6px; }
.vscode-high-contrast .refault button:hover, .vscode-high-contrast-light .refault button:hover { outline: 1px dashed var(--vscode-contrastActiveBorder); }
`;

let installed = false;

export function installStyles(): void {
  if (installed) return;
  installed = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
