/**
 * How the suite tells test/vscode/run.ts what happened: lines on the console, which every kind of extension host hands on.
 * A run without the last line (`end`) counts as failed, so a suite that dies half-way cannot look green.
 */
export type Message =
  | { readonly kind: 'pass'; readonly name: string; readonly ms: number }
  | { readonly kind: 'fail'; readonly name: string; readonly why: string }
  | { readonly kind: 'skip'; readonly name: string }
  /** Something to be compared between hosts. */
  | { readonly kind: 'note'; readonly name: string; readonly value: string }
  | { readonly kind: 'end' };

const mark = '@refault-suite ';

export const encode = (message: Message): string => mark + JSON.stringify(message);

/** Undefined for what VS Code itself has printed. */
export function decode(line: string): Message | undefined {
  const at = line.indexOf(mark);
  return at < 0 ? undefined : (JSON.parse(line.slice(at + mark.length)) as Message);
}
