/** `fidelity reclaim, numa.static2`: a run that compares with recordings of real kernels. It takes nothing from the program around it. */
import type { RecordingChoice } from '../../simulator/plan.ts';
import { recordingRow, recordingRows } from '../../simulator/tables/recordings.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type { Fidelity, Run, Word } from './generated/ast.ts';
import type { Program, ProgramItem } from './program.ts';
import { nearest } from './quantities.ts';

type Clause = NonNullable<Run['block']>['clauses'][number];

const isFidelity = (clause: Clause): clause is Fidelity => clause.$type === 'Fidelity';

/** The clauses of a run that compare with recordings; empty for all other runs. */
export const fidelityOf = (run: Run): readonly Fidelity[] => (run.block?.clauses ?? []).filter(isFidelity);

/** Whether a run takes processes and what happens to them; others leave them to the next one. */
export const takesProcesses = (item: ProgramItem['item']): boolean =>
  item.$type === 'Run' && fidelityOf(item).length === 0;

/** All names that may follow `fidelity`: folders, and single recordings of them. */
export const recordingNames = (): readonly string[] =>
  recordingRows.flatMap(({ name, recordings }) => [name, ...recordings.map((one) => `${name}.${one}`)]);

/** What a run compares, folder by folder; `null`: something is wrong with it, and has been reported. */
export function fidelityChoices(program: Program, run: Run): readonly RecordingChoice[] | null {
  const before = program.reporter.errors;
  const [first, second] = fidelityOf(run);
  if (second) program.reporter.report('V10', program.placeOf(second), { name: 'fidelity' });
  reportLeftOver(program, first.rest, "write 'fidelity reclaim, numa', or 'fidelity' alone for all recordings");
  reportCompany(program, run);
  const found = new Map<string, Set<string> | null>();
  for (const word of first.choices) {
    const choice = recordingChoice(word.text);
    if (!choice) reportRecording(program, word);
    else if (choice.one === undefined) found.set(choice.area, null);
    else if (!found.has(choice.area)) found.set(choice.area, new Set([choice.one]));
    else found.get(choice.area)?.add(choice.one);
  }
  if (program.reporter.errors > before) return null;
  if (found.size === 0) return recordingRows.map(({ name }) => ({ area: name }));
  return [...found].map(([area, recordings]) => ({ area, ...(recordings ? { recordings: [...recordings] } : {}) }));
}

/** The folder and recording that a name stands for; names of folders hold dots themselves. */
export function recordingChoice(name: string): { readonly area: string; readonly one?: string } | null {
  if (recordingRow(name)) return { area: name };
  for (const row of recordingRows) {
    const one = name.startsWith(`${row.name}.`) ? name.slice(row.name.length + 1) : '';
    if (row.recordings.includes(one)) return { area: row.name, one };
  }
  return null;
}

function reportRecording(program: Program, word: Word): void {
  const name = word.text;
  const meant = nearest(name, recordingNames());
  const row = recordingRows.find((one) => name.startsWith(`${one.name}.`));
  const known = row ? row.recordings.map((one) => `${row.name}.${one}`) : recordingRows.map((one) => one.name);
  program.reporter.report(
    'N01',
    program.placeOf(word),
    { kind: 'recording', name, hint: meant ? `: did you mean '${meant}'?` : `: there are ${known.join(', ')}` },
    meant ? { fixes: [program.replace(word, meant)] } : {},
  );
}

/** What else stands in such a run would have no effect. */
function reportCompany(program: Program, run: Run): void {
  const alone = (what: string, at: Parameters<Program['placeOf']>[0]) =>
    program.reporter.report('R15', program.placeOf(at), { what });
  const [process] = run.processes;
  if (run.of.length > 0) alone('of', process ?? run);
  if (run.durations[0]) alone('for', run.durations[0]);
  for (const clause of run.block?.clauses ?? []) {
    if (isFidelity(clause)) continue;
    if (clause.$type === 'Unknown') reportUnknown(program, clause, 'in a run', [], 'run');
    else alone(clause.$type.toLowerCase(), clause);
  }
}
