/**
 * Writes docs/language.md and docs/diagnostics/ from the definition tables. `node tools/generate-docs.ts --check` only says whether they are
 * fresh (a test does so). What a table can't say, the chapters below do.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { counterRows } from '../simulator/machine/counters.ts';
import { reclaimVariants } from '../simulator/reclaim/registry.ts';
import { volatileInterfaces } from '../simulator/volatile/interfaces.ts';
import type { Knob, Scope } from '../simulator/tables/define.ts';
import { diagnostics } from '../simulator/tables/diagnostics.ts';
import { accountings } from '../simulator/tables/fuse-accounting.ts';
import { gauges } from '../simulator/tables/gauges.ts';
import { knobs } from '../simulator/tables/knobs.ts';
import { devicePictures } from '../simulator/tables/device-measures.ts';
import { numaPictures } from '../simulator/tables/numa-pictures.ts';
import { measures } from '../simulator/tables/measures.ts';
import { numaWords } from '../simulator/tables/numa-words.ts';
import { patterns } from '../simulator/tables/patterns.ts';
import { rules } from '../simulator/tables/rules.ts';
import { statements, type Place } from '../simulator/tables/statements.ts';
import { dimensions, units, type Dimension } from '../simulator/tables/units.ts';
import { diagnosticPage } from '../language-server/language/diagnostic-page.ts';
import { defaultText } from '../language-server/describe.ts';
import { rangeText } from '../language-server/language/knob-values.ts';
import { recordedFolders } from '../cli/recorded-folder.ts';
import { compareFolders, gather } from '../simulator/fidelity/areas.ts';
import { fidelityMarkdown } from '../simulator/text/fidelity.ts';

const NOTE = '<!-- Made by `npm run generate` from the definition tables: change those, not this page. -->';

/** Path below docs/ → text. */
export function generateDocs(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  pages.set('language.md', languagePage());
  pages.set('diagnostics/README.md', diagnosticsIndex());
  pages.set('fidelity.md', fidelityPage());
  for (const row of diagnostics) pages.set(`diagnostics/${row.code}.md`, diagnosticPage(row, NOTE));
  return pages;
}

function languagePage(): string {
  return (
    [
      '# The Refault language',
      NOTE,
      LEXICAL,
      '## Units',
      'Every quantity has a unit; a missing or wrong one is an error. `64MiB` and `64 MiB` are the same.',
      ...(Object.keys(dimensions) as Dimension[]).map(unitTable),
      '## Statements',
      'Capitals stand for what you choose, `[…]` may be left out.',
      ...(
        [
          ['program', 'At the top level'],
          ['process', 'In a process or a phase'],
          ['run', 'In a run'],
          ['at', 'In an `at` block'],
        ] as const
      ).flatMap(([place, title]) => [`### ${title}`, ...statementSections(place)]),
      '## Access patterns',
      table(
        ['pattern', 'what it does', 'example'],
        patterns.map((p) => [code(p.form), p.doc, code(p.example)]),
      ),
      AMOUNTS,
      '## Properties',
      'A property that is not given has its default. Marks say how far a default can be trusted: _measured_ on a real kernel, _published_ in the source named, _derived_ from published figures, or _assumed_.',
      ...scopes.flatMap(([scope, title, intro]) => [
        `### ${title}`,
        ...(intro ? [intro] : []),
        knobTable(knobs.filter((k) => k.scope === scope)),
        ...wordTable(scope),
      ]),
      '## Reclaim variants',
      '`compare reclaim: ID, ID { PARAMETER VALUE }, …`; a name of your own follows `as`. [models/reclaim.md](models/reclaim.md) says what each follows and leaves out.',
      table(
        ['id', 'since', 'what it is', 'source'],
        reclaimVariants.map((v) => [
          code(v.id),
          since(v),
          v.summary,
          `${v.source.where}${v.commit ? ` (${v.commit})` : ''}`,
        ]),
      ),
      ...reclaimVariants
        .filter((v) => v.knobs.length > 0)
        .flatMap((v) => [`### Parameters of ${code(v.id)}`, knobTable(v.knobs)]),
      '## Interfaces of volatile memory',
      '`compare volatile.interface: ID, ID { PARAMETER VALUE }, …`, or `volatile.interface ID` in a machine. [models/volatile-ranges.md](models/volatile-ranges.md) says what each follows and leaves out.',
      table(
        ['id', 'since', 'what it is', 'source'],
        volatileInterfaces.map((v) => [
          code(v.id),
          since(v),
          v.summary,
          `_${v.source.kind}_: ${v.source.where}${v.commit && !v.source.where.includes(v.commit) ? ` (${v.commit})` : ''}`,
        ]),
      ),
      ...volatileInterfaces
        .filter((v) => v.knobs.length > 0)
        .flatMap((v) => [`### Parameters of ${code(v.id)}`, knobTable(v.knobs)]),
      '## Ways of counting FUSE pages',
      '`compare photos.accounting: ID, ID { PROPERTY VALUE }, …`: with a way go properties of the mount and its daemon, in the place of what is declared.',
      table(
        ['id', 'since', 'what it is', 'source'],
        accountings.map((v) => [
          code(v.id),
          since(v),
          v.summary,
          `_${v.source.kind}_: ${v.source.where}${v.commit && !v.source.where.includes(v.commit) ? ` (${v.commit})` : ''}`,
        ]),
      ),
      '## What can be plotted and expected',
      EXPECTING,
      '### Counters',
      'They only rise. With a phase (`pgscan_direct("B is hot")`): the rise during it.',
      metricTable(counterRows),
      '### Levels',
      'Sampled over time.',
      metricTable(gauges),
      '### Measures',
      'Derived from the others.',
      metricTable(measures),
      '### Pictures',
      'To be plotted; they have no number.',
      metricTable([...numaPictures, ...devicePictures]),
      '## Rules',
      'The reasons that events give.',
      table(
        ['id', 'what it means', 'in the kernel'],
        rules.map((r) => [code(r.id), r.doc, r.kernel ?? '']),
      ),
      '## Diagnostics',
      '[Every code has a page](diagnostics/README.md).',
    ].join('\n\n') + '\n'
  );
}

const LEXICAL = `A program declares a machine, objects and processes, and then runs them. This page is the specification; [the sample notebook](../samples/page-cache-reclaim.refault.md) is the way in.

\`\`\`refault
file db 96 MiB
process p { read db zipf 1.0, 1M times }
run
\`\`\`

## Words and lines

- A newline or \`;\` ends a statement or a property; \`,\` separates items within one. Comments start with \`#\`.
- Names may contain \`-\` and \`.\` (\`v3.15\`, \`memory.max\`); an unspaced \`a-b\` is one name, so binary minus needs spaces. Kernel names are verbatim (\`vm.swappiness\`), our own are kebab-case (\`hit-ratio\`).
- Texts stand in double quotes, with \`\\"\` and \`\\\\\` for a quote and a backslash.
- Names of properties, variants, counters and units are data, not keywords: new ones never break a program.
- A name has one meaning; declaring it twice is an error.
- Ranges are half-open: \`db[0 .. 38 MiB]\`; either end may be left out.
- Arithmetic (\`+ - * /\`, parentheses) keeps units: \`0.6 * server.memory\` is a size.

## Notebooks

A notebook is a Markdown file, \`name.refault.md\`: prose is prose, each fenced \`refault\` block is a cell, and all cells are one program in their order. Saving changes no byte that was not edited. Two neighbouring prose cells are kept apart by \`<!-- cell -->\`. Outputs are not stored in the file.`;

const AMOUNTS = `How much: \`once\`, \`4 times\` after \`sequentially\` (whole passes over the region), \`1M times\` (single page accesses), \`for 10 s\`, or a size (\`write log sequentially, 2 GiB\`). How fast: \`at 20 MB/s\`, or a pause between accesses, \`every 25 us\`; else as fast as it goes.

A mixture draws each access by weight: \`for 20 s { 50% read db uniform; 50% read log sequentially }\`.`;

const EXPECTING = `\`plot METRIC, … [by pass|phase|variant|AXIS] [over time] [as FORM]\`: forms are \`line\`, \`bars\`, \`area\`, \`heatmap\`, \`distribution\`, \`table\`. A plot without \`by\` or \`over\` runs along the first sweep, else compares the variants.

\`expect [VARIANT, …:] CONDITION [at AXIS >= VALUE]\` must hold at every point of every variant it names (of all, if it names none). A condition compares expressions of metrics (\`hits("B is hot") > 2 * misses("B is hot")\`), or says of an event that it happens or not: \`no oom\`, \`oom before 20 s\`.`;

const scopes: readonly (readonly [Scope, string, string?])[] = [
  ['machine', 'Machine', '`machine NAME { … }`'],
  ['disk', 'Disk', '`disk { … }` in a machine'],
  ['locks', 'Locks', '`locks { … }` in a machine: what locks and calls on ranges of memory cost'],
  ['exit', 'Exit', '`exit { … }` in a machine: how it gives up the memory of processes that end'],
  [
    'node',
    'Node',
    '`node 0-3 { … }` in a machine; from outside `server.node0.memory`. `distance 0-1 15` says how far two nodes are from each other.',
  ],
  ['swap', 'Swap', '`swap [zram|disk] SIZE { … }`'],
  ['cgroup', 'Cgroup', '`cgroup NAME { … }`'],
  [
    'cpuset',
    'Cpuset',
    '`cpuset NAME { … }`, beside `mems` and `cpus`, which are lists of numbers without spaces (`0-1,3`)',
  ],
  ['tmpfs', 'Tmpfs', '`tmpfs NAME SIZE { … }`, beside `mpol`, a policy as mount options write it'],
  ['file', 'File', '`file NAME SIZE { … }`'],
  ['anon', 'Anonymous memory', '`anon NAME SIZE { … }` in a process'],
  ['process', 'Process', 'In a process, beside its steps'],
  ['handler', 'Handler of purges', '`on purged { … }` in a process'],
  ['recovery', 'Recovery', '`recovery [PROCESS] { … }`, beside the blocks below'],
  ['dump', 'Dump', '`dump { … }` in a recovery, or one of them in a line: `dump mode full`'],
  ['prefault', 'Prefault', '`prefault { … }` in a recovery, or `prefault threads 8`'],
  ['helpers', 'Helpers', '`helpers { … }` in a recovery, or `helpers trim 20%`'],
  ['trace', 'Trace', '`trace NAME "PATH" { … }`'],
  ['fuse', 'FUSE mount', '`fuse NAME [SIZE] { … }`'],
  ['daemon', 'Daemon of a FUSE mount', '`daemon { … }` in a mount'],
  ['device', 'Device', '`device NAME { … }`'],
  ['link', 'Link of a device', '`link { … }` in a device'],
  ['local', 'Memory of a device', '`local { … }` in a device'],
  ['fault', 'Fault service of a device', '`fault { … }` in a device'],
  ['thrash', 'Thrashing between device and host', '`thrash { … }` in a device'],
  ['odp', 'On-demand paging of a network card', '`odp { … }` in a device of `kind rdma`'],
  ['sysctl', 'Kernel parameters', '`sysctl NAME VALUE`'],
];

function unitTable(dimension: Dimension): string {
  const rows = units.filter((u) => u.dimension === dimension);
  return `${capital(dimensions[dimension].noun.replace(/^a /, ''))}:\n\n${table(
    ['unit', 'meaning'],
    rows.map((u) => [code(u.name), u.insteadOf ? `the same as ${code(u.insteadOf)}` : u.doc]),
  )}`;
}

function statementSections(place: Place): string[] {
  return statements
    .filter((s) => s.place === place)
    .flatMap((s) => [`#### ${code(s.word)}`, code(s.form), s.doc, fence(s.example)]);
}

const knobTable = (rows: readonly Knob[]): string =>
  table(
    ['name', 'values', 'default', 'what it is', 'in the kernel', 'mark'],
    rows.map((k) => [
      code(k.name),
      valuesText(k),
      k.default === null ? 'depends' : code(defaultText(k)),
      k.type.kind === 'choice' ? `${k.doc} ${k.type.of.map((c) => `${code(c.id)}: ${c.doc}`).join(' ')}` : k.doc,
      k.kernel ?? '',
      `_${k.source.kind}_: ${k.source.where}`,
    ]),
  );

/** Properties whose values are lists or policies. */
function wordTable(scope: Scope): string[] {
  const rows = numaWords.filter((row) => row.scope === scope);
  return rows.length === 0
    ? []
    : [
        table(
          ['written', 'what it is', 'in the kernel'],
          rows.map((row) => [code(row.form), row.doc, row.kernel]),
        ),
      ];
}

const valuesText = ({ type, ...k }: Knob): string =>
  type.kind === 'choice'
    ? type.of.map((c) => code(c.id)).join(', ')
    : type.kind === 'flag'
      ? '`on`, `off`'
      : rangeText({ type, ...k });

const metricTable = (rows: readonly { name: string; unit: string; doc: string; kernel?: string }[]): string =>
  table(
    ['name', 'unit', 'meaning', 'in the kernel'],
    rows.map((r) => [code(r.name), r.unit, r.doc, r.kernel ?? '']),
  );

const since = (v: { linux?: string; year?: number; family: string }): string =>
  [v.linux ? `Linux ${v.linux}` : v.family, v.year].filter((x) => x !== undefined).join(', ');

/** The recordings are run through the simulator: a page that is fresh says that no error has grown. */
function fidelityPage(): string {
  const recordings = path.join(import.meta.dirname, '..', 'samples', 'recordings');
  return (
    [
      '# How far from real kernels',
      NOTE,
      FIDELITY,
      fidelityMarkdown(gather(compareFolders(recordedFolders(recordings)))),
      '## Modelled, simplified, left out',
      'Each mechanism has a page that says what follows the kernel, what is simplified and what is missing, with sources and marks:',
      readdirSync(path.join(import.meta.dirname, '..', 'docs', 'models'))
        .filter((file) => file.endsWith('.md'))
        .sort()
        .map((file) => `- [${titleOf(file)}](models/${file})`)
        .join('\n'),
    ].join('\n\n') + '\n'
  );
}

const titleOf = (file: string): string =>
  /^# (.*)$/m.exec(readFileSync(path.join(import.meta.dirname, '..', 'docs', 'models', file), 'utf8'))?.[1] ?? file;

const FIDELITY = `Recordings of unmodified kernels come with Refault (\`samples/recordings\`), and \`npx refault fidelity\` runs each through the simulator. This page is what it
prints; a test keeps it fresh, so no error grows unseen. With your own recordings: [recording.md](recording.md).

- _accesses differ_: single accesses that hit here and missed in the kernel, or the other way round.
- _checks_: single recorded values (an errno, a mask, a placement, a count) that are the same here.
- _error_: against the kernel's nearest repeat; where accesses are of two classes (an old and a new set, a hot set and a stream) both counts are shown, and the larger error.
- _kernel's spread_: how far the kernel's own repeats are apart.
- Of FUSE mounts, each cell is kernel / simulated and the error: _bdimax_ the most a mount held (of several: their sum) against its threshold _bdithr_, _tmpmax_ the most copies, _totmax_ the most
  that was dirty, under writeback or copied on the whole machine, in KiB; the global limit is 65,536 KiB but with \`default_thresh\`. _why_: the reasons below for what is more than 15 % off.`;

function diagnosticsIndex(): string {
  return (
    [
      '# Diagnostics',
      NOTE,
      'Every message of the language has a code and a page. Letters: S syntax, N names, U units, V values, R runs, P placement on nodes, F writeback and FUSE, E exit and recovery, L what later versions will simulate.',
      table(
        ['code', 'severity', 'title'],
        diagnostics.map((d) => [`[${d.code}](${d.code}.md)`, d.severity, d.title]),
      ),
    ].join('\n\n') + '\n'
  );
}

const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);
const fence = (text: string): string => `\`\`\`refault\n${text}\n\`\`\``;
const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** Names of pages that differ from what the tables give, or should not be there. */
export function stalePages(folder: string): string[] {
  const pages = generateDocs();
  const stale = [...pages].filter(([name, text]) => {
    const at = path.join(folder, name);
    return !existsSync(at) || readFileSync(at, 'utf8') !== text;
  });
  return [...stale.map(([name]) => name), ...strayPages(folder, pages)];
}

function strayPages(folder: string, pages: ReadonlyMap<string, string>): string[] {
  const at = path.join(folder, 'diagnostics');
  return existsSync(at)
    ? readdirSync(at)
        .map((f) => `diagnostics/${f}`)
        .filter((name) => !pages.has(name))
    : [];
}

if (import.meta.main) {
  const folder = path.join(import.meta.dirname, '..', 'docs');
  if (process.argv.includes('--check')) {
    const stale = stalePages(folder);
    if (stale.length > 0) {
      console.error(`stale: ${stale.join(', ')}; run npm run generate`);
      process.exit(1);
    }
  } else {
    mkdirSync(path.join(folder, 'diagnostics'), { recursive: true });
    const pages = generateDocs();
    for (const name of strayPages(folder, pages)) rmSync(path.join(folder, name));
    for (const [name, text] of pages) writeFileSync(path.join(folder, name), text);
  }
}
