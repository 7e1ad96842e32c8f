import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stalePerformance } from '../../tools/make-performance.ts';

test('the figures and the picture of docs/performance.md are what docs/performance.json gives', () => {
  assert.deepEqual(stalePerformance(), [], 'run `node tools/make-performance.ts`');
});
