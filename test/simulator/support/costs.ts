/** What pieces of work cost beside each other, in processor time: the only thing a test may say about speed. */
import assert from 'node:assert/strict';
import process from 'node:process';

const ROUNDS = 3;
/** A machine so busy that it spoils three measurements in a row says so by failing everything else, too. */
const TRIES = 3;

/** The least processor time of each piece, in microseconds: all in turns, once to warm up, then three times. */
export function costs(pieces: readonly (() => void)[]): number[] {
  const best = pieces.map(() => Infinity);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, piece] of pieces.entries()) {
      const { user, system } = process.cpuUsage();
      piece();
      const spent = process.cpuUsage();
      if (round > 0) best[i] = Math.min(best[i], spent.user + spent.system - user - system);
    }
  return best;
}

/** Holds `piece` to at most `most` times what `yardstick` costs. Bounds are at least twice what was measured when they were set. */
export function costsAtMost(most: number, piece: () => void, yardstick: () => void): void {
  const ratios: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const [cost, unit] = costs([piece, yardstick]);
    ratios.push(cost / unit);
    if (cost <= most * unit) return;
  }
  assert.fail(`it costs ${ratios.map((r) => r.toFixed(1)).join(', ')} times as much, more than ${most}`);
}
