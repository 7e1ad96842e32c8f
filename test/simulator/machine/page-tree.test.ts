/** The page cache's trees against a plain model: sets of slots, nodes counted from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ObjectMap } from '../../../simulator/machine/object-map.ts';
import { PageTree, SLOTS } from '../../../simulator/machine/page-tree.ts';

/** Slots in use, in the order in which nodes came to hold only shadows. */
class Model {
  readonly pages = new Set<number>();
  readonly shadows = new Set<number>();
  readonly #start: number;
  readonly #size: number;
  #top = -1;

  constructor(start: number, size: number) {
    this.#start = start;
    this.#size = size;
  }

  store(page: number): void {
    if (this.pages.size + this.shadows.size === 0) this.#top = -1;
    this.#top = Math.max(this.#top, page - this.#start);
    this.shadows.delete(page);
    this.pages.add(page);
  }

  /** A node for each run of slots in use at each level; the chain above index 0 exists up to the height ever needed. */
  nodes(): number {
    const used = [...this.pages, ...this.shadows].map((page) => page - this.#start);
    if (used.length === 0 || this.#size <= 1) return 0;
    let height = 1;
    for (let reach = SLOTS; this.#top >= reach; reach *= SLOTS) height++;
    let nodes = 0;
    for (let level = 1, span = SLOTS; level <= height; level++, span *= SLOTS) {
      nodes += new Set(used.map((index) => Math.floor(index / span))).size;
    }
    return nodes;
  }

  shadowNodes(): number {
    if (this.#size <= 1) return 0;
    const leafOf = (page: number) => Math.floor((page - this.#start) / SLOTS);
    const withPages = new Set([...this.pages].map(leafOf));
    return new Set([...this.shadows].map(leafOf).filter((leaf) => !withPages.has(leaf))).size;
  }
}

const operations = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'insert', 'evict', 'evict', 'drop', 'forget', 'shrink'),
    object: fc.nat(2),
    at: fc.nat(),
    beside: fc.boolean(),
  }),
  { maxLength: 400 },
);

test('nodes, shadow entries and nodes with only shadows are what the slots in use require, whatever comes and goes', () => {
  fc.assert(
    fc.property(operations, fc.constantFrom(300, 5000, 300_000), (steps, large) => {
      const sizes = [large, 1, 200];
      const bases = [0, large, large + 1];
      const models = bases.map((base, i) => new Model(base, sizes[i]));
      let freed = 0;
      const cleared: [number, number][] = [];
      const tree = new PageTree(
        {
          nodeFreed: () => freed++,
          shadowNodesChanged: () => undefined,
          clearShadows: (start, end) => cleared.push([start, end]),
        },
        new ObjectMap(bases, sizes),
        [true, true, true],
        1,
      );
      for (const step of steps) {
        const model = models[step.object];
        const { pages, shadows } = model;
        const some = (set: Set<number>) => [...set][step.at % set.size];
        if (step.kind === 'insert') {
          const page = bases[step.object] + (step.at % sizes[step.object]);
          if (pages.has(page)) continue;
          const before = models.reduce((sum, m) => sum + m.nodes(), 0);
          const missing = tree.missing(page);
          const stored = step.beside ? tree.insertBeside(page, shadows.has(page) ? 1 : 0) : 1;
          assert.equal(stored < 0, step.beside && missing > 0);
          if (stored !== 0) tree.insert(page, shadows.has(page), 0);
          model.store(page);
          assert.equal(models.reduce((sum, m) => sum + m.nodes(), 0) - before, missing);
        } else if (step.kind === 'evict' && pages.size > 0) {
          const page = some(pages);
          tree.remove(page, true);
          pages.delete(page);
          shadows.add(page);
        } else if (step.kind === 'drop' && pages.size > 0) {
          const page = some(pages);
          tree.remove(page, false);
          pages.delete(page);
        } else if (step.kind === 'forget' && shadows.size > 0) {
          const page = some(shadows);
          tree.forget(page);
          shadows.delete(page);
        } else if (step.kind === 'shrink' && tree.shrink(0)) {
          const [start, end] = cleared.pop()!;
          for (const m of models) for (const page of m.shadows) if (page >= start && page < end) m.shadows.delete(page);
        }
        assert.equal(
          tree.nodes,
          models.reduce((sum, m) => sum + m.nodes(), 0),
        );
        assert.equal(
          tree.shadows,
          models.reduce((sum, m) => sum + m.shadows.size, 0),
        );
        assert.equal(
          tree.shadowNodes[0],
          models.reduce((sum, m) => sum + m.shadowNodes(), 0),
        );
      }
      assert.ok(freed >= 0);
    }),
    { numRuns: 150, seed: 31_415 },
  );
});

test('nodes with only shadows are given up in the order in which they lost their last page', () => {
  const cleared: number[] = [];
  const tree = new PageTree(
    { nodeFreed: () => undefined, shadowNodesChanged: () => undefined, clearShadows: (start) => cleared.push(start) },
    new ObjectMap([0], [1000]),
    [true],
    1,
  );
  for (const page of [0, 100, 200, 300]) tree.insert(page, false, 0);
  for (const page of [200, 0, 300, 100]) tree.remove(page, true);
  // a page that comes back takes its node off the list, to the end if it leaves again
  tree.insert(0, true, 0);
  tree.remove(0, true);
  while (tree.shrink(0));
  assert.deepEqual(cleared, [192, 256, 64, 0]);
  assert.equal(tree.nodes, 0);
});
