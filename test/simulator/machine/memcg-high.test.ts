/** memory.high: reclaim and sleep above it, nobody killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OP_SHIFT, OP_STORE } from '../../../simulator/machine/access.ts';
import { MemcgHigh } from '../../../simulator/machine/memcg-high.ts';
import { DIRECT_RECLAIM, OUT_OF_MEMORY, type Memory } from '../../../simulator/machine/memory.ts';
import { MILLISECOND, PAGE_SIZE, SECOND } from '../../../simulator/units.ts';
import { counter, machine } from '../support/machine.ts';

const limited = (values: Record<string, number>) => [
  { name: '/', parent: null, values: {} },
  { name: 'job', parent: 0, values },
];
const store = (page: number) => ((OP_STORE << OP_SHIFT) | page) >>> 0;

function fill(memory: Memory, pages: number): { done: number; slept: number } {
  let slept = 0;
  for (let page = 0; page < pages; page++) {
    const outcome = memory.access(store(page), 1);
    if ((outcome & OUT_OF_MEMORY) !== 0) return { done: page, slept };
    if ((outcome & DIRECT_RECLAIM) !== 0) slept += memory.takeThrottle!();
  }
  return { done: pages, slept };
}

test('a group of 100 MiB sleeps 6, 25, 57, 102 … ms for a batch of 64 pages when it is 1, 2, 3, 4 … MiB above, 2 s at most (table in mm/memcontrol.c)', () => {
  const mib = 256;
  const table: readonly [number, number][] = [
    [3, 57],
    [4, 102],
    [5, 159],
    [6, 230],
    [7, 313],
    [10, 639],
    [15, 1439],
    [17, 1849],
    [18, 2000],
    [50, 2000],
  ];
  const charged = new Float64Array(2);
  const high = new MemcgHigh(Int32Array.of(-1, 0), charged);
  high.set(1, 100 * mib);
  for (const [above, ms] of table) {
    charged[1] = (100 + above) * mib;
    high.charged(1, 64);
    assert.equal(
      high.handle(() => 0),
      ms * MILLISECOND,
      `${above} MiB above`,
    );
  }
  // 6 ms are not worth sleeping
  charged[1] = 101 * mib;
  high.charged(1, 64);
  assert.equal(
    high.handle(() => 0),
    0,
  );
  assert.equal(high.pages, 0);
});

test('a cache above memory.high is reclaimed and nobody sleeps', () => {
  const memory = machine({
    variant: 'v6.1',
    memory: 8000,
    files: [6000],
    cgroups: limited({ 'memory.high': 1000 * PAGE_SIZE }),
  });
  let slept = 0;
  for (let page = 0; page < 6000; page++) {
    memory.access(page, 1);
    slept += memory.takeThrottle!();
    assert.ok(memory.usage(1) <= 1000 + 64, `${memory.usage(1)} pages at ${page}`);
  }
  assert.equal(slept, 0);
  assert.equal(counter(memory, 'oom_kill'), 0);
  memory.checkConservation();
});

test('anonymous memory without swap goes above memory.high, ever more slowly, and is not killed; memory.max would', () => {
  const high = machine({
    variant: 'v6.1',
    memory: 8000,
    anon: [3000],
    cgroups: limited({ 'memory.high': 1000 * PAGE_SIZE }),
  });
  const { done, slept } = fill(high, 2000);
  assert.equal(done, 2000);
  assert.ok(slept > 10 * SECOND, `${slept / SECOND} s`);
  high.checkConservation();
  const max = machine({
    variant: 'v6.1',
    memory: 8000,
    anon: [3000],
    cgroups: limited({ 'memory.max': 1000 * PAGE_SIZE }),
  });
  assert.ok(fill(max, 2000).done < 1000);
});

test('lowering memory.high reclaims at once', () => {
  const memory = machine({ variant: 'v6.1', memory: 8000, files: [3000], cgroups: limited({}) });
  for (let page = 0; page < 3000; page++) memory.access(page, 1);
  memory.apply({ kind: 'cgroup', cgroup: 1, name: 'memory.high', value: 500 * PAGE_SIZE });
  assert.ok(memory.usage(1) <= 500, `${memory.usage(1)} pages`);
  memory.checkConservation();
});
