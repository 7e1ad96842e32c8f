import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  accessCosts,
  adaptiveThreshold,
  bandwidthBoundReuse,
  breakEvenAccesses,
  breakEvenReuse,
  clairvoyantCost,
  counterCost,
  migrationCost,
  plainMigration,
} from '../../../simulator/device/break-even.ts';
import { GIB, KIB, MIB } from '../../../simulator/units.ts';
import { device } from './support.ts';

const rounded = (value: number): number => Number(value.toPrecision(3));

test('the bandwidth-bound table: 45 µs a fault, 25 GB/s against 1 TB/s, and 375 GB/s against 3.4 TB/s (A9)', () => {
  const pcie = { fault: 45_000, link: 25e9, local: 1e12, batching: 1, used: 1 };
  assert.equal(rounded(bandwidthBoundReuse({ ...pcie, unit: 4 * KIB })), 283);
  assert.equal(rounded(bandwidthBoundReuse({ ...pcie, unit: 64 * KIB })), 18.6);
  assert.equal(rounded(bandwidthBoundReuse({ ...pcie, unit: 64 * KIB, batching: 16 })), 2.13);
  assert.equal(rounded(bandwidthBoundReuse({ ...pcie, unit: 2 * MIB })), 1.58);
  const c2c = { fault: 45_000, link: 375e9, local: 3.4e12, batching: 1, used: 1 };
  assert.equal(rounded(bandwidthBoundReuse({ ...c2c, unit: 64 * KIB })), 291);
  assert.equal(rounded(bandwidthBoundReuse({ ...c2c, unit: 2 * MIB })), 10.2);
});

test('a faster link raises the break-even: what a fault costs stays, and far access gets cheaper', () => {
  const reuse = (h2d: number): number =>
    breakEvenReuse(device({ link: { h2d }, local: { bandwidth: 3.4e12, latency: 0 } }), plainMigration(64 * KIB));
  assert.ok(reuse(100e9) > reuse(25e9));
  assert.ok(reuse(375e9) > reuse(100e9));
});

test('the default device: 5.12 ns a granule over the link, 0.39 ns at home', () => {
  const { remote, local } = accessCosts(device());
  assert.equal(remote, 5.12);
  assert.equal(local, 400 / 1024);
});

test('where local access is no cheaper than the link, moving never pays', () => {
  const slow = device({ local: { latency: 1_000_000 } });
  assert.equal(breakEvenAccesses(slow, plainMigration(4 * KIB)), Infinity);
});

test('a counter with threshold N* is within 2 − c_l/c_r of who knows the future, for any costs and any number of accesses (ski rental)', () => {
  fc.assert(
    fc.property(
      fc.record({
        h2d: fc.integer({ min: 100_000_000, max: 1_000_000_000_000 }),
        local: fc.integer({ min: 1_000_000_000, max: 10_000_000_000_000 }),
        latency: fc.integer({ min: 0, max: 100_000 }),
        batch: fc.integer({ min: 0, max: 1_000_000 }),
        unit: fc.constantFrom(4 * KIB, 64 * KIB, 2 * MIB),
        evictions: fc.double({ min: 0, max: 1, noNaN: true }),
        n: fc.double({ min: 0, max: 20, noNaN: true }),
      }),
      ({ h2d, local, latency, batch, unit, evictions, n }) => {
        const parameters = device({
          link: { h2d, latency },
          local: { bandwidth: local },
          fault: { 'batch-cost': batch },
        });
        const move = { ...plainMigration(unit), evictions, evictionCost: 90_000 };
        const costs = accessCosts(parameters);
        fc.pre(costs.remote > costs.local);
        const star = breakEvenAccesses(parameters, move);
        const accesses = n * star;
        const ratio = counterCost(parameters, move, accesses, star) / clairvoyantCost(parameters, move, accesses);
        fc.pre(accesses > 0);
        assert.ok(ratio <= (2 - costs.local / costs.remote) * (1 + 1e-9), `${ratio}`);
      },
    ),
    { numRuns: 500 },
  );
});

test('the bound is reached just at N*, and any other threshold is worse for somebody', () => {
  const parameters = device();
  const move = plainMigration(4 * KIB);
  const star = breakEvenAccesses(parameters, move);
  const { remote, local } = accessCosts(parameters);
  const bound = 2 - local / remote;
  const at = counterCost(parameters, move, star, star) / clairvoyantCost(parameters, move, star);
  assert.ok(Math.abs(at - bound) < 1e-9);
  const worst = (t: number): number => counterCost(parameters, move, t, t) / clairvoyantCost(parameters, move, t);
  assert.ok(worst(star / 4) > bound + 0.5);
  assert.ok(worst(star * 4) > bound + 0.5);
});

test('an adaptive threshold rises when what comes makes others leave', () => {
  const parameters = device({ device: { memory: GIB } });
  assert.ok(adaptiveThreshold(parameters, 1) > adaptiveThreshold(parameters, 0) * 1.5);
  assert.equal(
    adaptiveThreshold(parameters, 0),
    Math.ceil(migrationCost(parameters, plainMigration(2 * MIB)) / (5.12 - 400 / 1024)),
  );
});
