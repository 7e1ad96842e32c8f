import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Device } from '../../../simulator/engine/device.ts';
import { EventQueue } from '../../../simulator/engine/event-queue.ts';
import { InFlight } from '../../../simulator/engine/in-flight.ts';
import { decayed, Pressure, PSI_PERIOD } from '../../../simulator/engine/pressure.ts';
import { ReadAhead } from '../../../simulator/engine/read-ahead.ts';
import { Sampler } from '../../../simulator/engine/sampler.ts';

test('events come out by time, those of one time in the order they were made', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(-1)), { maxLength: 400 }), (actions) => {
      const queue = new EventQueue();
      const model: { time: number; id: number }[] = [];
      actions.forEach((time, id) => {
        if (time >= 0) {
          queue.push(time, 1, id);
          model.push({ time, id });
        } else if (model.length > 0) {
          // sort is stable: ids ascend within one time
          model.sort((a, b) => a.time - b.time);
          const first = model.shift();
          queue.pop();
          assert.deepEqual({ time: queue.time, id: queue.actor }, first);
        }
        assert.equal(queue.size, model.length);
        assert.equal(queue.first, model.length > 0 ? Math.min(...model.map((event) => event.time)) : Infinity);
      });
    }),
  );
});

test('a device overlaps latencies up to its queue and never exceeds its bandwidth', () => {
  const costs = { latency: 100, bandwidth: 4096 * 1e8, depth: 2 }; // a page in 10 ns
  const device = new Device(costs);
  assert.equal(device.request(0, 1), 110);
  assert.equal(device.request(0, 1), 120);
  // Both slots are taken until 110; then latency again.
  assert.equal(device.request(0, 1), 220);
  assert.equal(device.request(1000, 5), 1150);
  assert.equal(device.caughtUp(2), 1130);
  assert.equal(device.busy, 80);
});

test('read-ahead windows grow as the kernel’s: 4 pages, then 16, then 32 of a maximum of 32', () => {
  const ahead = new ReadAhead(32);
  assert.equal(ahead.missed(0), true);
  assert.deepEqual([ahead.start, ahead.size], [0, 4]);
  // The mark is on page 1: all but the page asked for are read ahead.
  assert.equal(ahead.hit(1), true);
  assert.deepEqual([ahead.start, ahead.size], [4, 8]);
  assert.equal(ahead.hit(2), false);
  assert.equal(ahead.hit(4), true);
  assert.deepEqual([ahead.start, ahead.size], [12, 16]);
  assert.equal(ahead.hit(12), true);
  assert.deepEqual([ahead.start, ahead.size], [28, 32]);
  assert.equal(ahead.hit(28), true);
  assert.deepEqual([ahead.start, ahead.size], [60, 32]);
  assert.equal(ahead.missed(500), false);
  assert.equal(ahead.missed(501), true);
  assert.deepEqual([ahead.start, ahead.size], [501, 4]);
});

test('pages in flight are awaited until they arrive', () => {
  const flight = new InFlight(100);
  flight.add(10, 20, 500);
  flight.add(20, 21, 300);
  assert.equal(flight.arrival(9), 0);
  assert.equal(flight.arrival(15), 500);
  assert.equal(flight.arrival(20), 300);
  flight.settle(500);
  assert.equal(flight.arrival(15), 0);
});

test('pressure averages take the kernel’s steps: after 2 s of full stall avg10 is 18.12 %', () => {
  // calc_load(0, EXP_10s = 1677, 100 · 2048): (204800 · 371 + 2047) / 2048 = 37100.99
  assert.equal(decayed(0, 1677, 100 * 2048), 37_100);
  const pressure = new Pressure(4);
  pressure.change(0, 1, 0, 1);
  pressure.change(0, 0, 1, -1);
  pressure.settle(PSI_PERIOD);
  pressure.average();
  const levels = pressure.levels();
  assert.equal(levels['memory.pressure.some.total'], PSI_PERIOD);
  assert.equal(levels['memory.pressure.full.total'], PSI_PERIOD);
  assert.equal(levels['memory.pressure.some.avg10'], 18.11);
  assert.equal(levels['memory.pressure.some.avg60'], 3.27);
  // Without further stalls it decays.
  pressure.change(PSI_PERIOD, 0, -1, 1);
  pressure.settle(2 * PSI_PERIOD);
  pressure.average();
  assert.equal(
    pressure.levels()['memory.pressure.some.avg10'],
    Math.floor((Math.floor((37_100 * 1677) / 2048) * 100) / 2048) / 100,
  );
});

test('one of two busy tasks stalled on two processors: half of some, and of full as much', () => {
  const pressure = new Pressure(2);
  pressure.change(0, 1, 0, 1);
  pressure.change(0, 1, 0, 1);
  pressure.change(100, 0, 1, -1);
  pressure.change(200, 0, -1, 1);
  // Noted late, counted in time: the second stalls too, from 150 to 160.
  pressure.change(150, 0, 1, -1);
  pressure.change(160, 0, -1, 1);
  pressure.settle(1000);
  const { some, full } = pressure;
  // 90 ns with one of two stalled, 10 ns with both.
  assert.equal(some.total, 45 + 10);
  assert.equal(full.total, 45 + 10);
});

test('a task that waits for a plain read makes another’s stall full on one processor, not on two', () => {
  const full = (cpus: number) => {
    const pressure = new Pressure(cpus);
    pressure.change(0, 1, 1, 0); // stalled
    pressure.change(0, 1, 0, 0); // waits for a read that is nobody's workingset
    pressure.settle(100);
    return [pressure.some.total, pressure.full.total];
  };
  assert.deepEqual(full(1), [100, 100]);
  assert.deepEqual(full(2), [50, 50]);
});

test('a spike survives any thinning of samples', () => {
  const sampler = new Sampler(1, 0);
  const level = new Float64Array(1);
  for (let i = 0; i < 100_000; i++) {
    level[0] = i === 12_345 ? 99 : 1;
    sampler.record(i, level, new Float64Array(0));
  }
  const { t, y } = sampler.level(0, 250);
  assert.ok(t.length <= 250);
  assert.equal(Math.max(...y), 99);
  assert.equal(t[Array.from(y).indexOf(99)], 12_345);
});

test('rises over windows of time add up to the total, however often samples were thinned', () => {
  const sampler = new Sampler(0, 1);
  const rise = new Float64Array(1);
  let last = 0;
  for (let i = 0; i < 100_000; i += sampler.thinning) {
    rise[0] = 3 * i;
    last = 3 * i;
    sampler.record(i, new Float64Array(0), rise);
  }
  assert.ok(sampler.thinning > 1);
  const { t, y } = sampler.windows((column) => column(0));
  assert.ok(t.length <= 500 && t.length > 200);
  assert.equal(
    y.reduce((a, b) => a + b, 0),
    last,
  );
});
