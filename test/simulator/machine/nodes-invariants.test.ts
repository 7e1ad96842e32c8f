/** Random machines with several nodes, whatever is accessed, moved, taken offline and brought back: frames are conserved on each node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE } from '../../../simulator/machine/access.ts';
import { MISS, NO_SPACE, OUT_OF_MEMORY } from '../../../simulator/machine/memory.ts';
import { intersects, nodemask } from '../../../simulator/numa/nodemask.ts';
import type { MempolicySpec } from '../../../simulator/plan.ts';
import { Random } from '../../../simulator/workload/random.ts';
import { counter, statesOf } from '../support/machine.ts';
import { nodeMachine, type NodeMachine, type NodesUnderTest } from '../support/nodes.ts';

const VARIANTS = ['classic', 'refault-2013', 'v3.15', 'v6.1', 'mglru-6.1', 'mglru-6.7', 'mglru-6.14'] as const;
const MODES = ['default', 'local', 'preferred', 'preferred-many', 'bind', 'interleave', 'weighted-interleave'] as const;

const cases = fc.record({
  variant: fc.constantFrom(...VARIANTS),
  nodes: fc.array(fc.integer({ min: 300, max: 1500 }), { minLength: 2, maxLength: 5 }),
  movable: fc.nat(31),
  far: fc.integer({ min: 11, max: 40 }),
  file: fc.integer({ min: 1, max: 4000 }),
  anon: fc.integer({ min: 1, max: 2500 }),
  shmem: fc.integer({ min: 1, max: 2500 }),
  mount: fc.constantFrom(300, 5000),
  mpol: fc.constantFrom('default', 'interleave', 'local', 'prefer:0', 'bind:0'),
  swap: fc.constantFrom(0, 400, 4000),
  limited: fc.boolean(),
  concurrent: fc.boolean(),
  tasks: fc.array(fc.record({ mode: fc.constantFrom(...MODES), mask: fc.nat(31), mems: fc.nat(31) }), {
    minLength: 1,
    maxLength: 3,
  }),
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  accesses: fc.integer({ min: 1, max: 6000 }),
});

type Drawn = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const members = (mask: number, count: number): number[] =>
  Array.from({ length: count }, (_, node) => node).filter((node) => ((mask >> node) & 1) === 1);

function specOf(d: Drawn): NodeMachine {
  const count = d.nodes.length;
  // somebody must have memory for the kernel, and each task some node of its own
  const movable = members(d.movable & ~1, count);
  const tasks = d.tasks.map(({ mode, mask, mems }) => {
    const allowed = members(mems, count);
    const wanted = members(mask, count);
    const nodes = mode === 'default' || mode === 'local' ? [] : wanted;
    const within = allowed.length === 0 ? firstNodes(count) : nodemask(allowed);
    const fits = mode === 'default' || mode === 'local' || intersects(nodemask(nodes), within);
    const policy: MempolicySpec = fits ? { mode, nodes } : { mode: 'default', nodes: [] };
    return { policy, ...(allowed.length > 0 ? { mems: allowed } : {}) };
  });
  return {
    variant: d.variant,
    nodes: d.nodes,
    movable,
    distances: d.nodes.map((_, i) => d.nodes.map((__, j) => (i === j ? 10 : 10 + ((d.far * (i + j)) % 31) + 1))),
    objects: [
      { kind: 'file', pages: d.file },
      { kind: 'anon', pages: d.anon },
      { kind: 'tmpfs', pages: d.shmem },
    ],
    tmpfs: d.mount,
    mpol: d.mpol,
    tasks,
    ...(d.swap > 0 ? { swap: d.swap } : {}),
    ...(d.limited ? { limits: [Math.floor(d.nodes[0] / 2)] } : {}),
    kswapd: d.concurrent ? 'concurrent' : 'synchronous',
  };
}

const firstNodes = (count: number) => nodemask(Array.from({ length: count }, (_, node) => node));

/** Half of the accesses go to a hot part; files and tmpfs are read, written and mapped, anonymous memory is loaded from and stored to. */
function words(d: Drawn): Uint32Array {
  const random = new Random(11, d.seed);
  const sizes = [d.file, d.anon, d.shmem];
  const starts = [0, d.file, d.file + d.anon];
  return Uint32Array.from({ length: d.accesses }, () => {
    const object = random.below(3);
    const pages = sizes[object];
    const page = starts[object] + random.below(random.below(2) === 0 ? pages : Math.ceil(pages / 5));
    const op = object === 1 ? [OP_LOAD, OP_STORE][random.below(2)] : [OP_READ, OP_WRITE, OP_LOAD][random.below(3)];
    return ((op << OP_SHIFT) | page) >>> 0;
  });
}

/** What places pages and what memory holds agree on where each is. */
function checkPlaces(m: NodesUnderTest, pages: number): void {
  for (let page = 0; page < pages; page++) {
    if (m.nodes.nodeOf(page) !== m.placement.nodeOf[page])
      assert.fail(`page ${page} is on node ${m.nodes.nodeOf(page)}, placed on ${m.placement.nodeOf[page]}`);
  }
}

const runs = { numRuns: 60, seed: 20130423 };

test('frames of each node are conserved, whatever tasks access under whatever policies and cpusets, while pages move and nodes come and go', () => {
  fc.assert(
    fc.property(cases, (d) => {
      const m = nodeMachine(specOf(d));
      const { memory, nodes, system, placement } = m;
      const random = new Random(12, d.seed);
      const pages = d.file + d.anon + d.shmem;
      const cgroup = d.limited ? 1 : 0;
      let offline = -1;
      for (const [i, word] of words(d).entries()) {
        placement.setTask(random.below(d.tasks.length), random.below(d.nodes.length));
        const outcome = memory.access(word, cgroup);
        const start = random.below(pages);
        const run = Math.min(pages - start, 1 + random.below(100));
        if ((outcome & OUT_OF_MEMORY) !== 0) memory.release(start, run);
        switch (random.below(300)) {
          case 0:
            memory.release(start, run);
            break;
          case 1:
            memory.setLocked(start, Math.min(run, 20), random.below(2) === 0);
            break;
          case 2:
          case 3: {
            const to = random.below(d.nodes.length);
            if (to !== offline) for (let page = start; page < start + run; page++) nodes.migrate(page, to);
            break;
          }
          case 4: {
            if (offline >= 0) {
              nodes.online(offline, random.below(2) === 0);
              system.setNode(offline, true, d.movable > 15);
              offline = -1;
            } else {
              const node = 1 + random.below(d.nodes.length - 1);
              if (nodes.offline(node).online > 0) nodes.online(node, false);
              else {
                offline = node;
                system.setNode(node, false);
              }
            }
            memory.checkConservation();
            break;
          }
          case 5: {
            const node = random.below(d.nodes.length);
            if (nodes.kswapdAwake(node)) memory.kswapdStep(node);
            break;
          }
          default:
            break;
        }
        if (i % 512 === 0) memory.checkConservation();
      }
      memory.setLocked(0, pages, false);
      memory.checkConservation();
      checkPlaces(m, pages);
      const c = placement.counters;
      const sum = (column: Float64Array) => column.reduce((a, b) => a + b, 0);
      assert.equal(sum(c.numa_hit) + sum(c.numa_miss), sum(c.local_node) + sum(c.other_node));
      assert.equal(sum(c.numa_miss), sum(c.numa_foreign));
      // frames that pages were moved to are no allocations by policy
      const migrated = counter(memory, 'pgmigrate_success');
      assert.ok(counter(memory, 'pgalloc') - migrated >= sum(c.numa_hit) + sum(c.numa_miss));
      memory.release(0, pages);
      memory.checkConservation();
      checkPlaces(m, pages);
    }),
    { ...runs, numRuns: 150 },
  );
});

test('a block in the tight loop and the same accesses one by one leave the same memory behind, on several nodes too', () => {
  fc.assert(
    fc.property(cases, (d) => {
      const block = nodeMachine(specOf({ ...d, mount: 5000, concurrent: false }));
      const single = nodeMachine(specOf({ ...d, mount: 5000, concurrent: false }));
      const cgroup = d.limited ? 1 : 0;
      const all = words(d);
      const missed = new Uint8Array(Math.ceil(all.length / 8));
      const done = block.memory.run(all, 0, all.length, cgroup, missed);
      let at = 0;
      for (; at < all.length; at++) {
        const outcome = single.memory.access(all[at], cgroup);
        if ((outcome & OUT_OF_MEMORY) !== 0) break;
        assert.equal(outcome & NO_SPACE, 0);
        assert.equal((missed[at >> 3] >> (at & 7)) & 1, outcome & MISS, `access ${at}`);
      }
      assert.equal(at, done);
      assert.deepEqual(block.memory.counters, single.memory.counters);
      assert.deepEqual(block.memory.reclaimer.tally, single.memory.reclaimer.tally);
      assert.deepEqual(statesOf(block.memory), statesOf(single.memory));
      assert.deepEqual(block.nodes.objectPages, single.nodes.objectPages);
      assert.deepEqual(block.placement.counters, single.placement.counters);
    }),
    runs,
  );
});
