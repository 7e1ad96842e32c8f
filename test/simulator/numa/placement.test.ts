import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY, CONSTRAINT_NONE } from '../../../simulator/machine/placement.ts';
import type { MempolicyFlags, MempolicyMode } from '../../../simulator/numa/mempolicy.ts';
import { firstNodes, formatNodelist, nodemask, parseNodelist } from '../../../simulator/numa/nodemask.ts';
import { NumaPlacement } from '../../../simulator/numa/numa-placement.ts';
import { NumaSystem, type NumaOptions } from '../../../simulator/numa/system.ts';
import { defaultDistances } from '../../../simulator/numa/zonelist.ts';
import { placementRules } from '../../../simulator/tables/placement-rules.ts';

const mask = (list: string): bigint => parseNodelist(list) as bigint;
const PAGES = 100_000;
const ANON = 0;
const FILE = PAGES;
const TMPFS = 2 * PAGES;

interface Bench {
  readonly system: NumaSystem;
  readonly placement: NumaPlacement;
  readonly cpuset: number;
}

/** One task in a cpuset, with an anonymous region, a file and a tmpfs file of 100 000 pages each. */
function bench(mems: string, mpol?: string, options: Partial<NumaOptions> = {}): Bench {
  const system = new NumaSystem({ distances: defaultDistances(4), cpuNodes: [0, 1, 2, 3], cpusets: 2, ...options });
  const cpuset = system.cpusets.add('set', 0);
  system.writeMems(cpuset, mask(mems));
  const task = system.addTask();
  system.attach(task, cpuset);
  system.addRegion('anon', task);
  system.addRegion('file', task);
  system.addTmpfsFile(system.mount(mpol).mount);
  const layout = [ANON, FILE, TMPFS].map((base) => ({ base, pages: PAGES }));
  return { system, placement: new NumaPlacement(system, layout, [task]), cpuset };
}

/** Places pages where there is always room. */
function take({ placement }: Bench, start: number, pages: number): string {
  const nodes: number[] = [];
  for (let page = start; page < start + pages; page++) {
    placement.place(page);
    const { order, count } = placement.answer;
    assert.ok(count > 0);
    nodes.push(order[0]);
    placement.placed(order[0]);
  }
  return nodes.join('');
}
const set = ({ system }: Bench, mode: MempolicyMode, nodes: string, flags: MempolicyFlags = {}): boolean =>
  system.setTaskPolicy(0, mode, flags, mask(nodes)).ok;
const orderOf = ({ placement }: Bench, page = 0): string => {
  placement.place(page);
  return placement.answer.order.join('');
};
const ruleOf = ({ placement }: Bench, page = 0): string => {
  placement.place(page);
  return placementRules[placement.answer.rule].id;
};

const orders: readonly [string, MempolicyMode, string, string, number, string, string][] = [
  ['no policy: the local zonelist within the mems', 'default', '', '0-3', 2, '2301', 'numa.default'],
  ['of a processor outside the mems too', 'default', '', '1,3', 2, '31', 'numa.default'],
  ['local the same', 'local', '', '0-3', 3, '3012', 'numa.local'],
  ['preferred: that node’s zonelist', 'preferred', '2', '0-3', 0, '2301', 'numa.preferred'],
  ['bind: nearest of the mask first, whichever is named first', 'bind', '0,3', '0-3', 2, '30', 'numa.bind'],
  ['preferred-many: the mask, then the rest', 'preferred-many', '1-2', '0-3', 0, '1203', 'numa.preferred-many'],
];
for (const [what, mode, nodes, mems, cpu, order, rule] of orders) {
  test(`${what} (kernel 6.1, rule A6)`, () => {
    const b = bench(mems);
    assert.ok(set(b, mode, nodes));
    b.placement.setTask(0, cpu);
    assert.equal(orderOf(b), order);
    assert.equal(ruleOf(b), rule);
  });
}

test('a preferred node outside the mems: the first allowed of its zonelist (kernel 6.1, rules A5 and A6)', () => {
  const b = bench('0-3');
  set(b, 'preferred', '3');
  b.system.writeMems(b.cpuset, mask('1-2'));
  assert.equal(orderOf(b), '12');
  assert.equal(ruleOf(b), 'numa.preferred-outside');
});

test('the mask of preferred-many is tried alone first, without reclaim (alloc_pages_preferred_many)', () => {
  const b = bench('0-3');
  set(b, 'preferred-many', '1-2');
  b.placement.place(0);
  assert.equal(b.placement.answer.first, 2);
});

test('interleaving goes by a page’s place in its region, wherever one begins (kernel 6.1, offset_il_node)', () => {
  const b = bench('0-3');
  set(b, 'interleave', '0-3');
  assert.equal(take(b, 0, 8), '01230123');
  assert.equal(take(b, 1002, 4), '2301');
});

test('the page cache, which knows no region, takes turns (interleave_nodes)', () => {
  const b = bench('0-3');
  set(b, 'interleave', '1-3');
  assert.equal(take(b, FILE + 500, 4), '1231');
  assert.equal(take(b, FILE, 3), '231');
});

test('tmpfs files of one mount begin on different nodes: their inode number is added (shmem_pseudo_vma_init)', () => {
  const b = bench('0-3', 'interleave');
  assert.equal(take(b, TMPFS, 5), '23012');
});

test('an interleaved node outside the mems is replaced by the first allowed of its zonelist (kernel 6.1, rule A6)', () => {
  const b = bench('0-3', 'interleave=static:0-3');
  take(b, TMPFS, 1);
  b.system.writeMems(b.cpuset, mask('1-2'));
  // places 3, 0, 1, 2: node 3 goes to 1, node 0 to 1
  assert.equal(take(b, TMPFS + 1, 4), '1112');
});

test('weights 5 and 2: of every 7 pages 5 and 2, in a region and in the page cache (TC7)', () => {
  const b = bench('0-3', undefined, { weights: [5, 2, 1, 1] });
  set(b, 'weighted-interleave', '0-1');
  assert.equal(take(b, 0, 14), '00000110000011');
  assert.equal(take(b, FILE, 14), '00000110000011');
});

test('weights of 1 are plain interleaving (TC7)', () => {
  const [weighted, plain] = [bench('0-3'), bench('0-3')];
  set(weighted, 'weighted-interleave', '0,2-3');
  set(plain, 'interleave', '0,2-3');
  assert.equal(take(weighted, 7, 20), take(plain, 7, 20));
});

test('a mask the cpuset allows nothing of is dropped without an error: pages go elsewhere, and are wrong (TC6; 6.1 policy_nodemask)', () => {
  const b = bench('0-3', 'bind:0');
  take(b, TMPFS, 3);
  assert.equal(b.placement.wrongNode(), 0);
  b.system.writeMems(b.cpuset, mask('2'));
  assert.equal(take(b, TMPFS + 3, 5), '22222');
  assert.equal(ruleOf(b, TMPFS + 8), 'numa.bind-dropped');
  assert.equal(b.placement.counters['dropped-mask'][2], 5);
  // those that stayed on 0 are as wrong, now that 0 is not allowed
  assert.equal(b.placement.wrongNode(), 8);
});

test('a file that lost its policy at creation is held against what its mount asked for (kernel 6.1, rule T2)', () => {
  const b = bench('2', 'bind:0-1');
  assert.equal(take(b, TMPFS, 4), '2222');
  assert.equal(ruleOf(b, TMPFS), 'numa.default');
  assert.equal(b.placement.wrongNode(), 4);
});

test('bind within the cpuset never violates its mask (TC5), and counters of numastat add up (TC4), under random policies and changes', () => {
  const list = fc.uniqueArray(fc.nat(3), { minLength: 1 }).map((nodes) => formatNodelist(nodemask(nodes)));
  const mode = fc.constantFrom<MempolicyMode>(
    'bind',
    'interleave',
    'preferred',
    'preferred-many',
    'weighted-interleave',
  );
  fc.assert(
    fc.property(
      list,
      fc.array(fc.tuple(mode, list, list, fc.nat(3)), { minLength: 1, maxLength: 6 }),
      (mems, steps) => {
        const b = bench(mems);
        const { placement, system } = b;
        let placed = 0;
        for (const [policy, nodes, to, cpu] of steps) {
          set(b, policy, nodes);
          system.writeMems(b.cpuset, mask(to));
          placement.setTask(0, cpu);
          for (const base of [ANON, FILE, TMPFS]) take(b, base, 40);
          placement.placeKernel(false);
          placement.placed(placement.answer.order[0]);
          placed += 121;
        }
        const sum = (counter: Float64Array): number => counter.reduce((a, n) => a + n, 0);
        const { numa_hit, numa_miss, numa_foreign, local_node, other_node } = placement.counters;
        assert.equal(sum(numa_hit) + sum(numa_miss), placed);
        assert.equal(sum(local_node) + sum(other_node), placed);
        assert.equal(sum(numa_miss), sum(numa_foreign));
        assert.equal(sum(placement.counters['policy-violation']), 0);
        // every page in memory is counted once, on its node
        const now = [0, 1, 2].map((region) => sum(placement.pagesOf(region)));
        assert.deepEqual(now, [40, 40, 40]);
      },
    ),
  );
});

test('a page taken from another node than wanted is a miss there and foreign where it was wanted (zone_statistics)', () => {
  const b = bench('0-3');
  set(b, 'interleave', '0-1');
  b.placement.setTask(0, 1);
  b.placement.place(0);
  b.placement.placed(1);
  const { counters } = b.placement;
  assert.deepEqual([counters.numa_miss[1], counters.numa_foreign[0], counters.local_node[1]], [1, 1, 1]);
  assert.equal(counters.interleave_hit[1], 0);
  b.placement.place(1);
  b.placement.placed(1);
  assert.deepEqual([counters.numa_hit[1], counters.interleave_hit[1]], [1, 1]);
  assert.deepEqual(
    b.placement.whys.map(({ rule, pages }) => [placementRules[rule].id, pages[1]]),
    [
      ['numa.interleave', 1],
      ['numa.spilled', 1],
    ],
  );
});

test('who may be killed and why memory ran out: the policy’s mask, the cpuset, or neither (constrained_alloc)', () => {
  const constraint = (b: Bench): number => {
    b.placement.place(0);
    return b.placement.answer.constraint;
  };
  const bound = bench('0-3');
  set(bound, 'bind', '1');
  assert.equal(constraint(bound), CONSTRAINT_MEMORY_POLICY);
  const jailed = bench('1-2');
  assert.equal(constraint(jailed), CONSTRAINT_CPUSET);
  const free = bench('0-3');
  assert.equal(constraint(free), CONSTRAINT_NONE);
  // a task bound elsewhere would give nothing back; one bound to the node, or to none, may
  const [elsewhere, there, anywhere] = ['2', '1', ''].map((nodes) => {
    const task = bound.system.addTask();
    if (nodes !== '') bound.system.setTaskPolicy(task, 'bind', {}, mask(nodes));
    return task;
  });
  bound.placement.place(0);
  assert.deepEqual(
    [elsewhere, there, anywhere].map((task) => bound.placement.mayKill(task)),
    [false, true, true],
  );
});

test('kernel memory keeps off nodes that are all movable, and leaves the cpuset rather than fail (kernel 6.1, rule M1)', () => {
  const b = bench('1-2', undefined, { movable: mask('2-3') });
  b.placement.placeKernel(false);
  const { answer } = b.placement;
  assert.equal(Array.from(answer.order).slice(0, answer.count).join(''), '10');
  assert.equal(answer.first, 1);
  b.placement.placeKernel(true);
  assert.equal(answer.order.join(''), '1');
  const only = bench('2', undefined, { movable: mask('2-3') });
  only.placement.placeKernel(true);
  assert.equal(only.placement.answer.count, 0);
});

test('pages that leave or move are counted where they are; moved ones say what moved them', () => {
  const b = bench('0-3');
  const { placement } = b;
  take(b, 0, 10);
  placement.left(0, 0);
  placement.mover = placementRules.findIndex(({ id }) => id === 'cpuset.migrate');
  placement.moved(1, 0, 3);
  placement.mover = -1;
  assert.deepEqual(Array.from(placement.pagesOf(0)), [8, 0, 0, 1]);
  const moved = placement.whys.find(({ pages }) => pages[3] === 1);
  assert.equal(placementRules[moved!.rule].id, 'cpuset.migrate');
});

test('mbind is what pages that are there are held against from then on', () => {
  const b = bench('0-3');
  take(b, 0, 10);
  assert.equal(b.placement.wrongNode(), 0);
  b.system.mbind(0, 0, 2, 4, 'bind', {}, mask('3'));
  b.placement.regroup(0, 2, 4);
  assert.equal(b.placement.wrongNode(), 4);
  assert.equal(take(b, 2, 2), '33');
  assert.equal(b.placement.wrongNode(), 2);
});

test('the node list of a thousand nodes is worked out once and then looked up: answers share one array', () => {
  const system = new NumaSystem({
    distances: defaultDistances(1024),
    cpuNodes: Array.from({ length: 1024 }, (_, node) => node),
    cpusets: 2,
  });
  const task = system.addTask();
  system.addRegion('anon', task);
  const placement = new NumaPlacement(system, [{ base: 0, pages: 100 }], [task]);
  system.setTaskPolicy(task, 'bind', {}, firstNodes(1024));
  placement.setTask(0, 1000);
  placement.place(0);
  const { order } = placement.answer;
  placement.place(99);
  assert.equal(placement.answer.order, order);
  assert.deepEqual([order.length, order[0], order[1]], [1024, 1000, 1001]);
});
