/** What a report says of nodes: placement over time, migrations, counters by node, and why pages lie where they do. */
import type { Memory, NodeGauges } from '../machine/memory.ts';
import type { Flow } from '../machine/object-nodes.ts';
import { nodesOf } from '../numa/nodemask.ts';
import type { NumaPlacement } from '../numa/numa-placement.ts';
import type { NumaSystem } from '../numa/system.ts';
import type { ObjectSpec, Scenario } from '../plan.ts';
import type { Migration, NodeReport, NumaReport, Placement, WhyHere } from '../report.ts';
import type { Rule } from '../tables/define.ts';
import type { NumaFigures } from '../tables/numa-measures.ts';
import { placementRules } from '../tables/placement-rules.ts';
import type { Nanoseconds } from '../units.ts';

/** Samples of placement that are kept, then every other one is dropped: fewer of machines with very many nodes. */
export const placementSamples = (objects: number, nodes: number): number =>
  Math.min(512, Math.max(64, Math.floor((1 << 20) / Math.max(1, objects * nodes))));

const MAX_MIGRATIONS = 10_000;

export const noNodeGauges = (): NodeGauges => ({
  nr_free_pages: 0,
  nr_active_file: 0,
  nr_inactive_file: 0,
  nr_active_anon: 0,
  nr_inactive_anon: 0,
  nr_unevictable: 0,
  nr_slab: 0,
});

export class NumaRecords {
  readonly #scenario: Scenario;
  readonly #objects: readonly ObjectSpec[];
  readonly #system: NumaSystem;
  readonly #placement: NumaPlacement;
  #memory: Memory | null = null;
  #times: Nanoseconds[] = [];
  #samples: Int32Array[] = [];
  #skip = 1;
  #skipped = 0;
  readonly #online: { time: Nanoseconds; nodes: number[] }[] = [];
  readonly #migrations: Migration[] = [];
  readonly #sizes: number[] = [];

  constructor(scenario: Scenario, objects: readonly ObjectSpec[], system: NumaSystem, placement: NumaPlacement) {
    this.#scenario = scenario;
    this.#objects = objects;
    this.#system = system;
    this.#placement = placement;
  }

  attach(memory: Memory): void {
    if (this.#memory === memory) return;
    this.#memory = memory;
    this.#placement.countInto(memory.counters);
    for (let node = 0; node < this.#system.nodes; node++) this.#sizes.push(memory.nodes?.present(node) ?? 0);
    this.online(0);
  }

  online(time: Nanoseconds): void {
    const nodes = nodesOf(this.#system.memory);
    if (this.#online.at(-1)?.nodes.join() !== nodes.join()) this.#online.push({ time, nodes });
  }

  /** Pages that have moved for one reason. */
  flows(time: Nanoseconds, flows: readonly Flow[], rule: Rule): void {
    for (const { object, from, to, pages } of flows) {
      const { name } = this.#objects[object];
      const same = this.#migrations.findLastIndex(
        (m) => m.time === time && m.object === name && m.from === from && m.to === to && m.rule === rule.id,
      );
      if (same >= 0)
        this.#migrations[same] = { ...this.#migrations[same], pages: this.#migrations[same].pages + pages };
      else if (this.#migrations.length < MAX_MIGRATIONS)
        this.#migrations.push({ time, object: name, from, to, pages, rule: rule.id });
    }
  }

  sample(time: Nanoseconds, last = false): void {
    const pages = this.#memory?.nodes?.objectPages;
    if (pages === undefined) return;
    if (this.#times.at(-1) === time) {
      this.#samples[this.#samples.length - 1] = pages.slice();
      return;
    }
    if (!last && ++this.#skipped < this.#skip) return;
    this.#skipped = 0;
    if (this.#times.length >= placementSamples(this.#objects.length, this.#system.nodes)) {
      this.#times = this.#times.filter((_, i) => i % 2 === 0);
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
      this.#skip *= 2;
    }
    this.#times.push(time);
    this.#samples.push(pages.slice());
  }

  figures(): NumaFigures {
    const nodes = this.#memory?.nodes;
    const online = nodesOf(this.#system.memory);
    const used = online.map((node) =>
      nodes === undefined ? 0 : nodes.present(node) - nodes.gauges(node, noNodeGauges()).nr_free_pages,
    );
    const mean = used.reduce((sum, n) => sum + n, 0) / Math.max(1, used.length);
    return { wrongNode: this.#placement.wrongNode(), imbalance: mean === 0 ? 1 : Math.max(...used) / mean };
  }

  /** Figures of one object. */
  objectValues(object: number): Record<string, number> {
    const placement = this.#placement;
    const own = placement.whys.filter((why) => why.region === object);
    return { 'wrong-node': own.reduce((sum, why) => sum + placement.wrongOf(why), 0) };
  }

  report(now: Nanoseconds): NumaReport {
    this.sample(now, true);
    return {
      nodes: Array.from({ length: this.#system.nodes }, (_, node) => this.#nodeReport(node)),
      online: this.#online,
      placement: this.#objects.map((object, i) => this.#placementOf(object, i)),
      migrations: this.#migrations,
      why: this.#why(),
    };
  }

  #nodeReport(node: number): NodeReport {
    const nodes = this.#memory?.nodes;
    const counters = Object.entries(this.#placement.counters) as [string, Float64Array][];
    return {
      node,
      pages: this.#sizes[node] ?? 0,
      online: this.#placement.hasMemory(node),
      counters: Object.fromEntries(counters.map(([name, byNode]) => [name, byNode[node]])),
      gauges: { ...nodes?.gauges(node, noNodeGauges()) },
    };
  }

  #placementOf({ name }: ObjectSpec, object: number): Placement {
    const { nodes } = this.#system;
    return {
      object: name,
      t: Float64Array.from(this.#times),
      pages: Array.from({ length: nodes }, (_, node) =>
        Float64Array.from(this.#samples, (sample) => sample[object * nodes + node]),
      ),
    };
  }

  #why(): WhyHere[] {
    const placement = this.#placement;
    return placement.whys
      .map((why, i) => ({ why, i, total: why.pages.reduce((sum, n) => sum + n, 0) }))
      .filter(({ total }) => total > 0)
      .sort((a, b) => a.why.region - b.why.region || b.total - a.total || a.i - b.i)
      .map(({ why }) => ({
        object: this.#objects[why.region].name,
        process: this.#scenario.processes.at(why.task)?.name ?? '',
        rule: placementRules[why.rule].id,
        scope: why.scope,
        policy: why.wish?.text ?? '',
        mask: nodesOf(why.mask),
        mems: nodesOf(why.mems),
        pages: Array.from(why.pages),
        wrong: placement.wrongOf(why),
      }));
  }
}
