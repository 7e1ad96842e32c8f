/**
 * NUMA placement held against recorded kernels, value by value: errors of set_mempolicy, mbind, mount and cpusets, policies and masks as shown,
 * new pages by node, old pages by node after changes. Where interleaving began can't be known, so it may begin anywhere.
 */
import { Checks } from './numa-checks.ts';
import { machineOf, maskOf, NumaBench, type RecordedMachine } from './numa-bench.ts';
import { HotplugReplay } from './numa-hotplug.ts';
import { PolicyReplay } from './numa-policies.ts';
import { arrayOf, errnoOf, numberOf, phasesOf, readRecords, textOf, type NumaRecord } from './numa-records.ts';
import { TmpfsReplay } from './numa-tmpfs.ts';
import { UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

const FILES = /^(\w[\w.-]*\.jsonl|\w[\w.-]*\.how\.txt|qemu_\w+_args\.txt)$/;

/** Records that say nothing to be checked. */
const SILENT: ReadonlySet<string> = new Set(['start', 'end', 'blocks', 'memblocks']);

function howOf(folder: RecordedFolder, name: string): string {
  const file = `${name}.how.txt`;
  return folder.files.includes(file) ? folder.text(file) : '';
}

/** How many nodes the pages of a recording lie on: where nothing tells of the machine. */
function nodesIn(records: readonly NumaRecord[]): number {
  for (const record of records) {
    const pages = phasesOf(record)[0]?.new ?? arrayOf(record['pages'] ?? record['before']);
    if (pages.length > 0) return pages.length;
  }
  return 1;
}

const pagesIn = (record: NumaRecord): number =>
  Math.max(1, ...phasesOf(record).map((phase) => phase.new.reduce((sum, n) => sum + n, 0)));

/** A policy set in a cpuset; of `change`, the cpuset's mems then change to `m1` and back. */
function policyRecord(machine: RecordedMachine, record: NumaRecord, checks: Checks): void {
  const version = numberOf(record, 'v') === 1 ? 1 : 2;
  const bench = new NumaBench(machine, version, pagesIn(record));
  const { system } = bench;
  const [m0, m1] = ['m0', 'm1'].map((key) => (record[key] === undefined ? null : maskOf(textOf(record, key), key)));
  const migrate = record['migrate'];
  let cpuset = 0;
  const task = system.addTask();
  const where = (): string => `mems ${textOf(record, 'm0')} ${textOf(record, 'm1')}`;
  let failed: string | null = null;
  if (m0 !== null) {
    const added = bench.addCpuset(m0, migrate === undefined || migrate === null ? undefined : Number(migrate) === 1);
    cpuset = added.cpuset;
    failed = added.errno;
    const attached = system.attach(task, cpuset);
    if (!attached.ok) failed ??= attached.errno;
  }
  const replay = new PolicyReplay(bench, record, task, checks);
  replay.phase(0);
  const lists = m1 === null ? [] : [m1, m0 ?? 0n];
  lists.forEach((mems, i) => {
    const changed = system.writeMems(cpuset, mems);
    if (changed.ok) bench.migrate(changed);
    else failed ??= changed.errno;
    replay.phase(i + 1);
  });
  // which write an error belongs to is not recorded: all succeed, or none is held against us
  for (const errno of arrayOf(record['werr'])) {
    if (failed === null || errno !== 0) checks.same('errno', errnoOf(failed), errno, where);
  }
}

/** All records of one file. */
export function compareRecords(
  machine: RecordedMachine,
  records: readonly NumaRecord[],
): { checks: Checks; unknown: string[] } {
  const checks = new Checks();
  const unknown = new Map<string, number>();
  const tmpfs = new TmpfsReplay(machine, checks);
  let hotplug: HotplugReplay | null = null;
  const hot = (): HotplugReplay => (hotplug ??= new HotplugReplay(machine, records, checks));
  const once = new Set<string>();
  const first = (kind: string, what: () => void): void => {
    if (!once.has(kind)) what();
    once.add(kind);
  };
  for (const record of records) {
    const kind = textOf(record, 'test');
    if (kind === 'static' || kind === 'change') policyRecord(machine, record, checks);
    else if (kind === 'tmpfs_mount') tmpfs.mount(record);
    else if (kind === 'tmpfs_write') tmpfs.write(record);
    else if (kind === 'tmpfs_memschange') tmpfs.memsChange(record);
    else if (kind === 'tmpfs_remount') tmpfs.remount(record);
    else if (kind === 'hotplug') hot().task(record);
    else if (kind === 'hot_newset') hot().newPolicy(record);
    else if (kind === 'hot_newmount') hot().newMount(record);
    else if (kind === 'hot_memswrite') hot().memsWrites(record);
    else if (kind === 'cpuset_state')
      first(kind, () => {
        hot().cpusets();
      });
    else if (kind === 'nodestate')
      first(kind, () => {
        hot().nodes();
      });
    else if (kind === 'hot_tmpfs')
      first(kind, () => {
        hot().files();
      });
    else if (!SILENT.has(kind)) unknown.set(kind, (unknown.get(kind) ?? 0) + 1);
  }
  return {
    checks,
    unknown: [...unknown].map(
      ([kind, times]) => `${times} records of a kind that is not compared: ${kind || 'without a name'}`,
    ),
  };
}

/** One recorded set of a folder, compared. Throws `UnusableRecording`. */
export function compareNumaSet(folder: RecordedFolder, name: string): FidelitySet {
  const records = readRecords(folder, `${name}.jsonl`);
  if (records.length === 0) throw new UnusableRecording(`${folder.name}/${name}.jsonl holds no records`);
  const machine = machineOf(howOf(folder, name), nodesIn(records));
  const { checks, unknown } = compareRecords(machine, records);
  const errors = Object.fromEntries(
    Object.entries(checks.recorded).map(([kind, n]) => [kind, (checks.matched[kind] - n) / n]),
  );
  const ended = records.some((record) => record['test'] === 'end');
  const notes = [...(ended ? [] : ['the recording has no end: it may be truncated']), ...unknown, ...checks.misses()];
  return {
    area: folder.name,
    name,
    mode: 'v6.1',
    kernel: checks.recorded,
    simulated: checks.matched,
    spread: {},
    errors,
    checks: checks.checks,
    matched: checks.right,
    differingAccesses: null,
    accesses: 0,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

export const numaArea: FidelityArea = {
  claims: ({ name }) => name === 'numa' || name.startsWith('numa-'),
  uses: (file) => FILES.test(file),
  *compare(folder, wanted = () => true) {
    for (const file of folder.files) {
      const name = file.slice(0, -'.jsonl'.length);
      if (file.endsWith('.jsonl') && wanted(name)) yield compareNumaSet(folder, name);
    }
  },
};
