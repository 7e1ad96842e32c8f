/** Recorded tmpfs mounts, held against our rules: mount options, what files make of them, where their pages go, remounts. */
import { getMempolicy } from '../numa/mempolicy.ts';
import { firstNodes, type Nodemask } from '../numa/nodemask.ts';
import { showMpol, splitTmpfsOptions } from '../numa/tmpfs-mpol.ts';
import { maskOf, NumaBench, samePages, sameSeq, type RecordedMachine } from './numa-bench.ts';
import type { Checks } from './numa-checks.ts';
import { arrayOf, bitsOf, errnoOf, numberOf, shownText, textOf, type NumaRecord } from './numa-records.ts';
import { onNodes } from './numa-policies.ts';

/** What /proc/mounts shows is cut at the first blank. */
export const sameShown = (ours: string, recorded: string): boolean => {
  const full = ours === '' ? '' : `mpol=${ours}`;
  return full === recorded || full.split(' ')[0] === recorded;
};

const total = (pages: readonly number[]): number => pages.reduce((sum, n) => sum + n, 0);

export class TmpfsReplay {
  readonly #machine: RecordedMachine;
  readonly #checks: Checks;

  constructor(machine: RecordedMachine, checks: Checks) {
    this.#machine = machine;
    this.#checks = checks;
  }

  #bench(record: NumaRecord, lot: number): NumaBench {
    return new NumaBench(this.#machine, numberOf(record, 'v') === 1 ? 1 : 2, lot);
  }

  /** The root where a list names all nodes, else a cpuset of its own. */
  #mems(list: unknown, bench: NumaBench): Nodemask | null {
    const mems = maskOf(String(list), 'a cpuset');
    return mems === firstNodes(bench.system.nodes) ? null : mems;
  }

  mount(record: NumaRecord): void {
    const bench = this.#bench(record, 1);
    const { system } = bench;
    const { mpol } = splitTmpfsOptions(textOf(record, 'opt'));
    const { mount, result } = system.mount(mpol);
    const where = (): string => `mount ${textOf(record, 'opt')} in ${textOf(record, 'mounter')}`;
    const errno = errnoOf(result.ok ? null : result.errno);
    this.#checks.same('errno', errno, numberOf(record, 'err'), where);
    if (record['shown'] === undefined || !result.ok) return;
    this.#shown(showMpol(system.mounts[mount].policy), textOf(record, 'shown'), where);
  }

  #shown(ours: string, recorded: string, where: () => string): void {
    this.#checks.check('shown', sameShown(ours, recorded), () => `${where()}: shown ${recorded}, ours ${ours}`);
  }

  #policy(bench: NumaBench, file: number, record: NumaRecord, where: () => string): void {
    if (record['pol'] === undefined) return;
    const shown = getMempolicy(bench.system.regions[file].policy);
    // records of changed mems name the mode alone
    const named =
      record['test'] === 'tmpfs_memschange'
        ? shownText({ ...shown, static: false, relative: false })
        : shownText(shown);
    this.#checks.same('policy', named, textOf(record, 'pol'), where);
    this.#checks.same('mask', String(shown.mask), String(bitsOf(record['mask'] ?? 0)), where);
  }

  #place(
    bench: NumaBench,
    task: number,
    file: number,
    lot: number,
    cpu: number,
    pages: readonly number[],
    seq: string | undefined,
    kind: string,
    where: () => string,
  ): void {
    const recorded = onNodes(pages, bench.system.nodes);
    const placed = bench.touch(task, file, lot, [bench.cpuNode(cpu)], { pages: recorded, seq });
    this.#checks.check(
      kind,
      samePages(placed.pages, recorded),
      () => `${where()}: ${kind} ${recorded.join()}, ours ${placed.pages.join()}`,
    );
    if (seq !== undefined)
      this.#checks.check('seq', sameSeq(placed.seq, seq), () => `${where()}: seq ${seq}, ours ${placed.seq}`);
  }

  write(record: NumaRecord): void {
    const pages = arrayOf(record['pages']);
    const bench = this.#bench(record, total(pages));
    const { system } = bench;
    const where = (): string =>
      ['opt', 'mounter', 'creator', 'writer', 'cpu', 'by'].map((key) => `${key} ${String(record[key])}`).join(', ');
    const { mount } = system.mount(splitTmpfsOptions(textOf(record, 'opt')).mpol);
    const file = bench.addFile(mount, 1);
    const creator = bench.addTask(this.#mems(record['creator'], bench));
    const writer = bench.addTask(this.#mems(record['writer'], bench));
    system.createFile(file, creator);
    for (const key of ['cerr', 'werr'])
      if (record[key] !== undefined) this.#checks.same('errno', 0, numberOf(record, key), where);
    const seq = record['seq'] === undefined ? undefined : textOf(record, 'seq');
    this.#place(bench, writer, file, 0, numberOf(record, 'cpu'), pages, seq, 'new', where);
    this.#policy(bench, file, record, where);
  }

  /** A file written before and after its creator's mems have changed. */
  memsChange(record: NumaRecord): void {
    const before = arrayOf(record['before']);
    const bench = this.#bench(record, total(before));
    const { system } = bench;
    const where = (): string => ['opt', 'from', 'to'].map((key) => `${key} ${String(record[key])}`).join(', ');
    const { mount } = system.mount(splitTmpfsOptions(textOf(record, 'opt')).mpol);
    const file = bench.addFile(mount, 2);
    const from = maskOf(textOf(record, 'from'), 'a cpuset');
    const { cpuset } = bench.addCpuset(from);
    const task = bench.addTask(null);
    system.attach(task, cpuset);
    system.createFile(file, task);
    const cpu = numberOf(record, 'cpu');
    this.#place(bench, task, file, 0, cpu, before, undefined, 'new', where);
    const changed = system.writeMems(cpuset, maskOf(textOf(record, 'to'), 'a cpuset'));
    for (const errno of arrayOf(record['werr']))
      this.#checks.same('errno', errnoOf(changed.ok ? null : changed.errno), errno, where);
    if (changed.ok) bench.migrate(changed);
    const kept = arrayOf(record['before_after_change']);
    const ours = bench.pagesOf(file, 0);
    this.#checks.check('old', samePages(ours, kept), () => `${where()}: old ${kept.join()}, ours ${ours.join()}`);
    this.#place(bench, task, file, 1, cpu, arrayOf(record['after']), undefined, 'new', where);
    this.#policy(bench, file, record, where);
  }

  remount(record: NumaRecord): void {
    const old = arrayOf(record['oldfile_new']);
    const bench = this.#bench(record, total(old));
    const { system } = bench;
    const where = (): string => `mount ${textOf(record, 'opt0')}, remount ${textOf(record, 'opt1')}`;
    const { mount } = system.mount(splitTmpfsOptions(textOf(record, 'opt0')).mpol);
    const [file, later] = [bench.addFile(mount, 1), bench.addFile(mount, 1)];
    const task = bench.addTask(null);
    system.createFile(file, task);
    const result = system.remount(mount, splitTmpfsOptions(textOf(record, 'opt1')).mpol);
    const errno = errnoOf(result.ok ? null : result.errno);
    this.#checks.same('errno', errno, numberOf(record, 'err'), where);
    this.#shown(showMpol(system.mounts[mount].policy), textOf(record, 'shown'), where);
    this.#place(bench, task, file, 0, numberOf(record, 'cpu'), old, undefined, 'new', where);
    system.createFile(later, task);
    this.#place(bench, task, later, 0, numberOf(record, 'cpu'), arrayOf(record['newfile']), undefined, 'new', where);
  }
}
