/** Invariants I1–I6 and I8 of two-list reclaim on random machines and workloads: frames, shadows, counters, clocks, equivalences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { MISS, OUT_OF_MEMORY } from '../../../simulator/machine/memory.ts';
import type { ListReclaimer } from '../../../simulator/machine/reclaimer.ts';
import { Random } from '../../../simulator/workload/random.ts';
import { counter, machine, statesOf, type SmallMachine } from '../support/machine.ts';

const kernels = ['classic', 'refault-2013', 'v3.15', 'v6.1'] as const;

interface Case {
  readonly spec: SmallMachine;
  readonly seed: number;
  readonly accesses: number;
  readonly fileShare: number;
  readonly hot: number;
  readonly reads: boolean;
}

const cases = fc.record({
  variant: fc.constantFrom(...kernels),
  memory: fc.integer({ min: 600, max: 4000 }),
  file: fc.integer({ min: 1, max: 12_000 }),
  anon: fc.integer({ min: 0, max: 1500 }),
  swap: fc.constantFrom(0, 300, 4000),
  sync: fc.boolean(),
  limited: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  accesses: fc.integer({ min: 1, max: 30_000 }),
  fileShare: fc.integer({ min: 20, max: 100 }),
  hot: fc.integer({ min: 1, max: 100 }),
  reads: fc.boolean(),
  swappiness: fc.constantFrom(0, 60, 100, 200),
  values: fc.constantFrom({}, {}, { throttle: true, shrinker: true }, { demotion: 'ideal', compare: 'lt' }),
});

type Drawn = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const toCase = (d: Drawn): Case => ({
  spec: {
    variant: d.variant,
    values: d.variant === 'refault-2013' ? d.values : {},
    memory: d.memory,
    files: [d.file],
    anon: d.anon > 0 ? [d.anon] : [],
    ...(d.swap > 0 ? { swap: d.swap, swapLatency: d.sync ? 5000 : 100_000 } : {}),
    ...(d.limited ? { limits: [Math.floor(d.memory / 2)] } : {}),
    sysctls: { 'vm.swappiness': d.swappiness },
  },
  seed: d.seed,
  accesses: d.accesses,
  fileShare: d.anon > 0 ? d.fileShare : 100,
  hot: d.hot,
  reads: d.reads,
});

/** Half of the accesses go to a hot part; files are read, written and mapped, anonymous memory is loaded from and stored to. */
function words(c: Case): Uint32Array {
  const random = new Random(7, c.seed);
  const file = c.spec.files![0];
  const anon = c.spec.anon?.[0] ?? 0;
  return Uint32Array.from({ length: c.accesses }, () => {
    const toFile = random.below(100) < c.fileShare;
    const pages = toFile ? file : anon;
    const page = random.below(random.below(2) === 0 ? pages : Math.ceil((pages * c.hot) / 100)) + (toFile ? 0 : file);
    const kind = random.below(10);
    const op = toFile
      ? c.reads || kind < 7
        ? OP_READ
        : kind < 9
          ? OP_LOAD
          : OP_WRITE
      : kind < 5
        ? OP_LOAD
        : kind < 8
          ? OP_STORE
          : kind < 9
            ? OP_READ
            : OP_WRITE;
    return ((op << OP_SHIFT) | page) >>> 0;
  });
}

const runs = { numRuns: 40, seed: 20130424 };

test('frames, lists, shadows, swap slots and tree nodes are conserved, in each kernel, whatever is accessed (I1, I2)', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const c = toCase(drawn);
      const memory = machine(c.spec);
      const all = words(c);
      const cgroup = c.spec.limits === undefined ? 0 : 1;
      for (let at = 0; at < all.length; at += 4096) {
        const n = Math.min(4096, all.length - at);
        const done = memory.run(all, at, n, cgroup);
        memory.checkConservation();
        if (done < n) break;
      }
      memory.release(c.spec.files![0], c.spec.anon?.[0] ?? 0);
      memory.checkConservation();
      memory.release(0, c.spec.files![0]);
      memory.checkConservation();
    }),
    runs,
  );
});

test('no more is stolen than scanned, no more activated than refaulted, no more restored than activated (I3, I4)', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const c = toCase(drawn);
      const memory = machine(c.spec);
      const all = words(c);
      memory.run(all, 0, all.length, c.spec.limits === undefined ? 0 : 1);
      const n = (name: Parameters<typeof counter>[1]) => counter(memory, name);
      assert.ok(n('pgsteal_kswapd') <= n('pgscan_kswapd') && n('pgsteal_direct') <= n('pgscan_direct'));
      assert.equal(n('pgscan_kswapd') + n('pgscan_direct'), n('pgscan_file') + n('pgscan_anon'));
      assert.equal(n('pgsteal_kswapd') + n('pgsteal_direct'), n('pgsteal_file') + n('pgsteal_anon'));
      for (const type of ['file', 'anon'] as const) {
        assert.ok(n(`workingset_activate_${type}`) <= n(`workingset_refault_${type}`));
        assert.ok(n(`workingset_restore_${type}`) <= n(`workingset_activate_${type}`));
      }
      assert.equal(n('pswpout'), memory.io.swapOuts);
      assert.equal(n('pgpgin'), memory.io.reads);
    }),
    runs,
  );
});

test('activations and refault activations less deactivations are the size of the active list (I5)', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      // batches of one: a page activated while it waits to be added is not counted, by the kernel either
      const c = toCase({ ...drawn, variant: 'v6.1', anon: 0, reads: true });
      const memory = machine({ ...c.spec, values: { batch: 1 } });
      const all = words(c);
      memory.run(all, 0, all.length, 0);
      const active = (memory.reclaimer as ListReclaimer).sizes(0).activeFile;
      const come = counter(memory, 'pgactivate') + counter(memory, 'workingset_activate_file');
      assert.equal(active, come - counter(memory, 'pgdeactivate'));
    }),
    runs,
  );
});

test('without shadows v3.15 is classic, access by access (I8)', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const c = toCase({ ...drawn, variant: 'classic' });
      const all = words(c);
      const bits = ['classic', 'v3.15'].map((variant) => {
        const memory = machine({ ...c.spec, variant, values: variant === 'classic' ? {} : { 'shadow-limit': 0 } });
        const missed = new Uint8Array(Math.ceil(all.length / 8));
        memory.run(all, 0, all.length, c.spec.limits === undefined ? 0 : 1, missed);
        return Buffer.from(missed).toString('hex');
      });
      assert.equal(bits[0], bits[1]);
    }),
    runs,
  );
});

test('a page that returns at once has gone through distance 0 in v3.15, 1 in v6.1 (I6)', () => {
  for (const [variant, expected] of [
    ['v3.15', 0],
    ['v6.1', 1],
  ] as const) {
    const memory = machine({ variant, memory: 600, files: [5000] });
    let evicted = -1;
    let distance = -1;
    memory.setLog((rule, page, a) => {
      if (rule === 'reclaim.evict') evicted = page;
      if (rule.startsWith('reclaim.refault')) distance = a;
    });
    for (let page = 0; page < 5000 && distance < 0; page++) {
      memory.access(page, 0);
      if (evicted >= 0) memory.access(evicted, 0);
    }
    assert.equal(distance, expected, variant);
  }
});

test('a block in the tight loop and the same accesses one by one leave the same memory behind', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const c = toCase(drawn);
      const cgroup = c.spec.limits === undefined ? 0 : 1;
      const all = words(c);
      const block = machine(c.spec);
      const single = machine(c.spec);
      const missed = new Uint8Array(Math.ceil(all.length / 8));
      const done = block.run(all, 0, all.length, cgroup, missed);
      let at = 0;
      for (; at < all.length; at++) {
        const outcome = single.access(all[at], cgroup);
        if ((outcome & OUT_OF_MEMORY) !== 0) break;
        assert.equal((missed[at >> 3] >> (at & 7)) & 1, outcome & MISS, `access ${at}`);
      }
      assert.equal(at, done);
      assert.deepEqual(block.counters, single.counters);
      assert.deepEqual(block.reclaimer.tally, single.reclaimer.tally);
      assert.deepEqual(statesOf(block), statesOf(single));
    }),
    runs,
  );
});

test('how a sequence is cut into blocks changes nothing', () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 5000 }), (drawn, cut) => {
      const c = toCase(drawn);
      const cgroup = c.spec.limits === undefined ? 0 : 1;
      const all = words(c);
      const whole = machine(c.spec);
      const cutUp = machine(c.spec);
      whole.run(all, 0, all.length, cgroup);
      for (let at = 0; at < all.length; at += cut) {
        const n = Math.min(cut, all.length - at);
        if (cutUp.run(all, at, n, cgroup) < n) break;
      }
      assert.deepEqual(cutUp.counters, whole.counters);
      assert.deepEqual(statesOf(cutUp), statesOf(whole));
    }),
    runs,
  );
});

test('nothing is lost while kswapd races, limits move, pages are locked, written back, read ahead and freed in between', () => {
  fc.assert(
    fc.property(cases, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (drawn, dice) => {
      const c = toCase({ ...drawn, accesses: Math.min(drawn.accesses, 6000) });
      const memory = machine({ ...c.spec, kswapd: 'concurrent' });
      const file = c.spec.files![0];
      const pages = file + (c.spec.anon?.[0] ?? 0);
      const cgroup = c.spec.limits === undefined ? 0 : 1;
      const random = new Random(dice[0], c.seed);
      const written: number[] = [];
      const into = new Uint32Array(16);
      for (const [i, word] of words(c).entries()) {
        if ((memory.access(word, cgroup) & OUT_OF_MEMORY) !== 0) memory.release(0, pages);
        if (memory.kswapdAwake && random.below(4) === 0) memory.kswapdStep();
        const start = random.below(pages);
        const run = Math.min(pages - start, 1 + random.below(200));
        switch ((dice[i % dice.length] + random.below(400)) % 400) {
          case 0:
            memory.setLocked(start, Math.min(run, 20), random.below(2) === 0);
            break;
          case 1:
            memory.release(start, run);
            break;
          case 2:
            if (start < file) memory.readAhead(start, cgroup);
            break;
          case 3:
            for (let n = memory.takeDirty(16, into); n > 0; n--) written.push(into[n - 1]);
            break;
          case 4:
            for (const page of written.splice(0, 8)) memory.writebackDone(page);
            break;
          case 5:
            if (cgroup > 0) {
              const value = (100 + random.below(c.spec.memory)) * 4096;
              memory.apply({ kind: 'cgroup', cgroup, name: 'memory.max', value });
            }
            break;
          default:
            break;
        }
        if (i % 512 === 0) memory.checkConservation();
      }
      memory.setLocked(0, pages, false);
      memory.checkConservation();
      memory.release(0, pages);
      memory.checkConservation();
      // only stocks are left
      assert.ok(memory.usage(cgroup) <= 66, `${memory.usage(cgroup)} pages still charged`);
    }),
    { ...runs, numRuns: 120 },
  );
});
