/**
 * A point whose `speedup` is asked for: the same scenario with all devices under policy `remote` runs first, and its times are what the run's own
 * are held against. Points that differ only in what doesn't matter then (the size of the device, its prefetcher) share one such run.
 */
import type { RemoteRun } from '../device/device-records.ts';
import type { DeviceSpec, PointSpec } from '../plan.ts';
import type { PointReport } from '../report.ts';
import * as knobs from '../tables/device-knobs.ts';
import type { PointRun } from './point-run.ts';

/** Without a limit to what the device sees, nothing moves under `remote`: these change nothing. */
const INDIFFERENT = [
  knobs.deviceMemory,
  knobs.counterThreshold,
  knobs.devicePrefetch,
  knobs.prefetchDensity,
  knobs.prefetchMinFaults,
  knobs.prefetchPages,
  knobs.deviceEvict,
].map(({ name }) => name);

const remoteDevice = (device: DeviceSpec): DeviceSpec => {
  const dropped = knobs.visible.name in device.values ? [] : INDIFFERENT;
  const values = Object.entries(device.values).filter(([name]) => !dropped.includes(name));
  return { ...device, values: { ...Object.fromEntries(values), [knobs.devicePolicy.name]: 'remote' } };
};

export const remotePoint = (point: PointSpec): PointSpec => ({
  ...point,
  scenario: { ...point.scenario, devices: (point.scenario.devices ?? []).map(remoteDevice) },
});

const phaseKey = (process: string, name: string): string => `${process}/${name}`;

export function remoteRunOf(report: PointReport): RemoteRun {
  return {
    time: report.time,
    phases: new Map(report.phases.map(({ process, name, start, end }) => [phaseKey(process, name), end - start])),
  };
}

export class AgainstRemote implements PointRun {
  private readonly remote: PointRun;
  private readonly run: PointRun;
  private readonly keep: (found: RemoteRun) => void;

  constructor(remote: PointRun, run: PointRun, keep: (found: RemoteRun) => void) {
    this.remote = remote;
    this.run = run;
    this.keep = keep;
  }

  advance(budget: number): number {
    if (this.remote.done) return this.run.advance(budget);
    const spent = this.remote.advance(budget);
    if (this.remote.done) this.keep(remoteRunOf(this.remote.report()));
    return spent;
  }

  get done(): boolean {
    return this.remote.done && this.run.done;
  }

  get fraction(): number {
    return (this.remote.fraction + this.run.fraction) / 2;
  }

  report(): PointReport {
    return this.run.report();
  }

  get warnings(): readonly string[] {
    return this.run.warnings;
  }
}
