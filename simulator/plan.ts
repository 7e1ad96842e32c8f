/**
 * A Plan: everything one `run` statement asks for, as plain, versioned, serialisable data. The language compiles to it; whoever holds it
 * can run it anywhere. It holds no expressions: `compare` and `sweep` are multiplied out into `points`, each a complete scenario, because a
 * swept value may appear anywhere (`let hot = 0.6 * server.memory`).
 *
 * Sizes are bytes, times nanoseconds, shares parts per million, unless a name says otherwise.
 */
import type { Bytes, BytesPerSecond, Nanoseconds, Pages, Ppm } from './units.ts';

export const PLAN_VERSION = 1;

/** Where in the user's text something was said: lines and columns count from 0, `uri` is a file or a notebook cell. */
export interface SourceSpan {
  readonly uri: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Values of knobs by knob name (see simulator/tables). A knob that is absent has its default. */
export type KnobValues = Readonly<Record<string, number | string | boolean>>;

export interface Plan {
  readonly version: typeof PLAN_VERSION;
  readonly title: string;
  readonly seed: number;
  /** The dimensions of the experiment, `compare` axes first, in the order written. Empty: one point. */
  readonly axes: readonly Axis[];
  /** Every combination of axis values; the last axis varies fastest. Empty only where recordings are compared. */
  readonly points: readonly PointSpec[];
  readonly plots: readonly PlotSpec[];
  readonly expects: readonly ExpectSpec[];
  readonly traces: readonly TraceRef[];
  /** A run that compares with recordings of real kernels instead of simulating: then there are no points, axes and plots. */
  readonly fidelity?: readonly RecordingChoice[];
  readonly source?: SourceSpan;
}

/** Recordings that come with Refault (tables/recordings.ts): a folder, or some of its recordings. Each folder is named once. */
export interface RecordingChoice {
  readonly area: string;
  /** Absent: all. */
  readonly recordings?: readonly string[];
}

/** What can be run apart from the rest of a plan: how a pool spreads it. */
export const partsOf = (plan: Plan): number => plan.fidelity?.length ?? plan.points.length;

export interface Axis {
  readonly kind: 'compare' | 'sweep';
  /** `reclaim`, `server.memory`, … */
  readonly name: string;
  /** Unit of numeric values: `bytes`, `ns`, `pages`, `ppm`, `count`; empty for ids. */
  readonly unit: string;
  /** Values with the label that charts and tables show. Labels are unique within an axis. */
  readonly values: readonly { readonly label: string; readonly value: number | string }[];
}

export interface PointSpec {
  /** Index into each axis' values, one per axis. */
  readonly coordinates: readonly number[];
  readonly scenario: Scenario;
}

/** One machine, its objects and processes: what a single simulation runs. */
export interface Scenario {
  readonly machine: MachineSpec;
  /** Index 0 is the root cgroup and always present. */
  readonly cgroups: readonly CgroupSpec[];
  readonly objects: readonly ObjectSpec[];
  readonly processes: readonly ProcessSpec[];
  /** Changes at fixed times (`at 5 s { … }`), ascending. */
  readonly timeline: readonly TimelineEntry[];
  /** The reclaim variant and its own parameters; other mechanisms join as their issues land. */
  readonly reclaim: VariantChoice;
  /** How programs say that memory is volatile, with the interface's own parameters. Absent: `vrange`. */
  readonly volatile?: VariantChoice;
  /** Sysctls by kernel name (`vm.swappiness`). */
  readonly sysctls: KnobValues;
  /** Index 0 is the root cpuset. Absent: every task may use every node. */
  readonly cpusets?: readonly CpusetSpec[];
  /** tmpfs mounts, in the order they were declared. */
  readonly mounts?: readonly TmpfsSpec[];
  /** FUSE mounts, in the order they were declared. */
  readonly fuse?: readonly FuseSpec[];
  /** A crash, and the way back to service. */
  readonly recovery?: RecoverySpec;
  /** Coprocessors, in the order they were declared. */
  readonly devices?: readonly DeviceSpec[];
  /** End of the run (`for 60 s`); absent: when processes and timeline have ended. */
  readonly duration?: Nanoseconds;
}

/** A crash, and what must happen until there is service again. */
export interface RecoverySpec {
  /** Indices of the processes that crash and come back. */
  readonly processes: readonly number[];
  /** Knobs of scope `recovery`. */
  readonly values: KnobValues;
  /** Knobs of the scopes `dump`, `prefault` and `helpers`. */
  readonly dump: KnobValues;
  readonly prefault: KnobValues;
  readonly helpers: KnobValues;
  readonly source?: SourceSpan;
}

export interface VariantChoice {
  readonly id: string;
  readonly values: KnobValues;
}

export interface MachineSpec {
  readonly name: string;
  /** Knobs of scope `machine` (memory in bytes, cpus, …). */
  readonly values: KnobValues;
  /** What locks and calls on ranges cost (scope `locks`); absent: defaults. */
  readonly locks?: KnobValues;
  /** Disk knobs (scope `disk`). Files live on it unless they say otherwise. */
  readonly disk: KnobValues;
  /** Knobs of scope `exit`: how memory is given up. Absent: defaults. */
  readonly exit?: KnobValues;
  /** Swap devices in priority order; empty: no swap. */
  readonly swap: readonly { readonly name: string; readonly values: KnobValues }[];
  /** NUMA nodes 0, 1, 2, …; absent: one node with all memory and processors. Their sizes add up to `memory`, their processors to `cpus`. */
  readonly nodes?: readonly NodeSpec[];
  /** distances[i][j], 10 on the diagonal (SLIT); absent: 10 and 20. */
  readonly distances?: readonly (readonly number[])[];
}

export interface NodeSpec {
  /** Knobs of scope `node` (memory in bytes, cpus, movable). */
  readonly values: KnobValues;
  readonly source?: SourceSpan;
}

export interface CpusetSpec {
  readonly name: string;
  /** Index of the parent; the root (index 0) has none. */
  readonly parent: number | null;
  /** cpuset.mems as written; absent: not set (v2: the parent's; v1: empty). Nodes ascending. */
  readonly mems?: readonly number[];
  /** cpuset.cpus as written; absent: not set. */
  readonly cpus?: readonly number[];
  /** Knobs of scope `cpuset` (`memory_migrate`, `mem_hardwall`). The cgroup version is the machine's knob `cgroup-version`. */
  readonly values: KnobValues;
  readonly source?: SourceSpan;
}

/** A memory policy as a user writes it: what set_mempolicy, mbind or a mount option is given, errors included. */
export interface MempolicySpec {
  readonly mode: 'default' | 'local' | 'preferred' | 'preferred-many' | 'bind' | 'interleave' | 'weighted-interleave';
  readonly flag?: 'static' | 'relative';
  /** MPOL_F_NUMA_BALANCING. */
  readonly balancing?: boolean;
  /** Node numbers as written, ascending; empty: none given. */
  readonly nodes: readonly number[];
  readonly source?: SourceSpan;
}

/** A tmpfs mount: its objects (kind `tmpfs`) name it by index. */
export interface TmpfsSpec {
  readonly name: string;
  /** The text after `mpol=`, as written (`bind=relative:0-1`); absent: none. The kernel's parser is the simulator's. */
  readonly mpol?: string;
  /** Knobs of scope `tmpfs` (`size`, `huge`). */
  readonly values: KnobValues;
  /** The cpuset of whoever mounts; absent: the root. It doesn't matter to the kernel (measured), and a diagnostic says so. */
  readonly source?: SourceSpan;
}

/** A FUSE mount and its daemon: files (kind `file` with `fuse`) name it by index. */
export interface FuseSpec {
  readonly name: string;
  /** Knobs of scope `fuse` (`accounting`, `max_ratio`, `min_ratio`, `strictlimit`, `max_background`, `max_write`, …). */
  readonly values: KnobValues;
  /** Knobs of scope `daemon` (`bandwidth`, `threads`, `flag`, `reserve`, …). */
  readonly daemon: KnobValues;
  readonly source?: SourceSpan;
}

/** A coprocessor behind a link, or a network card that faults: phases (`on gpu`) name it by index. */
export interface DeviceSpec {
  readonly name: string;
  /** Knobs of scope `device` (`memory`, `policy`, `prefetch`, `evict`, …). */
  readonly values: KnobValues;
  /** Knobs of scopes `link`, `local`, `fault`, `thrash` and `odp`. */
  readonly link: KnobValues;
  readonly local: KnobValues;
  readonly fault: KnobValues;
  readonly thrash: KnobValues;
  readonly odp: KnobValues;
  readonly source?: SourceSpan;
}

export interface CgroupSpec {
  readonly name: string;
  /** Index of the parent; the root (index 0) has none. */
  readonly parent: number | null;
  /** Knobs of scope `cgroup` (`memory.max`, `memory.low`, …). */
  readonly values: KnobValues;
}

export interface ObjectSpec {
  /** `tmpfs`: a file of a tmpfs mount; swap-backed like `anon`, but it stays when processes end. */
  readonly kind: 'file' | 'anon' | 'tmpfs';
  readonly name: string;
  readonly pages: Pages;
  /** The process that declares an anonymous region. */
  readonly process?: number;
  /** Index into Scenario.mounts (kind `tmpfs`). */
  readonly mount?: number;
  /** Index into Scenario.fuse: the file lies on that FUSE mount. */
  readonly fuse?: number;
  /** The region's own policy (mbind before first use). */
  readonly policy?: MempolicySpec;
  /** Knobs of scope `file` or `anon` (`locked`, `backing`, `readahead`, …). */
  readonly values: KnobValues;
  readonly source?: SourceSpan;
}

export interface ProcessSpec {
  readonly name: string;
  readonly cgroup: number;
  /** Index into Scenario.cpusets; absent: the root. */
  readonly cpuset?: number;
  /** The task's policy from the start (set_mempolicy). */
  readonly policy?: MempolicySpec;
  /** Knobs of scope `process` (`threads`, …). */
  readonly values: KnobValues;
  /** A process without named phases has one phase with an empty name. */
  readonly phases: readonly PhaseSpec[];
  /** `on purged { … }`. */
  readonly onPurged?: PurgedHandler;
  /** It begins when its parent forks, with the parent's regions as its own (same sizes, by pairs of objects: parent's, child's). */
  readonly forked?: {
    readonly parent: number;
    readonly objects: readonly { readonly of: number; readonly copy: number }[];
  };
  readonly source?: SourceSpan;
}

/** What a process does about content that was purged: computes for a while, then writes the pages of the range again. */
export interface PurgedHandler {
  /** CPU time for each range; absent: it returns without having written anything. */
  readonly regenerate?: Nanoseconds;
  /** It waits for so long before. */
  readonly idle?: Nanoseconds;
  readonly source?: SourceSpan;
}

export interface PhaseSpec {
  readonly name: string;
  readonly steps: readonly Step[];
  /** `for 20 s { … }` / `phase work for 6 s`: the steps repeat until the time is over. */
  readonly duration?: Nanoseconds;
  /** Index into Scenario.devices: the device makes the accesses of this phase (`phase iterate on gpu`). */
  readonly device?: number;
  readonly source?: SourceSpan;
}

export type Step =
  | AccessStep
  | MixStep
  | IdleStep
  | ReplayStep
  | RegionStep
  | SyncStep
  | PolicyStep
  | VolatileStep
  | AdviceStep
  | ForkStep
  | ExitStep;

/** `read` and `write` go through a descriptor on files and are loads and stores on anonymous memory; `touch` goes through a mapping. */
export type AccessVerb = 'read' | 'write' | 'touch';

export interface AccessStep {
  readonly kind: 'access';
  readonly verb: AccessVerb;
  readonly target: RegionRef;
  readonly pattern: Pattern;
  readonly amount: Amount;
  /** `at 20 MB/s`; absent: as fast as it goes. */
  readonly rate?: BytesPerSecond;
  /** Time between two accesses (`every 25 us`). */
  readonly think?: Nanoseconds;
  readonly source?: SourceSpan;
}

/** A weighted mixture; the parts' own amounts are ignored, the mixture's counts. */
export interface MixStep {
  readonly kind: 'mix';
  readonly parts: readonly { readonly weight: Ppm; readonly access: AccessStep }[];
  readonly amount: Amount;
  readonly source?: SourceSpan;
}

/** What a step reads, writes or touches. */
export const accessesOf = (step: Step): readonly AccessStep[] =>
  step.kind === 'access' ? [step] : step.kind === 'mix' ? step.parts.map((part) => part.access) : [];

export interface IdleStep {
  readonly kind: 'idle';
  readonly time: Nanoseconds;
  readonly source?: SourceSpan;
}

/**
 * The trace's words in order. File pages and anonymous pages (stores) are numbered apart, each from 0; they belong to the declared file and
 * region of the trace's name, or else to ones that the simulator adds behind the declared objects.
 */
export interface ReplayStep {
  readonly kind: 'replay';
  /** Index into Plan.traces. */
  readonly trace: number;
  readonly source?: SourceSpan;
}

/** Something done to a region as a whole. */
export interface RegionStep {
  readonly kind: 'mlock' | 'munlock' | 'fsync' | 'munmap';
  readonly target: RegionRef;
  readonly source?: SourceSpan;
}

/** sync(2): everything dirty is written and waited for; syncfs(2) if a FUSE mount is named. */
export interface SyncStep {
  readonly kind: 'sync';
  /** Index into Scenario.fuse; absent: all file systems. */
  readonly fuse?: number;
  readonly source?: SourceSpan;
}

/** set_mempolicy, or mbind if a region is named (`move`: MPOL_MF_MOVE, pages already there go to where the policy wants them). */
export interface PolicyStep {
  readonly kind: 'mempolicy';
  readonly policy: MempolicySpec;
  readonly target?: RegionRef;
  readonly move?: boolean;
  readonly source?: SourceSpan;
}

/** Says of memory that its content may be dropped, or takes that back, through the scenario's interface. */
export interface VolatileStep {
  readonly kind: 'volatile' | 'nonvolatile';
  /** The pages that `bytes` touch. */
  readonly target: RegionRef;
  /** Bounds as written, from the start of the object, half-open; absent: those of `target`. */
  readonly bytes?: { readonly start: Bytes; readonly end: Bytes };
  /** `in ranges of 1 MiB`: one call each. Absent: one call, or, taking back, one for each range as it was marked. */
  readonly each?: Bytes;
  readonly source?: SourceSpan;
}

export type Advice = 'free' | 'cold' | 'pageout' | 'dontneed';

/** madvise(2). */
export interface AdviceStep {
  readonly kind: 'madvise';
  readonly advice: Advice;
  readonly target: RegionRef;
  readonly bytes?: { readonly start: Bytes; readonly end: Bytes };
  readonly each?: Bytes;
  readonly source?: SourceSpan;
}

/** fork(2): the first thread that comes here starts the child. */
export interface ForkStep {
  readonly kind: 'fork';
  /** Index of the child. */
  readonly process: number;
  readonly source?: SourceSpan;
}

export interface ExitStep {
  readonly kind: 'exit';
  readonly source?: SourceSpan;
}

/** Half-open run of pages of one object: `db[0 .. 38 MiB]`. */
export interface RegionRef {
  /** Index into Scenario.objects. */
  readonly object: number;
  readonly start: Pages;
  readonly pages: Pages;
}

export type Pattern =
  /** 0, 1, 2, …, wrapping round: repeated it is a cyclic scan. */
  | { readonly kind: 'sequential' }
  | { readonly kind: 'stride'; readonly pages: Pages }
  | { readonly kind: 'uniform' }
  /** P(rank r) ∝ (r+1)^-s, ranks scattered over the region by a seeded shuffle. Any s ≥ 0. */
  | { readonly kind: 'zipf'; readonly s: number }
  /** `share` of the pages take `accesses` of the accesses, uniformly on either side. */
  | { readonly kind: 'hot-cold'; readonly share: Ppm; readonly accesses: Ppm }
  /** Bell curve around `mean` of the region with deviation `deviation`, both shares of its length; wraps round. */
  | { readonly kind: 'gaussian'; readonly mean: Ppm; readonly deviation: Ppm }
  /** Each page once, in order, continuing where this step or an earlier stream over the same region stopped. */
  | { readonly kind: 'stream' };

export type Amount =
  /** `4 times` after `sequentially`, `once`: whole passes over the region. */
  | { readonly kind: 'passes'; readonly count: number }
  /** `1M times`: single page accesses. */
  | { readonly kind: 'accesses'; readonly count: number }
  | { readonly kind: 'time'; readonly time: Nanoseconds }
  | { readonly kind: 'bytes'; readonly bytes: Bytes };

export type TimelineAction =
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: number | string | boolean }
  | {
      readonly kind: 'cgroup';
      readonly cgroup: number;
      readonly name: string;
      readonly value: number | string | boolean;
    }
  | { readonly kind: 'kill'; readonly process: number }
  /** Writes cpuset.mems or cpuset.cpus (`nodes`), or one of its knobs (`value`). */
  | {
      readonly kind: 'cpuset';
      readonly cpuset: number;
      readonly name: string;
      readonly nodes?: readonly number[];
      readonly value?: number | string | boolean;
    }
  /** Moves a process into a cpuset. */
  | { readonly kind: 'attach'; readonly process: number; readonly cpuset: number }
  /** Memory hotplug. `movable` (online): into the movable zone (online_movable), else online_kernel. */
  | { readonly kind: 'node'; readonly node: number; readonly online: boolean; readonly movable?: boolean }
  /** mount -o remount,mpol=… */
  | { readonly kind: 'remount'; readonly mount: number; readonly mpol?: string }
  /** Changes a knob of a FUSE mount (scope `fuse`) or of its daemon (scope `daemon`). */
  | {
      readonly kind: 'fuse';
      readonly fuse: number;
      readonly scope: 'fuse' | 'daemon';
      readonly name: string;
      readonly value: number | string | boolean;
    }
  /** A device is reset (it comes back empty) or dies (it doesn't come back); `pages`: what becomes of those in its memory, absent: as its knob says. */
  | {
      readonly kind: 'device';
      readonly device: number;
      readonly state: 'reset' | 'die';
      readonly pages?: 'give-back' | 'lose';
    }
  /** The daemon of a FUSE mount stops answering, or dies. */
  | { readonly kind: 'daemon'; readonly fuse: number; readonly state: 'stall' | 'resume' | 'die' };

export interface TimelineEntry {
  readonly time: Nanoseconds;
  readonly actions: readonly TimelineAction[];
  readonly source?: SourceSpan;
}

export interface TraceRef {
  readonly name: string;
  /** As written; the host resolves it relative to the text that names it. */
  readonly path: string;
  readonly format: string;
  /** Knobs of scope `trace` (columns, …). */
  readonly values: KnobValues;
  /** Filled in by the host before running: number of accesses, distinct pages and a hash of the decoded words. */
  readonly records?: number;
  readonly pages?: Pages;
  readonly hash?: string;
  readonly source?: SourceSpan;
}

/** `name`, or `name("phase")`, or `name of object`. */
export interface MetricRef {
  /** A counter, gauge or measure of simulator/tables. */
  readonly name: string;
  readonly phase?: string;
  readonly object?: string;
}

export interface PlotSpec {
  readonly metrics: readonly MetricRef[];
  /**
   * What runs along the x axis: `time`, `pass`, `phase`, `variant`, or the name of an axis. Absent: the first sweep if there is one, else `variant`.
   */
  readonly over?: string;
  readonly as?: 'line' | 'bars' | 'area' | 'heatmap' | 'distribution' | 'timeline' | 'table';
  /** As written, for captions. */
  readonly text: string;
  readonly source?: SourceSpan;
}

export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>';

export type MetricExpression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'metric'; readonly metric: MetricRef }
  | {
      readonly kind: 'binary';
      readonly op: '+' | '-' | '*' | '/';
      readonly left: MetricExpression;
      readonly right: MetricExpression;
    };

export type ExpectCondition =
  | {
      readonly kind: 'compare';
      readonly op: Comparison;
      readonly left: MetricExpression;
      readonly right: MetricExpression;
    }
  /** `no oom`, `oom before 20 s`. */
  | { readonly kind: 'event'; readonly event: string; readonly absent: boolean; readonly before?: Nanoseconds };

export interface ExpectSpec {
  /** As written. */
  readonly text: string;
  /** Labels of `compare` values it names; empty: all points. */
  readonly variants: readonly string[];
  /** `at server.memory >= 56 MiB`: only points whose axis value satisfies all. */
  readonly where: readonly { readonly axis: string; readonly op: Comparison; readonly value: number }[];
  readonly condition: ExpectCondition;
  readonly source?: SourceSpan;
}
