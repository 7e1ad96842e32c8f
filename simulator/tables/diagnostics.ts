/**
 * Everything the language can complain about, one row each. A message says what is wrong and what to write instead; `{…}` are filled in at
 * the place. Each row has a page in docs/diagnostics/, generated from here.
 *
 * Letters: S syntax, N names, U units, V values, R runs, L what later versions will simulate.
 */
export interface DiagnosticRow {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'hint';
  readonly title: string;
  readonly message: string;
  /** Why it is so, for the page. */
  readonly doc: string;
  readonly wrong: string;
  readonly right: string;
}

const error = (
  code: string,
  title: string,
  message: string,
  doc: string,
  wrong: string,
  right: string,
): DiagnosticRow => ({
  code,
  severity: 'error',
  title,
  message,
  doc,
  wrong,
  right,
});
const warning = (...row: Parameters<typeof error>): DiagnosticRow => ({ ...error(...row), severity: 'warning' });
const hint = (...row: Parameters<typeof error>): DiagnosticRow => ({ ...error(...row), severity: 'hint' });

const PROGRAM = 'file db 96 MiB\nprocess p { read db zipf 1.0, 1M times }\nrun';

const rows = {
  // ---- syntax
  S01: error(
    'S01',
    'Something left over',
    "'{found}' is left over: {remedy}",
    'The statement was complete before this word or sign. A new line or `;` ends a statement; `,` separates the items within one.',
    'file db 96 MiB 4',
    'file db 96 MiB',
  ),
  S02: error(
    'S02',
    'Block never closed',
    "the '{' of '{what}' is never closed: add a '}'",
    'Where the next top-level item begins a line, all blocks before it are taken to end, so that the mistake stays where it is.',
    'process p {\n  read db sequentially once',
    'process p {\n  read db sequentially once\n}',
  ),
  S03: error(
    'S03',
    'Brace closes nothing',
    "this '}' closes nothing: remove it",
    'Every block before it has been closed already.',
    'file db 96 MiB }',
    'file db 96 MiB',
  ),
  S04: error(
    'S04',
    'Opening brace missing',
    "'{what}' lacks its '{': put one here",
    'What belongs to a declaration stands in braces behind it. The indentation says where the brace was meant to be.',
    'machine server\n  memory 64 MiB\n}',
    'machine server {\n  memory 64 MiB\n}',
  ),
  S05: error(
    'S05',
    'Text never closed',
    "this text lacks its closing quote: add a '\"'",
    'A text ends on the line on which it begins.',
    'run "Shift',
    'run "Shift"',
  ),
  S06: error(
    'S06',
    'Not a statement',
    "'{found}' begins no statement {where}: {remedy}",
    'Each statement begins with a word that says what it is; which ones there are depends on the block.',
    'proces p { read db }',
    'process p { read db }',
  ),
  S07: error(
    'S07',
    'Something missing',
    '{what} needs {part}: write for example {example}',
    'The statement ends before it is complete.',
    'file db',
    'file db 96 MiB',
  ),
  S08: error(
    'S08',
    'Line break missing',
    "'{word}' begins a new statement: put it on a line of its own, or a ';' before it",
    'A new line or `;` ends a statement.',
    'file A 48 MiB file B 48 MiB',
    'file A 48 MiB\nfile B 48 MiB',
  ),
  S09: error(
    'S09',
    'Nested too deeply',
    'this is nested too deeply (at most 32 blocks, 64 parentheses, 400 operators): split it with let',
    'No honest program needs more; the limit keeps every text quick to check.',
    'let x = ((((…))))',
    'let a = 2 * 3\nlet x = a + 1',
  ),
  S10: error(
    'S10',
    'Statement out of place',
    "'{found}' does not belong {where}: {remedy}",
    'Declarations stand at the top level, what a process does in its block, what a run compares and shows in the block of the run.',
    'read db sequentially once',
    'process p { read db sequentially once }',
  ),
  S11: error(
    'S11',
    'Unfinished expression',
    "'{found}' lacks its {side} side: {remedy}",
    'An operator stands between two values.',
    'let hot = 0.6 *',
    'let hot = 0.6 * server.memory',
  ),
  S12: error(
    'S12',
    'Not understood',
    'this is not understood: {detail}',
    'The parser gave up here. The grammar is meant to understand any text, so this message points to a gap in Refault itself.',
    '',
    '',
  ),

  // ---- names
  N01: error(
    'N01',
    'Unknown name',
    "there is no {kind} '{name}'{hint}",
    'Names are declared once, anywhere in the file, in another cell of the notebook, or in an imported file.',
    'process p { read bd uniform }',
    'file bd 96 MiB\nprocess p { read bd uniform }',
  ),
  N02: error(
    'N02',
    'Declared twice',
    "'{name}' is declared already, as {kind}: choose another name",
    'A name has one meaning in the whole program: all cells of a notebook and what they import.',
    'file A 48 MiB\nfile A 64 MiB',
    'file A 48 MiB\nfile B 64 MiB',
  ),
  N03: error(
    'N03',
    'Wrong kind of name',
    "'{name}' is {kind}, but {wanted} is needed here{hint}",
    'What a name stands for is fixed by its declaration.',
    'file db 96 MiB\nprocess p { replay db }',
    'trace db "db.txt"\nprocess p { replay db }',
  ),
  N04: error(
    'N04',
    'No name',
    "'{name}' cannot be a name, because a '.' leads to a property: write '{better}'",
    'Names may contain `-`, and `.` before a digit (`v3.15`). Elsewhere a `.` leads from a name to a property: `server.memory`.',
    'file my.db 96 MiB',
    'file my-db 96 MiB',
  ),
  N05: error(
    'N05',
    'Unknown property',
    "{owner} has no property '{name}'{hint}",
    'The properties of each thing are listed in the language reference, with unit, range and default.',
    'machine server { memroy 64 MiB }',
    'machine server { memory 64 MiB }',
  ),
  N06: error(
    'N06',
    'Unknown variant',
    "there is no reclaim variant '{name}'{hint}",
    'The variants are listed in the language reference.',
    'run { compare reclaim: clasic, v6.1 }',
    'run { compare reclaim: classic, v6.1 }',
  ),
  N07: error(
    'N07',
    'Unknown metric',
    "there is no counter, gauge or measure '{name}'{hint}",
    'Counters bear the names of /proc/vmstat where the kernel has one; our own measures are in kebab-case.',
    'run { plot hitratio }',
    'run { plot hit-ratio }',
  ),
  N08: error(
    'N08',
    'Unknown access pattern',
    "there is no access pattern '{name}'{hint}",
    'The patterns are listed in the language reference.',
    'read db randomly, 1M times',
    'read db uniform, 1M times',
  ),
  N09: error(
    'N09',
    'Nothing by that name to vary',
    "'{name}' cannot be {verb}: {remedy}",
    'What can be compared, swept or set: `reclaim`, properties (`server.memory`, `job.threads`, `web.memory.max`), sizes (`db.size`), sysctls, and names given by `let`.',
    'sweep memroy 32 MiB .. 64 MiB step 8 MiB',
    'sweep server.memory 32 MiB .. 64 MiB step 8 MiB',
  ),
  N10: hint(
    'N10',
    'Never used',
    "{kind} '{name}' is used by no run",
    'It does no harm. It is shown faded so that leftovers are found.',
    'file A 48 MiB\nfile B 48 MiB\nprocess p { read A once }\nrun',
    'file A 48 MiB\nprocess p { read A once }\nrun',
  ),
  N11: error(
    'N11',
    'Defined by itself',
    "'{name}' is defined by itself: {chain}",
    'A value given by `let` must be known before what is computed from it.',
    'let a = 2 * b\nlet b = a',
    'let b = 8 MiB\nlet a = 2 * b',
  ),
  N12: error(
    'N12',
    'Import not found',
    "cannot read '{path}': {reason}",
    'Paths are relative to the file or notebook that imports.',
    'import "machine.refault"',
    'import "machines.refault"',
  ),
  N13: error(
    'N13',
    'Import has errors',
    "'{path}' has {count}; the first is on line {line}: {message}",
    'What it declares may be incomplete, so runs that need it are not started.',
    '',
    '',
  ),
  N14: error(
    'N14',
    'Unknown way to plot',
    "'{name}' is no {what}: {remedy}",
    'Plots run over `time`, `pass`, `phase`, `variant` or the name of something compared or swept; forms are line, bars, area, heatmap, distribution, timeline, table.',
    'plot hit-ratio by run',
    'plot hit-ratio by pass',
  ),

  // ---- units
  U01: error(
    'U01',
    'Unit missing',
    '{what} needs a unit: write {example}',
    'Every quantity has a unit; only counts and kernel sysctls are plain numbers.',
    'file db 96',
    'file db 96 MiB',
  ),
  U02: error(
    'U02',
    'Unknown unit',
    "there is no unit '{unit}'{hint}",
    'Sizes: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB, pages. Times: ns, us, ms, s, min, h. Rates: the sizes with /s. Shares: %. Counts: k, M, G.',
    'memory 64 mib',
    'memory 64 MiB',
  ),
  U03: error(
    'U03',
    'Wrong unit',
    '{what} is {wanted}, but {found} is {dimension}: write for example {example}',
    'Each property has one dimension; the unit may be any of that dimension.',
    'memory 64 s',
    'memory 64 MiB',
  ),
  U04: error(
    'U04',
    'Units do not go together',
    "{left} and {right} cannot be joined by '{op}': {remedy}",
    'Sums need two quantities of one dimension; products need one plain number or share, or a rate and a time.',
    'let x = 64 MiB + 2 s',
    'let x = 64 MiB + 2 MiB',
  ),
  U05: error(
    'U05',
    'Unit not wanted',
    "{what} is a plain number: write {example}, without '{unit}'",
    'Counts and kernel sysctls that are plain integers have no unit.',
    'cpus 4 MiB',
    'cpus 4',
  ),

  // ---- values
  V01: error(
    'V01',
    'Out of range',
    '{what} is {value}, but must be {range}: write for example {example}',
    'The range of each property is in the language reference.',
    'machine server { memory 0 MiB }',
    'machine server { memory 64 MiB }',
  ),
  V02: error(
    'V02',
    'Not a whole number',
    '{what} is {value}, but must be a whole number: write {example}',
    'There is no half of it.',
    'cpus 2.5',
    'cpus 2',
  ),
  V03: error(
    'V03',
    'Not a number',
    '{what} {problem}: {remedy}',
    'The result must be a finite number.',
    'let x = 1 MiB / 0',
    'let x = 1 MiB / 2',
  ),
  V04: error(
    'V04',
    'Not one of the choices',
    "{what} is one of {choices}, not '{name}'{hint}",
    'The choices are listed in the language reference.',
    'machine m { kswapd sometimes }',
    'machine m { kswapd concurrent }',
  ),
  V05: error(
    'V05',
    'Outside of the object',
    "'{text}' does not lie within '{name}', which has {size}: {remedy}",
    'A range `name[from .. to]` is half-open: `to` is the first byte that does not belong to it.',
    'file db 96 MiB\nprocess p { read db[0 .. 1 GiB] }',
    'file db 96 MiB\nprocess p { read db[0 .. 64 MiB] }',
  ),
  V06: error(
    'V06',
    'Too many points',
    'this run has {count} points, but at most {limit} are allowed: {remedy}',
    '`compare` and `sweep` multiply. Each point is a simulation of its own.',
    'sweep server.memory 1 MiB .. 1 TiB step 4 KiB',
    'sweep server.memory 16 MiB .. 64 MiB step 8 MiB',
  ),
  V07: error(
    'V07',
    'Sweep that leads nowhere',
    '{problem}: {remedy}',
    'A sweep goes from the first value to the last one, both included, in equal steps.',
    'sweep server.memory 64 MiB .. 16 MiB step 8 MiB',
    'sweep server.memory 16 MiB .. 64 MiB step 8 MiB',
  ),
  V08: error(
    'V08',
    'Too large to be simulated',
    '{what} {has} {pages} pages, but a scenario holds at most {limit} (4 TiB): {remedy}',
    'Page numbers are 30 bits wide.',
    'file db 8 TiB',
    'file db 8 GiB',
  ),
  V09: error(
    'V09',
    'Shares that are no whole',
    'the shares of this mixture add up to {sum}, not 100%: {remedy}',
    'Neighbouring lines that begin with a share are one mixture.',
    'for 2 s { 50% read A uniform; 40% read B uniform }',
    'for 2 s { 50% read A uniform; 50% read B uniform }',
  ),
  V10: error(
    'V10',
    'Given twice',
    "'{name}' is given already: keep one of the two",
    'A property has one value.',
    'machine m { cpus 2; cpus 4 }',
    'machine m { cpus 4 }',
  ),
  V11: error(
    'V11',
    'Two values with one name',
    "'{label}' is among the compared values already: remove it, or name it with 'as'",
    'Charts and tables tell values apart by their labels.',
    'compare reclaim: v6.1, v6.1',
    'compare reclaim: v6.1, v3.15',
  ),
  V12: error(
    'V12',
    'Parameter that does not fit',
    "'{pattern}' {problem}: write for example {example}",
    'What each access pattern takes is in the language reference.',
    'read db zipf, 1M times',
    'read db zipf 1.0, 1M times',
  ),

  // ---- runs
  R01: error(
    'R01',
    'Nothing to run',
    'no process is declared {since}: {remedy}',
    'A run uses the processes it names with `of`, or else those declared since the run before it.',
    'file db 96 MiB\nrun',
    PROGRAM,
  ),
  R02: error(
    'R02',
    'Step that takes no time',
    '{what} has nothing that ends it: {remedy}',
    'Only steps with an amount, or inside `for`, end.',
    '',
    '',
  ),
  R03: error(
    'R03',
    'Varied twice',
    "'{name}' is varied by this run already: keep one of the two",
    'Each dimension of an experiment has its own name.',
    'compare reclaim: lru\ncompare reclaim: arc',
    'compare reclaim: lru, arc',
  ),
  R04: error(
    'R04',
    'Variant that is not compared',
    "'{name}' is not among the compared values{hint}",
    'Before the colon of `expect` stand labels of values that the run compares.',
    'compare reclaim: lru\nexpect arc: hit-ratio > 50%',
    'compare reclaim: lru, arc\nexpect arc: hit-ratio > 50%',
  ),
  R05: error(
    'R05',
    'Not varied by this run',
    "'{name}' is not varied by this run: {remedy}",
    'After `at` and `over` stand names that the run compares or sweeps.',
    'expect hit-ratio > 50% at server.memory >= 56 MiB',
    'sweep server.memory 32 MiB .. 64 MiB step 8 MiB\nexpect hit-ratio > 50% at server.memory >= 56 MiB',
  ),
  R06: warning(
    'R06',
    'Two runs with one title',
    'there is a run "{title}" already: choose another title to tell them apart',
    'The command line picks runs by title.',
    `${PROGRAM} "a"\nrun "a" of p`,
    `${PROGRAM} "a"\nrun "b" of p`,
  ),
  R07: warning(
    'R07',
    'Process that does nothing',
    "process '{name}' does nothing: give it steps, for example 'read db sequentially once'",
    'A process without steps ends at once.',
    'process p { threads 4 }',
    'process p { threads 4; read db }',
  ),
  R08: error(
    'R08',
    'Part of another machine',
    "'{name}' is no part of this run, which {uses}: {remedy}",
    'Only what a run simulates can be varied by it.',
    'machine other { memory 1 MiB }\nmachine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { read db once }\nrun { sweep other.memory 1 MiB .. 2 MiB in 2 steps }',
    'machine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { read db once }\nrun { sweep server.memory 1 MiB .. 2 MiB in 2 steps }',
  ),
  R09: error(
    'R09',
    'Block out of place',
    '{problem}: {remedy}',
    'A phase is a sequence of steps; `for` gives a whole phase its duration.',
    'phase a { for 2 s { read A }; read B }',
    'phase a for 2 s { read A }\nphase b { read B }',
  ),
  R10: error(
    'R10',
    'Memory of another process',
    "'{name}' belongs to process '{owner}': {remedy}",
    'Anonymous memory is private to the process that declares it; files are shared.',
    'process a { anon heap 1 MiB }\nprocess b { read heap }',
    'file heap 1 MiB\nprocess b { read heap }',
  ),
  R11: error(
    'R11',
    'Does not work on this',
    '{what}: {remedy}',
    'Some steps are for files only, others for anonymous memory only.',
    'fsync heap',
    'fsync log',
  ),

  R12: hint(
    'R12',
    'No run follows',
    "'{what}' has no effect: no run follows it",
    'It counts for the runs behind it. Put it before the run that it is meant for.',
    `${PROGRAM}\nsysctl vm.swappiness 10`,
    `sysctl vm.swappiness 10\n${PROGRAM}`,
  ),
  R13: warning(
    'R13',
    'Set from outside, but varied',
    "setting '{name}' has no effect on this run: it varies '{name}' itself",
    'What a run compares or sweeps takes all its values in turn, whatever `--set` says.',
    '',
    '',
  ),

  R14: error(
    'R14',
    'Depends on what the run varies',
    "'{text}' depends on what this run varies: {remedy}",
    'Values on the axes of a chart, and what an expectation compares with, are the same at every point. Declarations are not: they are worked out anew at each.',
    'machine server { memory 64 MiB }\nfile db 96 MiB\nprocess p { read db once }\nrun {\n  sweep server.memory 32 MiB .. 64 MiB step 32 MiB\n  expect nr_active_file < 0.5 * server.memory\n}',
    'machine server { memory 64 MiB }\nfile db 96 MiB\nprocess p { read db once }\nrun {\n  sweep server.memory 32 MiB .. 64 MiB step 32 MiB\n  expect nr_active_file < 32 MiB at server.memory >= 64 MiB\n}',
  ),

  // ---- later
  L01: error(
    'L01',
    'Not simulated yet',
    "'{what}' is understood but not simulated yet: {remedy}",
    'Refault grows one debate at a time. Nothing is ignored silently, because a run without this part would show other numbers than it says.',
    'fuse photos { max_ratio 1% }',
    'file photos 1 GiB',
  ),
} as const satisfies Readonly<Record<string, DiagnosticRow>>;

export type DiagnosticCode = keyof typeof rows;

export const diagnosticRows: Readonly<Record<DiagnosticCode, DiagnosticRow>> = rows;

/** In the order documentation lists them. */
export const diagnostics: readonly DiagnosticRow[] = Object.values(rows);
