/**
 * Dirty pages of FUSE mounts against Linux 6.1.192 (emulated, one processor) and 6.18.44 (two processors): a daemon that discards at a limited
 * rate, dirty_bytes 64 MiB, five seconds. Peaks of what a mount holds against its threshold are the point; what deviates must say why.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordedFolder } from '../../cli/recorded-folder.ts';
import { fuseArea } from '../../simulator/fidelity/fuse.ts';
import type { FidelitySet } from '../../simulator/fidelity/sets.ts';

const folder = recordedFolder(join(import.meta.dirname, '../../samples/recordings/fuse'));
const sets = [...fuseArea.compare(folder)];
const of = (mode: string, pattern: RegExp): FidelitySet[] =>
  sets.filter((set) => set.mode === mode && pattern.test(set.name));

const within = (chosen: readonly FidelitySet[], figure: string, most: number) => {
  assert.ok(chosen.length > 0);
  for (const { name, errors, simulated, kernel } of chosen)
    assert.ok(Math.abs(errors[figure]) <= most, `${name}: ${figure} ${simulated[figure]} against ${kernel[figure]}`);
};

test('under the strict limit a mount’s peak is within 5 %, its threshold exact, for max_ratio 1 to 20 and one to four mounts (kernel 6.1)', () => {
  const strict = [
    ...of('6.1', /^mr .*max_ratio=(1|5|20)$/),
    ...of('6.1', /^mounts rate=\d+ mounts/),
    ...of('6.1', /^default/),
  ];
  assert.equal(strict.length, 9);
  within(strict, 'bdimax', 0.05);
  within(strict, 'bdithr', 0.005);
});

test('with max_ratio 100 and alone on the machine a mount fills the whole limit: peak within 0.2 %, throughput within 1 % (kernel 6.1)', () => {
  const [alone] = of('6.1', /^mr rate=1000000 max_ratio=100$/);
  within([alone], 'bdimax', 0.002);
  within([alone], 'mbps', 0.01);
});

test('without the strict limit max_ratio means nothing: the global limit is filled, within 1 %, throughput within 4 % (kernel 6.18)', () => {
  const loose = of('6.18', /^mr_nostrict/);
  assert.equal(loose.length, 8);
  within(loose, 'bdimax', 0.01);
  within(loose, 'mbps', 0.04);
});

test('a mount that never completes anything has no threshold: 128 KiB and it stands still (kernel 6.1)', () => {
  const stalled = of('6.1', /^stall/);
  within(stalled, 'bdimax', 0);
  within(stalled, 'bdithr', 0);
  within(stalled, 'mbps', 0);
});

test('the same levels without temporaries: peaks for max_ratio 1 to 20 within 11 % (kernel 6.18)', () => {
  within(of('6.18', /^mr .*max_ratio=(1|5|20)$/), 'bdimax', 0.11);
  within(of('6.18', /^mounts rate=\d+ mounts/), 'bdimax', 0.05);
});

test('every figure that is more than 15 % off says why', () => {
  for (const { name, mode, errors, notes } of sets) {
    const off = Object.entries(errors).filter(([, error]) => Math.abs(error) > 0.15);
    if (off.length > 0)
      assert.ok(notes && notes.length > 0, `${mode} ${name}: ${off.map(([figure]) => figure).join()}`);
  }
  assert.equal(sets.length, 54);
});
