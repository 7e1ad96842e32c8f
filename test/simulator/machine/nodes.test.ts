/** Memory of several nodes: where frames come from when nodes fill up, who reclaims and who is killed, pages that move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { emptyGauges } from '../../../simulator/machine/memory-core.ts';
import { HIT, MISS, NO_SPACE, OUT_OF_MEMORY, SWAP_IN, ZEROED } from '../../../simulator/machine/memory.ts';
import {
  CONSTRAINT_CPUSET,
  CONSTRAINT_MEMCG,
  CONSTRAINT_MEMORY_POLICY,
  CONSTRAINT_NONE,
} from '../../../simulator/machine/placement.ts';
import type { ListReclaimer } from '../../../simulator/machine/reclaimer.ts';
import { MIB, PAGE_SIZE } from '../../../simulator/units.ts';
import { counter } from '../support/machine.ts';
import { MEASURED_DISTANCES, nodeMachine, policy, runLengths, type NodesUnderTest } from '../support/nodes.ts';

const word = (op: number, page: number) => ((op << OP_SHIFT) | page) >>> 0;
const pagesOf = (mib: number) => (mib * MIB) / PAGE_SIZE;

/** Stores to pages from `start` on; how many there was a frame for. */
function touch({ memory }: NodesUnderTest, start: number, pages: number, op = OP_STORE, cgroup = 0): number {
  for (let i = 0; i < pages; i++) if ((memory.access(word(op, start + i), cgroup) & OUT_OF_MEMORY) !== 0) return i;
  return pages;
}

/** The measured machine: four nodes of 256 MiB. khugepaged had raised vm.min_free_kbytes to a twentieth of memory there. */
const NODE = pagesOf(256);
const MIN_FREE_KBYTES = 52_428;
const measured = {
  nodes: [NODE, NODE, NODE, NODE],
  distances: MEASURED_DISTANCES,
  sysctls: { 'vm.min_free_kbytes': MIN_FREE_KBYTES },
};
/** Each node's share of the minimum, and the step from there to the low watermark. */
const MIN = Math.floor((Math.floor(MIN_FREE_KBYTES / 4) * NODE) / (4 * NODE));
const STEP = MIN >> 2;

test('a preferred node that is full spills over in the order of its distances, 1, 0, 3, 2, each node left at its low watermark (6.1, measured 1:39520 0:46144 3:52624 2:…)', () => {
  // The recorded nodes had less room: the kernel's own image and per-CPU lists, which are not modelled, held 9,000 to 22,000 pages of each.
  const m = nodeMachine({
    ...measured,
    objects: [{ kind: 'anon', pages: pagesOf(1000) }],
    tasks: [{ policy: policy('preferred', 1) }],
  });
  assert.equal(touch(m, 0, 4 * (NODE - MIN - STEP) - 1000), 4 * (NODE - MIN - STEP) - 1000);
  const runs = runLengths(m, 0, pagesOf(900));
  assert.deepEqual(
    runs.slice(0, 4).map(([node]) => node),
    [1, 0, 3, 2],
  );
  // page tables lie next to the pages, one for each 512
  for (const [node, pages] of runs.slice(0, 3)) {
    const room = NODE - MIN - STEP;
    assert.equal(pages + m.nodes.kernelPages(node), room, `node ${node}`);
  }
  assert.equal(counter(m.memory, 'pswpout') + counter(m.memory, 'allocstall') + counter(m.memory, 'pageoutrun'), 0);
});

test('preferred-many goes from low to min on its own nodes before others: 1 2 1 2 0 3, the second round of 819 pages (measured 816)', () => {
  const m = nodeMachine({
    ...measured,
    objects: [{ kind: 'anon', pages: pagesOf(800) }],
    tasks: [{ policy: policy('preferred-many', 1, 2) }],
  });
  touch(m, 0, pagesOf(780));
  const runs = runLengths(m, 0, pagesOf(780));
  assert.deepEqual(
    runs.map(([node]) => node),
    [1, 2, 1, 2, 0, 3],
  );
  assert.equal(STEP, 819);
  // the second round on node 1 also pays for page tables of both rounds there
  assert.ok(runs[2][1] <= STEP && runs[2][1] > STEP - 4, `${runs[2][1]} pages`);
  assert.ok(runs[3][1] <= STEP && runs[3][1] > STEP - 4, `${runs[3][1]} pages`);
});

test('interleaving over a full node spills silently: misses and foreign pages are counted, nobody is killed', () => {
  const m = nodeMachine({
    nodes: [2000, 6000, 6000, 6000],
    objects: [{ kind: 'anon', pages: 15_000 }],
    tasks: [{ policy: policy('interleave', 0, 1, 2, 3) }],
  });
  assert.equal(touch(m, 0, 15_000), 15_000);
  const { numa_miss, numa_foreign, interleave_hit } = m.placement.counters;
  assert.ok(numa_foreign[0] > 1500);
  assert.equal(sum(numa_miss), sum(numa_foreign));
  assert.ok(interleave_hit[1] > 3500);
});

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

test('numastat adds up: hits and misses are local and other pages and are all frames handed out, misses are foreign (TC4)', () => {
  for (const mode of ['bind', 'interleave', 'preferred', 'preferred-many'] as const) {
    const m = nodeMachine({
      nodes: [3000, 2000, 4000],
      objects: [
        { kind: 'anon', pages: 4000 },
        { kind: 'file', pages: 9000 },
      ],
      tasks: [{ policy: policy(mode, ...(mode === 'preferred' ? [1] : [1, 2])) }],
    });
    touch(m, 0, 4000);
    touch(m, 4000, 9000, OP_READ);
    const c = m.placement.counters;
    assert.equal(sum(c.numa_hit) + sum(c.numa_miss), sum(c.local_node) + sum(c.other_node), mode);
    assert.equal(sum(c.numa_hit) + sum(c.numa_miss), counter(m.memory, 'pgalloc'), mode);
    assert.equal(sum(c.numa_miss), sum(c.numa_foreign), mode);
    m.memory.checkConservation();
  }
});

test('bind to a full node without swap ends in the OOM killer, CONSTRAINT_MEMORY_POLICY, with memory free elsewhere (measured after 40,5xx–46,2xx of 65,536 pages)', () => {
  const m = nodeMachine({
    ...measured,
    objects: [{ kind: 'anon', pages: pagesOf(400) }],
    tasks: [{ policy: policy('bind', 1) }],
  });
  const got = touch(m, 0, pagesOf(400));
  // down to the min watermark, less the page tables, which are bound too
  assert.equal(got + m.nodes.kernelPages(1), NODE - MIN);
  assert.deepEqual(m.memory.failure, { constraint: CONSTRAINT_MEMORY_POLICY, nodes: [1], kernel: false });
  assert.equal(m.memory.gauges(emptyGauges()).nr_free_pages, 3 * NODE + MIN);
  assert.equal(sum(m.placement.counters['policy-violation']), 0);
});

test('the same with swap survives until swap is full; nothing of it goes to other nodes (TC5)', () => {
  const m = nodeMachine({
    nodes: [3000, 3000],
    swap: 3000,
    objects: [{ kind: 'anon', pages: 5500 }],
    tasks: [{ policy: policy('bind', 1) }],
  });
  assert.equal(touch(m, 0, 5500), 5500);
  assert.ok(counter(m.memory, 'pswpout') > 2500);
  assert.equal(m.placedOn(0)[0], 0);
  assert.equal(sum(m.placement.counters['policy-violation']), 0);
  const free = m.nodes.gauges(0, emptyGauges()).nr_free_pages;
  assert.equal(free, 3000);
  assert.ok(touch(m, 0, 5500) === 5500);
  m.memory.checkConservation();
});

test('a full cpuset ends in CONSTRAINT_CPUSET, a cgroup’s limit in CONSTRAINT_MEMCG, a full machine in CONSTRAINT_NONE', () => {
  const objects = [{ kind: 'anon', pages: 12_000 }] as const;
  const inCpuset = nodeMachine({ nodes: [3000, 3000, 3000], objects, tasks: [{ mems: [1, 2] }] });
  touch(inCpuset, 0, 12_000);
  assert.equal(inCpuset.memory.failure!.constraint, CONSTRAINT_CPUSET);
  assert.deepEqual([...inCpuset.memory.failure!.nodes].sort(), [1, 2]);
  const limited = nodeMachine({ nodes: [3000, 3000, 3000], objects, limits: [2000] });
  assert.ok(touch(limited, 0, 12_000, OP_STORE, 1) <= 2000);
  assert.equal(limited.memory.failure!.constraint, CONSTRAINT_MEMCG);
  const full = nodeMachine({ nodes: [3000, 3000, 3000], objects });
  touch(full, 0, 12_000);
  assert.equal(full.memory.failure!.constraint, CONSTRAINT_NONE);
});

test('preferred-many never runs out of memory while another node has some (TC8)', () => {
  const m = nodeMachine({
    nodes: [3000, 1000, 3000],
    objects: [{ kind: 'anon', pages: 7500 }],
    tasks: [{ policy: policy('preferred-many', 1) }],
  });
  const got = touch(m, 0, 7500);
  const left = [0, 1, 2].map((node) => m.nodes.gauges(node, emptyGauges()).nr_free_pages);
  const { min } = marksOf(m);
  assert.ok(got > 6000);
  assert.deepEqual(left, min);
});

/** Watermarks as the allocation leaves them: what is free when nothing can be had any more. */
function marksOf(m: NodesUnderTest): { min: number[] } {
  // 4·√KiB of all memory, shared out by size (__setup_per_zone_wmarks)
  const present = Array.from({ length: m.nodes.count }, (_, node) => m.nodes.present(node));
  const all = sum(present);
  const kbytes = Math.max(128, Math.floor(Math.sqrt(all * 4 * 16)));
  return { min: present.map((pages) => Math.floor((Math.floor(kbytes / 4) * pages) / all)) };
}

test('preferred never reclaims while another node has room, local reads of a full node neither', () => {
  const m = nodeMachine({
    nodes: [3000, 3000],
    swap: 3000,
    objects: [
      { kind: 'file', pages: 2500 },
      { kind: 'anon', pages: 2500 },
    ],
    tasks: [{ policy: policy('preferred', 0) }],
  });
  touch(m, 0, 2500, OP_READ);
  touch(m, 2500, 2500);
  assert.equal(counter(m.memory, 'pgscan_direct') + counter(m.memory, 'pgscan_kswapd'), 0);
  assert.ok(m.placedOn(1)[1] > 1500);
});

test('weights of 5 and 2: of every 7 pages 5 and 2; without weights one each (TC7)', () => {
  for (const [mode, expected] of [
    ['weighted-interleave', [1000, 400]],
    ['interleave', [700, 700]],
  ] as const) {
    const m = nodeMachine({
      nodes: [3000, 3000],
      weights: [5, 2],
      objects: [{ kind: 'anon', pages: 1400 }],
      tasks: [{ policy: policy(mode, 0, 1) }],
    });
    touch(m, 0, 1400);
    assert.deepEqual(m.placedOn(0), expected);
  }
});

test('kswapd is each node’s own: a cache bound to one node is reclaimed there, and nowhere else', () => {
  for (const variant of ['classic', 'v3.15', 'v6.1', 'mglru-6.1', 'mglru-6.14']) {
    const m = nodeMachine({
      variant,
      nodes: [4000, 4000],
      objects: [
        { kind: 'file', pages: 3000 },
        { kind: 'file', pages: 9000 },
      ],
      tasks: [{}, { policy: policy('bind', 1) }],
    });
    touch(m, 0, 3000, OP_READ);
    m.placement.setTask(1, 0);
    touch(m, 3000, 9000, OP_READ);
    assert.deepEqual(m.placedOn(0), [3000, 0], variant);
    assert.ok(counter(m.memory, 'pgsteal_kswapd') > 4000, variant);
    assert.equal(counter(m.memory, 'pgsteal_direct'), 0, variant);
    m.memory.checkConservation();
  }
});

test('concurrent: only the kswapd of the node that ran low is awake, and works on that node alone', () => {
  const m = nodeMachine({
    nodes: [4000, 4000],
    objects: [{ kind: 'file', pages: 9000 }],
    tasks: [{ policy: policy('bind', 1) }],
    kswapd: 'concurrent',
  });
  let page = 0;
  while (!m.memory.kswapdAwake) m.memory.access(page++, 0);
  assert.deepEqual([m.nodes.kswapdAwake(0), m.nodes.kswapdAwake(1)], [false, true]);
  assert.equal(m.memory.kswapdStep(0), 0);
  for (let i = 0; m.nodes.kswapdAwake(1); i++) {
    assert.ok(i < 1000);
    m.memory.kswapdStep(1);
  }
  assert.equal(m.memory.kswapdAwake, false);
  m.memory.checkConservation();
});

test('page tables and tree nodes never come from a node whose memory is all movable', () => {
  const m = nodeMachine({
    nodes: [3000, 3000],
    movable: [1],
    objects: [
      { kind: 'anon', pages: 2000 },
      { kind: 'file', pages: 4000 },
    ],
    tasks: [{ policy: policy('bind', 1) }],
  });
  touch(m, 0, 2000);
  touch(m, 2000, 4000, OP_READ);
  assert.equal(m.nodes.kernelPages(1), 0);
  assert.ok(m.nodes.kernelPages(0) > 0);
  assert.equal(m.placedOn(0)[0] + m.placedOn(1)[0], 0);
  m.memory.checkConservation();
});

// ---- pages that move

test('a page that is moved keeps its content, its place among the active, its lock and its charge; only node and lruvec change', () => {
  for (const variant of ['v6.1', 'mglru-6.1']) {
    const m = nodeMachine({
      variant,
      nodes: [3000, 3000],
      objects: [
        { kind: 'file', pages: 100 },
        { kind: 'anon', pages: 100 },
      ],
      limits: [1000],
    });
    // twice in turns: active
    for (let round = 0; round < 3; round++) for (let page = 0; page < 40; page++) m.memory.access(page, 1);
    touch(m, 100, 50, OP_STORE, 1);
    m.memory.setLocked(100, 10, true);
    (m.memory.reclaimer as ListReclaimer).drain!();
    const before = m.memory.gauges(emptyGauges());
    const usage = m.memory.usage(1);
    for (let page = 0; page < 40; page++) assert.ok(m.nodes.migrate(page, 1));
    for (let page = 100; page < 150; page++) assert.ok(m.nodes.migrate(page, 1));
    assert.deepEqual(m.memory.gauges(emptyGauges()), before, variant);
    assert.equal(m.memory.usage(1), usage);
    assert.deepEqual(
      [m.placedOn(0), m.placedOn(1)],
      [
        [0, 40],
        [0, 50],
      ],
    );
    assert.equal(m.nodes.gauges(1, emptyGauges()).nr_unevictable, 10);
    assert.equal(counter(m.memory, 'pgmigrate_success'), 90);
    assert.deepEqual(m.nodes.takeFlows(), [
      { object: 0, from: 0, to: 1, pages: 40 },
      { object: 1, from: 0, to: 1, pages: 50 },
    ]);
    assert.equal(m.memory.access(word(OP_STORE, 120), 1), HIT);
    assert.equal(
      sum(m.placement.counters.numa_hit) + sum(m.placement.counters.numa_miss),
      counter(m.memory, 'pgalloc') - 90,
    );
    m.memory.checkConservation();
  }
});

test('where a page goes and there is no frame it stays, and counts as failed; a pinned one too', () => {
  const m = nodeMachine({
    nodes: [3000, 600],
    objects: [
      { kind: 'anon', pages: 2000 },
      { kind: 'file', pages: 10 },
    ],
    tasks: [{ policy: policy('bind', 0) }],
  });
  touch(m, 0, 2000);
  m.memory.access(2000, 0);
  m.memory.pin!(2000);
  assert.equal(m.nodes.migrate(2000, 1), false);
  let moved = 0;
  for (let page = 0; page < 2000; page++) if (m.nodes.migrate(page, 1)) moved++;
  assert.ok(moved > 500 && moved < 600, `${moved} pages`);
  assert.equal(counter(m.memory, 'pgmigrate_success'), moved);
  assert.equal(counter(m.memory, 'pgmigrate_fail'), 2001 - moved);
  assert.equal(m.nodes.migrate(1999, 0), true);
  assert.equal(m.nodes.migrate(2009, 1), false);
  m.memory.checkConservation();
});

test('a movable node goes offline completely; its pages go to the nearest node, whatever policy and cpuset say (H1, measured: 2 → 3)', () => {
  const m = nodeMachine({
    nodes: [6000, 6000, 6000, 6000],
    movable: [1, 2, 3],
    distances: MEASURED_DISTANCES,
    objects: [
      { kind: 'anon', pages: 2000 },
      { kind: 'file', pages: 1000 },
    ],
    tasks: [{ mems: [1, 2], policy: policy('bind', 2) }],
  });
  touch(m, 0, 2000);
  touch(m, 2000, 1000, OP_READ);
  assert.deepEqual(m.placedOn(0), [0, 0, 2000, 0]);
  const { moved, left, online } = m.nodes.offline(2);
  assert.deepEqual({ moved, left, online }, { moved: 3000, left: 0, online: 0 });
  assert.deepEqual(
    [m.placedOn(0), m.placedOn(1)],
    [
      [0, 0, 0, 2000],
      [0, 0, 0, 1000],
    ],
  );
  assert.equal(m.nodes.present(2), 0);
  m.memory.checkConservation();
  // contents are still there
  assert.equal(m.memory.access(word(OP_LOAD, 5), 0), HIT);
  assert.equal(m.memory.access(2005, 0), HIT);
  assert.equal(m.nodes.online(2, true), 6000);
  assert.equal(m.nodes.gauges(2, emptyGauges()).nr_free_pages, 6000);
  m.memory.checkConservation();
});

test('of a node whose memory the kernel uses, some blocks stay online (H5, measured: 1–2 of 16)', () => {
  const node = pagesOf(2048);
  const m = nodeMachine({
    nodes: [node, node],
    objects: [{ kind: 'anon', pages: 20_000 }],
    tasks: [{ policy: policy('bind', 1) }],
  });
  touch(m, 0, 20_000);
  const { moved, left, blocks, online } = m.nodes.offline(1);
  assert.equal(blocks, 16);
  assert.equal(online, 1);
  // a sixteenth of its pages was in that block
  assert.equal(moved, 20_000 - 20_000 / 16);
  assert.equal(left, 20_000 / 16 + m.nodes.kernelPages(1));
  assert.equal(m.nodes.present(1), pagesOf(128));
  m.memory.checkConservation();
  assert.equal(m.nodes.online(1, false), pagesOf(2048 - 128));
  m.memory.checkConservation();
});

test('a node whose pages find no room elsewhere keeps them, and their memory', () => {
  const m = nodeMachine({
    nodes: [2000, 4000],
    movable: [1],
    objects: [{ kind: 'anon', pages: 3500 }],
    tasks: [{ policy: policy('bind', 1) }],
  });
  touch(m, 0, 3500);
  const { moved, left, online } = m.nodes.offline(1);
  assert.ok(moved > 1800 && moved < 2000);
  assert.equal(left, 3500 - moved);
  assert.equal(online, Math.ceil(left / 250));
  m.memory.checkConservation();
});

// ---- tmpfs

test('shared memory lies on the anonymous lists, stays in swap and comes back; reading a hole takes no frame', () => {
  const m = nodeMachine({
    nodes: [2000, 2000],
    swap: 4000,
    tmpfs: 6000,
    objects: [{ kind: 'tmpfs', pages: 6000 }],
  });
  assert.equal(m.memory.access(word(OP_READ, 5999), 0), HIT);
  assert.equal(m.memory.isResident(5999), false);
  assert.equal(m.memory.access(word(OP_WRITE, 0), 0), ZEROED);
  assert.equal(touch(m, 0, 5000, OP_WRITE), 5000);
  (m.memory.reclaimer as ListReclaimer).drain!();
  const g = m.memory.gauges(emptyGauges());
  assert.equal(g.nr_shmem, g.nr_inactive_anon + g.nr_active_anon);
  assert.equal(g.nr_shmem + g.nr_swap_used, 5000);
  assert.equal(g.nr_dirty, 0);
  const out = Array.from({ length: 5000 }, (_, page) => page).find((page) => !m.memory.isResident(page))!;
  assert.equal(m.memory.access(word(OP_READ, out), 0) & (MISS | SWAP_IN), MISS | SWAP_IN);
  m.memory.checkConservation();
  m.memory.release(0, 6000);
  m.memory.checkConservation();
  const after = m.memory.gauges(emptyGauges());
  assert.deepEqual([after.nr_shmem, after.nr_swap_used, after.nr_slab], [0, 0, 0]);
});

test('a mount that is full gives no more pages, swapped ones counted; freeing some makes room (ENOSPC)', () => {
  const m = nodeMachine({ nodes: [1000, 1000], swap: 4000, tmpfs: 2500, objects: [{ kind: 'tmpfs', pages: 3000 }] });
  for (let page = 0; page < 2500; page++)
    assert.notEqual(m.memory.access(word(OP_WRITE, page), 0) & NO_SPACE, NO_SPACE);
  assert.equal(m.memory.access(word(OP_WRITE, 2600), 0), NO_SPACE);
  assert.equal(m.memory.access(word(OP_LOAD, 2600), 0), NO_SPACE);
  // what is there can be written again
  assert.notEqual(m.memory.access(word(OP_WRITE, 7), 0) & NO_SPACE, NO_SPACE);
  m.memory.release(0, 1);
  assert.equal(m.memory.access(word(OP_WRITE, 2600), 0) & NO_SPACE, 0);
  m.memory.checkConservation();
});

test('without a size a mount holds half of memory (tmpfs.rst)', () => {
  const m = nodeMachine({ nodes: [1000, 1000], swap: 4000, objects: [{ kind: 'tmpfs', pages: 3000 }] });
  let page = 0;
  while (m.memory.access(word(OP_WRITE, page), 0) !== NO_SPACE) page++;
  assert.equal(page, 1000);
});

test('written twice, a page of tmpfs is active; faulted in through a mapping, it is referenced by its accessed bit (shmem_get_folio marks)', () => {
  const m = nodeMachine({
    nodes: [2000, 2000],
    values: { batch: 1 },
    objects: [{ kind: 'tmpfs', pages: 100 }],
  });
  m.memory.access(word(OP_WRITE, 1), 0);
  assert.equal(m.memory.gauges(emptyGauges()).nr_active_anon, 0);
  m.memory.access(word(OP_WRITE, 1), 0);
  assert.equal(m.memory.gauges(emptyGauges()).nr_active_anon, 1);
});
