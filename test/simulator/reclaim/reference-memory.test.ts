/** What the reference policies hold, in bytes of typed arrays: as stated, and no more than 16 a frame and 8 a page number. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyBytes } from '../../../simulator/estimate-memory.ts';
import type { KnobValues } from '../../../simulator/plan.ts';
import { reclaimVariants } from '../../../simulator/reclaim/registry.ts';
import { peakBytes } from '../support/allocations.ts';
import { cacheOf, futureOf, referenceVariants } from './reference-host.ts';

const PAGES = 1_600_000;
const FRAMES = 200_000;

async function bytesOf(id: string, pages: number, frames: number, values: KnobValues): Promise<number> {
  const future = futureOf([0], pages);
  const keep: unknown[] = [];
  return peakBytes(() => {
    const { reclaimer } = cacheOf(id, pages, frames, values);
    reclaimer.foresee?.(future);
    return keep.push(reclaimer) > 0;
  });
}

/** Bytes for each page number and each frame more. */
async function measure(id: string, values: KnobValues = {}): Promise<{ page: number; frame: number }> {
  const small = await bytesOf(id, PAGES, FRAMES, values);
  const morePages = await bytesOf(id, 2 * PAGES, FRAMES, values);
  const moreFrames = await bytesOf(id, PAGES, 2 * FRAMES, values);
  return { page: (morePages - small) / PAGES, frame: (moreFrames - small) / FRAMES };
}

for (const { id } of referenceVariants)
  test(`${id} holds the bytes for each page number and frame that are stated, at most 8 and 16`, async () => {
    const { page, place, reach } = policyBytes[id];
    const measured = await measure(id);
    assert.ok(Math.abs(measured.page - page) < 0.05, `${measured.page} a page number`);
    assert.ok(Math.abs(measured.frame - place * (reach ?? 1)) < 0.25, `${measured.frame} a frame`);
    assert.ok(measured.page <= 8.001 && measured.frame <= 16);
  });

test('w-tinylfu as Caffeine counts holds at most 8 bytes a page number and 16 a frame', async () => {
  const { page, frame } = await measure('w-tinylfu', { form: 'caffeine' });
  assert.ok(page <= 8.001 && frame <= 16, `${page}, ${frame}`);
});

test('every policy is listed with at most 8 bytes a page number and 16 a frame', () => {
  for (const { id } of reclaimVariants) {
    const { page, place, reach } = policyBytes[id];
    assert.ok(page <= 8 && place * (reach ?? 1) <= 16, id);
  }
});
