/** madvise on single pages: what reclaim does with lazily freed, cold, droppable and volatile memory, and in what order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OP_LOAD, OP_SHIFT, OP_STORE } from '../../../simulator/machine/access.ts';
import type { Memory } from '../../../simulator/machine/memory.ts';
import { rangeRules, volatileInterface } from '../../../simulator/volatile/interfaces.ts';
import { LOST, VolatileMemory } from '../../../simulator/volatile/volatile-memory.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';
import { counter, machine, resident, sequential, type SmallMachine } from '../support/machine.ts';

const load = (page: number) => ((OP_LOAD << OP_SHIFT) | page) >>> 0;
const store = (page: number) => ((OP_STORE << OP_SHIFT) | page) >>> 0;

/** A machine with one file and one region behind it, and an interface over both. */
function withInterface(
  id: string,
  m: Omit<SmallMachine, 'variant' | 'files' | 'anon'> & { file: number; region: number; variant?: string },
  values: Record<string, string | number | boolean> = {},
) {
  const memory = machine({ variant: 'v6.1', ...m, files: [m.file], anon: [m.region] });
  const face = volatileInterface(id)!;
  const volatile = new VolatileMemory(
    memory,
    { pages: m.file + m.region, bases: [0, m.file], sizes: [m.file, m.region], processes: [-1, 0] },
    face,
    rangeRules(face, values),
  );
  memory.advice!.attach(volatile);
  const write = (first: number, pages: number) => {
    for (let i = 0; i < pages; i++) {
      memory.access(store(m.file + first + i), 0);
      volatile.written(m.file + first + i);
    }
  };
  return { memory, volatile, base: m.file, write };
}
const read = (memory: Memory, start: number, pages: number) => {
  memory.run(sequential(start, pages), 0, pages, 0);
};

test('lazily freed pages go after older and before younger inactive file pages, in address order, without a write (6.1 and 6.18)', () => {
  const { memory, volatile, base, write } = withInterface('madv-free', { memory: 2048, file: 4096, region: 512 });
  read(memory, 0, 400);
  write(0, 512);
  assert.equal(volatile.advise('free', 1, 0, 512), 512);
  read(memory, 400, 400);
  assert.equal(counter(memory, 'pglazyfreed'), 0);
  let next = 800;
  while (counter(memory, 'pglazyfreed') === 0) read(memory, next++, 1);
  assert.equal(resident(memory, 0, 400), 0, 'older file pages have gone first');
  assert.equal(resident(memory, 400, 400), 400);
  while (counter(memory, 'pglazyfreed') < 256) read(memory, next++, 1);
  const gone = resident(memory, base, 512);
  assert.equal(resident(memory, base + 512 - gone, gone), gone, 'from the start of the region on');
  while (counter(memory, 'pglazyfreed') < 512) read(memory, next++, 1);
  assert.equal(counter(memory, 'pswpout'), 0);
  memory.checkConservation();
});

test('V9: what is written to after MADV_FREE survives reclaim as anonymous memory; what is read gets one more round (6.18)', () => {
  const { memory, volatile, base, write } = withInterface('madv-free', { memory: 2048, file: 8192, region: 512 });
  write(0, 512);
  volatile.advise('free', 1, 0, 512);
  write(100, 50);
  for (let page = 300; page < 350; page++) memory.access(load(base + page), 0);
  let next = 0;
  while (counter(memory, 'pglazyfreed') < 412) read(memory, next++, 1);
  assert.equal(resident(memory, base + 300, 50), 50, 'read pages are still there when the untouched ones have gone');
  read(memory, next, 4000);
  assert.equal(resident(memory, base + 100, 50), 50, 'no page that was written to is lost');
  assert.equal(counter(memory, 'pglazyfreed'), 462);
  assert.equal(resident(memory, base + 300, 50), 0);
  for (let page = 0; page < 512; page++)
    assert.equal((volatile.state[base + page] & LOST) !== 0, !(page >= 100 && page < 150));
  memory.checkConservation();
});

test('MADV_FREE of swapped pages gives their slots back at once (6.18)', () => {
  const { memory, volatile, write } = withInterface('madv-free', { memory: 600, file: 2048, region: 1024, swap: 4096 });
  write(0, 1024);
  const swapped = memory.gauges({} as never).nr_swap_used;
  assert.ok(swapped > 300);
  volatile.advise('free', 1, 0, 1024);
  assert.equal(memory.gauges({} as never).nr_swap_used, 0);
  memory.checkConservation();
});

test('droppable pages go even when they are dirty, without swap (6.11); MADV_COLD ones are swapped out first', () => {
  const drop = withInterface('droppable', { memory: 1024, file: 4096, region: 256 });
  drop.volatile.makeDroppable(1);
  drop.write(0, 256);
  read(drop.memory, 0, 3000);
  assert.equal(resident(drop.memory, drop.base, 256), 0);
  assert.equal(counter(drop.memory, 'pglazyfreed'), 256);
  drop.memory.checkConservation();

  const cold = withInterface('cold', { memory: 1024, file: 4096, region: 600, swap: 4096 });
  cold.write(0, 600);
  for (let page = 0; page < 600; page++) cold.memory.access(load(cold.base + page), 0);
  cold.volatile.advise('cold', 1, 300, 100);
  cold.memory.checkConservation();
  assert.equal(cold.volatile.advise('pageout', 1, 300, 100), 100);
  assert.equal(resident(cold.memory, cold.base + 300, 100), 0);
  assert.equal(counter(cold.memory, 'pswpout'), 100);
  cold.memory.checkConservation();
});

for (const variant of ['v6.1', 'v3.15', 'classic'])
  test(`vrange purges ranges in the order of marking, and whole (${variant})`, () => {
    const hungry = withInterface('vrange', { memory: 1024, file: 64, region: 1400, variant });
    hungry.write(0, 192);
    for (const first of [128, 0, 64]) hungry.volatile.mark(1, first * PAGE_SIZE, (first + 64) * PAGE_SIZE);
    for (let page = 192; counter(hungry.memory, 'purged') < 192; page++) {
      hungry.write(page, 1);
      const left = [128, 0, 64].map((first) => resident(hungry.memory, hungry.base + first, 64));
      assert.ok(
        left.every((pages) => pages === 0 || pages === 64),
        'V10: a range is there or gone',
      );
      assert.ok(left[0] <= left[1] && left[1] <= left[2], 'V7: the one marked first goes first');
    }
    assert.equal(counter(hungry.memory, 'pswpout'), 0);
    assert.equal(counter(hungry.memory, 'purged'), 192);
    assert.equal(counter(hungry.memory, 'purged-ranges'), 3);
    hungry.memory.checkConservation();
  });

test('partial purging takes no more than reclaim wants; full purging overshoots with the size of ranges (V10)', () => {
  for (const granularity of ['full', 'partial']) {
    const { memory, volatile, write } = withInterface(
      'vrange',
      { memory: 1024, file: 64, region: 1400 },
      { granularity },
    );
    write(0, 512);
    volatile.mark(1, 0, 512 * PAGE_SIZE);
    for (let page = 512; counter(memory, 'purged') === 0; page++) write(page, 1);
    const purged = counter(memory, 'purged');
    if (granularity === 'full') {
      assert.equal(purged, 512);
      assert.ok(counter(memory, 'over-purged') >= 512 / 2);
    } else {
      assert.ok(purged < 512, `${purged}`);
      assert.equal(counter(memory, 'over-purged'), 0);
    }
  }
});

test('ashmem’s shrinker purges old ranges although the stream has pages to give, all but a last batch of 128 (2.6)', () => {
  const { memory, volatile, write } = withInterface('ashmem', { memory: 2048, file: 20_000, region: 512 });
  write(0, 512);
  for (let first = 0; first < 512; first += 64) volatile.mark(1, first * PAGE_SIZE, (first + 64) * PAGE_SIZE);
  read(memory, 0, 20_000);
  assert.ok(counter(memory, 'purged') >= 512 - 128);
  assert.ok(resident(memory, 0, 20_000) > 1000);
});

test('early purging loses ranges to a pure stream, pagelru none before inactive file pages are exhausted (2.6)', () => {
  for (const order of ['early', 'pagelru']) {
    const { memory, volatile, write } = withInterface('vrange', { memory: 2048, file: 20_000, region: 512 }, { order });
    write(0, 512);
    volatile.mark(1, 0, 512 * PAGE_SIZE);
    read(memory, 0, 20_000);
    assert.equal(counter(memory, 'purged'), order === 'early' ? 512 : 0);
  }
});

test('pagelru purges in the order of use, not of marking, and without swap', () => {
  const { memory, volatile, base, write } = withInterface('vma', { memory: 1024, file: 64, region: 1400 });
  write(0, 256);
  volatile.mark(1, 128 * PAGE_SIZE, 256 * PAGE_SIZE);
  volatile.mark(1, 0, 128 * PAGE_SIZE);
  let page = 256;
  while (counter(memory, 'purged') === 0) write(page++, 1);
  const gone = counter(memory, 'purged');
  assert.equal(resident(memory, base, gone), 0, 'first written, first gone');
  assert.equal(resident(memory, base + 128, 128), 128);
  memory.checkConservation();
});

test('V2–V5 on random programs of every interface: no pressure no purge, nothing needed is lost, every loss is reported, no write', () => {
  const step = fc.record({
    what: fc.constantFrom('write', 'mark', 'unmark', 'read', 'stream'),
    first: fc.nat(380),
    pages: fc.integer({ min: 1, max: 120 }),
  });
  const ranges = ['ashmem', 'fadvise', 'fallocate', 'mvrange', 'fvrange', 'vrange', 'vma'];
  fc.assert(
    fc.property(fc.constantFrom(...ranges), fc.array(step, { maxLength: 40 }), fc.boolean(), (id, steps, calm) => {
      const region = 500;
      const { memory, volatile, base, write } = withInterface(id, {
        memory: calm ? 4096 : 900,
        file: 2000,
        region,
      });
      const rules = volatile.rules!;
      const written = new Array<boolean>(region).fill(false);
      const marked = new Array<boolean>(region).fill(false);
      let at = 0;
      for (const { what, first, pages } of steps) {
        const end = Math.min(region, first + pages);
        if (what === 'write') {
          write(first, end - first);
          written.fill(true, first, end);
        } else if (what === 'mark') {
          volatile.mark(1, first * PAGE_SIZE, end * PAGE_SIZE);
          marked.fill(true, first, end);
        } else if (what === 'unmark') {
          const lost = (page: number) => marked[page] && (volatile.state[base + page] & LOST) !== 0;
          let some = false;
          for (let page = first; page < end; page++) some ||= lost(page);
          const { purged } = volatile.unmark(1, first * PAGE_SIZE, end * PAGE_SIZE);
          if (some) assert.ok(purged, 'V4: a loss was not reported');
          marked.fill(false, first, end);
          for (let page = first; page < end; page++)
            if ((volatile.state[base + page] & LOST) !== 0) {
              volatile.written(base + page);
              written[page] = false;
            }
        } else if (what === 'read') {
          for (let page = first; page < end; page++)
            if (written[page] && memory.isResident(base + page)) memory.access(load(base + page), 0);
        } else {
          read(memory, at % 1500, 400);
          at += 400;
        }
        for (let page = 0; page < region; page++)
          if (written[page] && !marked[page])
            assert.ok(memory.isResident(base + page), `V3: page ${page} was needed and is gone`);
        if (calm) assert.equal(counter(memory, 'purged'), 0, 'V2');
        let there = 0;
        for (let page = 0; page < region; page++)
          if ((volatile.state[base + page] & 1) !== 0 && memory.isResident(base + page)) there++;
        assert.equal(volatile.resident, there);
        memory.checkConservation();
      }
      assert.equal(counter(memory, 'pswpout'), 0, 'V5');
      if (rules.tracking === 'pte') assert.equal(counter(memory, 'false-purged'), 0);
    }),
    { numRuns: 60 },
  );
});
