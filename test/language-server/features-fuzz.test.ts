import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeActions } from '../../language-server/features/code-actions.ts';
import { codeLenses } from '../../language-server/features/code-lens.ts';
import { completion } from '../../language-server/features/completion.ts';
import { documentLinks } from '../../language-server/features/document-links.ts';
import { diagnosticsOf } from '../../language-server/features/diagnostics.ts';
import { foldingRanges } from '../../language-server/features/folding.ts';
import { formatting } from '../../language-server/features/formatting.ts';
import { hover } from '../../language-server/features/hover.ts';
import { inlayHints } from '../../language-server/features/inlay-hints.ts';
import { definition, highlights, references } from '../../language-server/features/navigation.ts';
import { prepareRename, rename, RenameError } from '../../language-server/features/rename.ts';
import { selectionRange } from '../../language-server/features/selection-range.ts';
import { SemanticTokensCache } from '../../language-server/features/semantic-tokens.ts';
import { signatureHelp } from '../../language-server/features/signature-help.ts';
import { documentSymbols } from '../../language-server/features/symbols.ts';
import { positionContext, type PositionContext } from '../../language-server/features/context.ts';
import { compileSources } from '../../language-server/language/index.ts';
import { positionAt } from '../../language-server/language/parser.ts';
import { formatText } from '../../language-server/language/format.ts';
import { apply } from './fixture.ts';
import { programs } from './programs.ts';

function contextAt(text: string, offset: number): PositionContext {
  const view = { key: 'test:', ...compileSources([{ uri: 'test:', text }], { checkOnly: true }) };
  const context = positionContext(view, 'test:', positionAt(view.program.sources[0], offset));
  assert.ok(context);
  return context;
}

function askEverything(context: PositionContext): void {
  const { view, position } = context;
  const range = { start: position, end: position };
  const everywhere = { start: { line: 0, character: 0 }, end: { line: 1e6, character: 0 } };
  completion(context);
  hover(context);
  signatureHelp(context);
  definition(context);
  references(context, [view], true);
  highlights(context);
  selectionRange(context);
  codeActions(context, range);
  diagnosticsOf(view, 'test:');
  if (prepareRename(context)) {
    try {
      rename(context, [view], 'renamed');
    } catch (error) {
      assert.ok(error instanceof RenameError);
    }
  }
  documentSymbols(context);
  foldingRanges(context);
  inlayHints(context, everywhere);
  codeLenses(context);
  documentLinks(context);
  new SemanticTokensCache().full(context);
}

test('no feature fails anywhere in any program, mangled or whole', () => {
  const cuts = fc.array(
    fc.tuple(fc.nat(), fc.nat(8), fc.constantFrom('', ' ', '{', '}', '"', '\n', '50% ', '[', '(', ':', '#')),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...programs), cuts, fc.nat(), ({ text }, edits, at) => {
      const mangled = edits.reduce(
        (t, [i, n, s]) => t.slice(0, i % (t.length + 1)) + s + t.slice((i % (t.length + 1)) + n),
        text,
      );
      askEverything(contextAt(mangled, at % (mangled.length + 1)));
    }),
    { numRuns: 400 },
  );
});

test('the edits of the formatter are those of the formatted text, for any program', () => {
  const spaces = fc.array(fc.tuple(fc.nat(), fc.constantFrom(' ', '\n', '\n\n\n', '  ')), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...programs), spaces, fc.boolean(), ({ text }, edits, isCell) => {
      const mangled = edits.reduce(
        (t, [i, s]) => t.slice(0, i % (t.length + 1)) + s + t.slice(i % (t.length + 1)),
        text,
      );
      const result = apply(mangled, formatting({ text: mangled, options: { insertSpaces: true, tabSize: 2 }, isCell }));
      assert.equal(result, formatText(mangled, { finalNewline: !isCell }));
    }),
    { numRuns: 300 },
  );
});

test('renaming any name leaves a program with the same complaints', () => {
  for (const { text } of programs) {
    const view = { key: 'test:', ...compileSources([{ uri: 'test:', text }], { checkOnly: true }) };
    for (const symbol of view.program.symbols.values()) {
      if (symbol.kind === 'later') continue;
      const context = positionContext(view, 'test:', symbol.place.range.start)!;
      const edits = rename(context, [view], 'renamed-here').changes!['test:'];
      const after = compileSources([{ uri: 'test:', text: apply(text, edits) }], { checkOnly: true });
      const codes = (list: typeof after.diagnostics) => list.map((d) => `${d.range.start.line} ${d.code}`);
      assert.deepEqual(codes(after.diagnostics), codes(view.diagnostics), symbol.name);
    }
  }
});
