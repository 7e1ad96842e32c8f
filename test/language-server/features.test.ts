import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeActions } from '../../language-server/features/code-actions.ts';
import { codeLenses } from '../../language-server/features/code-lens.ts';
import { completion, resolveCompletion } from '../../language-server/features/completion.ts';
import { diagnosticReport, diagnosticsOf } from '../../language-server/features/diagnostics.ts';
import { documentLinks } from '../../language-server/features/document-links.ts';
import { foldingRanges } from '../../language-server/features/folding.ts';
import { formatting, formattingOnType } from '../../language-server/features/formatting.ts';
import { hover } from '../../language-server/features/hover.ts';
import { inlayHints } from '../../language-server/features/inlay-hints.ts';
import { definition, highlights, references } from '../../language-server/features/navigation.ts';
import { prepareRename, rename } from '../../language-server/features/rename.ts';
import { selectionRange } from '../../language-server/features/selection-range.ts';
import { SemanticTokensCache, tokenTypes } from '../../language-server/features/semantic-tokens.ts';
import { signatureHelp } from '../../language-server/features/signature-help.ts';
import { documentSymbols, workspaceSymbols } from '../../language-server/features/symbols.ts';
import { apply, fixture } from './fixture.ts';

const labels = (text: string): string[] => completion(fixture(text).context).map((i) => i.label);
const offers = (text: string, ...wanted: string[]): void => {
  const found = labels(text);
  for (const label of wanted)
    assert.ok(found.includes(label), `'${label}' is not among ${found.slice(0, 20).join(', ')}`);
};
const withholds = (text: string, ...unwanted: string[]): void => {
  const found = labels(text);
  for (const label of unwanted) assert.ok(!found.includes(label), `'${label}' is offered`);
};
const hoverText = (text: string): string => {
  const found = hover(fixture(text).context);
  return found && typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
};
const everywhere = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

// ---- completion

test('at the top level statements are offered as snippets, those of processes are not', () => {
  offers('|', 'machine', 'file', 'process', 'run', 'sysctl');
  withholds('|', 'read', 'compare');
  const machine = completion(fixture('|').context).find((i) => i.label === 'machine');
  assert.match(machine?.insertText ?? '', /^machine \$\{1:server\} \{/);
});

test('blocks offer their properties with defaults, and after a name its choices', () => {
  offers('machine m { | }', 'memory', 'cpus', 'kswapd', 'disk', 'swap');
  offers('machine m { disk { | } }', 'latency', 'bandwidth', 'queue');
  offers('machine m { kswapd | }', 'auto', 'synchronous', 'concurrent');
  offers('cgroup web { | }', 'memory.max', 'memory.low');
  offers('process p { anon heap 1 MiB { | } }', 'locked');
  withholds('machine m { disk { | } }', 'memory');
});

test('after a number its unit is offered, of the right dimension', () => {
  offers('machine m { memory 64 | }', 'MiB', 'GiB', 'pages');
  withholds('machine m { memory 64 | }', 'ms', 'MB/s');
  offers('machine m { disk { latency 100| } }', 'us', 'ms');
  offers('process p { idle 2| }', 's', 'ms');
  offers('file db 1 MiB\nprocess p { read db sequentially 4 | }', 'times');
});

test('a process offers accesses, then objects of all cells, then patterns and amounts', () => {
  offers('process p { | }', 'read', 'write', 'phase', 'anon', 'threads', 'idle');
  offers('--- a\nfile db 1 MiB\nfile log 1 MiB\n--- b\nprocess p { read | }', 'db', 'log');
  withholds('machine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { read | }', 'server');
  offers('file db 1 MiB\nprocess p { read db | }', 'zipf', 'uniform', 'hot-cold', 'once', 'for', 'at');
  offers('file db 1 MiB\nprocess p { for 2 s { 50% read | } }', 'db');
  offers('trace t "x"\nfile f 1 MiB\nprocess p { replay | }', 't');
  withholds('trace t "x"\nfile f 1 MiB\nprocess p { replay | }', 'f');
});

test('a run offers what can be varied, variants and their parameters, metrics, axes and phases', () => {
  const run = (clause: string) =>
    `machine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { phase "hot one" { read db } }\nrun {\n  compare reclaim: v6.1, lru\n  sweep server.memory 1 MiB .. 2 MiB in 2 steps\n  ${clause}\n}`;
  offers(run('|'), 'compare', 'sweep', 'plot', 'expect');
  offers(run('sweep |'), 'server.memory', 'server.disk.latency', 'db.size', 'p.threads', 'vm.swappiness');
  offers(run('compare reclaim: |'), 'classic', 'v3.15', 'opt');
  offers(run('compare reclaim: lru, |'), 'arc');
  offers(run('compare reclaim: s3-fifo { | }'), 'small');
  offers(run('compare server.kswapd: |'), 'synchronous');
  offers(run('plot |'), 'hit-ratio', 'nr_active_file', 'workingset_refault_file');
  offers(run('plot hit-ratio by |'), 'pass', 'time', 'server.memory');
  offers(run('expect |'), 'hit-ratio', 'v6.1', 'lru');
  offers(run('expect hit-ratio("|'), 'hot one');
  offers(run('expect hit-ratio > 0% at |'), 'server.memory');
});

test('sysctl offers kernel names, at blocks offer processes and cgroups', () => {
  offers('sysctl |', 'vm.swappiness', 'vm.dirty_ratio');
  offers('process p { idle 1 s }\nat 2 s { kill | }', 'p');
  offers('cgroup web\nat 2 s { set | }', 'web.memory.max');
  offers('cgroup web\nprocess p in | { }', 'web');
  offers('process p { idle 1 s }\nrun of |', 'p');
});

test('nothing is offered in comments', () => {
  assert.deepEqual(labels('# ma|'), []);
});

test('a completion replaces the whole word under the cursor', () => {
  const { context } = fixture('sysctl vm.sw|app');
  const item = completion(context).find((i) => i.label === 'vm.swappiness');
  assert.deepEqual(item?.textEdit && 'range' in item.textEdit && item.textEdit.range, {
    start: { line: 0, character: 7 },
    end: { line: 0, character: 15 },
  });
});

test('resolving adds the documentation of the table row', () => {
  const item = completion(fixture('sysctl |').context).find((i) => i.label === 'vm.swappiness')!;
  const resolved = resolveCompletion(item);
  assert.ok(
    typeof resolved.documentation === 'object' && /proc\/sys\/vm\/swappiness/.test(resolved.documentation.value),
  );
});

// ---- hover

test('hover on a property shows meaning, range, default, kernel counterpart and source', () => {
  const text = hoverText('machine server { mem|ory 64 MiB }');
  for (const part of ['**memory**', 'from 1 MiB to 4 TiB', 'default: 64 MiB', 'MemTotal', 'assumed'])
    assert.ok(text.includes(part), part);
});

test('hover on a quantity converts it, on a unit explains it', () => {
  assert.match(hoverText('file db 6|4 MiB'), /64 MiB = 16\u202f384 pages of 4 KiB = 67108864 bytes/);
  assert.match(hoverText('file db 64 Mi|B'), /1024 KiB/);
  assert.match(hoverText('machine m { disk { latency 100 u|s } }'), /100 us = 100000 ns/);
});

test('hover explains variants, metrics, patterns, statements, choices, and declarations in other cells', () => {
  assert.match(hoverText('file db 1 MiB\nprocess p { read db }\nrun { compare reclaim: v3.|15 }'), /a528910e12ec|2014/);
  assert.match(hoverText('run { plot hit-ra|tio }'), /Hits by accesses/);
  assert.match(hoverText('file db 1 MiB\nprocess p { read db zi|pf 1.0, 3 times }'), /most popular/);
  assert.match(hoverText('proc|ess p { }'), /process NAME/);
  assert.match(hoverText('machine m { kswapd concur|rent }'), /races/);
  assert.match(
    hoverText('--- a\nfile db 96 MiB\n--- b\nprocess p { read d|b }'),
    /file db 96 MiB[\s\S]*24\u202f576 pages/,
  );
  assert.match(hoverText('machine server { memory 1 MiB }\nlet x = 0.5 * server.me|mory'), /MemTotal/);
  assert.match(hoverText('machine ser|ver { memory 1 MiB }'), /machine server \{ memory 1 MiB \}/);
});

test('hover does not add diagnostics to the program', () => {
  const f = fixture('file db 6|4\nprocess p { read db }\nrun');
  hover(f.context);
  assert.deepEqual(
    f.view.program.reporter.diagnostics([]).map((d) => d.code),
    ['U01'],
  );
});

// ---- navigation

const PROGRAM =
  '--- one\nmachine server { memory 64 MiB }\nfile d|b 96 MiB\n--- two\nprocess p {\n  phase "hot" { read db uniform, 10 times }\n}\n--- three\nlet half = 0.5 * server.memory\nrun {\n  sweep db.size half .. 64 MiB in 2 steps\n  expect hit-ratio("hot") > 0%\n}\n';
const at = (places: readonly { uri: string; range: { start: { line: number; character: number } } }[]) =>
  places.map((p) => `${p.uri} ${p.range.start.line}:${p.range.start.character}`);

test('definition leads to the declaration, also from another cell and from the first part of a dotted name', () => {
  const [link] = definition(fixture(PROGRAM.replace('d|b', 'db').replace('read db', 'read d|b')).context);
  assert.deepEqual([link.targetUri, link.targetSelectionRange.start], ['cell:one', { line: 1, character: 5 }]);
  const [server] = definition(fixture(PROGRAM.replace('d|b', 'db').replace('* server', '* ser|ver')).context);
  assert.equal(server.targetSelectionRange.start.line, 0);
  const [phase] = definition(fixture(PROGRAM.replace('d|b', 'db').replace('("hot")', '("h|ot")')).context);
  assert.deepEqual([phase.targetUri, phase.targetSelectionRange.start], ['cell:two', { line: 1, character: 8 }]);
});

test('references are found in all cells, highlights in this one', () => {
  const f = fixture(PROGRAM);
  assert.deepEqual(at(references(f.context, [f.view], true)), ['cell:one 1:5', 'cell:two 1:21', 'cell:three 2:8']);
  assert.deepEqual(at(references(f.context, [f.view], false)), ['cell:two 1:21', 'cell:three 2:8']);
  assert.deepEqual(
    highlights(f.context).map((h) => [h.range.start.line, h.kind]),
    [[1, 3]],
  );
});

test('rename changes every cell, and only the first part of dotted names', () => {
  const f = fixture(PROGRAM);
  assert.equal(prepareRename(f.context)?.placeholder, 'db');
  const { changes } = rename(f.context, [f.view], 'data-1');
  const result = [...f.texts].map(([uri, text]) => apply(text, changes?.[uri] ?? [])).join('--- \n');
  assert.ok(
    result.includes('file data-1 96 MiB') &&
      result.includes('read data-1 uniform') &&
      result.includes('sweep data-1.size'),
  );
  assert.ok(!result.includes('db'));
});

test('a phase is renamed with its uses in metrics', () => {
  const f = fixture(PROGRAM.replace('d|b', 'db').replace('phase "hot"', 'phase "h|ot"'));
  const { changes } = rename(f.context, [f.view], 'very hot');
  assert.deepEqual(
    Object.values(changes!)
      .flat()
      .map((e) => e.newText),
    ['"very hot"', '"very hot"'],
  );
});

test('rename refuses what is no name, a word of the language, or a name that is taken', () => {
  const f = fixture(PROGRAM);
  for (const [name, reason] of [
    ['1st', /no name/],
    ['a b', /no name/],
    ['process', /word of the language/],
    ['for', /word of the language/],
    ['server', /declared already/],
  ] as const) {
    assert.throws(() => rename(f.context, [f.view], name), reason);
  }
  assert.equal(prepareRename(fixture('file db 9|6 MiB').context), null);
});

// ---- outline, folding, selection

test('the outline lists machines, files, processes with phases and memory, runs with what they vary', () => {
  const { context } = fixture(
    'machine m { memory 1 MiB }\nfile db 1 MiB\nprocess p { anon heap 1 MiB; phase "a b" { read db } }\nrun "title" { sweep m.memory 1 MiB .. 2 MiB in 2 steps }',
  );
  const outline = documentSymbols(context).map((s) => [s.name, ...(s.children ?? []).map((c) => c.name)]);
  assert.deepEqual(outline, [['m'], ['db'], ['p', 'heap', 'a b'], ['title', 'm.memory']]);
});

test('workspace symbols are found by some of their letters, across cells', () => {
  const f = fixture('--- a\nfile database 1 MiB\n--- b\nprocess reader { read database }');
  assert.deepEqual(
    workspaceSymbols([f.view], 'dtb').map((s) => s.name),
    ['database'],
  );
  assert.deepEqual(
    workspaceSymbols([f.view], '').map((s) => s.name),
    ['database', 'reader'],
  );
});

test('blocks, comments and regions fold', () => {
  const { context } = fixture(
    '# a\n# b\nmachine m {\n  memory 1 MiB\n}\n#region x\nfile db 1 MiB\n#endregion\nprocess p { idle 1 s }',
  );
  assert.deepEqual(foldingRanges(context), [
    { startLine: 0, endLine: 1, kind: 'comment' },
    { startLine: 2, endLine: 3 },
    { startLine: 5, endLine: 7, kind: 'region' },
  ]);
});

test('a selection grows from the word over the statement to the whole text', () => {
  const f = fixture('machine m {\n  memory 6|4 MiB\n}\nrun');
  const grown: string[] = [];
  const text = f.texts.get('test:')!;
  const starts = [...text.matchAll(/^/gm)].map((m) => m.index);
  for (let s = selectionRange(f.context) as ReturnType<typeof selectionRange> | undefined; s; s = s.parent) {
    grown.push(
      text.slice(
        starts[s.range.start.line] + s.range.start.character,
        starts[s.range.end.line] + s.range.end.character,
      ),
    );
  }
  assert.deepEqual([grown[0], grown[1], grown[2], grown.at(-1)], ['64', '64 MiB', 'memory 64 MiB', text]);
  for (let i = 1; i < grown.length; i++)
    assert.ok(grown[i].includes(grown[i - 1]) && grown[i].length > grown[i - 1].length);
});

// ---- semantic tokens

const tokensOf = (data: readonly number[], text: string): [string, string][] => {
  const lines = text.split('\n');
  const found: [string, string][] = [];
  let line = 0;
  let character = 0;
  for (let i = 0; i < data.length; i += 5) {
    line += data[i];
    character = data[i] === 0 ? character + data[i + 1] : data[i + 1];
    found.push([lines[line].slice(character, character + data[i + 2]), tokenTypes[data[i + 3]]]);
  }
  return found;
};

test('semantic tokens tell declarations, properties, units, variants and metrics apart', () => {
  const f = fixture(
    'machine server { memory 64 MiB }\nfile db 1 MiB\nprocess p { read db zipf 1.0, 3 times }\nrun { compare reclaim: v6.1; sweep server.memory 1 MiB .. 2 MiB in 2 steps; plot hit-ratio }',
  );
  const { data } = new SemanticTokensCache().full(f.context);
  const found = tokensOf(data, f.texts.get('test:')!);
  for (const wanted of [
    ['server', 'class'],
    ['memory', 'property'],
    ['MiB', 'type'],
    ['db', 'variable'],
    ['p', 'function'],
    ['zipf', 'keyword'],
    ['v6.1', 'enumMember'],
    ['hit-ratio', 'method'],
  ] as const) {
    assert.ok(
      found.some(([text, type]) => text === wanted[0] && type === wanted[1]),
      wanted.join(' '),
    );
  }
});

test('a delta of semantic tokens is small and rebuilds the full answer', () => {
  const cache = new SemanticTokensCache();
  const text = Array.from({ length: 50 }, (_, i) => `file f${i} ${i + 1} MiB`).join('\n');
  const before = cache.full(fixture(text).context);
  const edited = fixture(text.replace('f7 8 MiB', 'renamed 8 MiB'));
  const delta = cache.delta(edited.context, before.resultId!);
  assert.ok('edits' in delta);
  const data = [...before.data];
  for (const e of [...delta.edits].sort((a, b) => b.start - a.start))
    data.splice(e.start, e.deleteCount, ...(e.data ?? []));
  assert.deepEqual(data, [...new SemanticTokensCache().full(edited.context).data]);
  assert.ok(delta.edits.reduce((n, e) => n + (e.data?.length ?? 0), 0) < 20);
});

// ---- hints, lenses, links, formatting

test('inlay hints show pages, computed values, values of sweeps and points of runs', () => {
  const { context } = fixture(
    'machine m { memory 64 MiB }\nlet hot = 0.5 * m.memory\nfile db hot\nfile raw 100 pages\nprocess p { read db }\nrun "r" { compare reclaim: lru, arc; sweep m.memory 32 MiB .. 64 MiB step 16 MiB }',
  );
  const hints = inlayHints(context, everywhere).map((h) => `${h.position.line} ${h.label as string}`);
  assert.deepEqual(hints, [
    '0 = 16\u202f384 pages',
    '1 = 32 MiB',
    '2 = 8192 pages'.replace('8192', '8\u202f192'),
    '5 6 points',
    '5 3 values',
  ]);
});

test('code lenses run each run, with its line', () => {
  const { context } = fixture('file db 1 MiB\nprocess p { read db }\n\nrun "a"\nrun "b" of p');
  assert.deepEqual(
    codeLenses(context).map((l) => [l.range.start.line, l.command?.command, l.command?.arguments]),
    [
      [3, 'refault.runScenario', ['test:', { line: 3 }]],
      [4, 'refault.runScenario', ['test:', { line: 4 }]],
    ],
  );
});

test('imports and traces are links, relative to the text', () => {
  const f = fixture('import "lib/machines.refault"\ntrace t "a b.txt"');
  const view = { ...f.view, key: 'file:///work/x.refault' };
  assert.deepEqual(
    documentLinks({ ...f.context, view }).map((l) => l.target),
    ['file:///work/lib/machines.refault', 'file:///work/a%20b.txt'],
  );
});

test('formatting edits only the lines that change; cells get no final line break', () => {
  const text = 'machine m{memory 64MiB}\nfile db 1 MiB';
  const options = { insertSpaces: true, tabSize: 2 };
  const edits = formatting({ text, options, isCell: true });
  assert.equal(edits.length, 1);
  assert.equal(apply(text, edits), 'machine m { memory 64 MiB }\nfile db 1 MiB');
  assert.equal(
    apply(text, formatting({ text, options, isCell: false })),
    'machine m { memory 64 MiB }\nfile db 1 MiB\n',
  );
});

test('formatting a range leaves the other lines, on type only the line just ended', () => {
  const text = 'file   a 1MiB\nfile   b 1MiB\nfile   c 1MiB\n';
  const options = { insertSpaces: true, tabSize: 2 };
  const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 5 } };
  assert.equal(
    apply(text, formatting({ text, options, isCell: false, range })),
    'file   a 1MiB\nfile b 1 MiB\nfile   c 1MiB\n',
  );
  assert.equal(
    apply(text, formattingOnType({ text, options, isCell: false }, 1, '\n')),
    'file a 1 MiB\nfile   b 1MiB\nfile   c 1MiB\n',
  );
});

test('signature help shows how the statement is written and where one is in it', () => {
  const help = signatureHelp(fixture('file db 1 MiB\nprocess p { read db |').context);
  assert.match(help!.signatures[0].label, /^read OBJECT/);
  assert.equal(help!.activeParameter, 1);
  const pattern = signatureHelp(fixture('file db 1 MiB\nprocess p { read db hot-cold |').context);
  assert.ok(JSON.stringify(pattern).includes('SHARE of pages'));
  assert.equal(signatureHelp(fixture('|').context), null);
});

// ---- diagnostics and actions

test('diagnostics carry code, page, related places, and fade what is unused', () => {
  const f = fixture('--- a\nfile A 1 MiB\n--- b\nfile A 2 MiB');
  const [d] = diagnosticsOf(f.view, 'cell:b');
  assert.deepEqual([d.code, d.source, d.severity], ['N02', 'refault', 1]);
  assert.match(d.codeDescription!.href, /^refault-docs:\/diagnostics\/N02\.md$/);
  assert.equal(d.relatedInformation?.[0].location.uri, 'cell:a');
  const unused = diagnosticsOf(fixture('file A 1 MiB\nfile B 1 MiB\nprocess p { read A }\nrun').view, 'test:');
  assert.deepEqual(
    unused.map((x) => [x.code, x.tags, x.severity]),
    [['N10', [1], 4]],
  );
});

test('an unchanged report is told so', () => {
  const { view } = fixture('file A 1');
  const first = diagnosticReport(view, 'test:', undefined);
  assert.equal(diagnosticReport(view, 'test:', first.resultId).kind, 'unchanged');
});

const act = (text: string, title: RegExp): string => {
  const f = fixture(text);
  const range = { start: f.position, end: f.position };
  const action = codeActions(f.context, range).find((a) => title.test(a.title));
  assert.ok(
    action,
    codeActions(f.context, range)
      .map((a) => a.title)
      .join(', '),
  );
  return [...f.texts].map(([uri, t]) => apply(t, action.edit?.changes?.[uri] ?? [])).join('\n');
};

test('quick fixes: did you mean, add a unit, declare what is missing, fix all', () => {
  assert.equal(act('machine m { mem|roy 64 MiB }', /'memory'/), 'machine m { memory 64 MiB }');
  assert.equal(act('file db 9|6', /'96 MiB'/), 'file db 96 MiB');
  assert.equal(act('process p { read |db }', /Declare 'file db'/), 'file db 96 MiB\nprocess p { read db }');
  assert.equal(act('file A 48 MiB |file B 48 MiB', /line of its own/), 'file A 48 MiB \nfile B 48 MiB');
  assert.equal(act('file |a 1\nfile b 2', /Fix all/), 'file a 1 MiB\nfile b 2 MiB');
});

test('refactorings: extract and inline a value, sweep it, add an expectation', () => {
  assert.equal(act('file db 9|6 MiB', /Extract/), 'let size = 96 MiB\nfile db size');
  assert.equal(act('let ho|t = 8 MiB\nfile db hot\n', /Inline/), 'file db 8 MiB\n');
  assert.equal(act('let ho|t = 8 MiB + 1 MiB\nfile db 2 * hot\n', /Inline/), 'file db 2 * (8 MiB + 1 MiB)\n');
  const base = 'machine m { memory 6|4 MiB }\nfile db 1 MiB\nprocess p { read db }\nrun {\n  compare reclaim: lru\n}';
  assert.match(act(base, /Sweep/), /sweep m\.memory 48 MiB \.\. 80 MiB in 3 steps\n\}/);
  assert.match(
    act('file db 1 MiB\nprocess p { read db }\nr|un { compare reclaim: lru }', /expectation/),
    /\{ compare reclaim: lru ; expect hit-ratio > 0% \}/,
  );
});
