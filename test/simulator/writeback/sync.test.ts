import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as make from '../plans.ts';
import { checked, runPoint } from '../runs.ts';

test('fsync waits for pages that were dirtied again while they were being written, and ends', () => {
  const pages = 40;
  const point = runPoint(
    make.plan({
      memoryPages: 4_000,
      reclaim: 'v6.1',
      disk: { bandwidth: 1_000_000 },
      objects: [make.file('log', pages)],
      processes: [
        make.process('w', [
          make.phase('', [
            make.passes(0, 200, { pages, verb: 'write' }),
            { kind: 'fsync', target: { object: 0, start: 0, pages } },
          ]),
        ]),
        make.process('s', [
          make.phase('', [
            { kind: 'idle', time: 1_000_000 },
            { kind: 'fsync', target: { object: 0, start: 0, pages } },
            { kind: 'sync' },
          ]),
        ]),
      ],
    }),
    checked,
  );
  assert.equal(point.events.filter(({ rule }) => rule === 'run.stuck').length, 0);
  assert.equal(point.gauges?.['nr_dirty'], 0);
});
