/** What a run tells of its devices: figures of spans, series over time, distributions, residency, break-even. */
import type { DevicePages } from '../machine/device-pages.ts';
import type { Distribution, DeviceReport, ObjectReport, Series } from '../report.ts';
import type { DeviceFigures } from '../tables/device-measures.ts';
import { BREAK_EVEN, deviceMeasures, RESIDENCY } from '../tables/device-measures.ts';
import type { Nanoseconds } from '../units.ts';
import type { Engine } from '../engine/engine.ts';
import type { Coprocessor } from './coprocessor.ts';
import type { Done } from './link.ts';
import type { PageMap } from './page-map.ts';
import { breakEvenOf, figuresOf, type Levels } from './reckoning.ts';
import { ResidencyRecord } from './residency.ts';
import * as tally from './tally.ts';

/** Counts of all devices at one moment. */
export type DeviceState = readonly Float64Array[];

/** How long the same work took with all devices under `remote`. */
export interface RemoteRun {
  readonly time: Nanoseconds;
  /** Length of each phase by process and name. */
  readonly phases: ReadonlyMap<string, Nanoseconds>;
}

/** Moments kept for series; twice as many before they are thinned. */
const SAMPLES = 500;

export class DeviceRecords {
  remote: RemoteRun | null = null;
  private readonly engine: Engine;
  private readonly devices: readonly Coprocessor[];
  private readonly map: PageMap;
  private readonly pages: DevicePages;
  private readonly residency: readonly ResidencyRecord[] | null;
  private readonly samples: { readonly t: Nanoseconds; readonly state: DeviceState }[] = [];
  private last: Nanoseconds = -1;
  private known: { at: Nanoseconds; reports: DeviceReport[] } | null = null;

  constructor(engine: Engine, devices: readonly Coprocessor[], map: PageMap, pages: DevicePages) {
    this.engine = engine;
    this.devices = devices;
    this.map = map;
    this.pages = pages;
    const { names } = engine.recorder;
    this.residency = names.has(RESIDENCY) ? devices.map((d) => new ResidencyRecord(map, d.memory.resident)) : null;
    if (this.residency !== null) {
      const record = this.residency;
      const actor = engine.addActor({
        name: 'residency',
        due: (now) => {
          for (const one of record) one.sample();
          engine.scheduleBackground(now + record[0].interval, actor);
        },
      });
      engine.scheduleBackground(record[0].interval, actor);
    }
  }

  objectOf(page: number): number {
    return this.map.blockObject[this.map.blockOf[page]];
  }

  /** For whoever waits for a time. */
  at(time: Nanoseconds, run: Done): void {
    this.devices[0].later(time, run);
  }

  /** `now`: transfers under way count as far as they have got; absent: whole. */
  state(now = Infinity): DeviceState {
    return this.devices.map(({ counts, link }) => {
      const copy = Float64Array.from(counts);
      copy[tally.UP_BUSY] = now === Infinity ? link.up.busy.total : link.up.busy.until(now);
      copy[tally.DOWN_BUSY] = now === Infinity ? link.down.busy.total : link.down.busy.until(now);
      return copy;
    });
  }

  /** Figures of a span; `key` names a phase (process and name), '' the whole run. */
  figures(
    before: DeviceState | undefined,
    after: DeviceState,
    elapsed: Nanoseconds,
    key: string | null,
  ): DeviceFigures {
    const sum = new Float64Array(tally.TALLY);
    after.forEach((counts, d) => counts.forEach((n, i) => (sum[i] += n - (before?.[d][i] ?? 0))));
    // Shares of the link's time are of the busiest device.
    const most = (at: number): number => Math.max(...after.map((counts, d) => counts[at] - (before?.[d][at] ?? 0)));
    sum[tally.UP_BUSY] = most(tally.UP_BUSY);
    sum[tally.DOWN_BUSY] = most(tally.DOWN_BUSY);
    const figures = figuresOf(
      sum,
      elapsed,
      this.levels(this.devices),
      this.devices.map((d) => d.parameters),
    );
    const remote = key === null ? undefined : key === '' ? this.remote?.time : this.remote?.phases.get(key);
    return remote === undefined ? figures : { ...figures, speedup: remote / elapsed };
  }

  /** Figures of one device over the whole run, for `… of gpu`. */
  valuesOf(device: number, now: Nanoseconds): DeviceFigures {
    const one = this.devices[device];
    return figuresOf(this.state(now)[device], now, this.levels([one]), [one.parameters]);
  }

  /** Devices as objects of a report, for `… of gpu`. */
  objects(now: Nanoseconds): ObjectReport[] {
    return this.devices.map(({ parameters, counts, memory }, i) => ({
      name: parameters.name,
      accesses: counts[tally.LOCAL] + counts[tally.REMOTE],
      hits: counts[tally.LOCAL],
      misses: counts[tally.REMOTE],
      resident: memory.pages,
      values: this.valuesOf(i, now),
    }));
  }

  private levels(devices: readonly Coprocessor[]): Levels {
    const { swap } = this;
    return {
      queueDelay: Math.max(
        ...devices.flatMap(({ link }) =>
          [link.up, link.down].map(({ delays }) => (delays.count > 0 ? delays.percentile(0.99) : 0)),
        ),
      ),
      queue: devices.reduce((n, { link }) => n + link.up.depth + link.down.depth, 0),
      devicePrivate: this.pages.pages,
      swapEntries: this.pages.pages + swap,
      chunks: devices.reduce((n, { memory }) => n + memory.chunks.used, 0),
      pins: devices[0].thrashing.pins,
    };
  }

  private get swap(): number {
    return this.engine.recorder.swapUsed();
  }

  /** To be called at moments that depend on the plan alone. */
  sample(now: Nanoseconds): void {
    if (this.last === now) this.samples.pop();
    this.last = now;
    this.samples.push({ t: now, state: this.state(now) });
    if (this.samples.length < 2 * SAMPLES) return;
    const kept = this.samples.filter((_, i) => i % 2 === 1);
    this.samples.length = 0;
    this.samples.push(...kept);
  }

  /** Ratios for windows of time, all else as totals so far. */
  private windows(name: string, unit: string): Series {
    const ratio = unit === 'ratio';
    const t: number[] = [];
    const y: number[] = [];
    const step = Math.ceil(this.samples.length / SAMPLES);
    let before: DeviceState | undefined;
    let from = 0;
    for (let i = step - 1; i < this.samples.length; i += step) {
      const { t: at, state } = this.samples[i];
      const value = this.figures(ratio ? before : undefined, state, ratio ? at - from : at, null)[name];
      before = state;
      from = at;
      if (value === undefined || Number.isNaN(value)) continue;
      t.push(at);
      y.push(value);
    }
    return { name, unit, t: Float64Array.from(t), y: Float64Array.from(y) };
  }

  series(overTime: ReadonlySet<string>, now: Nanoseconds): Series[] {
    const found: Series[] = [];
    const several = this.devices.length > 1;
    this.devices.forEach((device, d) => {
      const up = device.link.up.busy.shares(now);
      const down = device.link.down.busy.shares(now);
      const either = { t: up.t, y: up.y.map((share, i) => Math.max(share, down.y[i])) };
      const whose = several ? ` of ${device.parameters.name}` : '';
      for (const [name, column] of [
        ['link.utilisation', either],
        ['link.h2d', up],
        ['link.d2h', down],
      ] as const) {
        if (!overTime.has(name)) continue;
        found.push({ name: `${name}${whose}`, unit: 'ratio', ...column });
        // Of all devices together, the busiest.
        if (several && d === 0) found.push({ name, unit: 'ratio', ...this.busiest(name, now) });
        if (!several) found.push({ name: `${name} of ${device.parameters.name}`, unit: 'ratio', ...column });
      }
    });
    for (const { name, unit, level } of deviceMeasures)
      if (overTime.has(name) && !level && !name.startsWith('link.')) found.push(this.windows(name, unit));
    if (overTime.has(RESIDENCY) && this.residency !== null) {
      const [record] = this.residency;
      this.engine.setup.objects.forEach(({ name }, object) => {
        const column = record.share(object, now);
        if (column.y.some((y) => y > 0)) found.push({ name: `${RESIDENCY} of ${name}`, unit: 'ratio', ...column });
      });
    }
    return found;
  }

  private busiest(name: string, now: Nanoseconds): { t: Float64Array; y: Float64Array } {
    const columns = this.devices.flatMap(({ link }) => [
      ...(name === 'link.d2h' ? [] : [link.up.busy.shares(now)]),
      ...(name === 'link.h2d' ? [] : [link.down.busy.shares(now)]),
    ]);
    // All run from the start to now; the coarsest has the fewest intervals.
    const coarse = columns.reduce((a, b) => (b.t.length < a.t.length ? b : a));
    const y = Float64Array.from(coarse.t, (end, i) => {
      const from = i === 0 ? 0 : coarse.t[i - 1];
      return Math.max(
        ...columns.map((column) => {
          const inside = Array.from(column.t.keys()).filter((k) => column.t[k] > from && column.t[k] <= end);
          return inside.length === 0 ? 0 : inside.reduce((sum, k) => sum + column.y[k], 0) / inside.length;
        }),
      );
    });
    return { t: coarse.t, y };
  }

  distributions(names: ReadonlySet<string>): Distribution[] {
    const found: Distribution[] = [];
    if (names.has('batch-size')) {
      const sizes = new Map<number, number>();
      for (const { service } of this.devices)
        for (const [size, count] of service.sizes) sizes.set(size, (sizes.get(size) ?? 0) + count);
      if (sizes.size > 0) found.push(batchSizes(sizes));
    }
    if (names.has('link.queue-delay')) {
      const lanes = this.devices.flatMap(({ link }) => [link.up, link.down]);
      const busiest = lanes.reduce((a, b) => (b.delays.count > a.delays.count ? b : a));
      const one = busiest.delays.distribution('link.queue-delay');
      if (one) found.push(one);
    }
    return found;
  }

  report(now: Nanoseconds): DeviceReport[] {
    if (this.known?.at === now) return this.known.reports;
    const { recorder, setup } = this.engine;
    const names = setup.objects.map((object) => object.name);
    const state = this.state(now);
    const reports = this.devices.map((device, d): DeviceReport => {
      const { parameters } = device;
      return {
        name: parameters.name,
        residency: this.residency?.[d].report(names, now) ?? [],
        ...(recorder.names.has(BREAK_EVEN) && !parameters.rdma ? { breakEven: breakEvenOf(parameters, state[d]) } : {}),
      };
    });
    this.known = { at: now, reports };
    return reports;
  }
}

/** One bucket a size up to 16, then to the next power of two. */
function batchSizes(sizes: ReadonlyMap<number, number>): Distribution {
  const top = Math.max(...sizes.keys());
  const edges: number[] = [];
  for (let edge = 1; edge <= 16 && edge <= top; edge++) edges.push(edge);
  for (let edge = 17; edge <= top; edge = 2 * (edge - 1) + 1) edges.push(edge);
  edges.push(top <= 16 ? top + 1 : 2 * (edges[edges.length - 1] - 1) + 1);
  const counts = new Float64Array(edges.length - 1);
  for (const [size, count] of sizes) {
    let at = 0;
    while (at + 1 < counts.length && size >= edges[at + 1]) at++;
    counts[at] += count;
  }
  return { name: 'batch-size', unit: 'count', edges: Float64Array.from(edges), counts };
}
