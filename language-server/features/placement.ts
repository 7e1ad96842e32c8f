/** Policies, cpusets and nodes in the editor: what may be written at the cursor, what a policy means and comes to, which nodes are in force. */
import type { AstNode } from 'langium';
import type { CompletionItem, InlayHint } from 'vscode-languageserver';
import { mpolModeNames } from '../../simulator/numa/tmpfs-mpol.ts';
import type { Machine } from '../language/generated/ast.ts';
import type { Range } from '../language/index.ts';
import type { PlacementNote } from '../language/placement-notes.ts';
import { policyFlags, policyModes, policyParts } from '../language/policies.ts';
import { contains, type Program } from '../language/program.ts';
import { nodeCount } from '../language/timeline.ts';
import type { Token } from './cursor.ts';
import { ancestor, type DocumentContext, type PositionContext } from './context.ts';

/** CompletionItemKind of the protocol. */
const ENUM_MEMBER = 20;
const VALUE = 12;
const SNIPPET = 2;

const machineOf = (program: Program): Machine | null =>
  (program.items.findLast(({ item }) => item.$type === 'Machine')?.item as Machine | undefined) ?? null;

/** `0-3`: all nodes of the nearest machine. */
export function allNodes(program: Program): string {
  const count = nodeCount(machineOf(program));
  return count > 1 ? `0-${count - 1}` : '0';
}

/** Modes behind `mempolicy`, `mbind x` or `mpol`; flags behind `=`; nodes behind `:`. `before`: the words of the policy so far. */
export function policyItems(program: Program, before: readonly Token[], mount: boolean): CompletionItem[] {
  const last = before.at(-1)?.image;
  const all = allNodes(program);
  const nodes = (): CompletionItem[] =>
    [...new Set([all, ...all.split('-')])].map((label) => ({ label, kind: VALUE, detail: 'nodes' }));
  if (last === ':' || last === ',') return nodes();
  if (last === '=' && before.length > 1)
    return policyFlags
      .filter((f) => !mount || f.id !== 'balancing')
      .map(({ id, doc }) => ({
        label: id,
        kind: ENUM_MEMBER,
        detail: doc,
        insertText: `${id}:\${1:${all}}`,
        insertTextFormat: SNIPPET,
      }));
  if (before.length > 0 && last !== '=') return [];
  const listed = mount
    ? mpolModeNames.map((id) => ({ id, doc: policyModes.find((m) => m.id === spelled(id))?.doc ?? '' }))
    : policyModes;
  return listed.map(({ id, doc }) => {
    const plain = id === 'default' || id === 'local';
    const few = id === 'preferred' || id === 'prefer' ? '0' : all;
    return {
      label: id,
      kind: ENUM_MEMBER,
      detail: doc,
      insertText: plain ? id : `${id}:\${1:${few}}`,
      insertTextFormat: SNIPPET,
    };
  });
}

const spelled = (mount: string): string =>
  mount === 'prefer' ? 'preferred' : mount === 'prefer (many)' ? 'preferred-many' : mount.replace(' ', '-');

/** Nodes that could follow `mems`, `cpus` or `node`. */
export const nodeItems = (program: Program): CompletionItem[] =>
  [allNodes(program), '0', '0-1'].map((label) => ({ label, kind: VALUE, detail: 'nodes, without spaces: 0-1,3' }));

const noteAt = ({ program, uri, position }: PositionContext): PlacementNote | undefined =>
  [...program.placementNotes.values()].find(
    ({ place }) => place.uri === uri && contains(place.range, position.line, position.character),
  );

/** On a policy: what its parts mean, and what it comes to. */
export function hoverPolicy(context: PositionContext, node: AstNode, word: string): string | null {
  const note = noteAt(context);
  const inPolicy =
    note !== undefined ||
    ['Mempolicy', 'Mbind', 'RemountAction'].some((type) => ancestor(node, type)) ||
    (ancestor(node, 'Property') as (AstNode & { name?: { text: string } }) | undefined)?.name?.text === 'mpol';
  if (!inPolicy) return null;
  const text = note && context.source.text.slice(...offsets(context, note.place.range));
  const parts = text === undefined ? { mode: word, flags: [word], list: undefined } : policyParts(text);
  const mode = policyModes.find((m) => m.id === spelled(parts.mode));
  const flags = policyFlags.filter((f) => parts.flags.includes(f.id));
  const said = [
    ...(mode && (note || spelled(word) === mode.id) ? [`**${mode.id}**: ${mode.doc}`] : []),
    ...flags.map((f) => `**${f.id}**: ${f.doc}`),
    ...(note ? [note.doc] : []),
  ];
  return said.length === 0 ? null : said.join('\n\n');
}

function offsets({ source }: PositionContext, range: Range): [number, number] {
  const lines = source.text.split('\n');
  const at = (line: number, character: number): number =>
    lines.slice(0, line).reduce((n, l) => n + l.length + 1, 0) + character;
  return [at(range.start.line, range.start.character), at(range.end.line, range.end.character)];
}

/** `→ 2-3` behind each policy: the nodes in force when it is set. */
export const placementHints = ({ program, uri }: DocumentContext, range: Range): InlayHint[] =>
  [...program.placementNotes.values()]
    .filter(
      ({ place }) =>
        place.uri === uri && place.range.end.line >= range.start.line && place.range.end.line <= range.end.line,
    )
    .map(({ place, label, doc }) => ({
      position: place.range.end,
      label,
      tooltip: { kind: 'markdown', value: doc },
      paddingLeft: true,
      kind: 1,
    }));
