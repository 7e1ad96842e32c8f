/**
 * Answers memory's question where a page goes, and keeps count of where pages are and why.
 *
 * Kernel: vma_alloc_folio, shmem_alloc_folio, filemap_alloc_folio; zone_statistics in mm/page_alloc.c for the counters. Interleaving goes by
 * the page's place in its region or file, also under a task's policy; only the page cache takes turns, as it knows no region. Divergence:
 * memory of an anonymous region starts at place 0 (the kernel goes by its address).
 */
import {
  counterRows,
  DROPPED_MASK,
  NUMA_FOREIGN,
  NUMA_HIT,
  NUMA_INTERLEAVE_HIT,
  NUMA_LOCAL_NODE,
  NUMA_MISS,
  NUMA_OTHER,
  POLICY_VIOLATION,
} from '../machine/counters.ts';
import type { Placement, PlacementAnswer } from '../machine/placement.ts';
import { NUMA_BIND_DROPPED, NUMA_SPILLED, placementRules } from '../tables/placement-rules.ts';
import { decide, decideKernel, ruleIndex, takeTurns, type Decision, type Turns, type Where } from './decision.ts';
import { meantNodes, type Mempolicy, type NodeWish } from './mempolicy.ts';
import { hasNode, intersects, type Nodemask } from './nodemask.ts';
import { crashes, type NumaSystem, type PolicyRange, type Region } from './system.ts';

/** Which pages belong to which region: region i has `pages` pages from `base` on. Ascending. */
export interface RegionPages {
  readonly base: number;
  readonly pages: number;
}

export type PolicyScope = 'region' | 'file' | 'task' | 'system';

/** Why pages lie where they do: what one kind of placement went by. */
export interface Why {
  readonly region: number;
  readonly task: number;
  readonly rule: number;
  readonly scope: PolicyScope;
  readonly wish: NodeWish | null;
  readonly mask: Nodemask;
  readonly mems: Nodemask;
  /** Whose wish pages are held against now, for pages of this kind. */
  readonly range: PolicyRange | null;
  /** Pages of this kind in memory now, by node. */
  readonly pages: Float64Array;
}

/** Counters by node. */
export interface NodeCounters {
  readonly numa_hit: Float64Array;
  readonly numa_miss: Float64Array;
  readonly numa_foreign: Float64Array;
  readonly interleave_hit: Float64Array;
  readonly local_node: Float64Array;
  readonly other_node: Float64Array;
  /** Pages taken from the node although a bind mask says otherwise. */
  readonly 'policy-violation': Float64Array;
  /** Pages taken from it because a mask was dropped. */
  readonly 'dropped-mask': Float64Array;
}

const NOWHERE = -1;
const DROPPED = ruleIndex(NUMA_BIND_DROPPED);
const SPILLED = ruleIndex(NUMA_SPILLED);
const MAX_WHYS = 0xffff;

/** What a task does with a policy from a processor of one node: a decision, or turns of them. */
interface Entry {
  readonly fixed: Decision | null;
  readonly turns: Turns | null;
  /** Index of the why, by rule: filled when first used. */
  readonly whys: Int32Array;
  readonly scope: PolicyScope;
  readonly wish: NodeWish | null;
  readonly mask: Nodemask;
  readonly range: PolicyRange | null;
}

export class NumaPlacement implements Placement {
  readonly nodes: number;
  readonly answer: PlacementAnswer;
  readonly counters: NodeCounters;
  readonly whys: Why[] = [];
  /** The node of each page in memory, −1 elsewhere. */
  readonly nodeOf: Int16Array;
  readonly #whyOf: Uint16Array;
  readonly #system: NumaSystem;
  readonly #layout: readonly RegionPages[];
  /** The task of each thread. */
  readonly #taskOf: readonly number[];
  #version = -1;
  #task = 0;
  #cpuNode = 0;
  // the run of pages to which the entry applies
  #lo = 0;
  #hi = 0;
  #region = 0;
  #base = 0;
  #entry: Entry | null = null;
  #entries = new Map<number, Entry>();
  #kernel = new Map<number, Decision>();
  /** What was asked about last: a page, or −1 for kernel memory. */
  #asked = NOWHERE;
  #decision: Decision | null = null;
  #why = 0;
  #totals: Float64Array = new Float64Array(counterRows.length);
  readonly #alike = new Map<number, number>();
  /** Index of the rule by which pages are being moved; −1: they keep the rule that placed them. */
  mover = -1;
  /** bug.refcount: the region that each task last placed a page of, and its mems then. */
  readonly #last: { region: number; mems: Nodemask }[] = [];

  constructor(system: NumaSystem, layout: readonly RegionPages[], taskOf: readonly number[]) {
    this.#system = system;
    this.#layout = layout;
    this.#taskOf = taskOf;
    this.nodes = system.nodes;
    const pages = layout.reduce((end, region) => Math.max(end, region.base + region.pages), 0);
    this.nodeOf = new Int16Array(pages).fill(NOWHERE);
    this.#whyOf = new Uint16Array(pages);
    const zeros = (): Float64Array => new Float64Array(this.nodes);
    this.counters = {
      numa_hit: zeros(),
      numa_miss: zeros(),
      numa_foreign: zeros(),
      interleave_hit: zeros(),
      local_node: zeros(),
      other_node: zeros(),
      'policy-violation': zeros(),
      'dropped-mask': zeros(),
    };
    this.answer = {
      order: new Int32Array(0),
      count: 0,
      first: 0,
      preferred: 0,
      local: 0,
      interleaved: false,
      constraint: 0,
      rule: 0,
    };
  }

  setTask(thread: number, cpuNode: number): void {
    const task = this.#taskOf[thread];
    if (task === this.#task && cpuNode === this.#cpuNode) return;
    this.#task = task;
    this.#cpuNode = cpuNode;
    this.answer.local = cpuNode;
    this.#hi = 0;
  }

  place(page: number): void {
    if (page >= this.#hi || page < this.#lo || this.#version !== this.#system.version) this.#find(page);
    const entry = this.#entry!;
    const decision = entry.fixed ?? this.#turn(entry, page);
    this.#asked = page;
    this.#why = entry.whys[decision.rule] - 1;
    if (this.#why < 0) this.#why = this.#newWhy(entry, decision.rule);
    this.#answerWith(decision);
  }

  #answerWith(decision: Decision): void {
    this.#decision = decision;
    const { answer } = this;
    answer.order = decision.order;
    answer.count = decision.order.length;
    answer.first = decision.first;
    answer.preferred = decision.preferred;
    answer.interleaved = decision.interleaved;
    answer.constraint = decision.constraint;
    answer.rule = decision.rule;
  }

  #turn(entry: Entry, page: number): Decision {
    const turns = entry.turns!;
    const region = this.#system.regions[this.#region];
    if (region.kind !== 'file') {
      const { byPlace } = turns;
      return turns.of[byPlace[(page - this.#base + region.bias) % byPlace.length]]!;
    }
    return this.#nextTurn(turns);
  }

  /** One after the other (interleave_nodes, weighted_interleave_nodes). */
  #nextTurn(turns: Turns): Decision {
    const task = this.#system.tasks[this.#task];
    if (task.turnsLeft <= 0 || turns.of[task.turn] === undefined) {
      task.turn = turns.after[task.turn + 1];
      task.turnsLeft = turns.weights[task.turn];
    }
    task.turnsLeft--;
    return turns.of[task.turn]!;
  }

  /** The run of pages around `page` with one policy, and what it comes to for the current task. */
  #find(page: number): void {
    const system = this.#system;
    this.#forget();
    let low = 0;
    let high = this.#layout.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#layout[middle].base <= page) low = middle;
      else high = middle - 1;
    }
    // empty regions share their base with the next
    while (this.#layout[low].base + this.#layout[low].pages <= page) low++;
    const { base, pages } = this.#layout[low];
    const region = system.regions[low];
    if (!region.created) {
      system.createFile(low, this.#task);
      this.#forget();
    }
    this.#region = low;
    this.#base = base;
    this.#lo = base;
    this.#hi = base + pages;
    let range: PolicyRange | null = null;
    let slot = 0;
    for (const [i, candidate] of region.ranges.entries()) {
      if (base + candidate.end <= page) this.#lo = Math.max(this.#lo, base + candidate.end);
      else if (base + candidate.start > page) this.#hi = Math.min(this.#hi, base + candidate.start);
      else {
        range = candidate;
        slot = i + 1;
        this.#lo = base + candidate.start;
        this.#hi = base + Math.min(candidate.end, pages);
      }
    }
    if (system.options.bugs?.refcount === true) this.#watchReferences(region, low);
    const key = ((low * 4096 + slot) * system.tasks.length + this.#task) * this.nodes + this.#cpuNode;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#newEntry(region, range);
      this.#entries.set(key, entry);
    }
    this.#entry = entry;
  }

  #forget(): void {
    if (this.#version === this.#system.version) return;
    this.#version = this.#system.version;
    this.#entries.clear();
    this.#kernel.clear();
    this.#hi = 0;
  }

  /** An allocation in a file with a policy, during which the task's mems changed, takes one reference too many. */
  #watchReferences(region: Region, index: number): void {
    const { mems } = this.#system.tasks[this.#task];
    const last = this.#last[this.#task] as { region: number; mems: Nodemask } | undefined;
    if (last?.region === index && last.mems !== mems && region.kind === 'tmpfs' && region.policy !== null) {
      this.#system.crash ??= crashes.refcount;
    }
    this.#last[this.#task] = { region: index, mems };
  }

  #where(): Where {
    const { zonelists, memory, tasks, weights } = this.#system;
    return { zonelists, memory, weights, mems: tasks[this.#task].mems, cpuNode: this.#cpuNode };
  }

  #newEntry(region: Region, range: PolicyRange | null): Entry {
    const task = this.#system.tasks[this.#task];
    const whys = new Int32Array(placementRules.length);
    // policies of regions and files come before the task's, but for the page cache of other files
    const own: Mempolicy | null = region.kind === 'file' ? null : range === null ? region.policy : range.policy;
    const policy = own ?? task.policy;
    const scope: PolicyScope =
      own !== null ? (region.kind === 'tmpfs' ? 'file' : 'region') : policy !== null ? 'task' : 'system';
    const wish = range?.wish ?? region.wish ?? task.wish;
    const where = this.#where();
    const fixed = decide(policy, where);
    const turns = fixed === null && policy !== null ? takeTurns(policy, where) : null;
    return { fixed, turns, whys, scope, wish, mask: policy?.nodes ?? 0n, range };
  }

  #newWhy(entry: Entry, rule: number): number {
    const { mems } = this.#system.tasks[this.#task];
    const { scope, wish, mask, range } = entry;
    let index = this.whys.findIndex(
      (why) =>
        why.region === this.#region &&
        why.task === this.#task &&
        why.rule === rule &&
        why.scope === scope &&
        why.wish?.text === wish?.text &&
        why.mask === mask &&
        why.mems === mems &&
        why.range === range,
    );
    if (index < 0) {
      const why = { region: this.#region, task: this.#task, rule, scope, wish, mask, mems, range };
      index = this.whys.length < MAX_WHYS ? this.whys.push({ ...why, pages: new Float64Array(this.nodes) }) - 1 : 0;
    }
    entry.whys[rule] = index + 1;
    return index;
  }

  placeKernel(hardwall: boolean): void {
    const system = this.#system;
    this.#forget();
    const task = system.tasks[this.#task];
    const { policy } = task;
    this.#asked = NOWHERE;
    let { cpuNode } = this.#where();
    if (policy !== null && (policy.mode === 'interleave' || policy.mode === 'weighted-interleave')) {
      // kernel memory takes its turns with the page cache
      const turns = this.#taskTurns(policy);
      const decision = this.#nextTurn(turns);
      cpuNode = decision.order[0] ?? cpuNode;
      cpuNode = task.turn;
    }
    const key = ((this.#task * this.nodes + this.#cpuNode) * this.nodes + cpuNode) * 2 + (hardwall ? 1 : 0);
    let decision = this.#kernel.get(key);
    if (decision === undefined) {
      const beyond = hardwall || task.cpuset < 0 ? task.mems : system.cpusets.kernelMems(task.cpuset) | task.mems;
      decision = decideKernel(policy, { ...this.#where(), cpuNode }, system.movable, beyond);
      this.#kernel.set(key, decision);
    }
    this.#answerWith(decision);
  }

  readonly #turnsOf = new WeakMap<Mempolicy, { readonly version: number; readonly turns: Turns }>();

  #taskTurns(policy: Mempolicy): Turns {
    const known = this.#turnsOf.get(policy);
    if (known?.version === this.#version) return known.turns;
    const turns = takeTurns(policy, this.#where());
    this.#turnsOf.set(policy, { version: this.#version, turns });
    return turns;
  }

  /** Counts into the machine's counters, too. */
  countInto(totals: Float64Array): void {
    this.#totals = totals;
  }

  placed(node: number): void {
    const { counters, answer } = this;
    const totals = this.#totals;
    const decision = this.#decision!;
    const inFirst = decision.first === 0 || decision.order.indexOf(node) < decision.first;
    const preferred = inFirst ? decision.preferred : decision.preferredThen;
    if (node === preferred) {
      counters.numa_hit[node]++;
      totals[NUMA_HIT]++;
    } else {
      counters.numa_miss[node]++;
      counters.numa_foreign[preferred]++;
      totals[NUMA_MISS]++;
      totals[NUMA_FOREIGN]++;
    }
    if (node === answer.local) {
      counters.local_node[node]++;
      totals[NUMA_LOCAL_NODE]++;
    } else {
      counters.other_node[node]++;
      totals[NUMA_OTHER]++;
    }
    if (decision.interleaved && node === decision.preferred) {
      counters.interleave_hit[node]++;
      totals[NUMA_INTERLEAVE_HIT]++;
    }
    if (this.#asked < 0) return;
    if (decision.bound !== null && !hasNode(decision.bound, node)) {
      counters['policy-violation'][node]++;
      totals[POLICY_VIOLATION]++;
    }
    if (decision.rule === DROPPED) {
      counters['dropped-mask'][node]++;
      totals[DROPPED_MASK]++;
    }
    const page = this.#asked;
    if (this.nodeOf[page] >= 0) this.left(page, this.nodeOf[page]);
    const why = node === decision.order[0] ? this.#why : this.#like(this.#why, SPILLED);
    this.nodeOf[page] = node;
    this.#whyOf[page] = why;
    this.whys[why].pages[node]++;
  }

  /** The same kind of placement, but for the rule. */
  #like(index: number, rule: number): number {
    const key = index * placementRules.length + rule;
    let other = this.#alike.get(key);
    if (other === undefined) {
      const why = this.whys[index];
      other =
        why.rule === rule || this.whys.length >= MAX_WHYS
          ? index
          : this.whys.push({ ...why, rule, pages: new Float64Array(this.nodes) }) - 1;
      this.#alike.set(key, other);
    }
    return other;
  }

  left(page: number, node: number): void {
    if (this.nodeOf[page] < 0) return;
    this.nodeOf[page] = NOWHERE;
    this.whys[this.#whyOf[page]].pages[node]--;
  }

  moved(page: number, from: number, to: number): void {
    if (this.nodeOf[page] < 0) return;
    const old = this.#whyOf[page];
    const why = this.mover < 0 ? old : this.#like(old, this.mover);
    this.nodeOf[page] = to;
    this.#whyOf[page] = why;
    this.whys[old].pages[from]--;
    this.whys[why].pages[to]++;
  }

  /** A run of a region has a new policy (mbind): its pages are held against that from now on. */
  regroup(region: number, start: number, pages: number): void {
    const { base } = this.#layout[region];
    const { kind, ranges } = this.#system.regions[region];
    if (kind === 'file') return;
    const range = ranges.find((candidate) => candidate.start <= start && candidate.end >= start + pages) ?? null;
    const other = new Map<number, number>();
    for (let page = base + start; page < base + start + pages; page++) {
      const node = this.nodeOf[page];
      if (node < 0) continue;
      const old = this.#whyOf[page];
      let index = other.get(old);
      if (index === undefined) {
        const why = this.whys[old];
        if (why.range === range || this.whys.length >= MAX_WHYS) index = old;
        else index = this.whys.push({ ...why, range, pages: new Float64Array(this.nodes) }) - 1;
        other.set(old, index);
      }
      this.#whyOf[page] = index;
      this.whys[old].pages[node]--;
      this.whys[index].pages[node]++;
    }
  }

  /** The nodes that pages of this kind were meant to be on, by the wishes and mems of now; null: any. */
  meant(why: Why): Nodemask | null {
    const { tasks, regions } = this.#system;
    const region = regions[why.region];
    const owner = region.kind === 'file' || region.owner < 0 ? why.task : region.owner;
    const wish = why.range?.wish ?? region.wish ?? tasks[owner].wish;
    return meantNodes(wish, tasks[owner].mems);
  }

  /** Pages of this kind on nodes that were not meant. */
  wrongOf(why: Why): number {
    const meant = this.meant(why);
    if (meant === null) return 0;
    let wrong = 0;
    for (let node = 0; node < this.nodes; node++) if (!hasNode(meant, node)) wrong += why.pages[node];
    return wrong;
  }

  /** All pages on nodes that were not meant. */
  wrongNode(): number {
    return this.whys.reduce((sum, why) => sum + this.wrongOf(why), 0);
  }

  /** Pages of each region by node. */
  pagesOf(region: number): Float64Array {
    const pages = new Float64Array(this.nodes);
    for (const why of this.whys) {
      if (why.region === region) for (let node = 0; node < this.nodes; node++) pages[node] += why.pages[node];
    }
    return pages;
  }

  zonelist(node: number): Int32Array {
    return this.#system.zonelists[node];
  }

  hasMemory(node: number): boolean {
    return hasNode(this.#system.memory, node);
  }

  /** Under a policy's mask only tasks that are bound to some of it are victims, in a cpuset only those that share some of its mems. */
  mayKill(task: number): boolean {
    const { tasks } = this.#system;
    const candidate = tasks[task];
    const bound = this.#decision?.bound ?? null;
    if (bound !== null && intersects(bound, tasks[this.#task].mems)) {
      return candidate.policy?.mode !== 'bind' || intersects(candidate.policy.nodes, bound);
    }
    return intersects(candidate.mems, tasks[this.#task].mems);
  }
}
