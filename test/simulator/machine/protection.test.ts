/** memory.min and memory.low of nested groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveProtection } from '../../../simulator/machine/protection.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';
import { machine, resident } from '../support/machine.ts';

//  0 ─ 1 ─┬ 2
//         └ 3
const parents = Int32Array.of(-1, 0, 1, 1);
const of = (charged: readonly number[], low: readonly number[], cgroup: number, target = 0) =>
  effectiveProtection(parents, Float64Array.from(charged), Float64Array.from(low), cgroup, target);

test('a child has no more than its parent: what children claim together beyond that is scaled down (effective_protection)', () => {
  // 600 and 300 pages claimed, 300 to share
  assert.equal(of([0, 2000, 1000, 1000], [0, 300, 600, 300], 2), 200);
  assert.equal(of([0, 2000, 1000, 1000], [0, 300, 600, 300], 3), 100);
  // nothing is claimed that is not used
  assert.equal(of([0, 2000, 1000, 50], [0, 350, 600, 300], 2), Math.floor((600 * 350) / 650));
  assert.equal(of([0, 2000, 1000, 50], [0, 900, 600, 300], 3), 50);
});

test('groups right below the one that is reclaimed for have what they were given, and a parent without protection gives none', () => {
  assert.equal(of([0, 2000, 1000, 1000], [0, 300, 600, 300], 1), 300);
  assert.equal(of([0, 2000, 1000, 1000], [0, 0, 600, 300], 2, 1), 600);
  assert.equal(of([0, 2000, 1000, 1000], [0, 0, 600, 300], 2), 0);
});

test('memory.low of a group whose parent has none protects nothing; with its parent’s it does', () => {
  const kept = (
    [
      [0, 0],
      [0, 900],
      [900, 900],
    ] as const
  ).map(([ofParent, own]) => {
    const memory = machine({
      variant: 'v6.1',
      memory: 3000,
      files: [900, 6000],
      cgroups: [
        { name: '/', parent: null, values: {} },
        { name: 'slice', parent: 0, values: { 'memory.low': ofParent * PAGE_SIZE } },
        { name: 'job', parent: 1, values: { 'memory.low': own * PAGE_SIZE } },
        { name: 'other', parent: 0, values: {} },
      ],
    });
    for (let page = 0; page < 900; page++) memory.access(page, 2);
    for (let page = 900; page < 6900; page++) memory.access(page, 3);
    memory.checkConservation();
    return resident(memory, 0, 900);
  });
  assert.equal(kept[1], kept[0]);
  assert.ok(kept[0] < 450, `${kept[0]} pages`);
  assert.ok(kept[2] > 800, `${kept[2]} pages`);
});
