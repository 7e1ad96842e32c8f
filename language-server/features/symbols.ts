/** Outlines: of a text, and of everything that is open. */
import type { AstNode } from 'langium';
import type { DocumentSymbol, SymbolInformation } from 'vscode-languageserver';
import type { Process, Run, Sweep } from '../language/generated/ast.ts';
import { rangeOf, textOf, unquoted } from '../language/syntax.ts';
import type { Range } from '../language/index.ts';
import type { ProgramView } from '../workspace.ts';
import type { DocumentContext } from './context.ts';

/** SymbolKind of the protocol. */
const kinds = {
  machine: 5,
  file: 1,
  process: 12,
  cgroup: 3,
  let: 14,
  trace: 22,
  run: 24,
  anon: 8,
  phase: 6,
  sweep: 20,
  other: 7,
} as const;

const symbol = (
  name: string,
  detail: string,
  kind: number,
  range: Range,
  selectionRange: Range,
  children: DocumentSymbol[] = [],
): DocumentSymbol => ({
  name: name === '' ? '(no name)' : name,
  detail,
  kind: kind as DocumentSymbol['kind'],
  range,
  selectionRange,
  children,
});

const firstLine = (node: AstNode | undefined): string =>
  node
    ? textOf(node)
        .split(/\r\n|\r|\n/)[0]
        .trim()
    : '';

function processChildren(process: Process): DocumentSymbol[] {
  return (process.block?.statements ?? []).flatMap((s) => {
    if (s.$type === 'Anon') {
      const { name, size } = s;
      return [symbol(name?.text ?? '', `anon ${firstLine(size)}`, kinds.anon, rangeOf(s), rangeOf(name ?? s))];
    }
    if (s.$type === 'Phase') {
      const { name, title } = s;
      return [
        symbol(
          name?.text ?? (title ? unquoted(title.text) : ''),
          'phase',
          kinds.phase,
          rangeOf(s),
          rangeOf(name ?? title ?? s),
        ),
      ];
    }
    return [];
  });
}

function runChildren(run: Run): DocumentSymbol[] {
  return (run.block?.clauses ?? [])
    .filter((c) => c.$type === 'Compare' || c.$type === 'Sweep')
    .map((c) => {
      const { target } = c as Sweep;
      return symbol(
        target?.text ?? '',
        c.$type === 'Sweep' ? 'sweep' : 'compare',
        kinds.sweep,
        rangeOf(c),
        rangeOf(target ?? c),
      );
    });
}

export function documentSymbols({ source }: DocumentContext): DocumentSymbol[] {
  return source.ast.items.flatMap((item): DocumentSymbol[] => {
    const range = rangeOf(item);
    switch (item.$type) {
      case 'Machine':
        return [symbol(item.name?.text ?? '', 'machine', kinds.machine, range, rangeOf(item.name ?? item))];
      case 'FileDeclaration':
        return [
          symbol(item.name?.text ?? '', `file ${firstLine(item.size)}`, kinds.file, range, rangeOf(item.name ?? item)),
        ];
      case 'Process':
        return [
          symbol(
            item.name?.text ?? '',
            'process',
            kinds.process,
            range,
            rangeOf(item.name ?? item),
            processChildren(item),
          ),
        ];
      case 'Fuse':
        return [symbol(item.name?.text ?? '', 'fuse', kinds.file, range, rangeOf(item.name ?? item))];
      case 'Cpuset':
        return [symbol(item.name?.text ?? '', 'cpuset', kinds.cgroup, range, rangeOf(item.name ?? item))];
      case 'Tmpfs':
        return [
          symbol(item.name?.text ?? '', `tmpfs ${firstLine(item.size)}`, kinds.file, range, rangeOf(item.name ?? item)),
        ];
      case 'Cgroup':
        return [symbol(item.name?.text ?? '', 'cgroup', kinds.cgroup, range, rangeOf(item.name ?? item))];
      case 'Let':
        return [
          symbol(item.name?.text ?? '', `= ${firstLine(item.value)}`, kinds.let, range, rangeOf(item.name ?? item)),
        ];
      case 'Trace':
        return [symbol(item.name?.text ?? '', 'trace', kinds.trace, range, rangeOf(item.name ?? item))];
      case 'Run':
        return [
          symbol(
            item.title ? unquoted(item.title.text) || 'run' : 'run',
            'run',
            kinds.run,
            range,
            item.title ? rangeOf(item.title) : headOf(range),
            runChildren(item),
          ),
        ];
      case 'Recovery':
        return [
          symbol(item.process?.text ?? 'recovery', 'recovery', kinds.other, range, rangeOf(item.process ?? item)),
        ];
      case 'Device':
        return [symbol(item.name?.text ?? '', 'device', kinds.other, range, rangeOf(item.name ?? item))];
      default:
        return [];
    }
  });
}

const headOf = ({ start }: Range): Range => ({ start, end: { line: start.line, character: start.character + 3 } });

/** Letters of the query in order, anywhere in the name. */
function matches(name: string, query: string): boolean {
  let at = 0;
  const lower = name.toLowerCase();
  for (const c of query.toLowerCase()) {
    at = lower.indexOf(c, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

export function workspaceSymbols(views: readonly ProgramView[], query: string): SymbolInformation[] {
  const found = new Map<string, SymbolInformation>();
  for (const view of views) {
    for (const source of view.program.sources) {
      const add = (s: DocumentSymbol, container?: string): void => {
        if (matches(s.name, query)) {
          found.set(`${source.uri} ${s.selectionRange.start.line}:${s.selectionRange.start.character}`, {
            name: s.name,
            kind: s.kind,
            location: { uri: source.uri, range: s.selectionRange },
            ...(container === undefined ? {} : { containerName: container }),
          });
        }
        for (const child of s.children ?? []) add(child, s.name);
      };
      for (const s of documentSymbols({ view, program: view.program, uri: source.uri, source })) add(s);
    }
  }
  return [...found.values()].slice(0, 500);
}
