/** Rows of the definition tables as Markdown: what hover, completion and signature help show. */
import type { WordRow } from '../simulator/tables/numa-words.ts';
import type { Counter, Knob, Source, Variant } from '../simulator/tables/define.ts';
import type { StatementRow } from '../simulator/tables/statements.ts';
import type { UnitRow } from '../simulator/tables/units.ts';
import { dimensions } from '../simulator/tables/units.ts';
import type { PatternRow } from '../simulator/tables/patterns.ts';
import { exactQuantity } from './language/quantities.ts';
import { dimensionOf, rangeText } from './language/knob-values.ts';

export const code = (text: string): string => `\`\`\`refault\n${text}\n\`\`\``;

const sourceText = ({ kind, where }: Source): string => `*${kind}: ${where}*`;

export const defaultText = (knob: Knob): string => {
  if (knob.default === null) return 'depends on other values';
  if (typeof knob.default === 'boolean') return knob.default ? 'on' : 'off';
  if (typeof knob.default === 'string') return knob.default;
  return exactQuantity(dimensionOf(knob) ?? 'number', knob.default);
};

export function kindText({ type }: Knob): string {
  switch (type.kind) {
    case 'choice':
      return `one of ${type.of.map((c) => `\`${c.id}\``).join(', ')}`;
    case 'flag':
      return '`on` or `off`';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    default:
      return dimensions[type.kind].noun;
  }
}

export function describeKnob(knob: Knob): string {
  const range = rangeText(knob);
  const choices = knob.type.kind === 'choice' ? knob.type.of.map((c) => `- \`${c.id}\`: ${c.doc}`).join('\n') : '';
  const facts = [
    `${kindText(knob)}${range ? `, ${range}` : ''}`,
    `default: ${defaultText(knob)}`,
    ...(knob.kernel ? [`kernel: ${knob.kernel}`] : []),
  ];
  return [
    `**${knob.name}** (${knob.scope})`,
    knob.doc,
    ...(choices ? [choices] : []),
    facts.map((f) => `- ${f}`).join('\n'),
    sourceText(knob.source),
  ].join('\n\n');
}

export const describeCounter = (row: Counter): string =>
  [
    `**${row.name}**: ${row.title}`,
    row.doc,
    [`- ${row.kind}, in ${row.unit}`, ...(row.kernel ? [`- kernel: ${row.kernel}`] : [])].join('\n'),
    sourceText(row.source),
  ].join('\n\n');

export function describeVariant(
  row: Pick<Variant, 'id' | 'title' | 'family' | 'linux' | 'year' | 'commit' | 'summary' | 'knobs' | 'source'>,
): string {
  const era = [
    row.linux ? `Linux ${row.linux}` : row.family,
    ...(row.year ? [String(row.year)] : []),
    ...(row.commit ? [`commit ${row.commit}`] : []),
  ].join(', ');
  const knobs =
    row.knobs.length > 0
      ? `Parameters:\n\n${row.knobs.map((k) => `- \`${k.name}\`: ${k.doc} Default: ${defaultText(k)}.`).join('\n')}`
      : '';
  return [
    `**${row.id}**: ${row.title}`,
    `*${era}*`,
    row.summary,
    ...(knobs ? [knobs] : []),
    sourceText(row.source),
  ].join('\n\n');
}

export const describeStatement = (row: StatementRow): string =>
  [code(row.form), row.doc, 'Example:', code(row.example)].join('\n\n');

export const describeWordRow = (row: WordRow): string =>
  [code(row.form), row.doc, `In the kernel: \`${row.kernel}\`.`].join('\n\n');

export const describePattern = (row: PatternRow): string =>
  [`**${row.form}**`, row.doc, code(row.example)].join('\n\n');

export const describeUnit = (row: UnitRow): string =>
  `**${row.name}**: ${row.doc} ${row.dimension === 'number' ? `× ${row.factor}` : `A unit of ${dimensions[row.dimension].noun.replace(/^a /, '')}s: ${exactQuantity(row.dimension, row.factor)}.`}`;
