import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { makeSequence } from '../../simulator/fidelity/sequences.ts';
import { Random } from '../../simulator/workload/random.ts';
import { main } from '../../cli/main.ts';
import { refault } from './support.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-replay-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string, bytes: string | Uint8Array): string => {
  const at = path.join(folder, name);
  writeFileSync(at, bytes);
  return at;
};
const u32 = (words: ArrayLike<number>) => new Uint8Array(Uint32Array.from(words).buffer);

const PAGES = 2000;
/** Skewed, with a loop: 40 000 accesses over 2 000 pages. */
const words = (() => {
  const random = new Random(1, 2);
  return Uint32Array.from({ length: 40_000 }, (_, i) =>
    i % 4 === 0 ? (i >> 2) % PAGES : Math.floor(PAGES * random.unit() * random.unit() * random.unit()),
  );
})();
const trace = file('skewed.u32', u32(words));

interface Point {
  readonly variant: { readonly reclaim: string };
  readonly at: { readonly memory: number };
  readonly complete: boolean;
  readonly counters: Readonly<Record<string, number>>;
  readonly measures: Readonly<Record<string, number>>;
  readonly phases: readonly { readonly passes: readonly { readonly accesses: number; readonly misses: number }[] }[];
}
interface Json {
  readonly partial: boolean;
  readonly plan: string;
  readonly warnings: readonly string[];
  readonly runs: readonly { readonly title: string; readonly points: readonly Point[] }[];
}

async function replay(...args: string[]): Promise<Json> {
  const { status, out, err } = await refault(['replay', ...args, '--format', 'json']);
  assert.equal(err, '');
  assert.equal(status, 0);
  return JSON.parse(out) as Json;
}

/** Misses of exact LRU, the long way. */
function lruMisses(accesses: ArrayLike<number>, capacity: number, from = 0): number {
  const list = new Set<number>();
  let misses = 0;
  for (let i = 0; i < accesses.length; i++) {
    const page = accesses[i];
    if (!list.delete(page)) {
      if (i >= from) misses++;
      if (list.size === capacity) list.delete(list.values().next().value!);
    }
    list.add(page);
  }
  return misses;
}

test('replay gives one run with a point for every policy and size, counts in pages and sizes in bytes', async () => {
  const { runs, partial } = await replay(trace, '--memory', '300 pages,1MiB', '--policy', 'lru,v6.1');
  assert.equal(partial, false);
  assert.equal(runs.length, 1);
  assert.equal(runs[0].title, 'skewed.u32');
  assert.deepEqual(
    runs[0].points.map((p) => [p.variant.reclaim, p.at.memory]),
    [
      ['lru', 300 * 4096],
      ['lru', 1 << 20],
      ['v6.1', 300 * 4096],
      ['v6.1', 1 << 20],
    ],
  );
  for (const { counters, measures, phases } of runs[0].points) {
    assert.equal(counters.accesses, words.length);
    assert.equal(counters.hits + counters.misses, words.length);
    for (const name of ['pswpin', 'pswpout', 'workingset_refault_file', 'pgsteal_kswapd'])
      assert.equal(typeof counters[name], 'number');
    assert.equal(measures['hit-ratio'], counters.hits / words.length);
    assert.equal(phases[0].passes.length, 10);
    assert.equal(
      phases[0].passes.reduce((n, p) => n + p.misses, 0),
      counters.misses,
    );
  }
  assert.equal(runs[0].points[0].counters.misses, lruMisses(words, 300));
  assert.equal(runs[0].points[1].counters.misses, lruMisses(words, 256));
});

test('a size is pages, bytes in any unit, or a share of the distinct pages rounded down', async () => {
  const memory = async (size: string) =>
    (await replay(trace, '--memory', size, '--policy', 'fifo')).runs[0].points[0].at.memory / 4096;
  const distinct = new Set(words).size;
  assert.equal(await memory('16384 pages'), 16384);
  assert.equal(await memory('1page'), 1);
  assert.equal(await memory('64MiB'), 16384);
  assert.equal(await memory('0.5 MiB'), 128);
  assert.equal(await memory('10 kB'), 2);
  assert.equal(await memory('10%'), Math.floor(distinct / 10));
  assert.equal(await memory('0.7 %'), Math.floor((distinct * 7) / 1000));
});

test('every policy replays, and OPT is told the future', async () => {
  const ids = 'clock,fifo,2q,lirs,arc,car,clock-pro,w-tinylfu,s3-fifo,sieve,lru,opt,v6.1,mglru-6.1';
  const { points } = (await replay(trace, '--memory', '400 pages', '--policy', ids)).runs[0];
  assert.deepEqual(points.map((p) => p.variant.reclaim).join(), ids);
  const misses = new Map(points.map((p) => [p.variant.reclaim, p.counters.misses]));
  for (const [id, count] of misses) assert.ok(count >= misses.get('opt')!, id);
});

test('the accesses of a warm-up are made but not counted', async () => {
  const [point] = (await replay(trace, '--memory', '300 pages', '--policy', 'lru', '--warmup', '15000')).runs[0].points;
  assert.equal(point.counters.accesses, 25_000);
  assert.equal(point.counters.misses, lruMisses(words, 300, 15_000));
  assert.equal(
    point.phases[0].passes.reduce((n, p) => n + p.accesses, 0),
    25_000,
  );
});

test('miss bits say for every access whether it missed', async () => {
  const bits = path.join(folder, 'bits');
  const short = words.subarray(0, 1003);
  const [point] = (
    await replay(file('short.u32', u32(short)), '--memory', '100 pages', '--policy', 'lru', '--miss-bits', bits)
  ).runs[0].points;
  const bytes = readFileSync(bits);
  assert.equal(bytes.length, 126);
  let missed = 0;
  for (let i = 0; i < short.length; i++) {
    const bit = (bytes[i >> 3] >> (i & 7)) & 1;
    missed += bit;
    assert.equal(bit, lruMisses(short.subarray(0, i + 1), 100, i), `access ${i}`);
  }
  assert.equal(missed, point.counters.misses);
});

test('in a cgroup kernel memory is charged: a scan that would just fit no longer does', async () => {
  const scan = file('scan.u32', u32(Array.from({ length: 5 * 1000 }, (_, i) => i % 1000)));
  const misses = async (...more: string[]) =>
    (await replay(scan, '--memory', '1000 pages', '--policy', 'v6.1', ...more)).runs[0].points[0].counters;
  const grouped = await misses('--memcg');
  // 16 nodes of 64 slots take three pages, and a page of metadata comes with the file.
  assert.ok(grouped.misses > 1000);
  assert.equal(grouped.pgscan_kswapd, 0);
  assert.ok(grouped.pgscan_direct > 0);
  assert.equal(
    (await replay(scan, '--memory', '1010 pages', '--policy', 'v6.1', '--memcg')).runs[0].points[0].counters.misses,
    1000,
  );
});

test('v6.12 decides by a clock that misses advance: beside a stream it misses 8,035 times, as 6.12 unsampled (8,038)', async () => {
  const scan = file('scan.u32ops', u32(makeSequence({ kind: 'scan', accesses: 327_680, pages: 6553 })));
  const limits = ['--memory', '16384 pages', '--memcg', '--file-pages', '172032'];
  const { runs, warnings } = await replay(scan, ...limits, '--policy', 'v6.12');
  const hot = runs[0].points[0].counters.misses - 163_840;
  assert.ok(Math.abs(hot / 8038 - 1) < 0.02, `${hot} misses of the hot set`);
  assert.match(warnings.join(), /decides by the clock, and a trace has none/);
});

test('u32ops: file and anonymous pages are numbered apart, and only what was swapped out is swapped in', async () => {
  const READ = 0;
  const STORE = 2;
  const op = (operation: number, page: number) => ((operation << 30) | page) >>> 0;
  const both = file('both.u32ops', u32([op(READ, 0), op(STORE, 0), op(READ, 0), op(STORE, 0), op(STORE, 1)]));
  const { counters } = (await replay(both, '--memory', '300 pages', '--policy', 'v6.1')).runs[0].points[0];
  // The file's page misses once; first touches of anonymous memory are faults, not misses.
  assert.deepEqual([counters.accesses, counters.misses, counters.pswpin], [5, 1, 0]);

  const anon = file(
    'anon.u32ops',
    u32(Array.from({ length: 4000 }, (_, i) => op(i % 2 === 0 ? STORE : READ, (i >> 1) % (i % 2 === 0 ? 600 : 500)))),
  );
  const swapping = (
    await replay(
      anon,
      '--memory',
      '800 pages',
      '--policy',
      'v6.1',
      '--memcg',
      '--swap',
      '16 MiB',
      '--swappiness',
      '200',
    )
  ).runs[0].points[0];
  assert.ok(swapping.counters.pswpout > 0 && swapping.counters.pswpin > 0);
  assert.equal(swapping.complete, true);
  const stuck = await replay(anon, '--memory', '400 pages', '--policy', 'v6.1', '--memcg');
  assert.equal(stuck.runs[0].points[0].complete, false);
  assert.match(stuck.warnings.join(), /'v6\.1' ran out of memory after \d+ accesses with 400 pages/);
});

test('--mrc adds the curve of exact LRU, equal to LRU replayed at each of its sizes', async () => {
  const { runs } = await replay(trace, '--memory', '300 pages', '--policy', 'lru', '--mrc');
  assert.equal(runs.length, 2);
  assert.equal(runs[1].title, 'skewed.u32: miss ratio of exact LRU by memory');
  assert.equal(runs[1].points.length, 100);
  for (const { at, counters, measures } of [0, 14, 50, 99].map((i) => runs[1].points[i])) {
    assert.equal(counters.misses, lruMisses(words, at.memory / 4096));
    assert.equal(measures['miss-ratio'], counters.misses / words.length);
  }
});

test('many sizes of exact LRU come from one pass, and are what a machine of each size alone reports', async () => {
  // Loads through a mapping among the reads; sizes that are the same, larger than the trace, and a single page.
  const mixed = file('mixed.u32ops', u32(words.map((page, i) => (i % 5 === 0 ? (page | (1 << 30)) >>> 0 : page))));
  const sizes = ['1 pages', '40 pages', '160 KiB', '700 pages', '50%', '5000 pages'];
  for (const [name, ...more] of [
    [trace],
    [trace, '--memcg'],
    [trace, '--warmup', '12345'],
    [trace, '--warmup', '39995'],
    [mixed, '--file-pages', '4000'],
  ]) {
    const together = (await replay(name, '--memory', sizes.join(), '--policy', 'fifo,lru', ...more)).runs[0].points;
    for (const [i, size] of sizes.entries()) {
      const [alone] = (await replay(name, '--memory', size, '--policy', 'lru', ...more)).runs[0].points;
      assert.deepEqual(
        { ...together[sizes.length + i], coordinates: 0 },
        { ...alone, coordinates: 0 },
        `${size} ${more.join()}`,
      );
    }
  }
});

test('traces that write are replayed size by size, for dirty pages are written back', async () => {
  const written = file('written.u32ops', u32(words.map((page, i) => (i % 3 === 0 ? (page | (3 << 30)) >>> 0 : page))));
  const { points } = (await replay(written, '--memory', '100 pages,300 pages', '--policy', 'lru')).runs[0];
  for (const { counters } of points) assert.ok(counters.pgpgout > 0);
  assert.deepEqual(
    points.map((p) => p.counters.misses),
    [lruMisses(words, 100), lruMisses(words, 300)],
  );
});

test('the curve alone needs neither sizes nor policies; of a sample it states the error', async () => {
  const alone = await replay(trace, '--mrc');
  const beside = await replay(trace, '--mrc', '--memory', '300 pages', '--policy', 'lru');
  assert.deepEqual(alone.runs, beside.runs.slice(1));
  assert.deepEqual(alone.warnings, []);
  const exact = alone.runs[0].points;

  const sampled = await replay(trace, '--mrc', '--sample', '20%');
  assert.equal(sampled.runs[0].title, 'skewed.u32: miss ratio of exact LRU by memory, from 20 % of the pages');
  let within = 0;
  for (const [i, { measures }] of sampled.runs[0].points.entries()) {
    assert.ok(measures['miss-ratio-error'] > 0);
    if (Math.abs(measures['miss-ratio'] - exact[i].measures['miss-ratio']) <= 2 * measures['miss-ratio-error'])
      within++;
  }
  assert.ok(within >= 90, `${within} of 100`);
  assert.match(
    sampled.warnings.join(),
    /^a sample: 20 % of the pages was looked at \(\d+ pages; so few that a larger sample would pay\)\. Standard error/,
  );
  assert.notEqual(sampled.plan, alone.plan);
  assert.deepEqual(await replay(trace, '--mrc', '--sample', '.2'), sampled);
  assert.deepEqual((await replay(trace, '--mrc', '--sample', '100%')).runs, alone.runs);
});

test('packed traces read like plain ones, in every format', async () => {
  const text = [...words.subarray(0, 500)].map((w) => `${w}\n`).join('');
  const traces = {
    'a.txt': text,
    'a.txt.gz': gzipSync(text),
    'a.txt.zst': zstdCompressSync(text),
    'a.csv': `time,page\n${text.replaceAll(/^/gm, '0,').slice(0, -2)}`,
    'a.u32.zst': zstdCompressSync(u32(words.subarray(0, 500))),
    'a.u64.gz': gzipSync(new Uint8Array(BigUint64Array.from(words.subarray(0, 500), BigInt).buffer)),
  };
  const expected = lruMisses(words.subarray(0, 500), 50);
  for (const [name, bytes] of Object.entries(traces)) {
    const { points } = (await replay(file(name, bytes), '--memory', '50 pages', '--policy', 'lru')).runs[0];
    assert.deepEqual([points[0].counters.accesses, points[0].counters.misses], [500, expected], name);
  }
  const unnamed = file('data.bin', u32(words.subarray(0, 500)));
  const { points } = (await replay(unnamed, '--memory', '50 pages', '--policy', 'lru', '--trace-format', 'u32'))
    .runs[0];
  assert.equal(points[0].counters.misses, expected);
});

test('text, Markdown and CSV name policies, sizes and miss counts', async () => {
  const misses = lruMisses(words, 300);
  const args = ['replay', trace, '--memory', '300 pages', '--policy', 'lru,opt'];
  const text = await refault(args);
  assert.equal(text.status, 0);
  assert.match(text.out, /^skewed\.u32\n/);
  assert.match(text.out, /300 pages +lru /);
  assert.doesNotMatch(text.out, /simulated/);
  const markdown = await refault([...args, '--format', 'markdown']);
  assert.match(markdown.out, /^## skewed\.u32\n[^]*\| lru /);
  const csv = await refault([...args, '--format', 'csv']);
  const [header, first] = csv.out.split('\r\n').map((line) => line.split(','));
  assert.equal(first[header.indexOf('misses')], String(misses));
  assert.equal(first[header.indexOf('memory')], String(300 * 4096));
});

test('the same trace gives the same plan, however its path is written', async () => {
  const args = ['--memory', '10%,20%', '--policy', 's3-fifo'];
  assert.equal((await replay(trace, ...args)).plan, (await replay(path.join(folder, '.', 'skewed.u32'), ...args)).plan);
});

async function fails(status: number, message: RegExp, ...args: string[]): Promise<void> {
  const result = await refault(['replay', ...args]);
  assert.equal(result.status, status, result.err);
  assert.equal(result.out, '');
  assert.match(result.err, message);
}

test('what is wrong with the command line is said on stderr, with status 2', async () => {
  const rest = ['--policy', 'lru'];
  await fails(2, /replay needs exactly one TRACE/, '--memory', '10%', ...rest);
  await fails(2, /--memory wants one or more sizes/, trace, ...rest);
  await fails(2, /--policy wants one or more reclaim variants/, trace, '--memory', '10%');
  await fails(2, /there is no policy 'lrux'; there are .*sieve/, trace, '--memory', '10%', '--policy', 'lru,lrux');
  await fails(2, /--policy has 'lru' twice/, trace, '--memory', '10%', '--policy', 'lru,lru');
  await fails(2, /'10' has no unit; write '16384 pages', '64MiB' or '10%'/, trace, '--memory', '10', ...rest);
  await fails(2, /'ten pages' is not a size/, trace, '--memory', 'ten pages', ...rest);
  await fails(2, /'-5 pages' is not a size/, trace, '--memory=-5 pages', ...rest);
  await fails(2, /'parsecs' is no unit of memory/, trace, '--memory', '3 parsecs', ...rest);
  await fails(2, /'0 pages' is less than one page/, trace, '--memory', '0 pages', ...rest);
  await fails(2, /'0\.01%' is less than one of the trace's \d+ distinct pages/, trace, '--memory', '0.01%', ...rest);
  await fails(2, /10 pages are too few for a machine under 'v6\.1'/, trace, '--memory', '10 pages', '--policy', 'v6.1');
  await fails(2, /--miss-bits wants one size and one policy/, trace, '--memory', '1%,2%', ...rest, '--miss-bits', 'x');
  await fails(2, /--warmup: the trace has only 40000 accesses/, trace, '--memory', '1%', ...rest, '--warmup', '40000');
  await fails(2, /--swappiness lies between 0 and 200/, trace, '--memory', '1%', ...rest, '--swappiness', '201');
  await fails(
    2,
    /--file-pages: the trace reads page \d+, so the file has at least/,
    trace,
    '--memory',
    '1%',
    ...rest,
    '--file-pages',
    '7',
  );
  for (const share of ['0', '101%', '1.5', 'all', '-1%'])
    await fails(2, /--sample wants a share above 0 and up to 100%, not/, trace, '--mrc', `--sample=${share}`);
  await fails(2, /--sample is for the curve of --mrc/, trace, '--memory', '1%', ...rest, '--sample', '1%');
  await fails(2, /--memory wants one or more sizes/, trace, '--mrc', ...rest);
  await fails(2, /there is no format 'yaml'/, trace, '--memory', '1%', ...rest, '--format', 'yaml');
  await fails(2, /--nonsense/, trace, '--memory', '1%', ...rest, '--nonsense');
});

test('a trace that cannot be read is said on stderr with file and place, with status 3', async () => {
  const rest = ['--memory', '10%', '--policy', 'lru'];
  await fails(3, /missing\.u32: there is no such file/, path.join(folder, 'missing.u32'), ...rest);
  await fails(3, /refault-replay-.*: .*the name does not tell the format|this is a folder/, folder, ...rest);
  await fails(
    3,
    /cut\.u32: record 3: the trace ends after 2 of the record's 4 bytes/,
    file('cut.u32', new Uint8Array(10)),
    ...rest,
  );
  await fails(3, /words\.txt: line 2: 'two' is not an id/, file('words.txt', '1\ntwo\n'), ...rest);
  await fails(3, /empty\.txt: the trace has no records/, file('empty.txt', ''), ...rest);
  await fails(3, /odd\.bin: the name does not tell the format/, file('odd.bin', '1\n'), ...rest);
  const packed = gzipSync(u32(words));
  await fails(
    3,
    /cut\.u32\.gz: it is damaged or cut off/,
    file('cut.u32.gz', packed.subarray(0, packed.length >> 1)),
    ...rest,
  );
  await fails(3, /not\.u32\.gz: it is damaged or cut off/, file('not.u32.gz', 'plain text'), ...rest);
  await fails(3, /not\.u32\.zst: it is damaged or cut off/, file('not.u32.zst', 'plain text'), ...rest);
  const zst = zstdCompressSync(u32(words));
  await fails(
    3,
    /cut\.u32\.zst: it is damaged or cut off/,
    file('cut.u32.zst', zst.subarray(0, zst.length >> 1)),
    ...rest,
  );
});

test('an interrupted replay prints what it has, marked partial, with status 130', async () => {
  const long = file('long.u32', u32(Array.from({ length: 3_000_000 }, (_, i) => i % 70_000)));
  const controller = new AbortController();
  let out = '';
  const status = await main(['replay', long, '--memory', '10%', '--policy', 'lru,fifo', '--format', 'json'], {
    stdout: (text) => void (out += text),
    // As a user would, on seeing the first sign of progress.
    stderr: (text) => void (/\d %/.test(text) && controller.abort()),
    color: false,
    isTty: true,
    width: 100,
    signal: controller.signal,
  });
  assert.equal(status, 130);
  const json = JSON.parse(out) as Json;
  assert.equal(json.partial, true);
  assert.equal(json.runs[0].points.length, 1);
  const [point] = json.runs[0].points;
  assert.equal(point.complete, false);
  assert.ok(point.counters.accesses > 0 && point.counters.accesses < 3_000_000);
});

test('interrupted in the one pass for many sizes of LRU, a replay prints the points before it', async () => {
  const long = file('longer.u32', u32(Array.from({ length: 3_000_000 }, (_, i) => i % 70_000)));
  for (const [policies, format, points] of [
    ['fifo,lru', 'json', 3],
    ['lru', 'json', 0],
    ['lru', 'text', 0],
    ['lru', 'csv', 0],
    ['lru', 'markdown', 0],
  ] as const) {
    const controller = new AbortController();
    let out = '';
    const args = ['replay', long, '--memory', '10%,20%,30%', '--policy', policies, '--format', format];
    const status = await main(args, {
      stdout: (text) => void (out += text),
      stderr: (text) => void (text.includes('stack distances') && controller.abort()),
      color: false,
      isTty: true,
      width: 100,
      signal: controller.signal,
    });
    assert.equal(status, 130);
    if (format !== 'json') continue;
    const json = JSON.parse(out) as Json;
    assert.equal(json.partial, true);
    assert.equal(json.runs[0].points.length, points);
  }
});

test('--help lists the options', async () => {
  const { status, out } = await refault(['replay', '--help']);
  assert.equal(status, 0);
  for (const option of [
    '--memory',
    '--policy',
    '--trace-format',
    '--memcg',
    '--file-pages',
    '--swappiness',
    '--swap',
    '--mrc',
    '--sample',
    '--warmup',
    '--miss-bits',
  ])
    assert.ok(out.includes(option), option);
});
