/**
 * A Report: everything a run found out, columnar and self-describing. Whoever holds it can draw it; the renderer needs nothing else.
 * Sizes are bytes, times nanoseconds, counts pages unless a unit says otherwise. The schema is versioned; older reports stay readable.
 */
import type { Axis, KnobValues, PlotSpec, SourceSpan } from './plan.ts';
import type { FidelitySet } from './fidelity/sets.ts';
import type { Nanoseconds } from './units.ts';

export const REPORT_VERSION = 1;
/** Changes whenever the same plan may give other numbers: results cached under another version are stale. */
export const MODEL_VERSION = '0.2.0';

export interface Report {
  readonly version: typeof REPORT_VERSION;
  readonly model: string;
  /** Hash of the plan without source positions (see plan-hash.ts). */
  readonly plan: string;
  readonly seed: number;
  readonly title: string;
  /** True when the run was interrupted: what is here is true, but not all that was asked for. */
  readonly partial: boolean;
  readonly axes: readonly Axis[];
  readonly plots: readonly PlotSpec[];
  readonly points: readonly PointReport[];
  /** Names, units, titles of every metric that occurs, so that a picture needs no table of its own. */
  readonly metrics: Readonly<Record<string, MetricInfo>>;
  /** Titles, years and commits of the variants that occur: of reclaim by id, of other mechanisms by `accounting:strict`. */
  readonly variants: Readonly<Record<string, VariantInfo>>;
  /** What was decimated, assumed, left out. */
  readonly warnings: readonly string[];
  /** What recordings of real kernels say beside the simulator; such a report has no points. */
  readonly fidelity?: readonly FidelityPart[];
  readonly source?: SourceSpan;
}

/** One folder of recordings, compared. */
export interface FidelityPart {
  /** Index into Plan.fidelity. */
  readonly part: number;
  /** The folder's name. */
  readonly area: string;
  /** False for the one that an interruption hit. */
  readonly complete: boolean;
  readonly sets: readonly FidelitySet[];
  /** Files that no comparison knows. */
  readonly unknown: readonly string[];
  /** Recordings that can't be used, and why. */
  readonly unusable: readonly { readonly folder: string; readonly reason: string }[];
}

export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly doc: string;
  readonly kernel?: string;
  /** A bound that others are held against (`nr_dirty_threshold`): pictures draw it as a line over a stack, not as a part of it. */
  readonly limit?: true;
}

export interface VariantInfo {
  readonly title: string;
  readonly summary: string;
  readonly linux?: string;
  readonly year?: number;
  readonly commit?: string;
  /** How far the numbers may be trusted. */
  readonly standing: 'measured' | 'published' | 'derived' | 'assumed';
  /** As in the variants' table; pictures draw a `ruler` (a bound, not a candidate) in a neutral colour. */
  readonly family?: 'kernel' | 'proposal' | 'reference' | 'ruler';
}

export interface PointReport {
  readonly coordinates: readonly number[];
  /** `reclaim` → id, and the parameters given with it. */
  readonly variant: Readonly<Record<string, string>>;
  readonly values: KnobValues;
  /** Numeric axis values by axis name. */
  readonly at: Readonly<Record<string, number>>;
  /** `blocks`: the policy's own loop, time summed from counts; `events`: the full machine; `formulas`: a
   * recovery in which nothing else happens, by the closed form. */
  readonly path: 'blocks' | 'events' | 'formulas';
  /** False for the point an interruption hit. */
  readonly complete: boolean;
  /** Simulated time at the end. */
  readonly time: Nanoseconds;
  /** Totals at the end, by kernel name. */
  readonly counters: Readonly<Record<string, number>>;
  /** Derived figures: `hit-ratio`, `reclaim-efficiency`, … */
  readonly measures: Readonly<Record<string, number>>;
  /** Gauges at the end. */
  readonly gauges?: Readonly<Record<string, number>>;
  /** Per file, region, mount and process, when some plot or expectation asks for one (`hit-ratio of db`, `throughput of copier`). */
  readonly objects?: readonly ObjectReport[];
  readonly phases: readonly PhaseReport[];
  readonly series: readonly Series[];
  readonly distributions: readonly Distribution[];
  /** Regions that programs make volatile, over time. */
  readonly ranges?: readonly RangeMap[];
  readonly events: readonly EventRecord[];
  readonly spans: readonly Span[];
  /** Processes whose memory was given up, in the order they ended. */
  readonly exits?: readonly ExitReport[];
  readonly recovery?: RecoveryReport;
  readonly expectations: readonly ExpectationResult[];
  /** Where pages are, of machines with more than one node. */
  readonly numa?: NumaReport;
  /** What devices did, on machines that have any. */
  readonly devices?: readonly DeviceReport[];
  /** Lock-ups: who waited for whom when nothing got done any more, in the order of time. Each has an event of the same time and rule. */
  readonly cycles?: readonly WaitCycle[];
}

/** One device: where regions lay, and whether it paid to move them. */
export interface DeviceReport {
  readonly name: string;
  /** When some plot asks for it: one entry for each region of which some page was ever there. */
  readonly residency: readonly Residency[];
  readonly breakEven?: BreakEven;
}

/** Share of each part of a region in a device's memory, over time. */
export interface Residency {
  readonly object: string;
  /** Pages of the region, and of each row but the last. */
  readonly pages: number;
  readonly rowPages: number;
  readonly rows: number;
  /** Ends of the intervals that the columns stand for. */
  readonly t: Float64Array;
  /** 0 … 1, row by row. */
  readonly values: Float64Array;
}

/** What one page costs by how often each of its bytes is used, moved and reached over the link. Nanoseconds. */
export interface BreakEven {
  /** One use of a page near and far. */
  readonly local: number;
  readonly remote: number;
  /** Moving one page: by the closed form for this prefetcher, and with this run's own batches, evictions and returns. */
  readonly move: number;
  readonly moveHere: number;
  /** Uses at which both ways cost the same, by either; Infinity: never. */
  readonly reuse: number;
  readonly reuseHere: number;
  /** What this workload does: uses of each byte, and time for each page that came (or, if none did, was used). */
  readonly here: { readonly reuse: number; readonly time: number };
  /** Simulated on a block of its own with the same costs: time for a page, by uses. */
  readonly simulated: { readonly reuse: Float64Array; readonly moved: Float64Array; readonly remote: Float64Array };
  readonly verdict: string;
}

/** What announces a lock-up, and what its picture is drawn from: a graph in which following `on` from member 0 leads back to it. */
export interface WaitCycle {
  /** When it was found. */
  readonly time: Nanoseconds;
  /** When something last got done. */
  readonly since: Nanoseconds;
  /** Rule id of its event: `lockup.memory`, `lockup.throttle`, … */
  readonly rule: string;
  /** `D-A` … `D-E`. */
  readonly class: string;
  /** First the cycle, in the order of waiting; then those who wait for it from outside. */
  readonly members: readonly WaitMember[];
}

export interface WaitMember {
  /** `photos.daemon`, `copier`, `flusher of photos`, `free memory`, `temporary pages of photos`. */
  readonly actor: string;
  readonly kind: 'process' | 'daemon' | 'kernel' | 'resource';
  /** What it can't do or have: `a free page for the backing write`, `to be resumed`. */
  readonly waitsFor: string;
  /** What it has that somebody waits for: `4.1M temporary pages`; empty: nothing. */
  readonly holds: string;
  /** Index of the member it waits for. */
  readonly on: number;
}

/** Which pages lie on which node, since when and by which rule. Arrays by node have one entry for each node, offline ones too. */
export interface NumaReport {
  readonly nodes: readonly NodeReport[];
  /** Nodes that are online, over time: from `time` on these have memory. The first entry is the start. */
  readonly online: readonly { readonly time: Nanoseconds; readonly nodes: readonly number[] }[];
  /** Pages in memory by object, node and time: one entry for each object, in the order of the scenario. */
  readonly placement: readonly Placement[];
  /** Pages that changed their node, in the order of time: one entry for each object, pair of nodes and cause. */
  readonly migrations: readonly Migration[];
  /** Why pages lie where they do at the end: for each object, the rules that placed them, those with most pages first. */
  readonly why: readonly WhyHere[];
}

export interface NodeReport {
  readonly node: number;
  /** Frames of the node, whether online or not at the end. */
  readonly pages: number;
  readonly online: boolean;
  /** numastat at the end: numa_hit, numa_miss, numa_foreign, interleave_hit, local_node, other_node; and our own counters by node. */
  readonly counters: Readonly<Record<string, number>>;
  /** Levels at the end: nr_free_pages and what else there is by node. */
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Placement {
  readonly object: string;
  /** Times, ascending; the last one is the end of the run. */
  readonly t: Float64Array;
  /** By node: pages of the object on it at each of the times. */
  readonly pages: readonly Float64Array[];
}

export interface Migration {
  readonly time: Nanoseconds;
  readonly object: string;
  readonly from: number;
  readonly to: number;
  readonly pages: number;
  /** Rule id: what moved them (`cpuset.migrate`, `hotplug.offline`, `mempolicy.move`, …). */
  readonly rule: string;
}

/** Pages of one object that one rule placed, with what the rule went by. */
export interface WhyHere {
  readonly object: string;
  /** The process whose fault or write brought them in; empty if that is not known. */
  readonly process: string;
  /** Rule id (`numa.bind`, `numa.interleave`, …). */
  readonly rule: string;
  /** Whose policy decided: the region's, the file's, the task's, or none. */
  readonly scope: 'region' | 'file' | 'task' | 'system';
  /** As the user wrote it, `bind=relative:0-1`; empty: no policy. */
  readonly policy: string;
  /** The policy's nodes as in force when the rule was last used, and the mems of the task. */
  readonly mask: readonly number[];
  readonly mems: readonly number[];
  /** Pages by node. */
  readonly pages: readonly number[];
  /** Of them, on nodes that the user did not mean. */
  readonly wrong: number;
}

export interface ObjectReport {
  readonly name: string;
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  /** Pages of it in memory at the end. */
  readonly resident: number;
  /** Other figures of it by the names of metrics: of a mount its bdi's fields, of a process its throughput and pauses. */
  readonly values?: Readonly<Record<string, number>>;
}

export interface PhaseReport {
  readonly name: string;
  readonly process: string;
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  /** One entry for each whole pass of a step with passes (`sequentially 4 times`), else ten equal slices of the phase's accesses. */
  readonly passes: readonly PassReport[];
  /** What the counters rose by during the phase. */
  readonly counters: Readonly<Record<string, number>>;
  /** Derived figures of the phase alone. */
  readonly measures?: Readonly<Record<string, number>>;
  /** Gauges at its end. */
  readonly gauges?: Readonly<Record<string, number>>;
}

export interface PassReport {
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  /** Metrics that some plot asks for by pass: rises of counters, gauges at the end of the pass, measures of the pass. */
  readonly values?: Readonly<Record<string, number>>;
}

/** A gauge over time; decimated min–max in the core, so spikes survive. `t` ascends. */
/** What became of a region's pages over time: for each moment, top to bottom, the shares of `rows` equal parts that are in each state. */
export interface RangeMap {
  readonly object: string;
  readonly pages: number;
  readonly t: Float64Array;
  readonly rows: number;
  /** By state (`resident`: in memory and not volatile; `volatile`: in memory; `purged`: content lost), column by column. */
  readonly shares: Readonly<Record<'resident' | 'volatile' | 'purged', Float64Array>>;
}

export interface Series {
  /** A metric's name, or that of a metric of one object: `nr_dirty`, `BdiDirtyThresh of photos`. */
  readonly name: string;
  readonly unit: string;
  readonly t: Float64Array;
  readonly y: Float64Array;
}

/** A histogram: bucket i counts values in [edges[i], edges[i+1]). */
export interface Distribution {
  readonly name: string;
  readonly unit: string;
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

export interface EventRecord {
  readonly time: Nanoseconds;
  /** Rule id of simulator/tables (`oom.kill`, `reclaim.refault.activate`). */
  readonly rule: string;
  readonly subject: string;
  readonly text: string;
  readonly source?: SourceSpan;
}

export interface Span {
  readonly name: string;
  readonly resource: string;
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  readonly source?: SourceSpan;
}

/** A process's memory was given up. */
export interface ExitReport {
  readonly process: string;
  /** Its threads stopped. */
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  /** Frames that came back. */
  readonly pages: number;
}

/** From a crash back to service. Times of phases are simulated times; the others are lengths. */
export interface RecoveryReport {
  readonly crash: Nanoseconds;
  readonly budget: Nanoseconds;
  readonly timeToService: Nanoseconds;
  /** What is left of the budget; negative when it is overrun. */
  readonly slack: Nanoseconds;
  readonly latentDebt: Nanoseconds;
  readonly peakLockWait: Nanoseconds;
  readonly exitP99: Nanoseconds;
  /** From the kill until all memory of the old processes was given up. */
  readonly teardown: Nanoseconds;
  readonly phases: readonly RecoveryPhase[];
}

export interface RecoveryPhase {
  readonly name: string;
  /** Where a phase has several parts. */
  readonly part?: string;
  readonly resource: string;
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  /** Stretch of it on the critical path; absent: none. */
  readonly critical?: { readonly from: Nanoseconds; readonly to: Nanoseconds };
  /** How much later it could end without service being later. */
  readonly float: Nanoseconds;
}

export interface ExpectationResult {
  readonly text: string;
  readonly holds: boolean;
  /** `null` when the run ended before it could be told (partial). */
  readonly left: number | null;
  readonly right: number | null;
  /** First time at which it was violated, where that can be told. */
  readonly violated?: Nanoseconds;
  readonly source?: SourceSpan;
}
