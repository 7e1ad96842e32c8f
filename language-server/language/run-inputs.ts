/** What a run takes from the text before it: machine, swap, sysctls, processes, what happens at fixed times. */
import type { At, Machine, Process, Recovery, Run, Swap, Sysctl } from './generated/ast.ts';
import { takesProcesses } from './fidelity.ts';
import { named } from './names.ts';
import type { Program } from './program.ts';
import { type ProgramItem } from './program.ts';
import { type RunInputs, scopeFor } from './scenarios.ts';

/** The nearest machine before the run and what belongs to it; the processes and `at` blocks since the run before. */
export function inputsOf(program: Program, node: Run, index: number): RunInputs {
  const { items } = program;
  let machineAt = -1;
  let firstMachine = Infinity;
  let since = 0;
  for (let i = 0; i < index; i++) {
    const { item, imported } = items[i];
    if (item.$type === 'Machine') {
      machineAt = i;
      firstMachine = Math.min(firstMachine, i);
    } else if (takesProcesses(item) && !imported) since = i + 1;
  }
  const before = items.slice(0, index);
  const belongs = (i: number): boolean => i > machineAt || i < firstMachine;
  const listed = before.filter(({ item }, i) => item.$type === 'Swap' && belongs(i)).map(({ item }) => item as Swap);
  const own = (node.block?.clauses ?? []).filter((c): c is Sysctl => c.$type === 'Sysctl');
  const recent = items.slice(since, index).map(({ item }) => item);
  const processes =
    node.of.length > 0 ? processesNamed(program, node) : processesSince(program, node, recent, since > 0);
  return {
    machine: machineAt < 0 ? null : (items[machineAt].item as Machine),
    swaps: listed,
    sysctls: [...before.filter(({ item }) => item.$type === 'Sysctl').map(({ item }) => item as Sysctl), ...own],
    processes,
    recovery: recoveryFor(program, before, processes),
    timeline: recent.filter((item): item is At => item.$type === 'At'),
  };
}

/** The nearest recovery before the run, if what it brings back is part of the run. */
function recoveryFor(program: Program, before: readonly ProgramItem[], processes: readonly Process[]): Recovery | null {
  const nearest = before.findLast(({ item }) => item.$type === 'Recovery')?.item as Recovery | undefined;
  const name = nearest?.process?.text;
  if (!nearest || name === undefined) return nearest ?? null;
  return processes.some((process) => program.symbols.get(name)?.node === process) ? nearest : null;
}

function processesNamed(program: Program, node: Run): Process[] {
  const scope = scopeFor(program, null);
  if (node.processes.length === 0)
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'of'",
      part: 'a process',
      example: "'run of job'",
    });
  const found: Process[] = [];
  for (const word of node.processes) {
    const symbol = named(scope, word, ['process'], 'a process', (name) => `declare it with 'process ${name} { … }'`);
    if (!symbol) continue;
    if (found.includes(symbol.node as Process))
      program.reporter.report('V10', program.placeOf(word), { name: symbol.name });
    else found.push(symbol.node as Process);
  }
  return found;
}

function processesSince(
  program: Program,
  node: Run,
  recent: readonly ProgramItem['item'][],
  earlierRun: boolean,
): Process[] {
  const found = recent.filter((item): item is Process => item.$type === 'Process');
  if (found.length > 0) return found;
  // A process that was only misspelt has been complained about.
  if (recent.some((item) => item.$type === 'Unknown')) return found;
  const all = program.items
    .filter(({ item }) => item.$type === 'Process')
    .map(({ item }) => (item as Process).name?.text ?? '');
  const place = program.placeWithin(node, 0, 3);
  const last = all.at(-1);
  const header = node.title ?? null;
  const fix = last && {
    title: `Run 'of ${last}'`,
    edits: [
      {
        ...(header
          ? program.placeAfter(header)
          : { uri: place.uri, range: { start: place.range.end, end: place.range.end } }),
        newText: ` of ${last}`,
      },
    ],
    preferred: true,
  };
  program.reporter.report(
    'R01',
    place,
    {
      since: earlierRun ? 'since the run before' : 'before it',
      remedy: last
        ? `name one: 'run${node.title ? ` ${node.title.text}` : ''} of ${last}'`
        : 'declare one: process p { read db sequentially once }',
    },
    fix ? { fixes: [fix] } : {},
  );
  return found;
}
