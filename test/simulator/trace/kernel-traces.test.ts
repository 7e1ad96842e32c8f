import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, PAGE_MASK } from '../../../simulator/machine/access.ts';
import type { DecodedTrace } from '../../../simulator/trace/decoder.ts';
import { traceDecoder } from '../../../simulator/trace/format.ts';
import { TraceError } from '../../../simulator/trace/trace-error.ts';

function decode(format: string, lines: readonly string[], cut = 0): DecodedTrace {
  const bytes = new TextEncoder().encode(lines.join('\n'));
  const decoder = traceDecoder(format, 'trace');
  const at = cut % (bytes.length + 1);
  decoder.push(bytes.slice(0, at));
  decoder.push(bytes.slice(at));
  return decoder.finish();
}

/** `r3`: read of page 3; `l`: load through a mapping; `s`: anonymous memory. */
const shortly = ({ words }: DecodedTrace): string =>
  Array.from(words, (word) => {
    const operation = word >>> OP_SHIFT;
    const letter = operation === OP_READ ? 'r' : operation === OP_LOAD ? 'l' : operation === OP_STORE ? 's' : '?';
    return `${letter}${word & PAGE_MASK}`;
  }).join(' ');

const ftrace = (event: string) => `             cat-1234    [001] .....   100.000001: ${event}`;
const perf = (event: string) => `cat  1234 [001]   100.000001: filemap:${event}`;

test('reads of the page cache become one access a page, hits and misses alike, from ftrace and from perf script', () => {
  const events = [
    'mm_filemap_get_pages: dev=8:1 ino=1a2b ofs=0-8191',
    'mm_filemap_get_pages: dev=8:1 ino=1a2b ofs=4096-8191',
    'mm_filemap_fault: dev=8:1 ino=1a2b ofs=12288',
  ];
  assert.equal(shortly(decode('events', ['# tracer: nop', ...events.map(ftrace)])), 'r0 r1 r1 l3');
  assert.equal(shortly(decode('events', events.map(perf))), 'r0 r1 r1 l3');
});

test('files follow one another in page numbers, and pages of a sparse file move together', () => {
  const trace = decode(
    'events',
    [
      'mm_filemap_get_pages: dev=8:1 ino=1 ofs=0-16383',
      'mm_filemap_get_pages: dev=8:1 ino=2 ofs=409600000-409604095',
      'mm_filemap_get_pages: dev=8:1 ino=2 ofs=4096-8191',
      'mm_filemap_get_pages: dev=8:1 ino=1 ofs=0-4095',
    ].map(ftrace),
  );
  assert.equal(shortly(trace), 'r0 r1 r2 r3 r5 r4 r0');
  assert.equal(trace.filePages, 6);
  assert.equal(trace.distinct, 6);
});

test('pages of however many files, and however far apart in a file, are told apart', () => {
  const files = 5000;
  const lines = Array.from({ length: 4 * files }, (_, i) => `8:1 ${(i >> 1) % files} ${i & 1}`);
  const many = decode('marks', lines);
  assert.deepEqual([many.distinct, many.filePages], [2 * files, 2 * files]);
  assert.deepEqual([...many.words.subarray(2 * files)], [...many.words.subarray(0, 2 * files)]);

  // The first file's pages follow one another before those of the second, which was seen before most of them.
  const far = decode('marks', [
    'a 1 8589934593',
    'a 2 4294967296',
    'a 1 4294967296',
    'a 1 0',
    'a 2 1',
    'a 1 4294967296',
  ]);
  assert.equal(shortly(far), 'r2 r4 r1 r0 r3 r1');
  assert.equal(far.distinct, 5);
});

test('page faults of a process are its anonymous memory, those of two processes are apart', () => {
  const fault = (pid: number, address: string) =>
    `  app-${pid}    [000] .....   1.000001: page_fault_user: address=${address} ip=0x401000 error_code=0x6`;
  const trace = decode('events', [fault(7, '0x7f0000001000'), fault(8, '0x7f0000001fff'), fault(7, '0x7f0000002abc')]);
  assert.equal(shortly(trace), 's0 s2 s1');
  assert.deepEqual([trace.filePages, trace.anonPages], [0, 3]);
});

test('a trace of insertions only is refused: it tells of misses, and the message says what to record instead', () => {
  const line = ftrace('mm_filemap_add_to_page_cache: dev 8:1 ino 1a2b pfn=0x1234 ofs=4096 order=0');
  assert.throws(
    () => decode('events', [line]),
    (error: Error) =>
      error instanceof TraceError && /mm_filemap_add_to_page_cache.*mm_filemap_get_pages/.test(error.message),
  );
});

test('an event cut short names its line', () => {
  assert.throws(
    () => decode('events', [ftrace('mm_filemap_fault: dev=8:1 ino=1a ofs=0'), ftrace('mm_filemap_fault: dev=8:')]),
    /line 2/,
  );
});

test('marks of bpftrace are lines of device, inode and index; its own lines are passed over', () => {
  const trace = decode('marks', ['Attaching 1 probe...', '8388609 4242 0', '8388609 4242 1', '8388609 77 0', '']);
  assert.equal(shortly(trace), 'r0 r1 r2');
  assert.throws(() => decode('marks', ['8388609 4242']), /line 1: '8388609 4242' is not 'DEV INO INDEX'/);
});

test('lackey: accesses in a row to one page are one, an access across a border is two pages, valgrind’s lines are no accesses', () => {
  const trace = decode('lackey', [
    '==1== Lackey, an example Valgrind tool',
    'I  04001000,3',
    ' L 04001ff8,8',
    ' S 04001ffc,8',
    ' M 04002010,4',
    ' L 04005000,4',
  ]);
  assert.equal(shortly(trace), 's0 s1 s4');
  assert.equal(trace.anonPages, 5);
});

test('blkparse: queued requests count once, eight sectors a page; completions and the summary do not', () => {
  const trace = decode('blkparse', [
    '  8,0    3        1     0.000000000   697  Q   R 800 + 16 [kjournald]',
    '  8,0    3        2     0.000001000   697  C   R 800 + 16 [0]',
    '  8,0    3        3     0.000002000   697  Q  WS 804 + 4 [kjournald]',
    'CPU0 (8,0):',
    ' Reads Queued:           1,        8KiB',
  ]);
  assert.equal(shortly(trace), 'r0 r1 r0');
});

const damon = (regions: string) => `kdamond.0-1  [000] ..... 1.0: damon_aggregated: target_id=0 ${regions}`;

test('DAMON: in each interval a region gets accesses in proportion to how often it was found accessed, over all its pages', () => {
  const trace = decode('damon', [
    damon('nr_regions=2 0-40960: 20 1'),
    damon('nr_regions=2 40960-122880: 5 3'),
    damon('nr_regions=1 0-40960: 0 2'),
  ]);
  const words = Array.from(trace.words, (word) => word & PAGE_MASK);
  assert.equal(words.filter((page) => page < 10).length, 10);
  assert.equal(words.filter((page) => page >= 10).length, 5);
  assert.deepEqual(words.slice(0, 3), [0, 10, 1]);
  assert.deepEqual(
    words.filter((page) => page >= 10),
    [10, 14, 18, 22, 26],
  );
});

test('damo’s JSON holds the same as the event', () => {
  const json = {
    records: [
      {
        kdamond_idx: 0,
        target_id: 0,
        snapshots: [
          {
            start_time: 0,
            end_time: 1,
            regions: [
              { start: 0, end: 40_960, nr_accesses: 20, age: 1 },
              { start: '40,960', end: '122,880', nr_accesses: { samples: 5 }, age: 3 },
            ],
          },
        ],
      },
    ],
  };
  const event = decode('damon', [damon('nr_regions=2 0-40960: 20 1'), damon('nr_regions=2 40960-122880: 5 3')]);
  assert.deepEqual(decode('damo', [JSON.stringify(json, null, 2)]).words, event.words);
  assert.throws(() => decode('damo', ['{"records": [']), /not JSON/);
});

test('where chunks end makes no difference to any of these formats', () => {
  const samples: Readonly<Record<string, readonly string[]>> = {
    events: ['mm_filemap_get_pages: dev=8:1 ino=1 ofs=0-8191', 'mm_filemap_fault: dev=8:1 ino=2 ofs=4096'].map(ftrace),
    marks: ['1 2 3', '1 2 4'],
    lackey: ['I  04001000,3', ' S 04003000,8'],
    blkparse: ['  8,0    3        1     0.000000000   697  Q   R 800 + 16 [x]'],
    damon: [damon('nr_regions=1 0-40960: 20 1')],
  };
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(samples)), fc.nat(200), (format, cut) => {
      assert.deepEqual(decode(format, samples[format], cut), decode(format, samples[format]));
    }),
  );
});

test('neither half a trace nor one of another kind crashes a decoder: it is read or refused with a TraceError', () => {
  const junk = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(ftrace('mm_filemap_get_pages: dev=8:1'), ' L 1,1', '1 2 3', '8,0 1 1 0.0 1 Q R 1 + 1'),
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom('events', 'marks', 'lackey', 'blkparse', 'damon', 'damo'), junk, (format, lines) => {
      try {
        decode(format, lines);
      } catch (error) {
        assert.ok(error instanceof TraceError, String(error));
      }
    }),
  );
});
