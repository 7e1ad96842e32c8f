/** A device's knobs as plain numbers, and what follows from them: what one access costs near and far, what a fault costs. */
import type { DeviceSpec } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/device-knobs.ts';
import { PAGE_SIZE, SECOND, type Bytes, type BytesPerSecond, type Nanoseconds, type Pages } from '../units.ts';

/** Pages of a block of addresses, which is also a chunk of device memory: 2 MiB. */
export const BLOCK_PAGES = 512;
/** Pages of a big page: what a fault is rounded up to, 64 KiB. */
export const BIG_PAGE = 16;

export type Policy = 'migrate' | 'remote' | 'counter' | 'adaptive';
export type Eviction = 'uvm' | 'true-lru' | 'fifo' | 'random' | 'off';

export interface LinkParameters {
  readonly h2d: BytesPerSecond;
  readonly d2h: BytesPerSecond;
  readonly latency: Nanoseconds;
  readonly perDma: Nanoseconds;
  readonly fifo: boolean;
}

export interface ThrashParameters {
  readonly enabled: boolean;
  readonly threshold: number;
  readonly lapse: Nanoseconds;
  /** In lapses. */
  readonly nap: number;
  readonly pinAfter: number;
  readonly pin: number;
  readonly epoch: number;
  readonly resets: number;
  readonly window: Nanoseconds;
}

export interface PrefetchParameters {
  readonly kind: 'none' | 'sequential' | 'tree';
  /** Percent. */
  readonly threshold: number;
  readonly minFaults: number;
  readonly pages: Pages;
}

export interface DeviceParameters {
  readonly name: string;
  readonly rdma: boolean;
  readonly chunks: number;
  readonly policy: Policy;
  readonly threshold: number;
  readonly prefetch: PrefetchParameters;
  readonly evict: Eviction;
  readonly streams: number;
  readonly granule: Bytes;
  readonly accessSize: Bytes;
  /** Granules of one page-sized access. */
  readonly granules: number;
  readonly overlap: number;
  readonly coherent: boolean;
  readonly readDuplication: boolean;
  readonly cpuUnit: Pages;
  /** Bytes of host memory that it sees; Infinity: all. */
  readonly visible: Bytes;
  readonly bounce: boolean;
  readonly copyBandwidth: BytesPerSecond;
  readonly onLoss: 'give-back' | 'lose';
  readonly link: LinkParameters;
  readonly local: { readonly bandwidth: BytesPerSecond; readonly latency: Nanoseconds };
  readonly fault: {
    readonly batch: number;
    readonly replay: 'block' | 'batch' | 'batch-flush' | 'once';
    readonly batchCost: Nanoseconds;
    readonly blockCost: Nanoseconds;
    readonly mapCost: Nanoseconds;
    readonly replayCost: Nanoseconds;
    readonly maxBatches: number;
  };
  readonly thrash: ThrashParameters;
  readonly odp: {
    readonly responder: boolean;
    readonly fault: Nanoseconds;
    readonly rnrTimer: Nanoseconds;
    readonly retries: number;
    readonly timeout: Nanoseconds;
    readonly damming: boolean;
  };
}

export function parametersOf(spec: DeviceSpec): DeviceParameters {
  const { values, link, local, fault, thrash, odp } = spec;
  const accessSize = valueOf(values, knobs.accessSize);
  const granule = valueOf(values, knobs.granule);
  return {
    name: spec.name,
    rdma: valueOf(values, knobs.deviceKind) === 'rdma',
    chunks: Math.floor(valueOf(values, knobs.deviceMemory) / knobs.CHUNK),
    policy: valueOf(values, knobs.devicePolicy) as Policy,
    threshold: valueOf(values, knobs.counterThreshold),
    prefetch: {
      kind: valueOf(values, knobs.devicePrefetch) as PrefetchParameters['kind'],
      threshold: valueOf(values, knobs.prefetchDensity) / 10_000,
      minFaults: valueOf(values, knobs.prefetchMinFaults),
      pages: valueOf(values, knobs.prefetchPages),
    },
    evict: valueOf(values, knobs.deviceEvict) as Eviction,
    streams: valueOf(values, knobs.streams),
    granule,
    accessSize,
    granules: Math.max(1, Math.ceil(accessSize / granule)),
    overlap: valueOf(values, knobs.overlap),
    coherent: valueOf(values, knobs.coherent),
    readDuplication: valueOf(values, knobs.readDuplication),
    cpuUnit: Math.max(1, Math.floor(valueOf(values, knobs.cpuUnit) / PAGE_SIZE)),
    visible: (values[knobs.visible.name] as number | undefined) ?? Infinity,
    bounce: valueOf(values, knobs.bounce),
    copyBandwidth: valueOf(values, knobs.copyBandwidth),
    onLoss: valueOf(values, knobs.onLoss) as DeviceParameters['onLoss'],
    link: {
      h2d: valueOf(link, knobs.h2d),
      d2h: valueOf(link, knobs.d2h),
      latency: valueOf(link, knobs.linkLatency),
      perDma: valueOf(link, knobs.perDma),
      fifo: valueOf(link, knobs.linkPriority) === 'fifo',
    },
    local: { bandwidth: valueOf(local, knobs.localBandwidth), latency: valueOf(local, knobs.localLatency) },
    fault: {
      batch: valueOf(fault, knobs.faultBatch),
      replay: valueOf(fault, knobs.replay) as DeviceParameters['fault']['replay'],
      batchCost: valueOf(fault, knobs.batchCost),
      blockCost: valueOf(fault, knobs.blockCost),
      mapCost: valueOf(fault, knobs.mapCost),
      replayCost: valueOf(fault, knobs.replayCost),
      maxBatches: valueOf(fault, knobs.maxBatches),
    },
    thrash: {
      enabled: valueOf(thrash, knobs.thrashing),
      threshold: valueOf(thrash, knobs.thrashThreshold),
      lapse: valueOf(thrash, knobs.lapse),
      nap: valueOf(thrash, knobs.nap),
      pinAfter: valueOf(thrash, knobs.pinAfter),
      pin: valueOf(thrash, knobs.pinLapses),
      epoch: valueOf(thrash, knobs.epoch),
      resets: valueOf(thrash, knobs.resets),
      window: valueOf(thrash, knobs.thrashWindow),
    },
    odp: {
      responder: valueOf(odp, knobs.odpSide) === 'responder',
      fault: valueOf(odp, knobs.odpFault),
      rnrTimer: valueOf(odp, knobs.rnrTimer),
      retries: valueOf(odp, knobs.rnrRetries),
      timeout: valueOf(odp, knobs.odpTimeout),
      damming: valueOf(odp, knobs.damming),
    },
  };
}

/** Time on the wire, rounded to the nanosecond. */
export const wireTime = (bytes: Bytes, bandwidth: BytesPerSecond): Nanoseconds =>
  Math.round((bytes * SECOND) / bandwidth);
