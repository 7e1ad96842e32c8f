/** What may be written within a block of properties: machines, files, devices and the like, and blocks of variants. */
import type { CompletionItem } from 'vscode-languageserver';
import { dumpMode, RECOVERY_BLOCKS } from '../../simulator/tables/exit-knobs.ts';
import { accountingKnobs } from '../language/fuse.ts';
import { dimensionOf } from '../language/knob-values.ts';
import type { Program } from '../language/program.ts';
import { anyVariant, isMechanism, knobOf, knobsOf, type Knob } from '../language/tables.ts';
import { choiceItems, knobItems, snippet, valueItems, variantItems, words } from './completion-items.ts';
import type { Cursor, Token } from './cursor.ts';
import { allNodes, nodeItems, policyItems } from './placement.ts';

/** What blocks hold besides knobs, by scope. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  machine: [
    'disk { latency ${1:100 us}, bandwidth ${2:150 MB/s} }',
    'exit { munlock ${1|v5.18,v3.12,pre-3.12|} }',
    'swap ${1|zram,disk|} ${2:1 GiB}',
    'locks { handoff ${1:88 us} }',
    'reclaim ${1:v6.1}',
    'volatile.interface ${1:vrange}',
    'sysctl ${1:vm.swappiness} ${2:60}',
    'node ${1:0-3} { memory ${2:4 GiB}, cpus ${3:4} }',
    'distance ${1:0-1} ${2:15}',
  ],
  cpuset: ['mems ${1:0-1}', 'cpus ${1:0-3}'],
  fuse: ['daemon { bandwidth ${1:200 MB/s}, threads ${2:1} }'],
  device: [
    'link { h2d ${1:25 GB/s}, d2h ${2:25 GB/s}, latency ${3:1 us} }',
    'local { bandwidth ${1:1 TB/s}, latency ${2:400 ns} }',
    'fault { batch ${1:256}, replay ${2|batch-flush,batch,block,once|} }',
    'thrash { mitigation ${1|on,off|} }',
    'odp { side ${1|requester,responder|} }',
  ],
  recovery: ['dump ${1|off,filtered,full|}', 'prefault threads ${1:8}', 'helpers { $0 }'],
};

function blockItems(program: Program, scope = ''): CompletionItem[] {
  if (scope === 'tmpfs' || scope === 'anon') return [snippet('mpol', `mpol \${1:bind:${allNodes(program)}}`)];
  return (BLOCKS[scope] ?? []).map((text) => snippet(text.slice(0, text.indexOf(' ')), text));
}

export function knobsAt({ block }: Cursor): readonly Knob[] {
  if (block.kind === 'variant') return anyVariant(block.variant ?? '')?.knobs ?? accountingKnobs(block.variant);
  return block.scope ? knobsOf(block.scope) : [];
}

export function inProperties(program: Program, cursor: Cursor): CompletionItem[] {
  const { before, block } = cursor;
  const knobs = knobsAt(cursor);
  const [head] = before;
  if (!head) {
    return [
      ...knobItems(knobs, block.kind === 'variant' ? (block.variant ?? '') : (block.scope ?? '')),
      ...blockItems(program, block.scope),
    ];
  }
  if (head.image === 'mpol') return policyItems(program, policyTokens(before.slice(1)), block.scope === 'tmpfs');
  if ((head.image === 'mems' || head.image === 'cpus') && block.scope === 'cpuset')
    return before.length === 1 ? nodeItems(program) : [];
  if (isMechanism(head.image) && before.length === 1) return variantItems(head.image);
  if (head.image === 'swap' && before.length === 1) return words('zram', 'disk');
  if (head.image === 'sysctl') return sysctlItems(before);
  const inner = block.scope === 'recovery' ? RECOVERY_BLOCKS.find((name) => name === head.image) : undefined;
  if (inner) {
    const rows = knobsOf(inner);
    const named = rows.find((k) => k.name === before[1]?.image);
    if (before.length === 1) return [...knobItems(rows, inner), ...(inner === 'dump' ? choiceItems(dumpMode) : [])];
    return named && before.length === 2 ? knobValueItems(program, named) : [];
  }
  const knob = knobs.find((k) => k.name === head.image);
  return knob && before.length === 1 ? knobValueItems(program, knob) : [];
}

const knobValueItems = (program: Program, knob: Knob): CompletionItem[] => [
  ...choiceItems(knob),
  ...(dimensionOf(knob) ? valueItems(program) : []),
];

export function sysctlItems(before: readonly Token[]): CompletionItem[] {
  if (before.length === 1) return knobItems(knobsOf('sysctl'), 'sysctl');
  const knob = knobOf('sysctl', before[1].image);
  return knob && before.length === 2 ? choiceItems(knob) : [];
}

/** The words of a policy behind `mpol`, without the `=` that may stand there. */
export const policyTokens = (tokens: readonly Token[]): readonly Token[] =>
  tokens[0]?.image === '=' ? tokens.slice(1) : tokens;
