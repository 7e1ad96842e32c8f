import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dividesByZero,
  getMempolicy,
  meantNodes,
  newMempolicy,
  rebind,
  wishFor,
  type Mempolicy,
  type MempolicyFlags,
  type MempolicyMode,
} from '../../../simulator/numa/mempolicy.ts';
import { firstNodes, formatNodelist, nodemask } from '../../../simulator/numa/nodemask.ts';

const FOUR = firstNodes(4);
const allowed = (...nodes: number[]) => ({ mems: nodemask(nodes), memory: FOUR });
const none: MempolicyFlags = {};
const isStatic: MempolicyFlags = { static: true };
const isRelative: MempolicyFlags = { relative: true };

function made(mode: MempolicyMode, flags: MempolicyFlags, nodes: readonly number[], mems = [0, 1, 2, 3]): Mempolicy {
  const set = newMempolicy(mode, flags, nodemask(nodes), allowed(...mems));
  if (!set.ok || set.policy === null) throw new Error(`${mode} is refused`);
  return set.policy;
}
const listOf = (policy: Mempolicy | null): string => (policy === null ? 'default' : formatNodelist(policy.nodes));

const answers: readonly [string, MempolicyMode, MempolicyFlags, readonly number[], readonly number[], string][] = [
  ['default takes no nodes', 'default', none, [1], [0, 1, 2, 3], 'EINVAL nodes-on-default'],
  ['default takes a flag as long as there are no nodes', 'default', isStatic, [], [0, 1, 2, 3], 'default'],
  ['local takes no nodes', 'local', none, [1], [0, 1, 2, 3], 'EINVAL nodes-on-local'],
  ['local takes no flag', 'local', isStatic, [], [0, 1, 2, 3], 'EINVAL flag-on-local'],
  ['preferred without nodes is local', 'preferred', none, [], [0, 1, 2, 3], ''],
  ['but not with a flag', 'preferred', isRelative, [], [0, 1, 2, 3], 'EINVAL flag-without-nodes'],
  ['bind wants nodes', 'bind', none, [], [0, 1, 2, 3], 'EINVAL no-nodes'],
  ['interleave wants nodes', 'interleave', none, [], [0, 1, 2, 3], 'EINVAL no-nodes'],
  ['preferred-many wants nodes', 'preferred-many', none, [], [0, 1, 2, 3], 'EINVAL no-nodes'],
  [
    'static and relative exclude each other',
    'bind',
    { static: true, relative: true },
    [1],
    [0, 1, 2, 3],
    'EINVAL static-and-relative',
  ],
  [
    'balancing goes with bind alone',
    'interleave',
    { balancing: true },
    [1],
    [0, 1, 2, 3],
    'EINVAL balancing-without-bind',
  ],
  ['nodes that do not exist are dropped', 'bind', none, [0, 4, 5], [0, 1, 2, 3], '0'],
  ['unless nothing is left', 'bind', none, [4, 5], [0, 1, 2, 3], 'EINVAL no-node-allowed'],
  ['static nodes too', 'bind', isStatic, [4, 5], [0, 1, 2, 3], 'EINVAL no-node-allowed'],
  ['relative ones never fail', 'bind', isRelative, [4, 5], [0, 1, 2, 3], '0-1'],
  ['the mask is cut to the mems', 'bind', none, [0, 1], [1, 2], '1'],
  ['nothing left in the mems', 'bind', isStatic, [0], [1, 2], 'EINVAL no-node-allowed'],
  ['relative: bit b is the b-th allowed node, modulo', 'interleave', isRelative, [1, 3], [1, 2], '2'],
  ['preferred takes the first of several', 'preferred', none, [2, 3], [0, 1, 2, 3], '2'],
];

for (const [what, mode, flags, nodes, mems, expected] of answers) {
  test(`set_mempolicy: ${what} (kernel 6.1, rules A1 and A2)`, () => {
    const set = newMempolicy(mode, flags, nodemask(nodes), allowed(...mems));
    assert.equal(set.ok ? listOf(set.policy) : `${set.errno} ${set.reason}`, expected);
  });
}

test('nodes without memory count as absent when a policy is set (kernel 6.1, rule H4)', () => {
  const context = { mems: FOUR, memory: nodemask([0, 1, 3]) };
  assert.equal(newMempolicy('bind', none, nodemask([2]), context).ok, false);
  const both = newMempolicy('bind', none, nodemask([1, 2]), context);
  assert.equal(both.ok && formatNodelist(both.policy!.nodes), '1');
});

test('get_mempolicy shows nodes in force without flags, and the user’s mask with any (kernel 6.1, rule A3)', () => {
  const shown = (flags: MempolicyFlags) => formatNodelist(getMempolicy(made('bind', flags, [0, 1, 5], [1, 2])).mask);
  assert.equal(shown(none), '1');
  assert.equal(shown(isStatic), '0-1,5');
  assert.equal(shown(isRelative), '0-1,5');
  assert.equal(shown({ balancing: true }), '0-1,5');
  assert.deepEqual(getMempolicy(null).mode, 'default');
});

const lossy = [
  ['bind {2}', [2], '1', '0'],
  ['bind {2,3}', [2, 3], '1-2', '0-1'],
  ['bind {0-3}', [0, 1, 2, 3], '1-2', '0-1'],
  ['bind {1}', [1], '2', '1'],
] as const;

for (const [what, nodes, inTwo, back] of lossy) {
  test(`${what} is {${inTwo}} after mems 0-3 → 1,2, and {${back}} after the way back (kernel 6.1, rule A4)`, () => {
    const there = rebind(made('bind', none, nodes), nodemask([1, 2]));
    assert.equal(listOf(there), inTwo);
    assert.equal(listOf(rebind(there, FOUR)), back);
  });
}

test('static and relative masks come back as they were, however often mems change (kernel 6.1, rule A4; TC2)', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(isStatic, isRelative),
      fc.uniqueArray(fc.nat(3), { minLength: 1 }),
      fc.array(fc.uniqueArray(fc.nat(3), { minLength: 1 })),
      fc.uniqueArray(fc.nat(3), { minLength: 1 }),
      (flags, user, ways, last) => {
        const start = made('bind', flags, user);
        const along = ways.reduce<Mempolicy | null>((policy, mems) => rebind(policy, nodemask(mems)), start);
        assert.equal(listOf(rebind(along, nodemask(last))), listOf(rebind(start, nodemask(last))));
      },
    ),
  );
});

test('a static mask of which nothing is left is all of the new mems: interleave {0} in mems 1,2 (kernel 6.1, rule A4)', () => {
  const policy = made('interleave', isStatic, [0]);
  assert.equal(listOf(rebind(policy, nodemask([1, 2]))), '1-2');
  // the documentation says default policy
  assert.equal(rebind(policy, nodemask([1, 2]), { emptied: 'documented' }), null);
});

test('nodes of policies are allowed ones after any set and any changes of mems, but for the preferred (TC3)', () => {
  const mems = fc.uniqueArray(fc.nat(3), { minLength: 1 });
  fc.assert(
    fc.property(
      fc.constantFrom<MempolicyMode>('bind', 'interleave', 'weighted-interleave'),
      fc.constantFrom(none, isStatic, isRelative),
      fc.uniqueArray(fc.nat(6), { minLength: 1 }),
      fc.array(mems, { minLength: 1, maxLength: 6 }),
      (mode, flags, user, changes) => {
        const set = newMempolicy(mode, flags, nodemask(user), allowed(...changes[0]));
        if (!set.ok) return;
        let { policy } = set;
        for (const change of changes) {
          policy = rebind(policy, nodemask(change));
          assert.notEqual(policy!.nodes, 0n);
          assert.equal(policy!.nodes & ~nodemask(change), 0n);
        }
      },
    ),
  );
});

test('preferred nodes stay, and a flag’s mask is overwritten with the mems (kernel 6.1, rule A5, against numa_memory_policy.rst)', () => {
  const plain = rebind(made('preferred', none, [3]), nodemask([1, 2]));
  assert.equal(listOf(plain), '3');
  const flagged = made('preferred', isStatic, [1]);
  const there = rebind(flagged, nodemask([1, 2]));
  assert.equal(listOf(there), '1');
  assert.equal(formatNodelist(getMempolicy(there).mask), '1-2');
  assert.equal(formatNodelist(getMempolicy(rebind(there, FOUR)).mask), '0-3');
});

test('as documented, preferred nodes are renumbered, and local where none is left', () => {
  const documented = { era: 'documented' } as const;
  assert.equal(listOf(rebind(made('preferred', none, [3]), nodemask([1, 2]), documented)), '2');
  assert.equal(listOf(rebind(made('preferred', isRelative, [3]), nodemask([1, 2]), documented)), '2');
  assert.equal(rebind(made('preferred-many', isStatic, [0, 3]), nodemask([1, 2]), documented)?.mode, 'local');
});

test('local policies are never rebound, nor plain ones while mems stay', () => {
  const local = made('local', none, []);
  assert.equal(rebind(local, nodemask([2])), local);
  const plain = made('bind', none, [1]);
  assert.equal(rebind(plain, FOUR), plain);
});

test('only relative masks of policies that are rebound divide by zero (ae1c802382f7)', () => {
  assert.ok(dividesByZero(made('bind', isRelative, [0]), 0n));
  assert.ok(!dividesByZero(made('bind', isRelative, [0]), FOUR));
  assert.ok(!dividesByZero(made('bind', isStatic, [0]), 0n));
  assert.ok(!dividesByZero(made('preferred', isRelative, [0]), 0n));
  // a static mask is left empty instead
  assert.equal(listOf(rebind(made('bind', isStatic, [0]), 0n)), '');
});

test('what a user meant: of plain and static masks what is allowed, of relative ones the folded mask', () => {
  const meant = (flags: MempolicyFlags, nodes: number[], mems: number[]) =>
    formatNodelist(meantNodes(wishFor('bind', flags, nodemask(nodes)), nodemask(mems))!);
  assert.equal(meant(none, [0, 2], [2, 3]), '2');
  assert.equal(meant(isStatic, [0], [2, 3]), '');
  assert.equal(meant(isRelative, [0, 1], [2, 3]), '2-3');
  assert.equal(meantNodes(wishFor('local', none, 0n), FOUR), null);
  assert.equal(meantNodes(null, FOUR), null);
});
