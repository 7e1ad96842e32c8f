/** What writing says about itself: figures of each device, mount, daemon and process that somebody asks for, exhaustion, lock-ups. */
import type { MetricRef, Scenario } from '../plan.ts';
import type { ObjectReport, Series, WaitCycle } from '../report.ts';
import { valueOf } from '../tables/define.ts';
import * as fuseKnobs from '../tables/fuse-knobs.ts';
import { noGauges } from '../tables/gauges.ts';
import * as knobs from '../tables/knobs.ts';
import { measureByName } from '../tables/measures.ts';
import type { WritebackFigures } from '../tables/writeback-measures.ts';
import { counterRows } from '../machine/counters.ts';
import { gauges as gaugeRows } from '../tables/gauges.ts';
import { PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import { Sampler } from './sampler.ts';
import type { Target, Writers } from './writers.ts';

const key = ({ name, object }: MetricRef): string => `${name} of ${object}`;

/** Totals that only rise: over time they are drawn as such, and throughput is told for windows of time. */
const RISES: ReadonlySet<string> = new Set([
  'throughput',
  'throttle-time',
  'balance-pauses',
  'BdiDirtied',
  'BdiWritten',
]);

export class WritebackRecords {
  readonly #writers: Writers;
  /** Figures of one object over time. */
  readonly #levels: readonly MetricRef[];
  readonly #rises: readonly MetricRef[];
  readonly #sampler: Sampler | null;
  readonly #level: Float64Array;
  readonly #rise: Float64Array;
  readonly #gauges = noGauges();

  constructor(writers: Writers, overTime: readonly MetricRef[]) {
    this.#writers = writers;
    const asked = [...new Map(overTime.map((metric) => [key(metric), metric])).values()].filter(
      ({ name, object }) => object !== undefined && this.#has(name, object),
    );
    this.#levels = asked.filter(({ name }) => !RISES.has(name));
    this.#rises = asked.filter(({ name }) => RISES.has(name));
    this.#level = new Float64Array(this.#levels.length);
    this.#rise = new Float64Array(this.#rises.length);
    this.#sampler = asked.length > 0 ? new Sampler(this.#levels.length, this.#rises.length) : null;
  }

  #has(name: string, object: string): boolean {
    return this.#valuesOf(object, 0)?.[name] !== undefined;
  }

  /** Bytes and times so far, and levels now; `throughput` is bytes so far. */
  #valuesOf(object: string, now: Nanoseconds): Record<string, number> | undefined {
    const { targets, daemons, engine } = this.#writers;
    const target = targets.find(({ bdi }) => bdi.name === object);
    if (target) return this.#deviceValues(target, now);
    const daemon = daemons.find(({ name }) => name === object);
    if (daemon) {
      const dirtiers = daemon.threads.map(({ dirtier }) => dirtier);
      return {
        throughput: daemon.mount.finished * PAGE_SIZE,
        'throttle-time': dirtiers.reduce((sum, { paused }) => sum + paused, 0),
        'balance-pauses': dirtiers.reduce((sum, { pauses }) => sum + pauses, 0),
      };
    }
    const process = engine.setup.scenario.processes.findIndex(({ name }) => name === object);
    if (process < 0) return undefined;
    return {
      throughput: engine.recorder.accessesOf(process) * PAGE_SIZE,
      'throttle-time': this.#writers.pausedTime(process),
      'balance-pauses': this.#writers.pausesOf(process),
    };
  }

  #deviceValues({ bdi, mount }: Target, now: Nanoseconds): Record<string, number> {
    const { engine, writeback } = this.#writers;
    const { nr_dirty_threshold } = engine.memory.gauges(this.#gauges);
    const accounting = mount?.accounting;
    const counted = accounting && (accounting.countsTemps || accounting.twice || accounting.strictlimit);
    return {
      throughput: bdi.written * PAGE_SIZE,
      nr_dirty: bdi.reclaimable,
      nr_writeback: bdi.underWriteback,
      nr_writeback_temp: bdi.temps,
      BdiWriteback: bdi.underWriteback + (counted ? bdi.temps : 0),
      BdiReclaimable: bdi.reclaimable,
      BdiDirtyThresh: bdi.threshold(now, nr_dirty_threshold, writeback.minRatios),
      'bdi-peak': bdi.peak,
      BdiDirtied: bdi.dirtied,
      BdiWritten: bdi.written,
      BdiWriteBandwidth: bdi.estimates.average * PAGE_SIZE,
    };
  }

  sample(now: Nanoseconds): void {
    if (!this.#sampler) return;
    this.#levels.forEach(({ name, object }, i) => (this.#level[i] = this.#valuesOf(object!, now)?.[name] ?? NaN));
    this.#rises.forEach(({ name, object }, i) => (this.#rise[i] = this.#valuesOf(object!, now)?.[name] ?? NaN));
    this.#sampler.record(now, this.#level, this.#rise);
  }

  series(points: number): Series[] {
    const sampler = this.#sampler;
    if (!sampler) return [];
    return [
      ...this.#levels.map((ref, i) => ({ name: key(ref), unit: unitOf(ref.name), ...sampler.level(i, points) })),
      ...this.#rises.map((ref, i) => ({
        name: key(ref),
        unit: unitOf(ref.name),
        ...(ref.name === 'throughput'
          ? sampler.windows((rise, elapsed) => (rise(i) * SECOND) / elapsed)
          : sampler.total(i, points)),
      })),
    ];
  }

  /** The objects with the figures of those that are asked for; a mount used as a file is both. */
  objects(reports: readonly ObjectReport[], asked: ReadonlySet<string>, now: Nanoseconds): ObjectReport[] {
    const out = [...reports];
    for (const name of asked) {
      const found = this.#valuesOf(name, now);
      if (!found) continue;
      const values = { ...found, throughput: now > 0 ? (found['throughput'] * SECOND) / now : 0 };
      const at = out.findIndex((report) => report.name === name);
      if (at >= 0) out[at] = { ...out[at], values: { ...out[at].values, ...values } };
      else out.push({ name, ...this.#writers.engine.recorder.countsOf(name), resident: 0, values });
    }
    return out;
  }

  /** Of runs with mounts. */
  figures(): WritebackFigures {
    const { writeback, watch, engine } = this.#writers;
    return {
      exhausted: watch.exhausted,
      predicted: exhaustion(engine.setup.scenario, engine.memory.reserves),
      lockedUp: watch.lockups[0]?.cycle.time ?? Infinity,
      overshoot: writeback.overshoot,
      mostUnwritten: writeback.mostUnwritten,
      mostTemporary: engine.memory.streams.mostTemps,
      fairness: this.#fairness(),
    };
  }

  #fairness(): number {
    const { engine } = this.#writers;
    const { processes, objects } = engine.setup.scenario;
    let n = 0;
    let sum = 0;
    let squares = 0;
    processes.forEach(({ phases }, i) => {
      const writes = phases.some(({ steps }) =>
        steps.some(
          (step) => step.kind === 'access' && step.verb === 'write' && objects[step.target.object].kind === 'file',
        ),
      );
      if (!writes) return;
      const share = engine.recorder.accessesOf(i);
      n++;
      sum += share;
      squares += share * share;
    });
    return squares > 0 ? (sum * sum) / (n * squares) : NaN;
  }

  get mounts(): number {
    return this.#writers.daemons.length;
  }

  get cycles(): readonly WaitCycle[] {
    return this.#writers.watch.lockups.map(({ cycle }) => cycle);
  }
}

const unitOf = (name: string): string =>
  measureByName(name)?.unit ??
  gaugeRows.find((row) => row.name === name)?.unit ??
  counterRows.find((row) => row.name === name)?.unit ??
  '';

/**
 * When memory is full of copies that no limit knows: all of it but the reserves, by what is written to mounts less what their daemons and the
 * disk take (the closed form of part D of the model). Infinity: never, or nothing is written.
 */
export function exhaustion({ machine, objects, processes, fuse = [] }: Scenario, reserves: number): Nanoseconds {
  const mounts = new Set<number>();
  let written = 0;
  // One thread does no more than its processor copies.
  const cost = valueOf(machine.values, knobs.hitCost);
  const most = cost > 0 ? (PAGE_SIZE * SECOND) / cost : Infinity;
  for (const { phases, values } of processes) {
    let fastest = 0;
    for (const step of phases.flatMap((phase) => phase.steps)) {
      if (step.kind !== 'access' || step.verb !== 'write') continue;
      const mount = objects[step.target.object].fuse;
      if (mount === undefined) continue;
      mounts.add(mount);
      fastest = Math.max(fastest, Math.min(step.rate ?? Infinity, most));
    }
    written += fastest * valueOf(values, knobs.threads);
  }
  const disk = valueOf(machine.disk, knobs.bandwidth);
  let taken = 0;
  let shared = 0;
  for (const i of mounts) {
    const { daemon } = fuse[i];
    const bandwidth = valueOf(daemon, fuseKnobs.daemonBandwidth);
    const own = daemon[fuseKnobs.daemonDiskBandwidth.name];
    if (valueOf(daemon, fuseKnobs.daemonBacking) === 'none') taken += bandwidth;
    else if (typeof own === 'number') taken += Math.min(bandwidth, own);
    else shared += bandwidth;
  }
  taken += Math.min(shared, disk);
  const room = valueOf(machine.values, knobs.memory) - reserves * PAGE_SIZE;
  return written > taken ? Math.round((room * SECOND) / (written - taken)) : Infinity;
}
