/** The files and anonymous regions of one scenario, numbered as they are first used. */
import type { AstNode } from 'langium';
import { MAX_PAGES } from '../../simulator/machine/access.ts';
import type { ObjectSpec, SourceSpan } from '../../simulator/plan.ts';
import type { Anon, FileDeclaration, Process, Word } from './generated/ast.ts';
import { reportLeftOver } from './complaints.ts';
import { aKind, type LanguageSymbol, type Program } from './program.ts';
import { entriesOf, objectPages, properties } from './properties.ts';
import { nearest } from './quantities.ts';
import { rangeOf } from './syntax.ts';
import { knobsOf } from './tables.ts';
import type { Scope } from './values.ts';

export const spanOfNode = (program: Program, node: AstNode): SourceSpan => {
  const { start, end } = rangeOf(node);
  return {
    uri: program.sourceOf(node).uri,
    line: start.line,
    column: start.character,
    endLine: end.line,
    endColumn: end.character,
  };
};

export class ObjectTable {
  readonly program: Program;
  readonly objects: ObjectSpec[] = [];
  readonly used = new Set<LanguageSymbol>();
  #total = 0;
  readonly #index = new Map<AstNode, number | null>();
  readonly #processes: readonly Process[];
  #current: Process | undefined;

  constructor(program: Program, processes: readonly Process[]) {
    this.program = program;
    this.#processes = processes;
  }

  /** Steps compiled from now on belong to this process. */
  enter(process: Process): void {
    this.#current = process;
  }

  span(node: AstNode): SourceSpan {
    return spanOfNode(this.program, node);
  }

  /** A file or region by the name that a statement gives. `null`: reported. */
  reference(
    scope: Scope,
    word: Word,
  ): { readonly object: number; readonly pages: number; readonly name: string; readonly kind: 'file' | 'anon' } | null {
    const { program } = this;
    const name = word.text;
    const symbol = program.symbols.get(name);
    if (symbol?.kind === 'later') {
      // Its declaration says so already, unless that was only misspelt.
      if (symbol.node.$type === 'LaterDeclaration')
        program.reporter.report('L01', program.placeOf(word), {
          what: name,
          remedy: 'declare it as a file until then',
        });
      return null;
    }
    if (!symbol || (symbol.kind !== 'file' && symbol.kind !== 'anon')) {
      const objects = [...program.symbols.values()]
        .filter((s) => s.kind === 'file' || s.kind === 'anon')
        .map((s) => s.name);
      const meant = nearest(name, objects);
      if (!symbol && !meant && (program.nameless.has('file') || program.nameless.has('anon'))) return null;
      const fixes = meant ? [program.replace(word, meant, `Change to '${meant}'`)] : [];
      if (symbol) {
        program.reporter.report(
          'N03',
          program.placeOf(word),
          {
            name,
            kind: aKind(symbol.kind),
            wanted: 'a file or anonymous memory',
            hint: meant ? `: did you mean '${meant}'?` : '',
          },
          { fixes },
        );
      } else {
        const declare = this.#declareFix(name, word);
        program.reporter.report(
          'N01',
          program.placeOf(word),
          {
            kind: 'file or anonymous memory',
            name,
            hint: meant ? `: did you mean '${meant}'?` : `: declare it with 'file ${name} 96 MiB'`,
          },
          { fixes: [...fixes, ...declare] },
        );
      }
      return null;
    }
    this.used.add(symbol);
    if (symbol.kind === 'anon' && this.#current && symbol.process !== this.#current) {
      const owner = symbol.process?.name?.text ?? '';
      program.reporter.report('R10', program.placeOf(word), {
        name,
        owner,
        remedy: `declare it as a file to share it, or declare 'anon' memory in this process`,
      });
      return null;
    }
    const object = this.add(scope, symbol.node as FileDeclaration | Anon, symbol.process);
    return object === null ? null : { object, pages: this.objects[object].pages, name, kind: symbol.kind };
  }

  #declareFix(
    name: string,
    word: Word,
  ): { title: string; edits: { uri: string; range: ReturnType<typeof rangeOf>; newText: string }[] }[] {
    let item: AstNode = word;
    while (item.$container && item.$container.$type !== 'Program') item = item.$container;
    const { start } = rangeOf(item);
    const at = { line: start.line, character: 0 };
    return [
      {
        title: `Declare 'file ${name}'`,
        edits: [
          { uri: this.program.sourceOf(word).uri, range: { start: at, end: at }, newText: `file ${name} 96 MiB\n` },
        ],
      },
    ];
  }

  /** Registers an object, once. */
  add(scope: Scope, node: FileDeclaration | Anon, process?: Process): number | null {
    const known = this.#index.get(node);
    if (known !== undefined) return known;
    this.#index.set(node, null);
    const { program } = this;
    const kind = node.$type === 'Anon' ? 'anon' : 'file';
    const name = node.name?.text ?? '';
    if (!node.name)
      program.reporter.report('S07', program.placeAfterWord(node, kind), {
        what: `'${kind}'`,
        part: 'a name',
        example: kind === 'file' ? "'file db 96 MiB'" : "'anon heap 64 MiB'",
      });
    const pages = objectPages(scope, node, MAX_PAGES);
    reportLeftOver(program, node.rest, `properties of '${name}' stand in braces`);
    const values = properties(
      scope,
      `${kind === 'file' ? 'file' : 'anonymous memory'} '${name}'`,
      node.name ? name : null,
      knobsOf(kind),
      entriesOf(node.block),
    );
    if (pages === null) return null;
    this.#total += pages;
    if (this.#total > MAX_PAGES) {
      program.reporter.report('V08', program.placeOf(node), {
        what: `'${name}' and what is used with it`,
        has: 'have',
        pages: String(this.#total),
        limit: String(MAX_PAGES),
        remedy: 'make some of it smaller, or use fewer at a time',
      });
      return null;
    }
    const owner = process ? this.#processes.indexOf(process) : -1;
    const index = this.objects.length;
    this.objects.push({
      kind,
      name,
      pages,
      ...(kind === 'anon' && owner >= 0 ? { process: owner } : {}),
      values,
      source: this.span(node),
    });
    this.#index.set(node, index);
    return index;
  }
}
