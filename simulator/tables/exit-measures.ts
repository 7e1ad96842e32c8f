/** Figures of exit and recovery: one row each. A run without a crash has none; a kill or an exit gives those of exit. */
import { p99 } from '../exit/teardown.ts';
import type { RecoveryPhase } from '../report.ts';
import { counter } from './define.ts';
import type { Measure, MeasureInput } from './measures.ts';

const row = (name: string, title: string, unit: Measure['unit'], doc: string, of: Measure['of']): Measure => ({
  ...counter({ name, title, kind: 'measure', unit, doc, source: { kind: 'derived', where: 'docs/models/exit.md' } }),
  of,
  needs: [],
});

/** Phases as they are asked for: what a reboot takes is one figure. */
const GROUPS: readonly { readonly name: string; readonly what: string; readonly of: readonly string[] }[] = [
  { name: 'detect', what: 'Noticing the crash', of: ['detect'] },
  { name: 'dump', what: 'The dump', of: ['dump'] },
  { name: 'munlock', what: 'The munlock pass of exit', of: ['munlock'] },
  { name: 'zap', what: 'Unmapping and freeing', of: ['zap'] },
  { name: 'reboot', what: 'Firmware, kernel and hugetlb pool', of: ['firmware', 'kexec', 'kernel-init', 'pool'] },
  { name: 'prefault', what: 'Making the successor’s memory present', of: ['prefault'] },
  { name: 'replay', what: 'The successor’s own work', of: ['replay'] },
];

const inGroup = (input: MeasureInput, of: readonly string[]): readonly RecoveryPhase[] | undefined =>
  input.recovery?.phases.filter(({ name }) => of.includes(name));

const sum = (phases: readonly RecoveryPhase[] | undefined, length: (phase: RecoveryPhase) => number): number =>
  phases ? phases.reduce((n, phase) => n + length(phase), 0) : NaN;

const lasting = ({ start, end }: RecoveryPhase): number => end - start;
const binding = ({ critical }: RecoveryPhase): number => (critical ? critical.to - critical.from : 0);

export const exitMeasures: readonly Measure[] = [
  row(
    'time-to-service',
    'Time to service',
    'ns',
    'From the crash until the successor serves.',
    (i) => i.recovery?.timeToService ?? NaN,
  ),
  row(
    'slack',
    'Slack',
    'ns',
    'What time to service leaves of the budget; negative when it overruns.',
    (i) => i.recovery?.slack ?? NaN,
  ),
  row(
    'latent-debt',
    'Latent debt',
    'ns',
    'Time that first touches will still take once service has begun, by as many threads as would have prefaulted.',
    (i) => i.recovery?.latentDebt ?? NaN,
  ),
  row(
    'teardown-time',
    'Teardown',
    'ns',
    'From the kill until all memory of the old processes is given up; of a run without a crash, the longest exit.',
    (i) =>
      i.recovery ? i.recovery.teardown : i.exits?.length ? Math.max(...i.exits.map((e) => e.end - e.start)) : NaN,
  ),
  row(
    'peak-lock-wait',
    'Peak lock wait',
    'ns',
    'Longest that those who exit waited for one hold of a lock (zone, LRU, hugetlb, i_mmap): the mean over a lot on the machine, the expected wait in formulas.',
    (i) => i.recovery?.peakLockWait ?? NaN,
  ),
  row('exit-p99', 'Exit time, 99th percentile', 'ns', 'Exit time that 99 of 100 processes keep.', (i) =>
    i.recovery
      ? i.recovery.exitP99
      : i.exits?.length
        ? p99(i.exits.map(({ start, end }) => ({ end: end - start, count: 1 })))
        : NaN,
  ),
  ...GROUPS.map(({ name, what, of }) =>
    row(`${name}-time`, `Time: ${name}`, 'ns', `${what}: from beginning to end of its phases.`, (i) =>
      sum(inGroup(i, of), lasting),
    ),
  ),
  ...GROUPS.map(({ name, what, of }) =>
    row(
      `${name}-share`,
      `Share: ${name}`,
      'ratio',
      `${what}: its share of the critical path. All shares add up to 1.`,
      (i) => {
        const total = i.recovery?.timeToService;
        return total === undefined ? NaN : total === 0 ? 0 : sum(inGroup(i, of), binding) / total;
      },
    ),
  ),
];
