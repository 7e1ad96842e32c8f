/** Complaints that many statements share: what is left over, what begins no statement. */
import { statements, statementsIn, type Place as StatementPlace } from '../../simulator/tables/statements.ts';
import type { Loose, Unknown } from './generated/ast.ts';
import type { Program } from './program.ts';
import { nearest } from './quantities.ts';
import { looseText, spanOf } from './syntax.ts';

const quotedFound = (words: readonly Loose[]): string => {
  const text = looseText(words);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};

/** A statement was complete before these words. */
export function reportLeftOver(program: Program, rest: readonly Loose[], remedy: string): void {
  const [first] = rest;
  if (!first) return;
  const place = { uri: program.sourceOf(first).uri, range: spanOf(rest) };
  const typographic = rest.some((w) => /[\u2018-\u201f\u00ab\u00bb]/.test(w.text));
  program.reporter.report(
    'S01',
    place,
    { found: quotedFound(rest), remedy: typographic ? `texts stand in straight quotes: "…"` : remedy },
    { fixes: [{ title: `Remove '${quotedFound(rest)}'`, edits: [{ ...place, newText: '' }] }] },
  );
}

/** Words that begin no statement here: misspelt, or at home elsewhere. */
export function reportUnknown(
  program: Program,
  node: Unknown,
  where: string,
  also: readonly string[] = [],
  at?: StatementPlace,
): void {
  const [first] = node.words;
  if (!first) {
    if (node.block)
      program.reporter.report('S06', program.placeWithin(node.block, 0, 1), {
        found: '{',
        where,
        remedy: 'a block follows a declaration, on the same line',
      });
    return;
  }
  const range = program.placeOf(first);
  const found = first.text;
  const home = statements.find((s) => s.word === found);
  if (home && at && home.place !== at) {
    program.reporter.report('S10', range, { found, where, remedy: homes[home.place](home.example) });
    return;
  }
  if (found === ',') {
    program.reporter.report(
      'S06',
      range,
      { found, where, remedy: "separate statements with ';' or a new line" },
      { fixes: [program.replace(first, ';')] },
    );
    return;
  }
  const words = [...(at ? statementsIn(at).map((s) => s.word) : []), ...also];
  const meant = nearest(found, words);
  program.reporter.report(
    'S06',
    range,
    {
      found: quotedFound([first]),
      where,
      remedy: meant
        ? `did you mean '${meant}'?`
        : words.length > 0
          ? `there are ${words.slice(0, 12).join(', ')}${words.length > 12 ? ', …' : ''}`
          : 'remove it',
    },
    meant ? { fixes: [program.replace(first, meant, `Change to '${meant}'`)] } : {},
  );
}

const homes: Readonly<Record<StatementPlace, (example: string) => string>> = {
  program: (example) => `write it at the top level: ${oneLine(example)}`,
  process: (example) => `write it in a process: process p { ${oneLine(example)} }`,
  run: (example) => `write it in a run: run { ${oneLine(example)} }`,
  at: (example) => `write it in an 'at' block: at 5 s { ${oneLine(example)} }`,
};

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
