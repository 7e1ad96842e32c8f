/** What the limits on dirty memory, and the fates of daemons, say together: each statement may be fine by itself. */
import type { AstNode } from 'langium';
import type { FuseSpec, KnobValues, TimelineEntry } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { At, Sysctl } from './generated/ast.ts';
import { spanOfNode } from './spans.ts';
import { exactQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';
import { knobOf } from './tables.ts';
import type { Scope } from './values.ts';

const BYTES = ['vm.dirty_bytes', 'vm.dirty_background_bytes'];
const ratioOf = (bytes: string): string => bytes.replace('_bytes', '_ratio');

/** The kernel takes no limit below two pages. */
export function bytesAccepted(scope: Scope, name: string, value: number | string | boolean, at: AstNode): boolean {
  if (!BYTES.includes(name) || typeof value !== 'number' || value === 0 || value >= 2 * PAGE_SIZE) return true;
  const { program } = scope;
  program.reporter.report(
    'F05',
    program.placeOf(at),
    { name, value: exactQuantity('bytes', value) },
    { fixes: [program.replace(at, '8 KiB', 'Change to 8 KiB'), program.replace(at, '64 MiB', 'Change to 64 MiB')] },
  );
  return false;
}

export function checkDirtySysctls(scope: Scope, given: readonly Sysctl[], values: KnobValues): void {
  const { program } = scope;
  const last = (name: string): Sysctl | undefined => given.findLast((s) => s.name?.text === name);
  const level = (name: string): number => Number(values[name] ?? knobOf('sysctl', name)?.default ?? 0);
  for (const bytes of BYTES) {
    const ratio = last(ratioOf(bytes));
    if (!(level(bytes) > 0) || !ratio || !last(bytes)) continue;
    const place = program.placeOf(ratio);
    program.reporter.report(
      'F04',
      place,
      { name: ratioOf(bytes), bytes },
      { fixes: [{ title: `Remove '${textOf(ratio)}'`, edits: [{ ...place, newText: '' }], preferred: true }] },
    );
  }
  // In like units only: what a ratio is worth is known while running.
  const [limit, background] = BYTES;
  const inBytes = level(limit) > 0 && level(background) > 0;
  if (level(limit) > 0 !== level(background) > 0) return;
  const names = inBytes ? [limit, background] : [ratioOf(limit), ratioOf(background)];
  const [most, first] = names.map(level);
  const at = last(names[1]) ?? last(names[0]);
  if (first < most || !at) return;
  const half = inBytes ? exactQuantity('bytes', Math.max(0, Math.floor(most / 2))) : String(Math.floor(most / 2));
  const target = last(names[1])?.value;
  program.reporter.report(
    'F03',
    program.placeOf(at),
    { background: names[1], limit: names[0], half },
    target ? { fixes: [program.replace(target, half, `Change to ${half}`)] } : {},
  );
}

/** A daemon that is told to go on without having stopped, or to do anything after its end. */
export function checkDaemons(
  scope: Scope,
  nodes: readonly At[],
  entries: readonly TimelineEntry[],
  mounts: readonly { readonly spec: FuseSpec }[],
): void {
  const { program } = scope;
  const state = mounts.map((): 'runs' | 'stalls' | 'is dead' => 'runs');
  for (const entry of entries) {
    const node = nodes.find((at) => JSON.stringify(spanOfNode(program, at)) === JSON.stringify(entry.source));
    for (const action of entry.actions) {
      if (action.kind !== 'daemon') continue;
      const was = state[action.fuse];
      const next = action.state === 'stall' ? 'stalls' : action.state === 'resume' ? 'runs' : 'is dead';
      const done = node?.block?.actions.find(
        (a) =>
          (a.$type === 'DaemonAction' || a.$type === 'KillAction') &&
          textOf(a).includes(`${mounts[action.fuse].spec.name}.daemon`),
      );
      if (was === next || was === 'is dead')
        program.reporter.report('F08', program.placeOf(done ?? node ?? nodes[0]), {
          what: done ? textOf(done) : action.state,
          why: `the daemon ${was} then`,
        });
      if (was !== 'is dead') state[action.fuse] = next;
    }
  }
}
