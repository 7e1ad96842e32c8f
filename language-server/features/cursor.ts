/** Where the cursor is, told from the tokens before it: in which block, in which statement, behind which words. Works on unfinished text. */
import { rawTokens } from '../language/parser.ts';
import type { Range } from '../language/index.ts';
import { rangeAt } from '../language/parser.ts';
import type { Scope } from '../../simulator/tables/define.ts';
import type { Place } from '../../simulator/tables/statements.ts';
import { isMechanism } from '../language/tables.ts';
import type { PositionContext } from './context.ts';

export type Token = ReturnType<typeof rawTokens>[number];

export interface Block {
  /** The statement words whose block it is; `properties` and `variant` hold properties. */
  readonly kind: Place | 'properties' | 'variant' | 'unknown';
  readonly scope?: Scope;
  /** Id of the variant whose parameters these are. */
  readonly variant?: string;
}

export interface Cursor {
  readonly block: Block;
  /** Tokens of the statement before the word that is being typed. */
  readonly before: readonly Token[];
  /** The word that is being typed, and the range that a completion replaces. */
  readonly word: string;
  readonly range: Range;
  /** In a comment or in a text. */
  readonly inComment: boolean;
  readonly inText: boolean;
}

const NAME_START = /[\w\u00b5\u00c0-\u1fff\u2c00-\ud7ff.-]/;

const scopeOfHead: Readonly<Record<string, Scope>> = {
  machine: 'machine',
  disk: 'disk',
  cgroup: 'cgroup',
  cpuset: 'cpuset',
  tmpfs: 'tmpfs',
  node: 'node',
  file: 'file',
  anon: 'anon',
  trace: 'trace',
  swap: 'swap',
  exit: 'exit',
  recovery: 'recovery',
  dump: 'dump',
  prefault: 'prefault',
  helpers: 'helpers',
  fuse: 'fuse',
  daemon: 'daemon',
  device: 'device',
  link: 'link',
  local: 'local',
  fault: 'fault',
  thrash: 'thrash',
  odp: 'odp',
  locks: 'locks',
  on: 'handler',
};

function blockOf(outer: Block, statement: readonly Token[]): Block {
  const head = statement[0]?.image ?? '';
  if (outer.kind === 'program') {
    if (head === 'process') return { kind: 'process' };
    if (head === 'run') return { kind: 'run' };
    if (head === 'at') return { kind: 'at' };
  }
  if (outer.kind === 'process' && (head === 'phase' || head === 'for' || head === 'fork')) return { kind: 'process' };
  if (head === 'compare' || isMechanism(head)) {
    const last = statement.at(-1);
    return last ? { kind: 'variant', scope: 'variant', variant: last.image } : { kind: 'unknown' };
  }
  const scope = scopeOfHead[head];
  return scope ? { kind: 'properties', scope } : { kind: 'unknown' };
}

export function cursorAt({ source, offset }: Pick<PositionContext, 'source' | 'offset'>): Cursor {
  const { text } = source;
  let start = offset;
  while (start > 0 && NAME_START.test(text[start - 1])) start--;
  // A word begins with a letter: what stands before may be a number (`64Mi`) or a sign.
  const typed = text.slice(start, offset);
  const letter = /^[\d._-]+/.exec(typed);
  if (letter) start += /^\d/.test(typed) || letter[0].length === typed.length ? letter[0].length : 0;
  let end = offset;
  while (end < text.length && NAME_START.test(text[end])) end++;

  const stack: Block[] = [{ kind: 'program' }];
  let statement: Token[] = [];
  const heads: Token[][] = [];
  let inComment = false;
  let inText = false;
  for (const t of rawTokens(text)) {
    if (t.startOffset >= start) {
      break;
    }
    const stop = t.endOffset! + 1;
    if (t.tokenType.name === 'COMMENT') {
      inComment = offset > t.startOffset && offset <= stop;
      continue;
    }
    if (
      t.tokenType.name === 'TEXT' &&
      offset > t.startOffset &&
      (offset < stop || !/^"(\\.|[^"\\])*"$/.test(t.image))
    ) {
      inText = true;
      break;
    }
    if (stop > start && t.tokenType.name !== 'NL') break;
    if (t.image === '{') {
      stack.push(blockOf(stack.at(-1)!, statement));
      heads.push(statement);
      statement = [];
    } else if (t.image === '}') {
      if (stack.length > 1) stack.pop();
      // `compare reclaim: a { … }, b`: the statement goes on.
      const outer = heads.pop();
      statement = outer?.[0]?.image === 'compare' ? [...outer, t] : [];
    } else if (t.tokenType.name === 'NL' || t.image === ';') statement = [];
    else if (t.image === ',' && (stack.at(-1)!.kind === 'properties' || stack.at(-1)!.kind === 'variant'))
      statement = [];
    else statement.push(t);
  }
  return {
    block: stack.at(-1)!,
    before: statement,
    word: text.slice(start, offset),
    range: rangeAt(source, start, Math.max(end, offset)),
    inComment,
    inText,
  };
}
