/** The machine of the FUSE debate: 16 GiB, a copier of 2 GB/s, a daemon of 200 MB/s that writes to a disk of 150 MB/s. */
import type { FuseSpec } from '../../../simulator/plan.ts';
import type { PointReport } from '../../../simulator/report.ts';
import * as make from '../plans.ts';

export const SECOND = 1_000_000_000;
export const GIB_PAGES = 262_144;
/** Longer than anybody writes. */
export const ENDLESS = 1 << 28;

export interface FuseWorld {
  readonly accounting?: string;
  readonly fuse?: FuseSpec['values'];
  readonly daemon?: FuseSpec['daemon'];
  readonly gib?: number;
  readonly seconds?: number;
  /** Bytes per second of the writer; absent: as fast as it can. */
  readonly rate?: number;
  readonly machine?: make.World['machine'];
  readonly rest?: Partial<make.World>;
}

export const mount = (name: string, values: FuseSpec['values'], daemon: FuseSpec['daemon'] = {}): FuseSpec => ({
  name,
  values,
  daemon,
});

export const copier = (object = 0, rate?: number, pages = ENDLESS) =>
  make.process(object === 0 ? 'copier' : `copier${object}`, [
    make.phase('', [make.passes(object, 1000, { verb: 'write', pages, ...(rate !== undefined ? { rate } : {}) })]),
  ]);

export const onFuse = (name: string, index = 0, pages = ENDLESS) => ({ ...make.file(name, pages), fuse: index });

export const fuseWorld = (w: FuseWorld): make.World => ({
  memoryPages: (w.gib ?? 16) * GIB_PAGES,
  reclaim: 'v6.1',
  machine: { cpus: 8, ...w.machine },
  objects: [onFuse('photos')],
  processes: [copier(0, w.rate)],
  fuse: [mount('photos', { accounting: w.accounting ?? 'strict', ...w.fuse }, w.daemon)],
  duration: (w.seconds ?? 60) * SECOND,
  ...w.rest,
});

export const fusePlan = (w: FuseWorld) => make.plan(fuseWorld(w));

/** Highest value of a gauge over the run. */
export const peak = (point: PointReport, name: string): number =>
  Math.max(0, ...(point.series.find((series) => series.name === name)?.y ?? []));
