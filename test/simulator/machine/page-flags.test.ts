/** Flags of pages against plain bytes, and groups that must never hide any. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLAGGED_SHIFT, PageFlags } from '../../../simulator/machine/page-flags.ts';

const GROUP = 1 << FLAGGED_SHIFT;

/** Pages at and around the edges of groups, and any. */
const pageOf = (pages: number) =>
  fc.oneof(
    fc.nat(pages - 1),
    fc.constantFrom(0, GROUP - 1, GROUP, pages - 1).map((page) => Math.min(page, pages - 1)),
  );

const cases = fc.constantFrom(1, GROUP - 1, GROUP, GROUP + 1, 3 * GROUP - 1, 3 * GROUP).chain((pages) =>
  fc.record({
    pages: fc.constant(pages),
    steps: fc.array(fc.tuple(pageOf(pages), fc.integer({ min: 0, max: 255 }), fc.option(pageOf(pages))), {
      maxLength: 30,
    }),
  }),
);

test('flags are what was last written, and a group says that it has none only if it never had any', () => {
  fc.assert(
    fc.property(cases, ({ pages, steps }) => {
      const flags = new PageFlags(pages);
      const plain = new Uint8Array(pages);
      const had = new Set<number>();
      for (const [page, value, other] of steps) {
        const start = Math.min(page, other ?? page);
        const end = other === null ? page + 1 : Math.max(page, other);
        if (other === null) flags.set(page, value);
        else flags.fill(value, start, end);
        plain.fill(value, start, end);
        if (value !== 0) for (let at = start; at < end; at++) had.add(at >> FLAGGED_SHIFT);
      }
      assert.deepEqual(flags.bytes, plain);
      for (const [group, flagged] of flags.flagged.entries()) assert.equal(flagged === 1, had.has(group));
    }),
    { numRuns: 300 },
  );
});
