/**
 * A program: the cells of a notebook or a file, and what they import, as one list of items with one table of names. No meaning is checked here
 * but that a name is declared once; that makes it quick enough to be done again on each keystroke.
 */
import { AstUtils, type AstNode } from 'langium';
import type { Anon, Item, Loose, Phase, PlotMetric, Process, Reference, Text, Word } from './generated/ast.ts';
import { Reporter, type Fix, type Place } from './diagnostics.ts';
import type { PlacementNote } from './placement-notes.ts';
import { parseSource, rangeAt, type ParsedSource, type Range } from './parser.ts';
import { itemOf, offsetOf, rangeOf, rootOf, unquoted } from './syntax.ts';

export interface Source {
  readonly uri: string;
  readonly text: string;
}

export type ResolveImport = (from: string, path: string) => Source | null;

export type SymbolKind =
  | 'machine'
  | 'file'
  | 'anon'
  | 'process'
  | 'cgroup'
  | 'cpuset'
  | 'tmpfs'
  | 'fuse'
  | 'let'
  | 'trace'
  | 'phase'
  | 'device'
  | 'later';

/** Something with a name. */
export interface LanguageSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  /** The declaration, of the type that the kind says. */
  readonly node: AstNode;
  /** Where the name stands in its declaration. */
  readonly place: Place;
  /** The process of a phase or an anonymous region. */
  readonly process?: Process;
}

/** A use of a name; for `server.memory` only `server` is the use of a symbol. */
export interface SymbolReference {
  readonly symbol: LanguageSymbol;
  readonly place: Place;
}

export interface ProgramItem {
  readonly item: Item;
  readonly source: ParsedSource;
  /** Reached through `import`: its declarations count, its runs are not ours to run. */
  readonly imported: boolean;
}

export const kindNames: Readonly<Record<SymbolKind, string>> = {
  machine: 'machine',
  file: 'file',
  anon: 'anonymous memory',
  process: 'process',
  cgroup: 'cgroup',
  cpuset: 'cpuset',
  tmpfs: 'tmpfs',
  fuse: 'FUSE mount',
  let: 'value',
  trace: 'trace',
  phase: 'phase',
  device: 'device',
  later: 'declaration',
};

/** For messages: `a file`, `anonymous memory`. */
export const aKind = (kind: SymbolKind): string => (kind === 'anon' ? kindNames.anon : `a ${kindNames[kind]}`);
export class Program {
  readonly sources: readonly ParsedSource[];
  readonly items: readonly ProgramItem[];
  readonly reporter = new Reporter();
  /** By name, phases apart. */
  readonly symbols = new Map<string, LanguageSymbol>();
  readonly phases = new Map<string, LanguageSymbol[]>();
  /** Kinds of declarations that lack their name: an unknown name may be the missing one, so only the declaration is complained about. */
  readonly nameless = new Set<SymbolKind>();
  readonly duplicates: readonly LanguageSymbol[];
  /** Items whose names are in doubt: declared twice, or no names. */
  readonly doubtful = new Set<AstNode>();
  readonly imports: readonly { readonly place: Place; readonly path: string; readonly source: ParsedSource | null }[];
  /** What policies come to, by place; filled when scenarios are checked. */
  readonly placementNotes = new Map<string, PlacementNote>();
  private readonly bySource = new Map<AstNode, ParsedSource>();
  private found: Found | undefined;

  constructor(
    sources: readonly Source[],
    resolveImport?: ResolveImport,
    parse: (uri: string, text: string) => ParsedSource = parseSource,
  ) {
    const all: ParsedSource[] = [];
    const items: ProgramItem[] = [];
    const imports: (typeof this.imports)[number][] = [];
    const seen = new Set<string>();
    const own = new Set(sources.map((s) => s.uri));

    const add = (parsed: ParsedSource, imported: boolean): void => {
      all.push(parsed);
      this.bySource.set(parsed.ast, parsed);
      for (const item of parsed.ast.items) {
        items.push({ item, source: parsed, imported });
        if (item.$type !== 'Import' || !item.path) continue;
        const path = unquoted(item.path.text);
        const place = { uri: parsed.uri, range: rangeOf(item.path) };
        const found = path === '' ? null : (resolveImport?.(parsed.uri, path) ?? null);
        const known = found && all.find((s) => s.uri === found.uri);
        if (!found || known || seen.has(found.uri) || own.has(found.uri)) {
          imports.push({ place, path, source: known ?? null });
          if (found) continue;
          this.reporter.report('N12', place, {
            path,
            reason:
              path === '' ? 'the path is empty' : resolveImport ? 'there is no such file' : 'files cannot be read here',
          });
          continue;
        }
        seen.add(found.uri);
        const target = parse(found.uri, found.text);
        imports.push({ place, path, source: target });
        add(target, true);
      }
    };
    for (const s of sources) add(parse(s.uri, s.text), false);
    this.sources = all;
    this.items = items;
    this.imports = imports;

    const duplicates: LanguageSymbol[] = [];
    const declare = (kind: SymbolKind, word: Word | undefined, node: AstNode, process?: Process): void => {
      if (!word) {
        this.nameless.add(kind);
        return;
      }
      const symbol: LanguageSymbol = {
        name: word.text,
        kind,
        node,
        place: this.placeOf(word),
        ...(process ? { process } : {}),
      };
      if (/\.(?!\d)/.test(symbol.name)) {
        const better = symbol.name.replace(/\.(?!\d)/g, '-');
        this.doubtful.add(itemOf(node));
        this.reporter.report(
          'N04',
          symbol.place,
          { name: symbol.name, better },
          { fixes: [this.replace(word, better)] },
        );
      }
      const before = this.symbols.get(symbol.name);
      if (before) {
        duplicates.push(symbol);
        this.doubtful.add(itemOf(node)).add(itemOf(before.node));
        this.reporter.report(
          'N02',
          symbol.place,
          { name: symbol.name, kind: aKind(before.kind) },
          { related: [{ ...before.place, message: `'${symbol.name}' is declared here` }] },
        );
      } else this.symbols.set(symbol.name, symbol);
    };
    for (const { item } of items) {
      switch (item.$type) {
        case 'Machine':
          declare('machine', item.name, item);
          break;
        case 'FileDeclaration':
          declare('file', item.name, item);
          break;
        case 'Cgroup':
          declare('cgroup', item.name, item);
          break;
        case 'Cpuset':
          declare('cpuset', item.name, item);
          break;
        case 'Tmpfs':
          declare('tmpfs', item.name, item);
          break;
        case 'Trace':
          declare('trace', item.name, item);
          break;
        case 'Let':
          declare('let', item.name, item);
          break;
        case 'Fuse':
          declare('fuse', item.name, item);
          break;
        case 'Device':
          declare('device', item.name, item);
          break;
        case 'Process':
          declare('process', item.name, item);
          for (const node of AstUtils.streamAllContents(item)) {
            if (node.$type === 'Anon') declare('anon', (node as Anon).name, node, item);
            else if (node.$type === 'Phase') this.#declarePhase(node as Phase, item);
          }
          break;
        case 'Unknown': {
          // A misspelt declaration still declares its name, and so does one without its first word: one mistake, one error.
          const [first, second] = item.words;
          const named = second && /^[a-z]/i.test(second.text) ? second : first;
          if (named && /^[a-z][\w.-]*$/i.test(named.text) && !this.symbols.has(named.text)) {
            this.symbols.set(named.text, { name: named.text, kind: 'later', node: item, place: this.placeOf(named) });
          }
          break;
        }
        default:
      }
    }
    this.duplicates = duplicates;
  }

  #declarePhase(node: Phase, process: Process): void {
    const word: Word | Text | undefined = node.name ?? node.title;
    if (!word) return;
    const name = node.name ? node.name.text : unquoted(word.text);
    const symbol: LanguageSymbol = { name, kind: 'phase', node, place: this.placeOf(word), process };
    const list = this.phases.get(name);
    const twice = list?.find((other) => other.process === process);
    if (twice) {
      this.doubtful.add(process);
      const related = [{ ...twice.place, message: `'${name}' is declared here` }];
      this.reporter.report('N02', symbol.place, { name, kind: 'a phase of this process' }, { related });
    }
    if (list) list.push(symbol);
    else this.phases.set(name, [symbol]);
  }

  /** The same program, keeping what is reported to itself: for questions that must leave no diagnostics. */
  quiet(): Program {
    return Object.create(this, { reporter: { value: new Reporter() } }) as Program;
  }

  sourceOf(node: AstNode): ParsedSource {
    return this.bySource.get(rootOf(node)) ?? this.sources[0];
  }

  placeOf(node: AstNode): Place {
    return { uri: this.sourceOf(node).uri, range: rangeOf(node) };
  }

  /** Behind the first word of a statement. */
  placeAfterWord(node: AstNode, word: string): Place {
    return this.placeWithin(node, word.length, word.length);
  }

  /** Directly behind a node: where something is missing. */
  placeAfter(node: AstNode): Place {
    const { end } = rangeOf(node);
    return { uri: this.sourceOf(node).uri, range: { start: end, end } };
  }

  /** Part of a word, by characters from its start. */
  placeWithin(node: AstNode, from: number, to: number): Place {
    const source = this.sourceOf(node);
    const start = offsetOf(node);
    return { uri: source.uri, range: rangeAt(source, start + from, start + to) };
  }

  replace(node: AstNode, newText: string, title = `Replace with '${newText}'`): Fix {
    return { title, edits: [{ ...this.placeOf(node), newText }], preferred: true };
  }

  insertAfter(node: AstNode, newText: string, title: string): Fix {
    return { title, edits: [{ ...this.placeAfter(node), newText }], preferred: true };
  }

  /** What a dotted name begins with: `server` of `server.disk.latency`. The longest declared name wins. */
  split(name: string): { readonly symbol: LanguageSymbol; readonly rest: string } | undefined {
    let end = name.length;
    while (end > 0) {
      const symbol = this.symbols.get(name.slice(0, end));
      if (symbol) return { symbol, rest: name.slice(end + 1) };
      end = name.lastIndexOf('.', end - 1);
    }
    return undefined;
  }

  /** Every use of every name, for rename, references and highlights. Computed when first asked for. */
  get references(): readonly SymbolReference[] {
    return (this.found ??= findReferences(this)).references;
  }

  /** Names that an item uses, wherever in it. */
  usedBy(item: AstNode): ReadonlySet<LanguageSymbol> {
    return (this.found ??= findReferences(this)).byItem.get(item) ?? NONE;
  }

  symbolAt(
    uri: string,
    line: number,
    character: number,
  ): { readonly symbol: LanguageSymbol; readonly place: Place } | undefined {
    const within = ({ place }: { place: Place }): boolean =>
      place.uri === uri && contains(place.range, line, character);
    for (const symbol of [...this.symbols.values(), ...[...this.phases.values()].flat(), ...this.duplicates]) {
      if (within(symbol))
        return {
          symbol: symbol.kind === 'phase' ? symbol : (this.symbols.get(symbol.name) ?? symbol),
          place: symbol.place,
        };
    }
    return this.references.find(within);
  }
}

export const contains = (range: Range, line: number, character: number): boolean =>
  (line > range.start.line || (line === range.start.line && character >= range.start.character)) &&
  (line < range.end.line || (line === range.end.line && character <= range.end.character));

interface Found {
  readonly references: SymbolReference[];
  readonly byItem: ReadonlyMap<AstNode, ReadonlySet<LanguageSymbol>>;
}

const NONE: ReadonlySet<LanguageSymbol> = new Set();

function findReferences(program: Program): Found {
  const references: SymbolReference[] = [];
  const byItem = new Map<AstNode, Set<LanguageSymbol>>();
  let used = new Set<LanguageSymbol>();
  const add = (symbol: LanguageSymbol, place: Place): void => {
    references.push({ symbol, place });
    used.add(symbol);
  };
  const use = (word: AstNode | undefined, name: string | undefined): void => {
    if (!word || !name) return;
    const hit = program.split(name);
    if (hit) add(hit.symbol, program.placeWithin(word, 0, hit.symbol.name.length));
  };
  const usePhase = (text: Text | undefined): void => {
    if (!text) return;
    const quotes = text.text.startsWith('"');
    const name = quotes ? unquoted(text.text) : text.text;
    const symbol = program.phases.get(name)?.[0];
    if (symbol) add(symbol, program.placeOf(text));
  };
  for (const { item } of program.items) {
    byItem.set(item, (used = new Set()));
    for (const node of AstUtils.streamAst(item)) {
      switch (node.$type) {
        case 'Word':
          if (!isDeclared(node as Word)) use(node, (node as Word).text);
          break;
        case 'Loose':
          if (/^[A-Za-z_]/.test((node as Loose).text) && node.$container?.$type.startsWith('Later'))
            use(node, (node as Loose).text);
          break;
        case 'Reference':
          for (const arg of (node as Reference).args) if (arg.$type === 'Text') usePhase(arg);
          break;
        case 'PlotMetric':
          usePhase((node as PlotMetric).phase);
          break;
        default:
      }
    }
  }
  return { references, byItem };
}

/** Words that name something new, or a row of a table, rather than use a declared name. */
function isDeclared(word: Word): boolean {
  const { $container: owner, $containerProperty: property } = word;
  if (property === 'alias' || property === 'form') return true;
  return property === 'name' && owner.$type !== 'Region' && owner.$type !== 'Reference' && owner.$type !== 'PlotMetric';
}
