/**
 * Threads, flushers, devices and daemons put together: who dirties pages of which device and pauses for it, which files are streams. The rules are
 * in writeback/ and fuse/; syncs.ts waits for what is written, fuse-actions.ts is what a timeline does to mounts.
 */
import { Daemon, DaemonThread, type Backing, type DaemonHost } from '../fuse/daemon.ts';
import { pagesText, type Resource } from '../fuse/lockup.ts';
import { FuseMount, type Request } from '../fuse/mount.ts';
import { FuseWatch } from '../fuse/watch.ts';
import { BALANCE_PAUSES, NR_DIRTIED, THROTTLE_TIME } from '../machine/counters.ts';
import type { KnobValues } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as rules from '../tables/engine-rules.ts';
import { accountingById } from '../tables/fuse-accounting.ts';
import * as fuseKnobs from '../tables/fuse-knobs.ts';
import { noGauges } from '../tables/gauges.ts';
import * as knobs from '../tables/knobs.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { Bdi } from '../writeback/bdi.ts';
import { DiskOutlet } from '../writeback/disk-outlet.ts';
import { Flusher, type FlusherSettings } from '../writeback/flusher.ts';
import { Dirtier, PageWriteback } from '../writeback/page-writeback.ts';
import { Device } from './device.ts';
import type { Engine } from './engine.ts';
import { streamedObjects } from './numbering.ts';
import { StreamWrites } from './stream-writes.ts';
import { Syncs } from './syncs.ts';
import type { Thread } from './thread.ts';
import type { Waitable } from './waits.ts';
import { WritebackRecords } from './writeback-records.ts';

const CENTISECOND: Nanoseconds = 10_000_000;

/** What settings of the machine may change while it runs. */
export interface WritebackPolicy {
  setSysctls(values: KnobValues, now: Nanoseconds): void;
}

/** One device: what is dirty of it, who writes it, how far that is. */
export interface Target {
  readonly bdi: Bdi;
  readonly flusher: Flusher;
  readonly mount: FuseMount | null;
  /** Pages written so far. */
  readonly outlet: { readonly finished: Pages };
}

/** How a mount's knobs are called in its scope of the plan. */
const percent = (
  values: KnobValues,
  min: (typeof fuseKnobs)['fuseMinRatio'],
  max: (typeof fuseKnobs)['fuseMaxRatio'],
) => {
  const maxRatio = valueOf(values, max);
  return { minRatio: Math.min(maxRatio, valueOf(values, min)), maxRatio };
};

export class Writers implements DaemonHost, WritebackPolicy {
  readonly engine: Engine;
  readonly writeback: PageWriteback;
  readonly targets: Target[] = [];
  readonly daemons: Daemon[] = [];
  readonly frames: Resource;
  readonly throttle: Resource;
  readonly syncs: Syncs;
  readonly watch: FuseWatch;
  private readonly settings: FlusherSettings = { expire: 0, interval: 0 };
  private readonly dirtiers: Dirtier[];
  private readonly deviceOf: readonly number[];
  private readonly several: boolean;
  private seenDirtied: Pages = 0;
  private readonly gauges = noGauges();
  private readonly told = new Set<FuseMount>();

  constructor(engine: Engine) {
    this.engine = engine;
    const { setup, memory } = engine;
    const { scenario, layout } = setup;
    const { machine } = scenario;
    this.dirtiers = engine.threads.map(() => new Dirtier());
    this.deviceOf = layout.devices ?? [];
    this.several = layout.devices !== undefined;
    this.writeback = new PageWriteback(memory, {
      hz: valueOf(machine.values, fuseKnobs.hz),
      cpus: valueOf(machine.values, knobs.cpus),
      legacy: valueOf(machine.values, fuseKnobs.throttle) === 'legacy',
    });
    this.frames = {
      name: 'free memory',
      owners: () => this.holders((mount) => mount.bdi.temps > 0),
      holds: () => `${pagesText(memory.gauges(this.gauges).nr_free_pages)} free`,
      needs: () => `${pagesText(memory.streams.temps)} of temporary pages to be given back`,
    };
    this.throttle = {
      name: 'dirty limit',
      owners: () => this.holders((mount) => mount.extraDirty > 0 || mount.bdi.underWriteback > 0),
      holds: () => {
        const { dirty, thresh } = this.writeback.look(null, this.engine.local);
        return `${pagesText(dirty)} dirty, the threshold at ${pagesText(thresh)}`;
      },
      needs: () => `pages on their way to the daemon to be written`,
    };
    this.syncs = new Syncs(this, { name: 'writeback', owners: () => this.holders((mount) => mount.requests > 0) });
    this.readSettings(scenario.sysctls);
    this.addDisk('disk', 0, engine.disk, machine.disk);
    (scenario.fuse ?? []).forEach((spec, i) => this.addMount(i, spec.name, spec.values, spec.daemon));
    this.writeback.kick = (bdi, now) => this.targetOf(bdi).flusher.kick(now);
    this.writeback.inProgress = (bdi) => this.targetOf(bdi).flusher.busy;
    if (this.daemons.length > 0) {
      this.writeback.extraDirty = () => this.daemons.reduce((sum, { mount }) => sum + mount.extraDirty, 0);
      this.writeback.extraOf = (bdi) => this.targetOf(bdi).mount?.extraOwn ?? 0;
    }
    this.addStreams();
    this.warnOfWriteThrough();
    this.seenDirtied = memory.dirtied;
    this.watch = new FuseWatch(engine, this.daemons, valueOf(machine.values, fuseKnobs.lockupAfter), (thread, mount) =>
      this.waitsForMount(thread, mount),
    );
    const { recorder } = engine;
    recorder.writeback = new WritebackRecords(this, recorder.wanted.objectsOverTime);
  }

  private *holders(which: (mount: FuseMount) => boolean) {
    for (const daemon of this.daemons) if (which(daemon.mount)) yield* daemon.threads;
  }

  // ---- the machine's devices

  private addDisk(name: string, device: number, disk: Device, values: KnobValues): Target {
    const { engine } = this;
    const bdi = new Bdi(name, device, engine.memory, this.writeback.completions, {
      ...percent(values, fuseKnobs.diskMinRatio, fuseKnobs.diskMaxRatio),
      strictlimit: valueOf(values, fuseKnobs.diskStrictlimit),
    });
    const outlet = new DiskOutlet(engine, bdi, disk);
    const flusher = new Flusher(engine, this.writeback, bdi, this.settings, outlet);
    const target: Target = { bdi, flusher, mount: null, outlet };
    outlet.written = (now) => this.wrote(target, now);
    return this.add(target);
  }

  private addMount(index: number, name: string, values: KnobValues, daemon: KnobValues): void {
    const { engine } = this;
    const accounting = accountingById(valueOf(values, fuseKnobs.accounting))!;
    const strict = values[fuseKnobs.fuseStrictlimit.name];
    const bdi = new Bdi(name, 1 + index, engine.memory, this.writeback.completions, {
      ...percent(values, fuseKnobs.fuseMinRatio, fuseKnobs.fuseMaxRatio),
      strictlimit: typeof strict === 'boolean' ? strict : accounting.strictlimit,
    });
    const mount = new FuseMount(engine, bdi, accounting, values);
    mount.frames = this.frames;
    mount.framesShort = (now) => this.framesShort(now);
    const flusher = new Flusher(engine, this.writeback, bdi, this.settings, mount);
    this.add({ bdi, flusher, mount, outlet: mount });
    this.daemons.push(new Daemon(this, mount, values, daemon, this.backingOf(name, daemon)));
  }

  private backingOf(name: string, daemon: KnobValues): Backing | null {
    if (valueOf(daemon, fuseKnobs.daemonBacking) !== 'disk') return null;
    const { engine } = this;
    const stream = engine.memory.streams.add(Infinity, 0);
    const bandwidth = daemon[fuseKnobs.daemonDiskBandwidth.name];
    if (typeof bandwidth !== 'number') {
      const { bdi } = this.targets[0];
      bdi.streams.push(stream);
      return { stream, bdi, device: engine.disk };
    }
    const device = new Device({ ...engine.costs.disk, bandwidth });
    // pages with numbers never lie on it: no device of that number has any
    const { bdi } = this.addDisk(`disk of ${name}.daemon`, NO_NUMBERS, device, {});
    bdi.streams.push(stream);
    return { stream, bdi, device };
  }

  private add(target: Target): Target {
    this.targets.push(target);
    this.writeback.bdis.push(target.bdi);
    return target;
  }

  targetOf(bdi: Bdi): Target {
    return this.targets.find((target) => target.bdi === bdi)!;
  }

  /** The device an object's pages go to. */
  targetOfObject(object: number): Target {
    const device = this.deviceOf[object] ?? 0;
    return this.targets.find(({ bdi }) => bdi.device === device)!;
  }

  private addStreams(): void {
    const { engine } = this;
    const { setup, memory } = engine;
    for (const object of streamedObjects(setup.scenario, setup.objects)) {
      const target = this.targetOfObject(object.index);
      const { bdi, mount } = target;
      const stream = memory.streams.add(object.pages, object.cgroup);
      bdi.streams.push(stream);
      const answer: Waitable = { name: `answer of ${bdi.name}.daemon`, owners: () => this.holders((m) => m === mount) };
      engine.takeOver(object.index, new StreamWrites(engine, this, object.index, stream, target, answer));
    }
  }

  /** Only streams are written through. */
  private warnOfWriteThrough(): void {
    const { setup, recorder } = this.engine;
    const streamed = new Set(streamedObjects(setup.scenario, setup.objects).map(({ index }) => index));
    setup.objects.forEach(({ name, fuse }, i) => {
      if (fuse === undefined || streamed.has(i) || !this.daemons[fuse].mount.writeThrough) return;
      recorder.warn(
        `'${name}' is written as if its mount had writeback_cache: only files written from front to end by one thread are written through`,
      );
    });
  }

  // ---- threads that write

  dirtierOf(thread: Thread): Dirtier {
    return this.dirtiers[thread.index];
  }

  /** Pages of a device have become dirty. */
  dirty(bdi: Bdi, pages: Pages): void {
    bdi.dirtied += pages;
    this.engine.memory.counters[NR_DIRTIED] += pages;
  }

  /** A thread has written a page with a number: whether it is time to look at the thresholds. */
  dirtied(thread: Thread, page: number): void {
    const { dirtied } = this.engine.memory;
    if (dirtied === this.seenDirtied) return;
    this.seenDirtied = dirtied;
    const target = this.several ? this.targetOfObject(this.objectOf(page)) : this.targets[0];
    this.dirty(target.bdi, 1);
    const dirtier = this.dirtiers[thread.index];
    dirtier.dirtied++;
    thread.dirtying = target;
    if (dirtier.dirtied >= this.writeback.ratelimit(dirtier, target.bdi)) thread.checkDirty = true;
  }

  private objectOf(page: number): number {
    const { bases, numbered } = this.engine.setup.layout;
    let object = bases.length - 1;
    while (object > 0 && (bases[object] > page || numbered[object] === 0)) object--;
    return object;
  }

  /** After dirtying for a while: false if the thread has to wait. Asked again until it need not. */
  balance(thread: Thread): boolean {
    thread.checkDirty = false;
    const { engine } = this;
    const dirtier = this.dirtiers[thread.index];
    const { bdi } = thread.dirtying ?? this.targets[0];
    const pause = this.writeback.balance(dirtier, bdi, engine.local);
    if (pause === 0) return true;
    this.paused(pause);
    thread.checkDirty = dirtier.again;
    // a step that ends by time ends then, in the middle of a pause if need be
    const until = Math.min(engine.local + pause, Math.max(engine.local, thread.cursor.deadline));
    return engine.pass(thread, until, 'throttle') && !dirtier.again;
  }

  paused(time: Nanoseconds): void {
    const { counters } = this.engine.memory;
    counters[BALANCE_PAUSES]++;
    counters[THROTTLE_TIME] += time;
  }

  framesShort(now: Nanoseconds): void {
    this.engine.reclaimed(now);
    const { streams } = this.engine.memory;
    if (!streams.metDirty) return;
    streams.metDirty = false;
    for (const { flusher } of this.targets) flusher.writeAll(now);
  }

  /** write() to a mount whose daemon is gone: said once. */
  refused(thread: Thread, mount: FuseMount): void {
    if (this.told.has(mount)) return;
    this.told.add(mount);
    const text = `${thread.name} can write no more to ${mount.bdi.name}: the daemon is gone (ENOTCONN)`;
    this.engine.recorder.event(this.engine.local, rules.DAEMON_DIE, thread.name, text);
  }

  /** Something of a device has been written. */
  private wrote(target: Target, now: Nanoseconds): void {
    target.flusher.resume(now);
    this.syncs.wake(now);
  }

  othersWantFrames(): boolean {
    return (
      this.engine.memory.streams.short &&
      (this.daemons.some(({ mount }) => mount.bdi.reclaimable > 0) ||
        this.engine.threads.some(({ over, dirtying, waitsFor }) => !over && dirtying !== null && WRITES.has(waitsFor)))
    );
  }

  answered(mount: FuseMount, request: Request, now: Nanoseconds): void {
    this.targetOf(mount.bdi).flusher.resume(now);
    this.answer(request.writer, now);
    this.syncs.wake(now);
  }

  /** Somebody has his answer: a thread, or one of the daemon's own. */
  answer(writer: Request['writer'], now: Nanoseconds): void {
    if (writer instanceof DaemonThread) writer.goOnAt(now);
    else if (writer) this.engine.unblock(writer, now);
  }

  /** Whether it waits for writeback that only this mount's daemon can end, or for an answer of it. */
  private waitsForMount(thread: Thread, mount: FuseMount): boolean {
    if (thread.waitsFor === 'request') return thread.waitsOn?.name === `answer of ${mount.bdi.name}.daemon`;
    return thread.waitsFor === 'sync' && this.syncs.waitsFor(thread, mount);
  }

  // ---- settings

  setSysctls(values: KnobValues, now: Nanoseconds): void {
    this.readSettings(values);
    for (const { flusher } of this.targets) flusher.settingsChanged(now);
  }

  private readSettings(values: KnobValues): void {
    this.settings.expire = valueOf(values, knobs.dirtyExpire) * CENTISECOND;
    this.settings.interval = valueOf(values, knobs.dirtyWriteback) * CENTISECOND;
  }

  // ---- figures

  /** Times a process was put to sleep because too much was dirty, and how long in all. */
  pausesOf(process: number): number {
    let pauses = 0;
    for (const thread of this.engine.threads)
      if (thread.program.process === process) pauses += this.dirtiers[thread.index].pauses;
    return pauses;
  }

  pausedTime(process: number): Nanoseconds {
    let time = 0;
    for (const thread of this.engine.threads)
      if (thread.program.process === process) time += this.dirtiers[thread.index].paused;
    return time;
  }
}

/** What a thread that writes waits for while it has use for frames. */
const WRITES: ReadonlySet<string> = new Set(['nothing', 'cpu', 'frames', 'pace']);
/** A device that no object's pages go to. */
const NO_NUMBERS = 65_536;
