/** What is made of a device's counts: figures by name, the break-even of a run, and the verdict in words. */
import { MIB, PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import type { BreakEven } from '../report.ts';
import type { DeviceFigures } from '../tables/device-measures.ts';
import { accessCosts, faultCost } from './break-even.ts';
import { BLOCK_PAGES, type DeviceParameters } from './parameters.ts';
import { Prefetcher } from './prefetch.ts';
import { loads, Standalone } from './standalone.ts';
import * as t from './tally.ts';

/** Differences of a device's counts over a span of time. */
export type Counts = Float64Array;

/** Times and levels that are no counts. */
export interface Levels {
  readonly queueDelay: number;
  readonly queue: number;
  readonly devicePrivate: number;
  readonly swapEntries: number;
  readonly chunks: number;
  readonly pins: number;
}

export function figuresOf(
  c: Counts,
  elapsed: Nanoseconds,
  levels: Levels,
  parameters: readonly DeviceParameters[],
): DeviceFigures {
  const figures: Record<string, number> = {
    'device-faults': c[t.FAULTS],
    'host-faults': c[t.HOST_FAULTS],
    'duplicate-faults': c[t.DUPLICATES],
    'fault-batches': c[t.BATCHES],
    'batch-size': c[t.FETCHED] / c[t.BATCHES],
    'h2d.bytes': c[t.H2D_DEMAND] + c[t.H2D_PREFETCH] + c[t.H2D_REMOTE],
    'h2d.demand': c[t.H2D_DEMAND],
    'h2d.prefetch': c[t.H2D_PREFETCH],
    'h2d.remote': c[t.H2D_REMOTE],
    'd2h.bytes': c[t.D2H_DEMAND] + c[t.D2H_EVICTION] + c[t.D2H_REMOTE],
    'd2h.demand': c[t.D2H_DEMAND],
    'd2h.eviction': c[t.D2H_EVICTION],
    'd2h.remote': c[t.D2H_REMOTE],
    'prefetch-accuracy': c[t.PREFETCH_USED] / c[t.PREFETCHED],
    'device-evictions': c[t.EVICTIONS],
    'device-moves': c[t.MOVES],
    'thrash-rate': c[t.MOVES] > 0 ? c[t.MOVES_AGAIN] / c[t.MOVES] : 0,
    'thrash-throttle-time': c[t.THROTTLE_TIME],
    'thrash-pin-time': c[t.PIN_TIME],
    'thrash-pins': levels.pins,
    'device-stall': c[t.STALL],
    'local-accesses': c[t.LOCAL],
    'remote-accesses': c[t.REMOTE],
    'link.h2d': Math.min(1, c[t.UP_BUSY] / elapsed),
    'link.d2h': Math.min(1, c[t.DOWN_BUSY] / elapsed),
    'link.utilisation': Math.min(1, Math.max(c[t.UP_BUSY], c[t.DOWN_BUSY]) / elapsed),
    'link.queue-delay': levels.queueDelay,
    'link.queue': levels.queue,
    nr_device_private: levels.devicePrivate,
    nr_swap_entries: levels.swapEntries,
    nr_device_chunks: levels.chunks,
    'failed-accesses': c[t.FAILED],
    'device-lost-pages': c[t.LOST],
    'bounced-pages': c[t.BOUNCES],
    reuse: reuseOf(c, parameters[0]),
  };
  if (parameters.length === 1 && !parameters[0].rdma) {
    figures['break-even-reuse'] = reuseAt(parameters[0], moveCost(parameters[0], c));
    figures['reuse-margin'] = figures['reuse'] / figures['break-even-reuse'];
  }
  return figures;
}

/** Uses of each byte for each time it came, or, of what never moved, was used at all. */
function reuseOf(c: Counts, { accessSize }: DeviceParameters): number {
  const pages = Math.max(c[t.ARRIVED], c[t.FOOTPRINT]);
  return ((c[t.LOCAL] + c[t.REMOTE]) * accessSize) / (pages * PAGE_SIZE);
}

/** Pages that move with one fault when a block is used in order: what the prefetcher makes of the plainest case. */
function pagesPerFault({ prefetch }: DeviceParameters): number {
  const prefetcher = new Prefetcher(prefetch);
  const resident = new Uint8Array(BLOCK_PAGES);
  const faulted = new Uint8Array(BLOCK_PAGES);
  const out = new Uint8Array(BLOCK_PAGES);
  let faults = 0;
  for (let page = 0; page < BLOCK_PAGES; page++) {
    if (resident[page] !== 0) continue;
    faults++;
    faulted.fill(0);
    faulted[page] = 1;
    prefetcher.mark(out, resident, faulted, null, BLOCK_PAGES, faults);
    for (let i = 0; i < BLOCK_PAGES; i++) resident[i] |= out[i] | faulted[i];
  }
  return BLOCK_PAGES / faults;
}

/** Nanoseconds to move one page, by the closed form: the fault shared by what moves with it, the bytes, the mapping. */
export function nominalMoveCost(parameters: DeviceParameters): number {
  const pages = pagesPerFault(parameters);
  const { mapCost } = parameters.fault;
  return (faultCost(parameters) - mapCost) / pages + mapCost + (PAGE_SIZE * SECOND) / parameters.link.h2d;
}

/** The same with what this run did: pages by batch, evictions and returns by page that came. */
function moveCost(parameters: DeviceParameters, c: Counts): number {
  const moved = (c[t.H2D_DEMAND] + c[t.H2D_PREFETCH]) / PAGE_SIZE;
  const services = c[t.BATCHES] + c[t.NOTIFICATIONS];
  if (moved === 0 || services === 0) return nominalMoveCost(parameters);
  const { link, fault } = parameters;
  const back = (c[t.D2H_EVICTION] + c[t.D2H_DEMAND]) / PAGE_SIZE;
  const perPage = (bandwidth: number): number => (PAGE_SIZE * SECOND) / bandwidth;
  const transfers = (link.latency + link.perDma) / BLOCK_PAGES;
  return (
    (services * (faultCost(parameters) - fault.mapCost)) / moved +
    fault.mapCost +
    perPage(link.h2d) +
    (back / moved) * (perPage(link.d2h) + transfers)
  );
}

/** Uses of a page at which moving it for `move` costs as much as reaching over the link. */
function reuseAt(parameters: DeviceParameters, move: number): number {
  const { local, remote } = pageCosts(parameters);
  return remote > local ? move / (remote - local) : Infinity;
}

/** One use of all bytes of a page, near and far. */
function pageCosts(parameters: DeviceParameters): { local: number; remote: number } {
  const { local, remote } = accessCosts(parameters);
  const granules = PAGE_SIZE / parameters.granule;
  return { local: local * granules, remote: remote * granules };
}

const POINTS = 8;
const MOST_USES = 1024;

export function breakEvenOf(parameters: DeviceParameters, c: Counts): BreakEven {
  const { local, remote } = pageCosts(parameters);
  const move = nominalMoveCost(parameters);
  const moveHere = moveCost(parameters, c);
  const reuse = reuseAt(parameters, move);
  const reuseHere = reuseAt(parameters, moveHere);
  const pages = Math.max(c[t.ARRIVED], c[t.FOOTPRINT]);
  const here = { reuse: reuseOf(c, parameters), time: c[t.KERNEL_TIME] / pages };
  return {
    local,
    remote,
    move,
    moveHere,
    reuse,
    reuseHere,
    here,
    simulated: simulated(parameters, reuse),
    verdict: verdictOf(parameters, c, here.reuse, reuseHere),
  };
}

/** One block used in order, over and over: time for a page, moved and over the link. */
function simulated(parameters: DeviceParameters, reuse: number): BreakEven['simulated'] {
  const top = Math.min(MOST_USES, Math.max(POINTS, Math.ceil(Number.isFinite(reuse) ? 2 * reuse : POINTS)));
  const uses = [
    ...new Set(Array.from({ length: POINTS }, (_, i) => Math.max(1, Math.round((top * (i + 1)) / POINTS)))),
  ];
  const time = (policy: 'migrate' | 'remote', passes: number): number => {
    const once = Array.from({ length: BLOCK_PAGES }, (_, page) => page);
    const device: DeviceParameters = {
      ...parameters,
      policy,
      chunks: 1,
      streams: 1,
      visible: Infinity,
      // All bytes of a page, so that a use is a use.
      accessSize: PAGE_SIZE,
      granules: PAGE_SIZE / parameters.granule,
    };
    const machine = new Standalone([device], BLOCK_PAGES);
    const words = loads(once);
    const all = new Uint32Array(BLOCK_PAGES * passes);
    for (let i = 0; i < passes; i++) all.set(words, i * BLOCK_PAGES);
    return machine.run(all) / BLOCK_PAGES;
  };
  return {
    reuse: Float64Array.from(uses),
    moved: Float64Array.from(uses, (n) => time('migrate', n)),
    remote: Float64Array.from(uses, (n) => time('remote', n)),
  };
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
const figure = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function verdictOf(parameters: DeviceParameters, c: Counts, reuse: number, star: number): string {
  const { name } = parameters;
  if (Number.isNaN(reuse)) return `Nothing ran on ${name}.`;
  if (star === Infinity) return `Moving never pays on ${name}: its own memory is no faster than the link.`;
  const what = `each byte is used ${figure(reuse)} times`;
  const came = c[t.ARRIVED] > 0 ? ' for each time it came' : '';
  const needs = c[t.FOOTPRINT] * PAGE_SIZE;
  const room = parameters.chunks * BLOCK_PAGES * PAGE_SIZE;
  if (reuse > star && c[t.ARRIVED] === 0 && needs > room)
    return `Moving would pay on ${name} for what could stay: ${what}, and from ${figure(star)} on moving costs less than reaching over the link. But ${mebibytes(needs)} are used, and there is room for ${mebibytes(room)}: what leaves before its next use is used once.`;
  if (reuse > star)
    return `Moving pays on ${name}: ${what}${came}, and from ${figure(star)} on moving costs less than reaching over the link.`;
  return `Moving does not pay on ${name}: ${what}${came}, and only from ${figure(star)} on moving costs less than reaching over the link.`;
}
