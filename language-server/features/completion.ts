/** What may be written at the cursor: statements as snippets, names from all cells, variants, metrics, units, defaults. */
import type { CompletionItem } from 'vscode-languageserver';
import { statements } from '../../simulator/tables/statements.ts';
import { units, type Dimension } from '../../simulator/tables/units.ts';
import {
  describeCounter,
  describeKnob,
  describePattern,
  describeStatement,
  describeUnit,
  describeVariant,
} from '../describe.ts';
import { dimensionOf } from '../language/knob-values.ts';
import type { Program } from '../language/program.ts';
import { quoted } from '../language/syntax.ts';
import { anyVariant, knobOf, metric, patternRow, type Knob } from '../language/tables.ts';
import { targetOf } from '../language/targets.ts';
import { KIND, scopeOf, unitItems, words, type ItemData } from './completion-items.ts';
import { inProperties, knobsAt } from './completion-properties.ts';
import { atTop, inAt, inProcess, inRun } from './completion-statements.ts';
import type { PositionContext } from './context.ts';
import { cursorAt, type Cursor } from './cursor.ts';

export function completion(context: PositionContext): CompletionItem[] {
  const cursor = cursorAt(context);
  if (cursor.inComment) return [];
  const items = cursor.inText ? inText(context, cursor) : offers(context.program, cursor, context);
  const seen = new Set<string>();
  return items
    .filter((item) => !seen.has(item.label) && seen.add(item.label))
    .map((item, i) => ({
      ...item,
      sortText: item.sortText ?? String(i).padStart(4, '0'),
      textEdit: { range: cursor.range, newText: item.insertText ?? item.label },
    }));
}

export function resolveCompletion(item: CompletionItem): CompletionItem {
  const data = item.data as ItemData | undefined;
  const value = data && documentation(data);
  return value ? { ...item, documentation: { kind: 'markdown', value } } : item;
}

function documentation({ of, name, scope }: ItemData): string | undefined {
  switch (of) {
    case 'statement': {
      const row = statements.find((s) => s.word === name && s.place === scope);
      return row && describeStatement(row);
    }
    case 'knob': {
      const row = anyVariant(scope ?? '')?.knobs.find((k) => k.name === name) ?? knobOf(scope as Knob['scope'], name);
      return row && describeKnob(row);
    }
    case 'variant': {
      const row = anyVariant(name);
      return row && describeVariant(row);
    }
    case 'metric': {
      const row = metric(name);
      return row && describeCounter(row);
    }
    case 'pattern': {
      const row = patternRow(name);
      return row && describePattern(row);
    }
    case 'unit': {
      const row = units.find((u) => u.name === name);
      return row && describeUnit(row);
    }
  }
}

// ---- by place

function offers(program: Program, cursor: Cursor, context: PositionContext): CompletionItem[] {
  const { block, before } = cursor;
  const last = before.at(-1);
  // Behind a number stands its unit, or a word that counts.
  if (last && last.tokenType.name === 'NUMBER' && before[0].image !== 'online' && before[0].image !== 'offline')
    return [
      ...unitItems(dimensionAt(program, cursor)),
      ...(block.kind === 'process' ? words('times') : before[0].image === 'sweep' ? words('steps') : []),
    ];
  switch (block.kind) {
    case 'properties':
    case 'variant':
      return inProperties(program, cursor);
    case 'process':
      return inProcess(program, before);
    case 'run':
      return inRun(program, before, context);
    case 'at':
      return inAt(program, before);
    case 'program':
      return atTop(program, before);
    case 'unknown':
      return [];
  }
}

/** The dimension that the number before the cursor should have, where that can be told. */
function dimensionAt(program: Program, cursor: Cursor): Dimension | undefined {
  const { before, block } = cursor;
  const head = before[0].image;
  const previous = before.at(-2)?.image;
  if (block.kind === 'properties' || block.kind === 'variant') {
    const knob = knobsAt(cursor).find((k) => k.name === head);
    return knob ? dimensionOf(knob) : undefined;
  }
  if (head === 'sweep' || head === 'compare' || head === 'set') {
    const target = before[1] && targetOf(scopeOf(program), before[1].image);
    return target?.knob ? dimensionOf(target.knob) : target?.kind === 'size' ? 'bytes' : undefined;
  }
  if (head === 'file' || head === 'anon' || head === 'swap') return 'bytes';
  if (
    previous === 'for' ||
    previous === 'every' ||
    previous === 'before' ||
    head === 'idle' ||
    (head === 'at' && before.length === 2)
  )
    return 'time';
  if (previous === 'at' && block.kind === 'process') return 'rate';
  return undefined;
}

/** Inside of quotes: names of phases. */
function inText({ program }: PositionContext, { before }: Cursor): CompletionItem[] {
  if (before.at(-1)?.image !== '(') return [];
  return [...program.phases.keys()].map((name) => ({
    label: name,
    kind: KIND.event,
    detail: 'phase',
    insertText: quoted(name).slice(1, -1),
  }));
}
