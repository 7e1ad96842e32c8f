/** How the statement at the cursor is written, and which part of it is being typed. */
import type { SignatureHelp } from 'vscode-languageserver';
import { statementsIn } from '../../simulator/tables/statements.ts';
import { patternRow } from '../language/tables.ts';
import { cursorAt } from './cursor.ts';
import type { PositionContext } from './context.ts';

export function signatureHelp(context: PositionContext): SignatureHelp | null {
  const { block, before, inComment } = cursorAt(context);
  if (inComment || before.length === 0) return null;
  const place = block.kind;
  if (place !== 'program' && place !== 'process' && place !== 'run' && place !== 'at') return null;
  const at = before.findIndex((t) => t.image === 'read' || t.image === 'write' || t.image === 'touch');
  const words = place === 'process' && at > 0 ? before.slice(at) : before;
  const row = statementsIn(place).find((s) => s.word === words[0].image);
  if (!row) return null;
  const pattern = words.map((t) => patternRow(t.image)).findLast((p) => p !== undefined);
  const parts = partsOf(row.form);
  // Commas and signs separate; what counts is how many words have been written.
  const written = words.slice(1).filter((t) => !/^[,:{}()]$/.test(t.image)).length;
  const signature = {
    label: row.form,
    documentation: {
      kind: 'markdown' as const,
      value: pattern ? `${row.doc}\n\n\`${pattern.form}\`: ${pattern.doc}` : row.doc,
    },
    parameters: parts.map(([start, end]) => ({ label: [start, end] as [number, number] })),
  };
  return {
    signatures: [signature],
    activeSignature: 0,
    activeParameter: Math.min(written, Math.max(0, parts.length - 1)),
  };
}

/** The parts of a form behind its first word: `[…]` and `{ … }` are one part each. */
function partsOf(form: string): [number, number][] {
  const parts: [number, number][] = [];
  let depth = 0;
  let start = -1;
  for (let i = form.indexOf(' ') + 1; i <= form.length && i > 0; i++) {
    const c = form[i];
    if ((c === ' ' && depth === 0) || c === undefined) {
      if (start >= 0) parts.push([start, i]);
      start = -1;
      continue;
    }
    if (start < 0) start = i;
    if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth--;
  }
  return parts;
}
