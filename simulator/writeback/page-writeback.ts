/**
 * Dirty throttling: whoever dirties pages is asked now and then how things stand, and pauses if there is too much dirty, in all or of the device
 * it writes to.
 *
 * Kernel: balance_dirty_pages and what it calls, wb_over_bg_thresh, in mm/page-writeback.c (6.1); as an on/off switch, what it was before 3.2.
 * Left out: cgroups' own domains (cgroup writeback), per-CPU errors of counters, laptop mode.
 */
import type { Gauges, Memory } from '../machine/memory.ts';
import { noGauges } from '../tables/gauges.ts';
import { SECOND, type Nanoseconds, type Pages, type Ppm } from '../units.ts';
import type { Bdi } from './bdi.ts';
import { freerunCeiling, ilog2, lifted, nextLimit, pollInterval } from './dirty-limits.ts';
import { Completions } from './flex-proportions.ts';
import { maxPause, pauseTarget, POLL_PAGES } from './pause.ts';
import { ONE, positionRatio, type DirtyState } from './position-ratio.ts';
import { BANDWIDTH_INTERVAL, updateBandwidth, updateRatelimit } from './wb-bandwidth.ts';

/** How far a writer is exempt: see the daemon's knob `flag`. */
export type ThrottleFlag = 'none' | 'less' | 'local' | 'io-flusher' | 'full';

/** Somebody who dirties pages: a thread or a daemon's thread (the fields of task_struct). */
export class Dirtier {
  flag: ThrottleFlag;
  /** Since it was last asked. */
  dirtied: Pages = 0;
  /** Asked again after so many. */
  pauseAfter: Pages = POLL_PAGES;
  /** Virtual time of its last pause, in ticks; 0: none yet. */
  pausedWhen = 0;
  /** Its pause was one of standing still: to be asked again before it goes on. */
  again = false;
  /** Of the on/off switch: ticks of the next nap. */
  nap = 1;
  /** In all. */
  pauses = 0;
  paused: Nanoseconds = 0;

  constructor(flag: ThrottleFlag = 'none') {
    this.flag = flag;
  }
}

export interface PageWritebackSettings {
  readonly hz: number;
  readonly cpus: number;
  readonly legacy: boolean;
}

export class PageWriteback {
  readonly completions = new Completions();
  readonly bdis: Bdi[] = [];
  /** Told when a device has to write in the background. */
  kick: (bdi: Bdi, now: Nanoseconds) => void = () => undefined;
  /** Whether its flusher is at work. */
  inProgress: (bdi: Bdi) => boolean = () => false;
  /** Pages that count as dirty for everybody beside nr_dirty and nr_writeback. */
  extraDirty: () => Pages = () => 0;
  /** The same of one device. */
  extraOf: (bdi: Bdi) => Pages = () => 0;
  /** Dirty pages over the limit at worst, as the kernel counts them here: a ratio. */
  overshoot = 0;
  /** The most that was dirty, under writeback or copied, whether counted or not. */
  mostUnwritten: Pages = 0;
  /** The limit that follows the threshold (global_wb_domain.dirty_limit). */
  limit: Pages = 0;
  #limitStamp = 0;
  readonly #memory: Memory;
  readonly #hz: number;
  readonly #legacy: boolean;
  readonly #cpus: number;
  readonly #gauges: Gauges = noGauges();
  readonly #state: DirtyState = {
    dirty: 0,
    thresh: 0,
    background: 0,
    limit: 0,
    wbDirty: 0,
    wbThresh: 0,
    wbBackground: 0,
    bandwidth: 0,
    strictlimit: false,
  };

  constructor(memory: Memory, settings: PageWritebackSettings) {
    this.#memory = memory;
    this.#hz = settings.hz;
    this.#cpus = settings.cpus;
    this.#legacy = settings.legacy;
    const { nr_dirty_threshold } = memory.gauges(this.#gauges);
    this.limit = nr_dirty_threshold;
  }

  get minRatios(): Ppm {
    return this.bdis.reduce((sum, bdi) => sum + bdi.limits.minRatio, 0);
  }

  ticks(now: Nanoseconds): number {
    return Math.floor((now * this.#hz) / SECOND);
  }

  #time(ticks: number): Nanoseconds {
    return Math.round((ticks * SECOND) / this.#hz);
  }

  /** How things stand for `bdi` (or without one, for all). The answer is written over by the next. */
  look(bdi: Bdi | null, now: Nanoseconds, flag: ThrottleFlag = 'none'): DirtyState {
    const gauges = this.#memory.gauges(this.#gauges);
    const s = this.#state;
    s.thresh = gauges.nr_dirty_threshold;
    s.background = gauges.nr_dirty_background_threshold;
    s.dirty = gauges.nr_dirty + gauges.nr_writeback + this.extraDirty();
    const unwritten = gauges.nr_dirty + gauges.nr_writeback + gauges.nr_writeback_temp;
    this.mostUnwritten = Math.max(this.mostUnwritten, unwritten);
    if (flag === 'less') liftFor(s, this.limit);
    s.limit = Math.max(this.limit, s.thresh);
    if (s.limit > 0) this.overshoot = Math.max(this.overshoot, s.dirty / s.limit);
    if (bdi === null) return s;
    s.strictlimit = bdi.limits.strictlimit;
    s.wbThresh = bdi.threshold(now, s.thresh, this.minRatios);
    s.wbBackground = s.thresh > 0 ? Math.floor((s.wbThresh * s.background) / s.thresh) : 0;
    s.wbDirty = bdi.reclaimable + bdi.underWriteback + this.extraOf(bdi);
    bdi.peak = Math.max(bdi.peak, s.wbDirty);
    s.bandwidth = bdi.estimates.average;
    return s;
  }

  /** Pages a task may dirty before it is asked, by its own count and by the machine's. */
  ratelimit(dirtier: Dirtier, bdi: Bdi): Pages {
    const own = bdi.exceeded ? Math.min(dirtier.pauseAfter, POLL_PAGES / 4) : dirtier.pauseAfter;
    const perCpu = Math.max(16, Math.floor(this.limit / (this.#cpus * 32)));
    return Math.max(1, Math.min(own, perCpu));
  }

  /** The dirtier has dirtied enough to be asked, or its pause is over: for how long it pauses now; 0: it goes on. */
  balance(dirtier: Dirtier, bdi: Bdi, now: Nanoseconds): Nanoseconds {
    if (dirtier.flag === 'full') {
      dirtier.dirtied = 0;
      return 0;
    }
    if (dirtier.again) {
      dirtier.again = false;
      // a pipe for devices with next to nothing dirty while another stands still
      if (this.look(bdi, now, dirtier.flag).wbDirty <= this.#statError) return 0;
    }
    const ticks = this.#legacy ? this.#nap(dirtier, bdi, now) : this.#pause(dirtier, bdi, now);
    if (ticks === 0) return 0;
    const time = this.#time(ticks);
    dirtier.pauses++;
    dirtier.paused += time;
    return time;
  }

  /** wb_stat_error: what the kernel's per-CPU counts may be wrong by. */
  get #statError(): Pages {
    return this.#cpus * 8 * (1 + ilog2(this.#cpus));
  }

  #freeRun(dirtier: Dirtier, ticks: number, dirty: Pages, thresh: Pages): number {
    dirtier.pausedWhen = ticks;
    dirtier.dirtied = 0;
    dirtier.nap = 1;
    dirtier.pauseAfter = pollInterval(dirty, thresh);
    return 0;
  }

  /** Ticks to sleep. */
  #pause(dirtier: Dirtier, bdi: Bdi, now: Nanoseconds): number {
    const ticks = this.ticks(now);
    const hz = this.#hz;
    const s = this.look(bdi, now, dirtier.flag);
    const strict = s.strictlimit;
    const dirty = strict ? s.wbDirty : s.dirty;
    const thresh = strict ? s.wbThresh : s.thresh;
    const background = strict ? s.wbBackground : s.background;
    if (this.#gauges.nr_dirty > s.background && !this.inProgress(bdi)) this.kick(bdi, now);
    if (dirty <= freerunCeiling(thresh, background)) return this.#freeRun(dirtier, ticks, dirty, thresh);
    if (!this.inProgress(bdi)) this.kick(bdi, now);
    const local = dirtier.flag === 'local' || dirtier.flag === 'io-flusher';
    if (!strict && local && s.wbDirty < freerunCeiling(s.wbThresh, s.wbBackground))
      return this.#freeRun(dirtier, ticks, dirty, thresh);
    bdi.exceeded = s.wbDirty > s.wbThresh && (s.dirty > s.thresh || strict);
    const ratio = positionRatio(s);
    if (this.#due(bdi, ticks)) this.#update(bdi, s, ratio, ticks);
    const { ratelimit, average } = bdi.estimates;
    const rate = Math.floor((ratelimit * ratio) / ONE);
    const most = maxPause(s.wbDirty, average, hz);
    const target = pauseTarget(most, average, rate, ratelimit, hz);
    let at = ticks;
    let pause = most;
    if (rate > 0) {
      const period = Math.floor((hz * dirtier.dirtied) / rate);
      pause = period;
      if (dirtier.pausedWhen > 0) pause -= ticks - dirtier.pausedWhen;
      if (pause < target.min) {
        if (pause < -hz) {
          dirtier.pausedWhen = ticks;
          dirtier.dirtied = 0;
        } else if (period > 0) {
          dirtier.pausedWhen += period;
          dirtier.dirtied = 0;
        } else if (dirtier.pauseAfter <= dirtier.dirtied) dirtier.pauseAfter += dirtier.dirtied;
        return 0;
      }
      if (pause > most) {
        at += Math.min(pause - most, most);
        pause = most;
      }
    }
    dirtier.pausedWhen = at + pause;
    dirtier.dirtied = 0;
    dirtier.pauseAfter = target.pages;
    dirtier.again = rate === 0;
    return pause;
  }

  /** The switch of old: naps of 1, 2, 4 … 100 ms until there is less dirty than the threshold. */
  #nap(dirtier: Dirtier, bdi: Bdi, now: Nanoseconds): number {
    const s = this.look(bdi, now, dirtier.flag);
    const strict = s.strictlimit;
    const dirty = strict ? s.wbDirty : s.dirty;
    const thresh = strict ? s.wbThresh : s.thresh;
    if (this.#gauges.nr_dirty > s.background && !this.inProgress(bdi)) this.kick(bdi, now);
    const local = dirtier.flag === 'local' || dirtier.flag === 'io-flusher';
    const free = dirty <= thresh || (!strict && local && s.wbDirty < freerunCeiling(s.wbThresh, s.wbBackground));
    bdi.exceeded = !free;
    if (free) {
      this.#freeRun(dirtier, this.ticks(now), dirty, thresh);
      // the switch looked after a fixed number of pages
      dirtier.pauseAfter = POLL_PAGES;
      return 0;
    }
    if (!this.inProgress(bdi)) this.kick(bdi, now);
    const nap = dirtier.nap;
    dirtier.nap = Math.min(2 * nap, Math.max(1, Math.floor(this.#hz / 10)));
    dirtier.again = true;
    return nap;
  }

  // ---- estimates

  #due(bdi: Bdi, ticks: number): boolean {
    return (ticks - bdi.stamp.time) * SECOND > BANDWIDTH_INTERVAL * this.#hz;
  }

  #update(bdi: Bdi, s: DirtyState | null, ratio: number, ticks: number): void {
    const hz = this.#hz;
    const elapsed = Math.max(1, ticks - bdi.stamp.time);
    if (s) {
      if ((ticks - this.#limitStamp) * SECOND >= BANDWIDTH_INTERVAL * hz) {
        this.limit = nextLimit(this.limit, s.thresh, s.dirty);
        this.#limitStamp = ticks;
      }
      updateRatelimit(bdi.estimates, s, ratio, bdi.dirtied - bdi.stamp.dirtied, elapsed, hz);
    }
    updateBandwidth(bdi.estimates, bdi.written - bdi.stamp.written, elapsed, hz);
    bdi.stamp = { time: ticks, dirtied: bdi.dirtied, written: bdi.written };
  }

  /** A flusher begins to write a file: a device that stood idle for a second is measured from now on. */
  startEstimate(bdi: Bdi, now: Nanoseconds): void {
    const ticks = this.ticks(now);
    if (ticks - bdi.stamp.time > this.#hz && bdi.underWriteback + bdi.temps === 0)
      bdi.stamp = { time: ticks, dirtied: bdi.dirtied, written: bdi.written };
  }

  /** A flusher has written some of a file. */
  wrote(bdi: Bdi, now: Nanoseconds): void {
    const ticks = this.ticks(now);
    if (this.#due(bdi, ticks)) this.#update(bdi, null, 0, ticks);
  }

  /** Whether a flusher goes on in the background. */
  overBackground(bdi: Bdi, now: Nanoseconds): boolean {
    const s = this.look(null, now);
    if (this.#gauges.nr_dirty > s.background) return true;
    return bdi.reclaimable > bdi.threshold(now, s.background, this.minRatios);
  }

  /** Pages a flusher writes of one file before it looks round. */
  chunk(bdi: Bdi): Pages {
    const most = Math.min(Math.floor(bdi.estimates.average / 2), Math.floor(this.limit / 8));
    return Math.floor((most + MIN_CHUNK) / MIN_CHUNK) * MIN_CHUNK;
  }
}

/** MIN_WRITEBACK_PAGES: 4 MiB. */
const MIN_CHUNK: Pages = 1024;

function liftFor(s: DirtyState, limit: Pages): void {
  const limits = lifted({ thresh: s.thresh, background: s.background }, limit);
  s.thresh = limits.thresh;
  s.background = limits.background;
}
