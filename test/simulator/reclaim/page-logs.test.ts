/** Logs of pages against plain arrays, with so little room that they are squeezed all the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_LOG, PageLogs } from '../../../simulator/reclaim/page-logs.ts';
import { Random } from '../../../simulator/workload/random.ts';

const LOGS = 3;
const CHUNK = 64;
const NO_PAGE = -1;

interface Inside {
  readonly positions: Int32Array;
  readonly entries: Int32Array;
  readonly chain: Int32Array;
  readonly owner: Uint8Array;
  readonly chunks: Int32Array;
  readonly ends: Int32Array;
  readonly free: number;
}

/** Each chunk is in one chain, that of its log or the free one, and the living entries of a log's chain are `plain`'s pages. */
function check(logs: PageLogs, plain: readonly (readonly number[])[]): void {
  const { positions, entries, chain, owner, chunks, ends, free } = logs as unknown as Inside;
  const seen = new Set<number>();
  const walk = (first: number, log: number, visit: (chunk: number) => void) => {
    for (let chunk = first; chunk !== 0; chunk = chain[chunk]) {
      assert.ok(!seen.has(chunk), `chunk ${chunk} is in two chains`);
      assert.equal(owner[chunk], log);
      seen.add(chunk);
      visit(chunk);
    }
  };
  walk(free, NO_LOG, () => undefined);
  for (const [log, pages] of plain.entries()) {
    if (log === NO_LOG) continue;
    const living: number[] = [];
    walk(chunks[log], log, (chunk) => {
      const end = chain[chunk] === 0 ? ends[log] : (chunk + 1) * CHUNK;
      assert.ok(
        end > chunk * CHUNK && end <= (chunk + 1) * CHUNK,
        `log ${log} ends at ${end}, its last chunk is ${chunk}`,
      );
      for (let at = chunk * CHUNK; at < end; at++) if (positions[entries[at]] === at) living.push(entries[at]);
    });
    assert.deepEqual(living, pages);
  }
  assert.equal(seen.size, chain.length - 1, 'chunks are lost');
}

test('logs keep the order in which pages were appended, whatever is taken out, looked up, squeezed and enlarged in between', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      // Whole chunks, often: their ends are where other ones begin.
      fc.oneof(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 11 }).map((chunks) => 64 * chunks),
      ),
      fc.double({ min: 1, max: 3, noNaN: true }),
      (seed, pages, slack) => {
        const random = new Random(seed, 0x1095);
        let most = pages;
        const logs = new PageLogs(2 * pages, LOGS, Math.ceil(slack * most));
        const plain: number[][] = Array.from({ length: LOGS + 1 }, () => []);
        const logOf = (page: number) =>
          Math.max(
            NO_LOG,
            plain.findIndex((log) => log.includes(page)),
          );
        const takeOut = (page: number) => {
          const log = plain[logOf(page)];
          const at = log.indexOf(page);
          if (at >= 0) log.splice(at, 1);
        };
        // Steps come in bursts, so that logs grow long, run empty and wrap round.
        for (let burst = 0; burst < 30; burst++) {
          const kind = random.below(6);
          const log = 1 + random.below(LOGS);
          // Whole chunks, and pages one after another, meet more edges than what is wholly random.
          const steps = random.below(2) === 0 ? CHUNK * random.below(5) : random.below(300);
          const first = random.below(2) === 0 ? random.below(most) : NO_PAGE;
          for (let i = 0; i < steps; i++) {
            const page = first === NO_PAGE ? random.below(most) : (first + i) % most;
            if (kind < 3) {
              takeOut(page);
              plain[log].push(page);
              logs.append(log, page);
            } else if (kind === 3) {
              takeOut(page);
              logs.remove(page);
            } else if (plain[log].length > 0) {
              assert.equal(logs.oldest(log), plain[log][0]);
              if (kind === 4) assert.equal(logs.shift(log), plain[log].shift());
              const at = random.below(plain[log].length + 1);
              if (at < plain[log].length) assert.equal(logs.after(log, plain[log][at]), plain[log][at + 1] ?? -1);
            }
          }
          if (random.below(8) === 0 && most === pages) {
            most = 2 * pages;
            logs.grow(Math.ceil(slack * most));
          }
          check(logs, plain);
          for (let page = 0; page < 2 * pages; page += 7) assert.equal(logs.logOf(page), logOf(page));
        }
        for (let log = 1; log <= LOGS; log++) for (const page of plain[log]) assert.equal(logs.shift(log), page);
      },
    ),
    { numRuns: 300 },
  );
});

test('a log is squeezed whole when its last chunk is full and ends where its first one begins', () => {
  const logs = new PageLogs(CHUNK * 20, 2, CHUNK * 4);
  const append = (log: number, first: number) => {
    for (let page = first; page < first + CHUNK; page++) logs.append(log, page);
  };
  const kept = Array.from({ length: 2 * CHUNK }, (_, i) => CHUNK + i);
  // Log 1 fills the first chunk, log 2 the second one; the first is found dead and given back, and log 2 goes on there.
  append(1, 0);
  append(2, kept[0]);
  for (let page = 0; page < CHUNK; page++) logs.remove(page);
  logs.append(1, 0);
  assert.equal(logs.shift(1), 0);
  append(2, kept[CHUNK]);
  // Log 1 uses up all chunks for one page.
  for (let i = 0; i < 20 * CHUNK; i++) logs.append(1, 0);
  assert.deepEqual(
    kept.map((page) => logs.logOf(page)),
    kept.map(() => 2),
  );
  for (const page of kept) assert.equal(logs.shift(2), page);
  assert.throws(() => logs.oldest(2), /empty/);
});

test('logs that are given more pages than there is room for say so', () => {
  const logs = new PageLogs(10_000, 1, 100);
  assert.throws(() => {
    for (let page = 0; page < 10_000; page++) logs.append(1, page);
  }, /room/);
});
