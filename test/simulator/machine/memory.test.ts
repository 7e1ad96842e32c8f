/** The machine's memory in small cases that can be worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OP_LOAD, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { emptyGauges } from '../../../simulator/machine/memory-core.ts';
import {
  DIRECT_RECLAIM,
  HIT,
  MISS,
  OUT_OF_MEMORY,
  READ_IO,
  SWAP_IN,
  WORKINGSET_STALL,
  ZEROED,
  type Memory,
} from '../../../simulator/machine/memory.ts';
import type { ListReclaimer } from '../../../simulator/machine/reclaimer.ts';
import { watermarks } from '../../../simulator/machine/watermarks.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';
import { counter, machine, misses, resident, sequential } from '../support/machine.ts';

const word = (op: number, page: number) => ((op << OP_SHIFT) | page) >>> 0;
const gauges = (memory: Memory) => memory.gauges(emptyGauges());
const all = (op: number, start: number, pages: number) => sequential(start, pages).map((page) => word(op, page));

test('watermarks of 64 MiB: 4·√KiB = 1 MiB free at least, a quarter and a half more for kswapd (page_alloc.c, 3.15 and 6.1)', () => {
  assert.deepEqual(watermarks(16_384, '3.15', undefined, 10), { min: 256, low: 320, high: 384, gap: 164 });
  assert.deepEqual(watermarks(16_384, '6.1', undefined, 10), { min: 256, low: 320, high: 384, gap: 0 });
});

test('watermarks of 64 GiB: 3.15 and 6.1 agree on 32 MiB, 6.1 spaces them by a thousandth of memory; min_free_kbytes overrides', () => {
  const pages = 16 * 1024 * 1024;
  assert.deepEqual(watermarks(pages, '3.15', undefined, 10), { min: 8192, low: 10_240, high: 12_288, gap: 10_240 });
  assert.deepEqual(watermarks(pages, '6.1', undefined, 10), { min: 8192, low: 24_969, high: 41_746, gap: 0 });
  assert.equal(watermarks(pages, '6.1', 65_536, 10).min, 16_384);
});

test('a first read misses and reads the disk; the next is a hit', () => {
  const memory = machine({ variant: 'v6.1', memory: 1000, files: [10] });
  assert.equal(memory.access(3, 0), MISS | READ_IO);
  assert.equal(memory.access(3, 0), HIT);
  assert.deepEqual(memory.reclaimer.tally, { hits: 1, misses: 1 });
  assert.equal(memory.io.reads, 1);
  assert.equal(counter(memory, 'pgpgin'), 1);
});

test('reading the page just read is no touch: it takes another page in between to activate one (filemap_read)', () => {
  const memory = machine({ variant: 'v6.1', values: { batch: 1 }, memory: 1000, files: [10] });
  for (const page of [1, 1, 1, 1]) memory.access(page, 0);
  assert.equal(gauges(memory).nr_active_file, 0);
  for (const page of [2, 1]) memory.access(page, 0);
  assert.equal(gauges(memory).nr_active_file, 1);
});

test('write() touches up to 4.6 and does not in 6.1 (bbddabe2e436); either way no disk is read', () => {
  for (const [variant, active] of [
    ['v3.15', 1],
    ['v6.1', 0],
  ] as const) {
    const memory = machine({ variant, memory: 1000, files: [10] });
    assert.equal(memory.access(word(OP_WRITE, 1), 0), MISS);
    memory.access(word(OP_WRITE, 1), 0);
    (memory.reclaimer as ListReclaimer).drain?.();
    assert.equal(gauges(memory).nr_active_file, active, variant);
    assert.equal(memory.io.reads, 0);
    assert.equal(gauges(memory).nr_dirty, 1);
  }
});

test('read-ahead brings a page in without touching it: it takes two reads to activate it', () => {
  const memory = machine({ variant: 'v6.1', values: { batch: 1 }, memory: 1000, files: [10] });
  assert.equal(memory.readAhead(1, 0), MISS | READ_IO);
  assert.equal(memory.readAhead(1, 0), HIT);
  for (const page of [1, 2]) memory.access(page, 0);
  assert.equal(gauges(memory).nr_active_file, 0);
  memory.access(1, 0);
  assert.equal(gauges(memory).nr_active_file, 1);
});

test('kswapd starts at low and stops at high; no task reclaims for itself', () => {
  const memory = machine({ variant: 'v6.1', memory: 16_384, files: [30_000] });
  let least = Infinity;
  for (let page = 0; page < 30_000; page++) {
    assert.equal(memory.access(page, 0) & DIRECT_RECLAIM, 0);
    least = Math.min(least, gauges(memory).nr_free_pages);
  }
  assert.equal(least, 320);
  assert.ok(counter(memory, 'pageoutrun') > 0);
  assert.equal(counter(memory, 'allocstall'), 0);
});

test('a concurrent kswapd only wakes; left alone, tasks reclaim for themselves at min; stepped, it gets back to high', () => {
  const memory = machine({ variant: 'v6.1', memory: 16_384, files: [40_000], kswapd: 'concurrent' });
  let page = 0;
  while (!memory.kswapdAwake) memory.access(page++, 0);
  assert.equal(gauges(memory).nr_free_pages, 319);
  while ((memory.access(page++, 0) & DIRECT_RECLAIM) === 0) assert.ok(page < 40_000);
  assert.ok(counter(memory, 'allocstall') === 1 && counter(memory, 'pgsteal_kswapd') === 0);
  let steps = 0;
  while (memory.kswapdAwake && steps++ < 1000) memory.kswapdStep();
  assert.ok(gauges(memory).nr_free_pages >= 384);
  assert.ok(counter(memory, 'pgsteal_kswapd') > 0);
  memory.checkConservation();
});

test('anonymous memory without swap fills memory down to the min watermark, then there is nothing but the OOM killer', () => {
  for (const variant of ['classic', 'v3.15', 'v6.1']) {
    const memory = machine({ variant, memory: 2000, anon: [4000] });
    const words = all(OP_STORE, 0, 4000);
    const done = memory.run(words, 0, 4000, 0);
    const { min } = watermarks(2000, variant === 'v6.1' ? '6.1' : '3.15', undefined, 10);
    const tables = Math.ceil(done / 512);
    assert.equal(done, 2000 - min - tables, variant);
    assert.equal(memory.access(words[done], 0) & OUT_OF_MEMORY, OUT_OF_MEMORY);
    assert.equal(memory.release(0, 4000), done);
    assert.equal(gauges(memory).nr_free_pages, 2000);
    memory.checkConservation();
  }
});

test('with swap the same region fits; what was swapped out comes back with a read from swap', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, anon: [4000], swap: 4000 });
  assert.equal(memory.run(all(OP_STORE, 0, 4000), 0, 4000, 0), 4000);
  assert.equal(memory.io.zeroed, 4000);
  assert.equal(memory.reclaimer.tally.misses, 0);
  const swapped = gauges(memory).nr_swap_used;
  assert.equal(swapped, 4000 - resident(memory, 0, 4000));
  assert.equal(memory.access(word(OP_LOAD, 0), 0) & (MISS | SWAP_IN | ZEROED), MISS | SWAP_IN);
  assert.equal(counter(memory, 'pswpin'), 1);
  memory.checkConservation();
});

test('a page loaded back from a slow device keeps its slot and leaves again unwritten; zram gives the slot up', () => {
  for (const [swapLatency, kept] of [
    [100_000, 1],
    [5_000, 0],
  ] as const) {
    const memory = machine({ variant: 'v6.1', memory: 2000, anon: [3000], swap: 4000, swapLatency });
    memory.run(all(OP_STORE, 0, 3000), 0, 3000, 0);
    const before = gauges(memory).nr_swap_used;
    const out = counter(memory, 'pswpout');
    memory.access(word(OP_LOAD, 0), 0);
    const written = counter(memory, 'pswpout') - out;
    assert.equal(gauges(memory).nr_swap_used, before + written - 1 + kept);
    memory.checkConservation();
  }
});

test('locked pages stay, whatever is read; unlocked they leave', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [500, 20_000] });
  misses(memory, sequential(0, 500));
  memory.setLocked(0, 500, true);
  assert.equal(gauges(memory).nr_unevictable, 500);
  misses(memory, sequential(500, 20_000));
  assert.equal(resident(memory, 0, 500), 500);
  memory.checkConservation();
  memory.setLocked(0, 500, false);
  misses(memory, sequential(500, 20_000));
  assert.equal(resident(memory, 0, 500), 0);
  memory.checkConservation();
});

test('dirty pages are taken oldest first, and are neither dirty nor under writeback once written', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [100] });
  for (const page of [5, 3, 9]) memory.access(word(OP_WRITE, page), 0);
  const into = new Uint32Array(2);
  assert.equal(memory.takeDirty(2, into), 2);
  assert.deepEqual([...into], [5, 3]);
  assert.deepEqual([gauges(memory).nr_dirty, gauges(memory).nr_writeback], [1, 2]);
  memory.access(word(OP_WRITE, 5), 0);
  memory.writebackDone(5);
  memory.writebackDone(3);
  assert.deepEqual([gauges(memory).nr_dirty, gauges(memory).nr_writeback], [2, 0]);
  assert.equal(memory.takeDirty(9, new Uint32Array(9)), 2);
});

test('a dirty page that reclaim meets is written before it is freed, and counted for the disk', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [4000] });
  memory.run(all(OP_WRITE, 0, 4000), 0, 4000, 0);
  const gone = 4000 - resident(memory, 0, 4000);
  assert.equal(memory.io.writes, gone);
  assert.deepEqual(memory.takeQueuedWrites(), { file: gone, swap: 0 });
  assert.deepEqual(memory.takeQueuedWrites(), { file: 0, swap: 0 });
  assert.equal(gauges(memory).nr_dirty, 4000 - gone);
});

test('a page under writeback at the end of the list waits on the active one, and goes to the reclaim end when written', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [4000] });
  for (let page = 0; page < 100; page++) memory.access(word(OP_WRITE, page), 0);
  memory.takeDirty(100, new Uint32Array(100));
  misses(memory, sequential(100, 3000));
  assert.equal(resident(memory, 0, 100), 100);
  for (let page = 0; page < 100; page++) memory.writebackDone(page);
  assert.ok(counter(memory, 'pgrotated') > 0);
  misses(memory, sequential(3100, 900));
  assert.equal(resident(memory, 0, 100), 0);
  memory.checkConservation();
});

test('a cgroup full of anonymous memory without swap and of pages under writeback runs out of memory, in every kernel', () => {
  // With these numbers of files the lists of old kernels went on changing places for ever.
  for (const variant of ['classic', 'refault-2013', 'v3.15', 'v6.1', 'mglru-6.1'])
    for (const files of [15, 63, 127])
      for (const passes of [1, 2]) {
        const memory = machine({ variant, memory: 2000, files: [files], anon: [1000], limits: [200] });
        for (let i = 0; i < passes * files; i++) memory.access(word(OP_WRITE, i % files), 1);
        memory.takeDirty(files, new Uint32Array(files));
        const outcomes = Array.from({ length: 210 - files }, (_, i) => memory.access(word(OP_STORE, files + i), 1));
        assert.ok((outcomes.at(-1)! & OUT_OF_MEMORY) !== 0, variant);
        assert.equal(resident(memory, 0, files), files);
        memory.checkConservation();
      }
});

test('a cgroup never exceeds memory.max, its tree nodes included; the rest of the machine is untouched', () => {
  const memory = machine({ variant: 'v6.1', memory: 16_384, files: [8000], limits: [1000] });
  for (let page = 0; page < 8000; page++) {
    memory.access(page, 1);
    assert.ok(memory.usage(1) <= 1000);
  }
  assert.ok(resident(memory, 0, 8000) > 900);
  assert.equal(counter(memory, 'pageoutrun'), 0);
  assert.ok(counter(memory, 'pgsteal_direct') > 7000);
});

test('a lowered memory.max is reclaimed to at once', () => {
  const memory = machine({ variant: 'v6.1', memory: 16_384, files: [8000], limits: [4000] });
  misses(memory, sequential(0, 8000), 1);
  memory.apply({ kind: 'cgroup', cgroup: 1, name: 'memory.max', value: 1500 * PAGE_SIZE });
  assert.ok(memory.usage(1) <= 1500);
  memory.checkConservation();
});

test('a limit far below what can be given up is tried for and left, in every kernel: pages under writeback, or anonymous ones without swap', () => {
  for (const variant of ['classic', 'v3.15', 'refault-2013', 'v6.1', 'mglru-6.1'])
    for (const fill of [OP_WRITE, OP_STORE])
      for (const pages of [15, 300]) {
        const memory = machine({ variant, memory: 1000, files: [300], anon: [300], limits: [400] });
        for (const one of all(fill, fill === OP_STORE ? 300 : 0, pages)) memory.access(one, 1);
        const into = new Uint32Array(pages);
        assert.equal(memory.takeDirty(into.length, into), fill === OP_WRITE ? pages : 0);
        memory.apply({ kind: 'cgroup', cgroup: 1, name: 'memory.max', value: 10 * PAGE_SIZE });
        assert.ok(memory.usage(1) >= pages, `${variant} gave up ${pages - memory.usage(1)} pages`);
        memory.checkConservation();
      }
});

test('a cgroup full of anonymous memory without swap is out of memory at its limit while the machine has plenty', () => {
  const memory = machine({ variant: 'v6.1', memory: 16_384, anon: [4000], limits: [1000] });
  const done = memory.run(all(OP_STORE, 0, 4000), 0, 4000, 1);
  assert.equal(done, 1000 - Math.ceil(done / 512));
  assert.ok(gauges(memory).nr_free_pages > 15_000);
});

test('a limit on the parent binds its children together', () => {
  const memory = machine({
    variant: 'v6.1',
    memory: 16_384,
    files: [3000, 3000],
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'both', parent: 0, values: { 'memory.max': 2000 * PAGE_SIZE } },
      { name: 'a', parent: 1, values: {} },
      { name: 'b', parent: 1, values: {} },
    ],
  });
  for (let page = 0; page < 3000; page++) {
    memory.access(page, 2);
    memory.access(3000 + page, 3);
    assert.ok(memory.usage(1) <= 2000);
  }
  const [a, b] = [resident(memory, 0, 3000), resident(memory, 3000, 3000)];
  assert.ok(Math.abs(a - b) < 100, `${a} and ${b}`);
  memory.checkConservation();
});

test('memory.min and memory.low keep a group’s pages while a neighbour streams (cgroup-v2.rst)', () => {
  for (const name of ['memory.min', 'memory.low']) {
    const survivors = (value: number) => {
      const memory = machine({
        variant: 'v6.1',
        memory: 8000,
        files: [3000, 40_000],
        cgroups: [
          { name: '/', parent: null, values: {} },
          { name: 'quiet', parent: 0, values: { [name]: value * PAGE_SIZE } },
          { name: 'stream', parent: 0, values: {} },
        ],
      });
      misses(memory, sequential(0, 3000), 1);
      misses(memory, sequential(3000, 40_000), 2);
      memory.checkConservation();
      return resident(memory, 0, 3000);
    };
    // a list shorter than 4096 pages is scanned only when others don't give enough
    assert.ok(survivors(0) < 400);
    assert.equal(survivors(3200), 3000, name);
  }
});

test('memory.low gives way when there is nothing else to take, memory.min does not', () => {
  const spec = (name: string) => ({
    variant: 'v6.1',
    memory: 2000,
    files: [6000],
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'greedy', parent: 0, values: { [name]: 6000 * PAGE_SIZE } },
    ],
  });
  const run = (name: string) => machine(spec(name)).run(sequential(0, 6000), 0, 6000, 1);
  assert.equal(run('memory.low'), 6000);
  assert.ok(run('memory.min') < 2000);
});

test('waiting for a page that was active before it was evicted is a memory stall; for a new page it is not (1899ad18c607)', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [1200, 40_000] });
  for (let pass = 0; pass < 3; pass++) misses(memory, sequential(0, 1200));
  let stalls = 0;
  for (let page = 0; page < 20_000; page++) {
    assert.equal(memory.access(1200 + page, 0) & WORKINGSET_STALL, 0);
    // the stream is read twice, so that it takes over the active list
    if (page > 600) memory.access(1200 + page - 600, 0);
  }
  for (let page = 0; page < 1200; page++) if ((memory.access(page, 0) & WORKINGSET_STALL) !== 0) stalls++;
  assert.equal(stalls, counter(memory, 'workingset_restore_file'));
});

test('loads through a mapping map the page’s neighbours in the same 64 KiB that are in memory (fault-around)', () => {
  const memory = machine({ variant: 'v6.1', memory: 2000, files: [100] });
  for (const page of [0, 5, 15, 16]) memory.access(page, 0);
  const before = counter(memory, 'pgfault');
  memory.access(word(OP_LOAD, 5), 0);
  assert.equal(counter(memory, 'pgfault') - before, 1);
  const mapped = [0, 5, 15, 16].map((page) => (memory.flags[page] & 8) !== 0);
  assert.deepEqual(mapped, [true, true, true, false]);
  assert.equal(gauges(memory).nr_slab, 2);
});

test('a use through a cached translation leaves no accessed bit for reclaim to find', () => {
  const survives = (tlb: number) => {
    const memory = machine({ variant: 'v6.1', memory: 2000, files: [5000], tlb });
    memory.access(word(OP_LOAD, 0), 0);
    // a page is looked at twice before it goes: its young bit is cleared by the first look
    for (let page = 1; page < 5000; page++) {
      memory.access(page, 0);
      memory.access(word(OP_LOAD, 0), 0);
    }
    return counter(memory, 'pgfault');
  };
  assert.equal(survives(0), 2);
  assert.ok(survives(64) > 2, 'the page was evicted though it was used all the time');
});

test('policies of the literature get all of memory, or what limits add up to; locked pages are taken off', () => {
  const memory = machine({ variant: 'lru', memory: 1000, files: [5000] });
  misses(memory, sequential(0, 5000));
  assert.equal(resident(memory, 0, 5000), 1000);
  memory.setLocked(4900, 100, true);
  misses(memory, sequential(0, 4000));
  assert.equal(resident(memory, 0, 4000), 900);
  assert.equal(resident(memory, 4900, 100), 100);
  memory.checkConservation();
  const limited = machine({ variant: 'lru', memory: 4000, files: [5000], limits: [700, 100] });
  misses(limited, sequential(0, 5000), 1);
  assert.equal(resident(limited, 0, 5000), 800);
});
