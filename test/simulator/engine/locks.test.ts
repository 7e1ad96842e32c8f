/** Locks: order, hand-over, what is counted, and whom a deadlock finder would follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Locks, type LockMode } from '../../../simulator/engine/locks.ts';
import { waitCycle, type Waiter } from '../../../simulator/engine/waits.ts';
import { TimeHistogram } from '../../../simulator/engine/time-histogram.ts';

const HANDOFF = 100;

function rwsem(fair = true) {
  const locks = new Locks();
  return { locks, id: locks.add({ name: 'mmap_sem', kind: 'rwsem', handoff: HANDOFF, fair }) };
}

test('many readers hold a rwsem at once, a writer alone', () => {
  const { locks, id } = rwsem();
  assert.ok(locks.acquire(id, 1, 'read', 0));
  assert.ok(locks.acquire(id, 2, 'read', 0));
  assert.equal(locks.acquire(id, 3, 'write', 0), false);
  assert.deepEqual(locks.release(id, 1, 10), []);
  assert.deepEqual(locks.release(id, 2, 20), [{ actor: 3, time: 20 + HANDOFF }]);
  assert.ok(locks.woken(3, 120));
  assert.equal(locks.tryAcquire(id, 4, 'read', 130), false);
  assert.equal(locks.all[id].busy, 1);
});

test('a reader behind a waiting writer waits too, and all readers up to the next writer are let in together (fair rwsem)', () => {
  const { locks, id } = rwsem();
  locks.acquire(id, 1, 'read', 0);
  locks.acquire(id, 2, 'write', 1);
  assert.equal(locks.acquire(id, 3, 'read', 2), false);
  assert.equal(locks.acquire(id, 4, 'read', 3), false);
  assert.equal(locks.acquire(id, 5, 'write', 4), false);
  assert.deepEqual(
    locks.release(id, 1, 10).map((w) => w.actor),
    [2],
  );
  assert.deepEqual(
    locks.release(id, 2, 200).map((w) => w.actor),
    [3, 4],
  );
  assert.deepEqual(locks.release(id, 3, 400), []);
  assert.deepEqual(
    locks.release(id, 4, 500).map((w) => w.actor),
    [5],
  );
});

test('a hand-over costs sleep and wake-up: the lock is taken, and idle, until its next holder runs', () => {
  const locks = new Locks();
  const id = locks.add({ name: 'tree', kind: 'mutex', handoff: HANDOFF });
  locks.acquire(id, 1, 'write', 0);
  locks.acquire(id, 2, 'write', 40);
  assert.deepEqual(locks.release(id, 1, 50), [{ actor: 2, time: 150 }]);
  assert.equal(locks.acquire(id, 3, 'write', 60), false);
  locks.release(id, 2, 170);
  const { wait, hold, contended } = locks.all[id];
  assert.equal(contended, 2);
  assert.equal(wait.write.max, 270 - 60);
  assert.equal(wait.write.sum, 0 + 110 + 210);
  assert.equal(hold.write.sum, 50 + 20);
});

test('an unfair lock is taken in the gap, and the woken waiter stays first in the queue', () => {
  const { locks, id } = rwsem(false);
  locks.acquire(id, 1, 'write', 0);
  locks.acquire(id, 2, 'write', 1);
  assert.deepEqual(locks.release(id, 1, 10), [{ actor: 2, time: 110 }]);
  assert.ok(locks.acquire(id, 3, 'write', 50));
  assert.equal(locks.woken(2, 110), false);
  assert.equal(locks.waitsFor(2)?.since, 1);
  assert.deepEqual(locks.release(id, 3, 120), [{ actor: 2, time: 220 }]);
  assert.ok(locks.woken(2, 220));
  assert.equal(locks.all[id].wait.write.max, 219);
});

test('a killed waiter leaves the queue and lets in whom it kept out', () => {
  const { locks, id } = rwsem();
  locks.acquire(id, 1, 'read', 0);
  locks.acquire(id, 2, 'write', 1);
  locks.acquire(id, 3, 'read', 2);
  assert.deepEqual(
    locks.abandon(2, 5).map((w) => w.actor),
    [3],
  );
  assert.ok(locks.holds(id, 3));
});

test('two that wait for each other are a cycle that the walk over waits names; a reader does not block a reader', () => {
  const locks = new Locks();
  const a = locks.add({ name: 'a', kind: 'mutex', handoff: 0 });
  const b = locks.add({ name: 'b', kind: 'rwsem', handoff: 0 });
  locks.acquire(a, 1, 'write', 0);
  locks.acquire(b, 2, 'read', 0);
  locks.acquire(b, 3, 'read', 0);
  locks.acquire(b, 1, 'write', 1);
  assert.deepEqual(locks.blockers(1), [2, 3]);
  const waiter = (actor: number): Waiter => waiters[actor - 1];
  const waiters: readonly Waiter[] = [1, 2, 3].map((actor) => ({
    name: String(actor),
    waitsFor: 'lock',
    get waitsOn() {
      const blockers = locks.blockers(actor);
      return blockers.length === 0 ? null : { name: 'lock', owners: () => blockers.map(waiter) };
    },
  }));
  const cycleFrom = (actor: number) => waitCycle(waiter(actor))?.map(({ who }) => who.name);
  assert.equal(cycleFrom(1), undefined);
  locks.acquire(a, 2, 'write', 2);
  assert.deepEqual(cycleFrom(1), ['1', '2']);
  assert.equal(cycleFrom(3), undefined);
});

test('random use: never a writer beside anyone, nobody forgotten, first come first served among writers', () => {
  const step = fc.record({ actor: fc.nat(7), mode: fc.constantFrom<LockMode>('read', 'write'), gap: fc.nat(150) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, fair) => {
      const { locks, id } = rwsem(fair);
      const lock = locks.all[id];
      const wakes: { actor: number; time: number }[] = [];
      const awake = new Set<number>();
      const asked: number[] = [];
      const got: number[] = [];
      let now = 0;
      let waits = 0;
      const took = (actor: number) => {
        awake.add(actor);
        if (lock.holders.find((h) => h.actor === actor)!.mode === 'write') got.push(actor);
      };
      const settle = (until: number) => {
        for (;;) {
          wakes.sort((x, y) => x.time - y.time);
          if (wakes.length === 0 || wakes[0].time > until) break;
          const { actor, time } = wakes.shift()!;
          now = Math.max(now, time);
          if (locks.woken(actor, time)) took(actor);
        }
        now = Math.max(now, until);
      };
      const letGo = (actor: number) => {
        awake.delete(actor);
        wakes.push(...locks.release(id, actor, now));
      };
      for (const { actor, mode, gap } of steps) {
        settle(now + gap);
        if (awake.has(actor)) letGo(actor);
        else if (locks.waitsFor(actor) === undefined && !lock.holders.some((h) => h.actor === actor)) {
          if (mode === 'write') asked.push(actor);
          if (locks.acquire(id, actor, mode, now)) took(actor);
          else waits++;
        }
        if (lock.holders.some((h) => h.mode === 'write')) assert.equal(lock.holders.length, 1);
      }
      for (let i = 0; i < 1000 && (lock.holders.length > 0 || lock.waiters.length > 0); i++) {
        settle(now + HANDOFF);
        for (const actor of [...awake]) letGo(actor);
      }
      assert.equal(lock.waiters.length, 0);
      assert.equal(lock.contended, waits);
      if (fair) assert.deepEqual(got, asked);
    }),
  );
});

test('a percentile is at most an eighth below the true one, up to 2^53 ns', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(200), fc.maxSafeNat()), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 1, max: 100 }),
      (times, percent) => {
        const histogram = new TimeHistogram();
        for (const time of times) histogram.add(time);
        const sorted = [...times].sort((x, y) => x - y);
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * times.length)) - 1];
        const read = histogram.percentile(percent / 100);
        assert.ok(read <= exact && exact - read <= exact / 8, `${read} for ${exact}`);
        assert.equal(histogram.max, sorted.at(-1));
        const shown = histogram.distribution('wait')!;
        assert.equal(
          shown.counts.reduce((sum, n) => sum + n, 0),
          times.length,
        );
        assert.ok(shown.edges.every((edge, i) => i === 0 || edge > shown.edges[i - 1]));
      },
    ),
  );
});
