import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DecodedTrace } from '../../../simulator/trace/decoder.ts';
import { DenseIds } from '../../../simulator/trace/dense-ids.ts';
import { formatOfName, packingOf, traceDecoder } from '../../../simulator/trace/format.ts';
import { TraceError } from '../../../simulator/trace/trace-error.ts';

const decode = (format: string, bytes: Uint8Array, cuts: readonly number[] = []): DecodedTrace => {
  const decoder = traceDecoder(format, 'trace');
  let from = 0;
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    // A copy that is overwritten afterwards: decoders must not keep the caller's bytes.
    const chunk = bytes.slice(from, cut);
    decoder.push(chunk);
    chunk.fill(0x37);
    from = cut;
  }
  return decoder.finish();
};
const text = (s: string) => new TextEncoder().encode(s);
const decodeText = (format: string, s: string) => decode(format, text(s));

const u32 = (ids: readonly number[]) => new Uint8Array(Uint32Array.from(ids).buffer);
const u64 = (ids: readonly bigint[]) => new Uint8Array(BigUint64Array.from(ids).buffer);

function oracleGeneral(ids: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(24 * ids.length);
  const view = new DataView(bytes.buffer);
  ids.forEach((id, i) => {
    const next = ids.indexOf(id, i + 1);
    view.setUint32(24 * i, 1_600_000_000 + i, true);
    view.setBigUint64(24 * i + 4, id, true);
    view.setUint32(24 * i + 12, 4096, true);
    view.setBigInt64(24 * i + 16, BigInt(next), true);
  });
  return bytes;
}

/** The order in which ids are first seen, the long way. */
const dense = (ids: readonly bigint[]): number[] => {
  const seen: bigint[] = [];
  return ids.map((id) => {
    if (!seen.includes(id)) seen.push(id);
    return seen.indexOf(id);
  });
};

const sparse = 1n << 40n;
/** Far apart, so that they are renumbered. */
const ids = fc.array(
  fc.bigInt({ min: 0n, max: 20n }).map((k) => k * 0x0123_4567_89abn + sparse),
  { minLength: 1, maxLength: 60 },
);
const cuts = fc.array(fc.nat(2000), { maxLength: 6 });

test('every format gives the same accesses for the same ids, numbered as first seen, however the bytes are cut', () => {
  const encoders: Readonly<Record<string, (list: readonly bigint[]) => Uint8Array>> = {
    oracleGeneral,
    u64,
    txt: (list) => text(list.map((id) => `${id}\n`).join('')),
    csv: (list) => text(list.map((id, i) => `${i},${id},4096\r\n`).join('')),
    'csv with names': (list) => text(`time;"the id";size\n${list.map((id, i) => `${i};"${id}";1`).join('\n')}`),
    'csv of texts': (list) => text(`key\n${list.map((id) => `obj-${id}`).join('\n')}`),
  };
  const formats: Readonly<Record<string, string>> = {
    csv: 'csv:id=2',
    'csv with names': 'csv:delimiter=;,id=The ID',
    'csv of texts': 'csv:ids=text',
  };
  fc.assert(
    fc.property(ids, cuts, (list, at) => {
      const expected = dense(list);
      for (const [name, encode] of Object.entries(encoders)) {
        const { words, distinct, filePages, anonPages } = decode(formats[name] ?? name, encode(list), at);
        assert.deepEqual([...words], expected, name);
        assert.equal(distinct, new Set(list).size, name);
        assert.deepEqual([filePages, anonPages], [distinct, 0], name);
      }
    }),
  );
});

test('ids that are page numbers stay what they are: neighbours share nodes of the page cache’s tree', () => {
  const pages = [7, 3, 3, 0, 9, 5];
  for (const trace of [decode('u32', u32(pages)), decodeText('txt', pages.join('\n'))]) {
    assert.deepEqual([...trace.words], pages);
    assert.deepEqual([trace.distinct, trace.filePages], [5, 10]);
  }
  // Less than a quarter of the numbers occurs.
  assert.deepEqual([...decode('u32', u32([8, 0, 8])).words], [0, 1, 0]);
  assert.deepEqual([...decode('u32', u32([0xffffffff, 1])).words], [0, 1]);
});

test('u32ops words are taken as they stand, file and anonymous pages counted apart', () => {
  const words = [5, 5 | (1 << 30), (2 << 30) | 3, 2, (2 << 30) | 3].map((w) => w >>> 0);
  const trace = decode('u32ops', u32(words), [3, 4, 9]);
  assert.deepEqual([...trace.words], words);
  assert.deepEqual([trace.filePages, trace.anonPages, trace.distinct], [6, 4, 3]);
});

test('a trace longer than a block of words keeps its order', () => {
  const length = 600_000;
  const numbers = Uint32Array.from({ length }, (_, i) => (i * 7919) % 200_000);
  const { words, distinct } = decode('u32', new Uint8Array(numbers.buffer), [1, 77_777, 1_234_567]);
  assert.deepEqual(words, numbers);
  assert.equal(distinct, 200_000);
});

test('64-bit ids that share their lower halves are told apart, the largest included', () => {
  const list = [1n, (1n << 32n) + 1n, (1n << 63n) + 1n, (1n << 64n) - 1n, 1n];
  assert.deepEqual([...decode('u64', u64(list)).words], [0, 1, 2, 3, 0]);
  assert.deepEqual([...decodeText('txt', list.join('\n')).words], [0, 1, 2, 3, 0]);
});

test('the id table finds again what it has numbered, over many times its first size', () => {
  const table = new DenseIds();
  const n = 50_000;
  for (let i = 0; i < n; i++) assert.equal(table.of(Math.imul(i, 0x10001) >>> 0, i % 7), i);
  for (let i = n - 1; i >= 0; i--) assert.equal(table.of(Math.imul(i, 0x10001) >>> 0, i % 7), i);
  assert.equal(table.size, n);
});

test('text may have blank lines, comments, a byte-order mark, carriage returns and no newline at its end', () => {
  const { words } = decodeText('txt', '\ufeff# a comment\r\n500\r\n\r\n 700 \n500');
  assert.deepEqual([...words], [0, 1, 0]);
});

test('csv finds the id by the usual names, by name, by number, and tells a header from data', () => {
  const rows = '1,900000000000,4\n2,900000000001,4\n';
  for (const [format, head] of [
    ['csv', 'time,obj_id,size\n'],
    ['csv', 'time,Page,size\n'],
    ['csv:id=block', 'time,Block,size\n'],
    ['csv:id=2', 'time,anything,size\n'],
    ['csv:id=2,header=true', '7,8,9\n'],
    ['csv:obj-id-col=2,has-header=false,time-col=1,obj-size-col=3', ''],
    ['csv:id=2', ''],
  ] as const) {
    assert.deepEqual([...decodeText(format, head + rows).words], [0, 1], format);
  }
  // The first column, when nothing says which; it has a header when that is no number.
  assert.deepEqual([...decodeText('csv', 'x,y\n900000000000,1\n5,1\n').words], [0, 1]);
  assert.deepEqual([...decodeText('csv:delimiter=tab,id=2', 'a\t1\nb\t0\n').words], [1, 0]);
  assert.deepEqual([...decodeText('csv:delimiter=,,id=2', 'a,1\nb,0\n').words], [1, 0]);
});

/** What comes of it: accesses, or the error. */
const outcome = (format: string, bytes: Uint8Array, cuts: readonly number[] = []): unknown => {
  try {
    const { words, distinct, filePages } = decode(format, bytes, cuts);
    return [[...words], distinct, filePages];
  } catch (error) {
    assert.ok(error instanceof TraceError, String(error));
    return error.message;
  }
};

test('lines that are just as most are take a short cut to the same accesses, and to the same errors', () => {
  const id = fc.oneof(
    fc.nat(99).map(String),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String),
    fc.integer({ min: 1, max: 22 }).map((digits) => '9'.repeat(digits)),
    fc.integer({ min: 1, max: 22 }).map((zeros) => `${'0'.repeat(zeros)}7`),
  );
  const plain = fc.constantFrom(...['4', '17', '123456789', '1234567890', '999999999999999', '18446744073709551615']);
  const cell = fc.oneof(
    { weight: 30, arbitrary: plain },
    { weight: 3, arbitrary: id },
    fc.constantFrom(' 5', '5 ', '"6"', 'x', '', '+1'),
  );
  const end = fc.oneof({ weight: 9, arbitrary: fc.constant('\n') }, fc.constantFrom('\r\n', '\n\n', '\n#7\n', '\r'));
  const row = (cells: number) =>
    fc.tuple(fc.array(cell, { minLength: cells, maxLength: cells }), end).map(([c, e]) => c.join(',') + e);
  for (const [format, cells] of [
    ['txt', 1],
    ['csv', 1],
    ['csv:id=2,header=false', 3],
    ['csv:id=3', 3],
    ['csv:id=1,ids=text', 2],
  ] as const) {
    fc.assert(
      fc.property(fc.array(row(cells), { minLength: 1, maxLength: 12 }), (rows) => {
        const bytes = text(rows.join(''));
        // In pieces too short for the short cut.
        const pieces = Array.from({ length: Math.floor(bytes.length / 7) }, (_, i) => 7 * (i + 1));
        assert.deepEqual(outcome(format, bytes), outcome(format, bytes, pieces), format);
      }),
      { numRuns: 200 },
    );
  }
});

test('ids of every size are numbered alike, wherever in a trace the first large one comes', () => {
  const small = fc.nat(3000);
  const some = fc.oneof(small, fc.constantFrom(70_000, 1 << 29, 0x3fffffff, 0x40000000, 0xffffffff));
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 20, arbitrary: small }, some), { minLength: 1, maxLength: 3000, size: 'max' }),
      (list) => {
        const { words, distinct, filePages } = decode('u32', u32(list));
        const pages = new Set(list);
        const largest = Math.max(...list);
        const kept = largest < 4 * pages.size && largest < 1 << 30;
        const order = [...pages];
        const number = new Map(order.map((id, i) => [id, i]));
        assert.equal(distinct, pages.size);
        assert.equal(filePages, kept ? largest + 1 : pages.size);
        assert.deepEqual(
          words,
          Uint32Array.from(list, (id) => (kept ? id : number.get(id)!)),
        );
        const wide = BigUint64Array.from(list, (id) => (BigInt(id) << 33n) | BigInt(id));
        assert.deepEqual(
          decode('u64', new Uint8Array(wide.buffer)).words,
          Uint32Array.from(list, (id) => number.get(id)!),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('records that lie at odd addresses read like others', () => {
  const whole = oracleGeneral([5n << 40n, 6n, 5n << 40n]);
  const odd = new Uint8Array(whole.length + 3);
  odd.set(whole, 3);
  const decoder = traceDecoder('oracleGeneral', '');
  decoder.push(odd.subarray(3));
  assert.deepEqual([...decoder.finish().words], [0, 1, 0]);
});

test('a trace takes 4 bytes an access, and as much again only if its length was not foreseen', () => {
  const records = 1 << 20;
  const chunk = new Uint8Array(Uint32Array.from({ length: 1 << 14 }, (_, i) => i).buffer);
  for (const foreseen of [true, false]) {
    const decoder = traceDecoder('u32', '');
    const before = process.memoryUsage().arrayBuffers;
    if (foreseen) decoder.expect?.(4 * records);
    for (let i = 0; i < records; i += 1 << 14) decoder.push(chunk);
    const { words } = decoder.finish();
    const took = process.memoryUsage().arrayBuffers - before;
    assert.equal(words.length, records);
    assert.equal(words.buffer.byteLength, 4 * records);
    assert.ok(took <= (foreseen ? 4 : 12) * records + (1 << 16), `${took / records} bytes an access`);
  }
});

test('quoted fields may hold delimiters and doubled quotes', () => {
  assert.deepEqual([...decodeText('csv:id=2', '"a,b",1\n"say ""x,y""",0\n').words], [1, 0]);
});

const fails = (format: string, bytes: Uint8Array, message: RegExp) =>
  assert.throws(
    () => decode(format, bytes),
    (error: unknown) => error instanceof TraceError && message.test(error.message),
    `${format} should fail with ${message}`,
  );

test('what is wrong is said with the record or line it is in', () => {
  fails(
    'oracleGeneral',
    oracleGeneral([1n, 2n, 3n]).slice(0, 55),
    /^record 3: the trace ends after 7 of the record's 24 bytes$/,
  );
  fails('u32', new Uint8Array(6), /^record 2: the trace ends after 2 of the record's 4 bytes$/);
  fails('u64', new Uint8Array(4), /^record 1: .* 4 of the record's 8 bytes$/);
  fails('u32ops', new Uint8Array(9), /^record 3/);
  fails('txt', text('1\n2\nthree\n'), /^line 3: 'three' is not an id: a whole number is expected$/);
  fails('txt', text('1\n-2\n'), /^line 2: '-2' is not an id/);
  fails('txt', text('1\n18446744073709551616\n'), /^line 2: .* has more than 64 bits$/);
  fails('csv:id=4', text('1,2,3\n'), /^line 1: there is no column 4 \(columns are separated by ','\)$/);
  fails('csv:id=2', text('1,2\n1,x\n'), /^line 2: 'x' in column 2 is not an id/);
  fails('csv:id=page', text('time,block\n1,2\n'), /^line 1: there is no column 'page' in the header: time, block$/);
  fails('csv', text('"1,2\n'), /^line 1: a quoted field has no closing quote$/);
});

test('an empty trace, or one with nothing but comments, is said to have no records', () => {
  for (const format of ['oracleGeneral', 'u32', 'u64', 'u32ops', 'txt', 'csv'])
    fails(format, new Uint8Array(0), /^the trace has no records$/);
  fails('txt', text('# nothing\n\n'), /^the trace has no records$/);
  fails('csv', text('id,time\n'), /^the trace has no records$/);
});

test('records that cannot be oracleGeneral are refused, and lines that never end', () => {
  const bytes = oracleGeneral([1n, 2n]);
  bytes.set([1, 2, 3, 4, 5, 6, 7, 8], 40);
  fails('oracleGeneral', bytes, /^record 2: its next access is no record number/);
  fails('txt', new Uint8Array(3 << 20).fill(0x31), /^line 1: it is longer than a mebibyte/);
});

test('any bytes in any format give accesses or a TraceError, never another error', () => {
  const formats = ['oracleGeneral', 'u32', 'u64', 'txt', 'csv', 'csv:id=2', 'csv:ids=text', 'csv:id=x'];
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 200 }).map(text));
  fc.assert(
    fc.property(bytes, cuts, fc.constantFrom(...formats), (input, at, format) => {
      try {
        const { words, distinct, filePages } = decode(format, input, at);
        assert.ok(words.length > 0 && distinct > 0 && distinct <= filePages);
        assert.equal(new Set(words).size, distinct);
      } catch (error) {
        assert.ok(error instanceof TraceError, String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test('names of files tell format and packing; what they do not tell must be said', () => {
  assert.equal(formatOfName('/a/b.txt/w98.oracleGeneral.bin.zst'), 'oracleGeneral');
  assert.equal(formatOfName('cluster52.csv.gz'), 'csv');
  assert.equal(formatOfName('D:\\x\\a.u32ops'), 'u32ops');
  assert.equal(formatOfName('a.u64'), 'u64');
  assert.equal(formatOfName('a.bin'), undefined);
  assert.equal(formatOfName('u32'), undefined);
  assert.deepEqual(['a.gz', 'a.zst', 'a.txt'].map(packingOf), ['gzip', 'zstd', 'none']);
  assert.throws(
    () => traceDecoder('auto', 'a.bin'),
    /the name does not tell the format: say which, one of oracleGeneral, txt/,
  );
  assert.throws(() => traceDecoder('vscsi', 'a.bin'), /there is no trace format 'vscsi'; there are oracleGeneral/);
  assert.throws(() => traceDecoder('u32:id=1', 'a'), /has no options/);
  assert.throws(() => traceDecoder('csv:colour=red', 'a'), /csv has no option 'colour'/);
  assert.throws(() => traceDecoder('csv:id=0', 'a'), /counted from 1/);
  assert.throws(() => traceDecoder('csv:delimiter=ab', 'a'), /one character/);
  assert.throws(() => traceDecoder('csv:header=perhaps', 'a'), /'header' is one of/);
});
