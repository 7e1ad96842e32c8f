/**
 * Tokens, and the layout between them. After this pass braces are balanced, whatever the text: a block that is never closed is closed where
 * the next top-level item begins a line, a brace that closes nothing is left out, a missing `{` is put where the indentation says. So a
 * mistake stays in its item and the parser sees well-formed nesting. What was mended is reported with codes of the diagnostics table.
 */
import { DefaultLexer, type LexerResult } from 'langium';
import type { RefaultKeywordNames, RefaultTerminalNames } from './generated/ast.ts';

type Token = LexerResult['tokens'][number];
type TokenType = Token['tokenType'];

export interface LayoutProblem {
  readonly code: 'S02' | 'S03' | 'S04' | 'S05' | 'S08' | 'S09';
  readonly offset: number;
  readonly length: number;
  readonly params: Readonly<Record<string, string>>;
}

const words = (text: string): ReadonlySet<string> =>
  new Set<RefaultKeywordNames>(text.split(' ') as RefaultKeywordNames[]);

/** Words that begin a top-level item. */
export const itemWords = words(
  'machine file cgroup swap trace let import sysctl seed at device fuse cpuset tmpfs recovery process run',
);
/** Those that never begin a line inside a block: a block still open there was never closed. */
const outermost = words('machine file cgroup trace let import process run');
const blockWords = words('machine cgroup process run at phase for recovery device fuse cpuset');
/** After these a word is a name, whatever it means elsewhere. */
const joining = words('in of for at over by as step every before no = , : .. + - * / ( [ < <= == != >= >');

/** Deeper nesting is no honest program; the parser is recursive and must not run out of stack. */
const MAX_BLOCKS = 32;
const MAX_GROUPS = 64;
const MAX_OPERATORS = 400;
/** Missing braces that are put back; beyond that the text is no program yet. */
const MAX_REPAIRS = 16;

const nameOf = (token: Token): string => token.tokenType.name;
const isTerminal = (token: Token, name: RefaultTerminalNames): boolean => token.tokenType.name === name;

export class LayoutLexer extends DefaultLexer {
  override tokenize(text: string): LexerResult {
    const result = super.tokenize(text);
    const { tokens, problems } = layOut(result.tokens, (name) => this.definition[name]);
    return { ...result, tokens, report: { diagnostics: [], problems } as LexerResult['report'] & object };
  }

  /** Tokens as written, comments among them: for the formatter and for colouring. */
  rawTokens(text: string): Token[] {
    const { tokens, groups } = this.chevrotainLexer.tokenize(text);
    const hidden = (groups['hidden'] ?? []).filter((t) => isTerminal(t, 'COMMENT'));
    const typeOf: TypeOf = (name) => this.definition[name];
    return mergeNodes(
      mergeSigns(
        [...tokens, ...hidden].sort((a, b) => a.startOffset - b.startOffset),
        typeOf,
      ),
      typeOf,
    );
  }
}

type TypeOf = (name: RefaultTerminalNames | RefaultKeywordNames) => TokenType;

function layOut(raw: Token[], typeOf: TypeOf): { tokens: Token[]; problems: LayoutProblem[] } {
  const problems: LayoutProblem[] = [];
  const tokens = joinBraceLines(capNesting(mergeNodes(mergeSigns(raw, typeOf), typeOf), typeOf, problems));
  for (const t of tokens) {
    if (isTerminal(t, 'TEXT') && !/^"(\\.|[^"\\])*"$/.test(t.image))
      problems.push(problemAt(t, 'S05', { text: t.image }));
  }
  const openings = new Map<number, Token>();
  let balanced = balance(tokens, openings, typeOf);
  for (let i = 0; balanced.missing && i < MAX_REPAIRS; i++) {
    openings.set(balanced.missing.index, balanced.missing.head);
    balanced = balance(tokens, openings, typeOf);
  }
  return { tokens: balanced.tokens, problems: [...problems, ...balanced.problems] };
}

const problemAt = (t: Token, code: LayoutProblem['code'], params: Record<string, string> = {}): LayoutProblem => ({
  code,
  offset: t.startOffset,
  length: t.image.length,
  params,
});

/** A minus that touches the number after it, and nothing before it, is its sign. */
function mergeSigns(tokens: readonly Token[], typeOf: TypeOf): Token[] {
  const out: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    const next = tokens[i + 1];
    const before = tokens[i - 1];
    const touches =
      before !== undefined && before.endOffset! + 1 === t.startOffset && /[\w%)\]"\u00b5-\uffff]$/.test(before.image);
    if (t.image === '-' && !touches && next && isTerminal(next, 'NUMBER') && next.startOffset === t.endOffset! + 1) {
      const { startOffset, startLine, startColumn } = t;
      out.push({
        ...next,
        image: `-${next.image}`,
        startOffset,
        startLine: startLine!,
        startColumn: startColumn!,
        tokenType: typeOf('NUMBER'),
      });
      i++;
    } else out.push(t);
  }
  return out;
}

/** What a node list follows: a property of nodes or processors, or the colon of a policy. */
const beforeNodes = /^(node|nodes|mems|cpus|.*\.(mems|cpus))$/;
const comparesNodes = /\.(mems|cpus|mempolicy|mpol)$/;

/** `0,2`, without spaces, is one node list where a node list belongs; elsewhere a comma separates. */
function mergeNodes(tokens: readonly Token[], typeOf: TypeOf): Token[] {
  const out: Token[] = [];
  const part = (t: Token | undefined): boolean =>
    t !== undefined && (isTerminal(t, 'NODES') || (isTerminal(t, 'NUMBER') && /^\d+$/.test(t.image)));
  const touch = (a: Token, b: Token): boolean => a.endOffset! + 1 === b.startOffset;
  let head: Token | undefined;
  let target: Token | undefined;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    if (isTerminal(t, 'NL') || t.image === ';' || t.image === '{' || t.image === '}') head = target = undefined;
    else if (!head) head = t;
    else target ??= t;
    const before = tokens[i - 1];
    let end = i;
    if (part(t) && before) {
      const sentence = head?.image === 'compare' || head?.image === 'expect' || head?.image === 'sweep';
      const wanted = sentence
        ? head!.image === 'compare' && comparesNodes.test(target?.image ?? '')
        : beforeNodes.test(before.image) ||
          (before.image === '=' && beforeNodes.test(tokens[i - 2]?.image ?? '')) ||
          (before.image === ':' && touch(before, t) && i > 1 && touch(tokens[i - 2], before));
      while (
        wanted &&
        tokens[end + 1]?.image === ',' &&
        part(tokens[end + 2]) &&
        touch(tokens[end], tokens[end + 1]) &&
        touch(tokens[end + 1], tokens[end + 2])
      )
        end += 2;
    }
    if (end === i) {
      out.push(t);
      continue;
    }
    const last = tokens[end];
    const tokenType = typeOf('NODES');
    out.push({
      ...t,
      image: tokens
        .slice(i, end + 1)
        .map((x) => x.image)
        .join(''),
      endOffset: last.endOffset!,
      endLine: last.endLine!,
      endColumn: last.endColumn!,
      tokenType,
      tokenTypeIdx: tokenType.tokenTypeIdx!,
    });
    i = end;
  }
  return out;
}

/** `{` may stand on a line of its own. */
function joinBraceLines(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  let head: Token | undefined;
  let first = true;
  for (const t of tokens) {
    if (isTerminal(t, 'NL')) first = true;
    else {
      if (first && t.image === '{' && head && blockWords.has(nameOf(head)) && out.at(-1)?.image !== '{') {
        while (out.length > 0 && isTerminal(out.at(-1)!, 'NL')) out.pop();
      } else if (first) head = t;
      first = false;
    }
    out.push(t);
  }
  return out;
}

function capNesting(tokens: readonly Token[], typeOf: TypeOf, problems: LayoutProblem[]): Token[] {
  let blocks = 0;
  let groups = 0;
  let operators = 0;
  const junk = (t: Token): Token => {
    if (problems.length === 0) problems.push(problemAt(t, 'S09'));
    return { ...t, tokenType: typeOf('JUNK'), tokenTypeIdx: typeOf('JUNK').tokenTypeIdx! };
  };
  return tokens.map((t) => {
    switch (t.image) {
      case '{':
        groups = operators = 0;
        return blocks++ >= MAX_BLOCKS ? junk(t) : t;
      case '}':
        groups = operators = 0;
        if (blocks === 0) return t;
        return --blocks >= MAX_BLOCKS ? junk(t) : t;
      case '(':
        return groups++ >= MAX_GROUPS ? junk(t) : t;
      case '+':
      case '-':
      case '*':
      case '/':
        return operators++ >= MAX_OPERATORS ? junk(t) : t;
      default:
        if (isTerminal(t, 'NL') || t.image === ';' || t.image === ',') groups = operators = 0;
        return t;
    }
  });
}

interface Balanced {
  readonly tokens: Token[];
  readonly problems: LayoutProblem[];
  /** Where a `{` seems to be missing: after how many tokens, and the word that begins the statement. */
  readonly missing?: { readonly index: number; readonly head: Token };
}

interface Candidate {
  readonly index: number;
  readonly head: Token;
}

function balance(tokens: readonly Token[], openings: ReadonlyMap<number, Token>, typeOf: TypeOf): Balanced {
  const out: Token[] = [];
  const problems: LayoutProblem[] = [];
  const stack: { open: Token; head: Token; name: Token | undefined; column: number; real: boolean }[] = [];
  const candidates: Candidate[] = [];
  let lineHead: Token | undefined;
  let head: Token | undefined;
  let name: Token | undefined;
  let previous: Token | undefined;

  const virtual = (name: '{' | '}' | 'NL', near: Token): Token => ({
    ...near,
    image: name,
    tokenType: typeOf(name),
    tokenTypeIdx: typeOf(name).tokenTypeIdx!,
    isInsertedInRecovery: true,
  });
  const close = (): void => {
    const frame = stack.pop()!;
    let at = out.length;
    while (at > 0 && isTerminal(out[at - 1], 'NL')) at--;
    out.splice(at, 0, virtual('}', frame.open));
    if (frame.real) problems.push(problemAt(frame.open, 'S02', { what: titleOf(frame.head, frame.name) }));
  };

  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    const opening = openings.get(i);
    if (opening && previous) {
      stack.push({ open: previous, head: opening, name, column: opening.startColumn!, real: false });
      out.push(virtual('{', previous));
      problems.push(problemAt(previous, 'S04', { what: titleOf(opening, name) }));
      head = undefined;
    }
    if (isTerminal(t, 'NL')) {
      out.push(t);
      lineHead = head = name = undefined;
      previous = t;
      continue;
    }
    if (lineHead === undefined) {
      lineHead = t;
      const word = nameOf(t);
      const outer = stack[0];
      if (outer && (outermost.has(word) || (itemWords.has(word) && t.startColumn! <= outer.column)))
        while (stack.length > 0) close();
      else if (word === 'phase' && stack.at(-1)?.head.image === 'phase') close();
      const candidate = openings.has(i) ? undefined : candidateAt(tokens, i);
      if (candidate && !openings.has(candidate.index)) candidates.push(candidate);
    } else if (stack.length === 0 && previous && itemWords.has(nameOf(t)) && startsItem(previous, head)) {
      if (previous.image !== '}') problems.push(problemAt(t, 'S08', { word: t.image }));
      out.push(virtual('NL', t));
      head = undefined;
    }
    if (head === undefined) {
      head = t;
      name = undefined;
    } else name ??= t;

    if (t.image === '{' && !isTerminal(t, 'JUNK')) {
      stack.push({
        open: t,
        head: head ?? t,
        name: name === t ? undefined : name,
        column: lineHead.startColumn!,
        real: true,
      });
      out.push(t);
      head = undefined;
    } else if (t.image === '}' && !isTerminal(t, 'JUNK')) {
      if (stack.length > 0) {
        stack.pop();
        out.push(t);
      } else {
        const last = candidates.pop();
        if (last) return { tokens: out, problems, missing: last };
        problems.push(problemAt(t, 'S03'));
      }
      head = undefined;
    } else {
      out.push(t);
      if (t.image === ';') head = undefined;
    }
    previous = t;
  }
  while (stack.length > 0) close();
  return { tokens: out, problems };
}

const titleOf = (head: Token, name: Token | undefined): string =>
  name && (isTerminal(name, 'NAME') || isTerminal(name, 'TEXT')) ? `${head.image} ${name.image}` : head.image;

/** Whether a word after `previous` begins an item, the line break before it being forgotten, rather than being a name. */
function startsItem(previous: Token, head: Token | undefined): boolean {
  if (joining.has(nameOf(previous))) return false;
  return !(previous === head && itemWords.has(nameOf(previous)));
}

/**
 * A line that begins like a block and has no `{`, followed by deeper lines or ending in `}`: the place where the brace belongs, should a
 * later `}` close nothing.
 */
function candidateAt(tokens: readonly Token[], start: number): Candidate | undefined {
  const head = tokens[start];
  if (!blockWords.has(nameOf(head)) && head.image !== 'disk') return undefined;
  let end = start;
  while (end < tokens.length && !isTerminal(tokens[end], 'NL')) {
    if (tokens[end].image === '{') return undefined;
    end++;
  }
  if (tokens[end - 1].image === '}') {
    const header =
      head.image === 'disk' || head.image === 'run' ? 1 : head.image === 'for' || head.image === 'at' ? 3 : 2;
    const index = Math.min(start + header, end - 1);
    return { index, head };
  }
  let next = end;
  while (next < tokens.length && isTerminal(tokens[next], 'NL')) next++;
  return next < tokens.length && tokens[next].startColumn! > head.startColumn! ? { index: end, head } : undefined;
}
