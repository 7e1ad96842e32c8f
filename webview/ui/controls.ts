/**
 * The panel's controls, and the only file that knows @vscode/webview-ui-toolkit (docs/decisions/0001-webview-ui-toolkit.md). What it gives out are
 * plain elements with plain behaviour, so that another toolkit, or none, is a change of this file.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
  type Button,
  type Dropdown,
  type TextField,
} from '@vscode/webview-ui-toolkit';
import { h } from '../dom.ts';

/** Other code may register elements under the toolkit's usual prefix; ours never meet them. */
const PREFIX = 'refault';

let registered = false;

/**
 * Registers the elements and bridges the theme to them. The toolkit copies colours on the window's `load` event, which may have passed; setting its
 * tokens from VS Code's variables on our own root works at any time and follows every change of theme.
 */
export function installControls(root: HTMLElement): void {
  if (!registered) {
    registered = true;
    provideVSCodeDesignSystem()
      .withPrefix(PREFIX)
      .register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeProgressRing(), vsCodeTextField());
  }
  for (const [token, variable, fallback] of TOKENS) {
    root.style.setProperty(`--${token}`, `var(--vscode-${variable}, ${fallback})`);
  }
}

const TOKENS: readonly (readonly [token: string, variable: string, fallback: string])[] = [
  ['background', 'editor-background', 'transparent'],
  ['foreground', 'foreground', 'inherit'],
  ['focus-border', 'focusBorder', 'currentColor'],
  ['contrast-active-border', 'contrastActiveBorder', 'transparent'],
  ['contrast-border', 'contrastBorder', 'transparent'],
  ['font-family', 'font-family', 'sans-serif'],
  ['type-ramp-base-font-size', 'font-size', '13px'],
  ['button-border', 'button-border', 'transparent'],
  ['button-primary-background', 'button-background', 'transparent'],
  ['button-primary-foreground', 'button-foreground', 'inherit'],
  ['button-primary-hover-background', 'button-hoverBackground', 'transparent'],
  ['button-secondary-background', 'button-secondaryBackground', 'transparent'],
  ['button-secondary-foreground', 'button-secondaryForeground', 'inherit'],
  ['button-secondary-hover-background', 'button-secondaryHoverBackground', 'transparent'],
  ['dropdown-background', 'dropdown-background', 'transparent'],
  ['dropdown-border', 'dropdown-border', 'currentColor'],
  ['dropdown-foreground', 'dropdown-foreground', 'inherit'],
  ['input-background', 'input-background', 'transparent'],
  ['input-foreground', 'input-foreground', 'inherit'],
  ['input-placeholder-foreground', 'input-placeholderForeground', 'inherit'],
  ['list-active-selection-background', 'list-activeSelectionBackground', 'transparent'],
  ['list-active-selection-foreground', 'list-activeSelectionForeground', 'inherit'],
  ['list-hover-background', 'list-hoverBackground', 'transparent'],
  ['progress-background', 'progressBar-background', 'currentColor'],
];

export interface Control {
  readonly element: HTMLElement;
  setEnabled(enabled: boolean): void;
}

const element = <T extends HTMLElement>(name: string): T => document.createElement(`${PREFIX}-${name}`) as T;

const enabling = (target: HTMLElement & { disabled: boolean }): Control => ({
  element: target,
  setEnabled: (enabled) => {
    target.disabled = !enabled;
  },
});

export function button(label: string, kind: 'primary' | 'secondary', clicked: () => void): Control {
  const made = element<Button>('button');
  made.setAttribute('appearance', kind);
  made.textContent = label;
  made.addEventListener('click', () => clicked());
  return enabling(made);
}

export interface DropdownControl extends Control {
  readonly value: string;
  /** Replaces the options when they differ, and selects one. */
  fill(options: readonly { readonly value: string; readonly label: string }[], selected: string): void;
}

export function dropdown(label: string, changed: (value: string) => void): DropdownControl {
  const made = element<Dropdown>('dropdown');
  made.setAttribute('aria-label', label);
  made.addEventListener('change', () => changed(made.value));
  let drawn = '';
  return {
    ...enabling(made),
    get value() {
      return made.value;
    },
    fill(options, selected) {
      const key = JSON.stringify(options);
      if (key !== drawn) {
        drawn = key;
        made.replaceChildren(
          ...options.map(({ value, label: text }) => {
            const option = document.createElement(`${PREFIX}-option`);
            option.setAttribute('value', value);
            option.textContent = text;
            return option;
          }),
        );
      }
      // Options become known to the dropdown in its next update.
      requestAnimationFrame(() => {
        if (made.value !== selected) made.value = selected;
      });
    },
  };
}

export interface TextControl extends Control {
  value: string;
}

export function textField(label: string, size: number, entered: () => void): TextControl {
  const made = element<TextField>('text-field');
  made.setAttribute('aria-label', label);
  made.setAttribute('size', String(size));
  made.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') entered();
  });
  return {
    ...enabling(made),
    get value() {
      return made.value;
    },
    set value(text: string) {
      made.value = text;
    },
  };
}

export function progressRing(label: string): HTMLElement {
  const ring = document.createElement(`${PREFIX}-progress-ring`);
  ring.setAttribute('aria-label', label);
  return h('span', { class: 'ring', hidden: true }, ring);
}
