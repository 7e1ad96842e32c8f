/**
 * A file on a mount that one thread writes is kept as counts (machine/streams.ts); as soon as anybody else has business with it, its pages have
 * numbers. Both are the same file: one is written twice here, the second time with a reader in the program that never comes to read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamedObjects } from '../../../simulator/engine/numbering.ts';
import type { Plan } from '../../../simulator/plan.ts';
import { createSimulation } from '../../../simulator/simulate.ts';
import * as make from '../plans.ts';
import { copier, fuseWorld, onFuse, SECOND, type FuseWorld } from './worlds.ts';

const MB = 1_000_000;
const COUNTS = ['throughput of copier', 'throughput of photos', 'throttle-time of copier', 'bdi-peak of photos'];

interface Case {
  readonly accounting: string;
  readonly daemon: FuseWorld['daemon'];
  /** Pages of the file; a small one is written over and over. */
  readonly pages: number;
  readonly rate?: number;
  readonly seconds?: number;
}

/** Time-weighted means of levels, what was counted, and when things stopped. */
function figuresOf({ accounting, daemon, pages, rate, seconds = 10 }: Case, numbered: boolean): Record<string, number> {
  const reader = make.process('reader', [
    make.phase('', [{ kind: 'idle', time: 1000 * SECOND }, make.passes(0, 1, { pages: 1 })]),
  ]);
  const world = fuseWorld({ accounting, ...(daemon ? { daemon } : {}), gib: 0.25, seconds });
  const made = make.plan({
    ...world,
    objects: [onFuse('photos', 0, pages)],
    processes: [copier(0, rate, pages), ...(numbered ? [reader] : [])],
  });
  const metrics = COUNTS.map((text) => {
    const [name, object] = text.split(' of ');
    return { name, object };
  });
  const plan: Plan = { ...made, plots: [{ metrics, over: 'phase', text: '' }] };
  const [{ scenario }] = plan.points;
  assert.equal(streamedObjects(scenario, scenario.objects).length, numbered ? 0 : 1);
  const simulation = createSimulation(plan);
  while (!simulation.advance(1_000_000).done);
  const [point] = simulation.report().points;
  assert.ok(!point.events.some(({ rule }) => rule === 'oom.kill'), 'nobody is killed for copies that come back');
  const mean = (name: string): number => {
    const series = point.series.find((one) => one.name === name);
    if (!series) return 0;
    const { t, y } = series;
    let sum = 0;
    for (let i = 1; i < t.length; i++) sum += y[i - 1] * (t[i] - t[i - 1]);
    return sum / (t[t.length - 1] - t[0]);
  };
  const of = (name: string, object: string) => point.objects!.find((one) => one.name === object)!.values![name];
  return {
    ...Object.fromEntries(metrics.map(({ name, object }) => [`${name} of ${object}`, of(name, object)])),
    threshold: mean('nr_dirty_threshold'),
    unwritten: mean('nr_dirty') + mean('nr_writeback') + mean('nr_writeback_temp'),
    'most-unwritten': point.measures['most-unwritten'],
    'time-to-exhaustion': point.measures['time-to-exhaustion'],
    'time-to-lockup': point.measures['time-to-lockup'],
  };
}

/** Differences of less than this do not count: one look of a writer (32 pages) for levels, a sample of memory (0.1 s) for moments. */
const slack = (figure: string): number => {
  if (/^(bdi-peak|most|unwritten|threshold)/.test(figure)) return 32;
  return /^time/.test(figure) ? SECOND / 10 : 0;
};

const same = (one: Case, share: number, but = ''): void => {
  const counts = figuresOf(one, false);
  const numbers = figuresOf(one, true);
  for (const [name, value] of Object.entries(counts)) {
    if (value === numbers[name] || name === but) continue;
    const most = share * Math.max(value, numbers[name]) + slack(name);
    assert.ok(Math.abs(value - numbers[name]) <= most, `${name}: ${value} and ${numbers[name]}`);
  }
};

const LARGE = 262_144;
const nowhere = (bandwidth: number) => ({ bandwidth, backing: 'none' });

for (const accounting of ['count-temps', 'strict', 'notemp'])
  test(`a file kept as counts has the thresholds, levels, pauses and throughput of one with page numbers, within 2 % (${accounting})`, () => {
    same({ accounting, daemon: nowhere(20 * MB), pages: LARGE, rate: 100 * MB }, 0.02);
    same({ accounting, daemon: nowhere(20 * MB), pages: LARGE }, 0.02);
    // four times as large as what may be dirty, and written again and again
    same({ accounting, daemon: nowhere(50 * MB), pages: 16_384 }, 0.02);
  });

test('where no limit holds copies back, memory fills and is shared out again alike, within 3 % (none)', () => {
  // Copies come back all the time: whether some are free whenever the watch looks, ten times a second, is chance.
  same({ accounting: 'none', daemon: nowhere(20 * MB), pages: LARGE, rate: 100 * MB }, 0.03, 'time-to-exhaustion');
  same({ accounting: 'none', daemon: nowhere(20 * MB), pages: LARGE }, 0.03, 'time-to-exhaustion');
});

test('with a daemon that needs memory to write, exhaustion and lock-up come at the same times, all else within 4 % (none)', () => {
  const one = { accounting: 'none', daemon: { bandwidth: 20 * MB }, pages: LARGE, rate: 100 * MB, seconds: 30 };
  assert.ok(figuresOf(one, true)['time-to-lockup'] < 30 * SECOND);
  same(one, 0.04);
});
