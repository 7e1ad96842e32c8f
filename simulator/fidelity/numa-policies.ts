/**
 * Recorded policies in cpusets, held against our rules: what set_mempolicy and mbind say, what get_mempolicy shows, where pages go, and where
 * they are after the cpuset's mems have changed or nodes have come and gone.
 */
import { getMempolicy } from '../numa/mempolicy.ts';
import type { NumaBench } from './numa-bench.ts';
import { samePages, sameSeq } from './numa-bench.ts';
import type { Checks } from './numa-checks.ts';
import {
  bitsOf,
  errnoOf,
  flagsOf,
  modeOf,
  numberOf,
  phasesOf,
  shownText,
  textOf,
  type NumaRecord,
  type RecordedPhase,
} from './numa-records.ts';

/** Shown pages that were not to be found (`old` and `new` have a last figure for them) belong to no node. */
export const onNodes = (pages: readonly number[], nodes: number): readonly number[] => pages.slice(0, nodes);

export class PolicyReplay {
  readonly bench: NumaBench;
  readonly task: number;
  readonly region: number;
  readonly #record: NumaRecord;
  readonly #checks: Checks;
  readonly #phases: readonly RecordedPhase[];
  /** The processors' nodes on which the task may run. */
  cpuNodes: readonly number[];
  /** The kernel accepted the policy, and so did we. */
  readonly accepted: boolean;

  /** `mems`: the task's cpuset, null: the root. The policy is set at once. */
  constructor(bench: NumaBench, record: NumaRecord, task: number, checks: Checks) {
    this.bench = bench;
    this.task = task;
    this.#record = record;
    this.#checks = checks;
    this.#phases = phasesOf(record);
    this.cpuNodes = [bench.cpuNode(numberOf(record, 'cpu'))];
    this.region = bench.addRegion(task, Math.max(1, this.#phases.length));
    const mode = modeOf(textOf(record, 'mode'));
    const flags = flagsOf(textOf(record, 'fl'));
    const mask = bitsOf(record['req'] ?? 0);
    const set =
      mode === null
        ? ({ ok: false, errno: 'EINVAL' } as const)
        : this.#ofRegion
          ? bench.mbindAll(task, this.region, mode, flags, mask)
          : bench.system.setTaskPolicy(task, mode, flags, mask);
    const errno = errnoOf(set.ok ? null : set.errno);
    checks.same('errno', errno, numberOf(record, 'err'), this.#where);
    this.accepted = set.ok && numberOf(record, 'err') === 0;
  }

  get #ofRegion(): boolean {
    return this.#record['kind'] === 'vma';
  }

  readonly #where = (): string => {
    const { kind, mode, fl, req, cpu } = this.#record;
    const set = ['m0', 'm1', 'cpuset', 'migrate', 'at'].flatMap((key) => {
      const text = textOf(this.#record, key);
      return text === '' ? [] : [`${key} ${text}`];
    });
    return `${String(kind)} ${String(mode)} ${String(fl)} mask ${String(req)} cpu ${String(cpu)}, ${set.join(', ')}`;
  };

  /** The phase's values: what is shown, where the pages of phase 0 are, where new pages go. */
  phase(index: number): void {
    const recorded = this.#phases[index] as RecordedPhase | undefined;
    if (recorded === undefined || !this.accepted) return;
    const { system } = this.bench;
    const where = (): string => `${this.#where()}, phase ${index}`;
    const policy = this.#ofRegion
      ? (system.regions[this.region].ranges[0]?.policy ?? null)
      : system.tasks[this.task].policy;
    const shown = getMempolicy(policy);
    const checks = this.#checks;
    checks.same('policy', shownText(shown), recorded.pol, where);
    checks.same('mask', String(shown.mask), String(bitsOf(recorded.mask)), where);
    if (recorded.mems !== undefined)
      checks.same('mems', String(system.tasks[this.task].mems), String(bitsOf(recorded.mems)), where);
    if (recorded.old !== undefined) {
      const ours = this.bench.pagesOf(this.region, 0);
      const old = onNodes(recorded.old, system.nodes);
      checks.check('old', samePages(ours, old), () => `${where()}: old ${old.join()}, ours ${ours.join()}`);
    }
    const pages = onNodes(recorded.new, system.nodes);
    const { seq } = recorded;
    const placed = this.bench.touch(this.task, this.region, index, this.cpuNodes, { pages, seq });
    checks.check(
      'new',
      samePages(placed.pages, pages),
      () => `${where()}: new ${pages.join()}, ours ${placed.pages.join()}`,
    );
    if (seq !== undefined)
      checks.check('seq', sameSeq(placed.seq, seq), () => `${where()}: seq ${seq}, ours ${placed.seq}`);
  }
}
