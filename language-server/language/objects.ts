/** The files and anonymous regions of one scenario, numbered as they are first used. */
import type { AstNode } from 'langium';
import { MAX_PAGES } from '../../simulator/machine/access.ts';
import type { FuseSpec, MempolicySpec, ObjectSpec, ProcessSpec, SourceSpan, TmpfsSpec } from '../../simulator/plan.ts';
import { perThread } from '../../simulator/tables/volatile-knobs.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Anon, FileDeclaration, Fuse, Process, Property, Tmpfs, Word } from './generated/ast.ts';
import { reportLeftOver } from './complaints.ts';
import { fuseSpec, mountPages } from './fuse.ts';
import { named } from './names.ts';
import { aKind, type LanguageSymbol, type Program } from './program.ts';
import { tmpfsSpec } from './mounts.ts';
import { policyOfProperty, type PolicyText, readPolicy } from './policies.ts';
import { entriesOf, objectPages, properties, propertiesIn } from './properties.ts';
import { reportBacking } from './recoveries.ts';
import { exactQuantity, nearest } from './quantities.ts';
import { spanOfNode } from './spans.ts';
import { rangeOf } from './syntax.ts';
import { knobsOf } from './tables.ts';
import { evaluate, type Scope } from './values.ts';

/** What a program calls the kinds of objects. */
export type ObjectKind = ObjectSpec['kind'] | 'fuse';
const OBJECTS: ReadonlySet<string> = new Set<ObjectKind>(['file', 'anon', 'tmpfs', 'fuse']);
export const isObjectKind = (kind: string): kind is ObjectKind => OBJECTS.has(kind);

/** Properties that are written like those of other things and mean something of their own. */
const OWN_PROPERTIES: Readonly<Record<'file' | 'anon', readonly string[]>> = { file: [], anon: ['mpol'] };

export class ObjectTable {
  readonly program: Program;
  readonly objects: ObjectSpec[] = [];
  readonly used = new Set<LanguageSymbol>();
  readonly mounts: TmpfsSpec[] = [];
  /** FUSE mounts, with their declarations. */
  readonly fuses: { readonly spec: FuseSpec; readonly node: Fuse }[] = [];
  readonly #fuseIndex = new Map<AstNode, number | null>();
  #total = 0;
  readonly #mountIndex = new Map<AstNode, number | null>();
  readonly #mounted: number[] = [];
  readonly #index = new Map<AstNode, number | null>();
  readonly #processes: readonly Process[];
  #current: Process | undefined;
  /** What a child of the process being compiled takes over from it. */
  process: Pick<ProcessSpec, 'name' | 'cgroup' | 'cpuset' | 'onPurged'> | undefined;
  /** Threads that have a part of their own, by object. */
  readonly #parts = new Map<number, number>();

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
  ): { readonly object: number; readonly pages: number; readonly name: string; readonly kind: ObjectKind } | null {
    const { program } = this;
    const name = word.text;
    const symbol = program.symbols.get(name);
    // Its declaration, misspelt, has been complained about.
    if (symbol?.kind === 'later') return null;
    if (!symbol || !isObjectKind(symbol.kind)) {
      const objects = [...program.symbols.values()].filter((s) => isObjectKind(s.kind)).map((s) => s.name);
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
    const object = this.add(scope, symbol.node as FileDeclaration | Anon | Tmpfs | Fuse, symbol.process);
    if (object === null) return null;
    const pages = this.objects[object].pages / (this.#parts.get(object) ?? 1);
    return { object, pages, name, kind: symbol.kind };
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

  /** Registers a tmpfs mount, once. */
  mount(scope: Scope, node: Tmpfs): number | null {
    const known = this.#mountIndex.get(node);
    if (known !== undefined) return known;
    this.#mountIndex.set(node, null);
    const spec = tmpfsSpec(scope, node, MAX_PAGES);
    if (!spec) return null;
    const symbol = this.program.symbols.get(spec.name);
    if (symbol?.node === node) this.used.add(symbol);
    this.#mountIndex.set(node, this.mounts.length);
    this.#mounted.push(0);
    return this.mounts.push(spec) - 1;
  }

  /** Registers a FUSE mount, once. */
  fuse(scope: Scope, node: Fuse): number | null {
    const known = this.#fuseIndex.get(node);
    if (known !== undefined) return known;
    this.#fuseIndex.set(node, null);
    const spec = fuseSpec(scope, node);
    if (!spec) return null;
    const symbol = this.program.symbols.get(spec.name);
    if (symbol?.node === node) this.used.add(symbol);
    this.#fuseIndex.set(node, this.fuses.length);
    return this.fuses.push({ spec, node }) - 1;
  }

  /** Registers an object, once. A mount that is used itself is one file: all of a tmpfs, an endless one on FUSE. */
  add(scope: Scope, node: FileDeclaration | Anon | Tmpfs | Fuse, process?: Process): number | null {
    const known = this.#index.get(node);
    if (known !== undefined) return known;
    this.#index.set(node, null);
    if (node.$type === 'Tmpfs') {
      const mount = this.mount(scope, node);
      if (mount === null) return null;
      const { name, values } = this.mounts[mount];
      return this.#push(node, {
        kind: 'tmpfs',
        name,
        pages: (values['size'] as number) / PAGE_SIZE,
        mount,
        values: {},
        source: this.span(node),
      });
    }
    if (node.$type === 'Fuse') {
      const fuse = this.fuse(scope, node);
      const pages = mountPages(scope, node);
      if (fuse === null || pages === null) return null;
      const { name } = this.fuses[fuse].spec;
      return this.#push(node, { kind: 'file', name, pages, fuse, values: {}, source: this.span(node) });
    }
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
      OWN_PROPERTIES[kind],
    );
    const own = propertiesIn(entriesOf(node.block));
    const policy = this.#policyOf(scope, name, own);
    const mount = node.$type === 'FileDeclaration' && node.mount ? this.#mountOf(scope, node.mount) : undefined;
    if (pages === null || policy === null || mount === null) return null;
    const owner = process ? this.#processes.indexOf(process) : -1;
    const threads = node.$type === 'Anon' && values[perThread.name] === true ? threadsOf(scope, process) : 1;
    if (node.$type === 'Anon') reportBacking(scope, node, { kind: 'anon', name, pages, values });
    const object = this.#push(node, {
      kind: mount && 'mount' in mount ? 'tmpfs' : kind,
      name,
      pages: pages * threads,
      ...(kind === 'anon' && owner >= 0 ? { process: owner } : {}),
      ...mount,
      ...(policy && { policy }),
      values: mount && 'mount' in mount ? {} : values,
      source: this.span(node),
    });
    if (object !== null && threads > 1) this.#parts.set(object, threads);
    return object;
  }

  /** `mpol` of anonymous memory: mbind before first use. `undefined`: none; `null`: reported. */
  #policyOf(scope: Scope, name: string, own: readonly Property[]): MempolicySpec | undefined | null {
    const { program } = this;
    const given = own.find((p) => p.name.text === 'mpol');
    const override = scope.overrides.get(`${name}.mpol`);
    if (override && 'value' in override) {
      const place = override.place ?? program.placeOf(given ?? own[0] ?? program.symbols.get(name)!.node);
      return readPolicy(program, { text: String(override.value), place });
    }
    if (!given) return undefined;
    const text: PolicyText | undefined = policyOfProperty(program, given);
    if (text) return readPolicy(program, text);
    program.reporter.report('S07', program.placeAfter(given), {
      what: "'mpol'",
      part: 'a policy',
      example: "'mpol bind:0-1'",
    });
    return null;
  }

  /** `on scratch`: the mount that a file lies on. `null`: reported. */
  #mountOf(scope: Scope, word: Word): { readonly mount: number } | { readonly fuse: number } | null {
    const declare = (name: string) => `declare it with 'tmpfs ${name} 2 GiB' or 'fuse ${name}'`;
    const symbol = named(scope, word, ['tmpfs', 'fuse'], 'a mount', declare);
    if (symbol?.kind === 'fuse') {
      const fuse = this.fuse(scope, symbol.node as Fuse);
      return fuse === null ? null : { fuse };
    }
    const mount = symbol && this.mount(scope, symbol.node as Tmpfs);
    return mount === null ? null : { mount };
  }

  /** Index of the process being compiled. */
  get currentProcess(): number {
    return this.#current ? this.#processes.indexOf(this.#current) : -1;
  }

  /** The regions of the process being compiled, again for a child of it: pairs of objects, and what they are called. */
  copyRegions(child: string, process: number): { readonly of: number; readonly copy: number }[] {
    const owner = this.currentProcess;
    const pairs: { of: number; copy: number }[] = [];
    for (let of = this.objects.length - 1; of >= 0; of--) {
      const spec = this.objects[of];
      if (spec.kind !== 'anon' || spec.process !== owner) continue;
      pairs.unshift({ of, copy: this.objects.push({ ...spec, name: `${child}.${spec.name}`, process }) - 1 });
    }
    return pairs;
  }

  #push(node: AstNode, spec: ObjectSpec): number | null {
    const { program } = this;
    const { name, pages, mount } = spec;
    if (mount !== undefined) {
      const held = (this.#mounted[mount] += pages);
      const { name: on, values } = this.mounts[mount];
      if (held * PAGE_SIZE > (values['size'] as number)) {
        program.reporter.report('P18', program.placeOf(node), {
          mount: on,
          size: exactQuantity('bytes', values['size'] as number),
          held: exactQuantity('bytes', held * PAGE_SIZE),
        });
        return null;
      }
    }
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
    this.#index.set(node, this.objects.length);
    return this.objects.push(spec) - 1;
  }
}

/** Threads of a process, as the point has it. */
function threadsOf(scope: Scope, process: Process | undefined): number {
  const override = process?.name && scope.overrides.get(`${process.name.text}.threads`);
  if (override && 'value' in override) return Number(override.value);
  const given = process?.block?.statements.find((s) => s.$type === 'Property' && s.name.text === 'threads');
  const value = given?.$type === 'Property' && given.values[0] ? evaluate(scope, given.values[0]) : undefined;
  return value?.dimension === 'number' && Number.isInteger(value.value) && value.value >= 1 ? value.value : 1;
}
