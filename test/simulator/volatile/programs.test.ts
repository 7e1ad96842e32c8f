/** Volatile memory in programs: signals, handlers, errors, fork, locks among threads; the published tables as orderings and ratios. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compileSources } from '../../../language-server/language/compile.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { createSimulation } from '../../../simulator/simulate.ts';

function run(text: string): readonly PointReport[] {
  const { plans, diagnostics } = compileSources([{ uri: 'program', text }]);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error'),
    [],
  );
  return plans.flatMap((plan) => {
    const simulation = createSimulation(plan);
    while (!simulation.advance(100_000).done);
    return simulation.report().points;
  });
}
const rulesOf = (point: PointReport) => point.events.map((e) => e.rule);

const squeezed = (handler: string, steps: string, compare = '') => `
machine m { memory 16 MiB }
process p {
  anon heap 8 MiB
  anon more 12 MiB
  phase a { write heap; volatile heap in ranges of 1 MiB; write more }
  phase b { ${steps} }
  ${handler}
}
run { ${compare} }`;

test('an access to purged memory raises SIGBUS, which kills a process that does not handle it', () => {
  const [point] = run(squeezed('', 'read heap[0 .. 4 MiB]'));
  assert.equal(point.counters['sigbus'], 1);
  assert.ok(rulesOf(point).includes('volatile.unhandled'));
});

test('a handler that never returns anything meets the same signal for ever: the process is killed, and the report says why', () => {
  const [point] = run(squeezed('on purged { idle 1 ms }', 'read heap[0 .. 4 MiB]'));
  assert.equal(point.counters['sigbus'], 3);
  assert.ok(rulesOf(point).includes('volatile.no-return'));
});

test('on access: SIGBUS, zeros or an error, as the interface has it; what is lost is made anew range by range', () => {
  const points = run(
    squeezed(
      'on purged { regenerate 1 ms }',
      'nonvolatile heap[0 .. 1 MiB]; read heap[1 MiB .. 2 MiB]',
      'compare volatile.interface: vrange, vrange { on-access zero } as zero, vrange { on-access error } as error, madv-free, uffd-sigbus, ashmem',
    ),
  );
  const figures = points.map(({ counters: c }) => [c['sigbus'], c['zero-fills'], c['access-errors'], c['regenerated']]);
  assert.deepEqual(figures, [
    [1, 0, 0, 512],
    [0, 1, 0, 512],
    [0, 0, 256, 256],
    [0, 1, 0, 256],
    [1, 0, 0, 256],
    [0, 1, 0, 512],
  ]);
  for (const { counters } of points) assert.equal(counters['pswpout'], 0);
});

test('bounds, empty ranges and locked memory: each interface’s own errno', () => {
  const points = run(`
machine m { memory 64 MiB }
process p {
  anon heap 8 MiB
  anon pinned 1 MiB { locked }
  write heap
  volatile heap[1 KiB .. 64 KiB]
  volatile heap[4 KiB .. 10 KiB]
  volatile heap[8 KiB .. 8 KiB]
  volatile pinned
  madvise free pinned
  madvise free heap[100 B .. 8 KiB]
  madvise cold heap
}
run { compare volatile.interface: ashmem, fallocate, vrange, vma }`);
  const errors = (point: PointReport) =>
    point.events.filter((e) => e.rule === 'volatile.errno').map((e) => e.text.slice(e.text.lastIndexOf(': ') + 2));
  const start = 'the start is not on a page';
  const locked = 'the memory is locked';
  assert.deepEqual(points.map(errors), [
    [start, 'the length is no whole number of pages', locked, start],
    ['the range is empty', locked, start],
    [start, 'the range is empty', locked, locked, start],
    [start, locked, locked, start],
  ]);
});

test('V8 and V3 with fork: both copies stay volatile; a page goes only if all who map it have marked it; wipe-on-fork leaves zeros', () => {
  const points = run(`
machine m { memory 32 MiB }
process p {
  anon heap 4 MiB
  anon big 40 MiB
  write heap
  volatile heap in ranges of 1 MiB
  fork child { write heap[0 .. 1 MiB]; nonvolatile heap[1 MiB .. 2 MiB]; idle 1 s; read heap[1 MiB .. 2 MiB] }
  idle 100 ms
  write big[0 .. 27 MiB]
}
run { compare volatile.interface: vrange, ashmem, droppable }`);
  const [vrange, ashmem, droppable] = points;
  // 4 MiB of the parent and the child's copy of 1 MiB are volatile; 1 MiB is shared and needed by the child.
  assert.equal(vrange.counters['purged'], 1024);
  assert.equal(vrange.counters['sigbus'] + vrange.counters['zero-fills'], 0, 'what the child took back is there');
  assert.equal(ashmem.counters['zero-fills'], 0, 'anyone’s taking back protects all');
  assert.ok(droppable.counters['purged'] >= 1024);
  for (const point of points) assert.ok(rulesOf(point).includes('process.fork'));
});

const ebizzy = (interfaces: string, threads: string, more = 'time 100 ms') => `
machine m { memory 2 GiB, cpus 12, hit-cost 1.75 us, fault-cost 7 us }
process ebizzy {
  threads 12
  anon chunk 256 KiB { per-thread }
  phase serve for ${more.replace('time ', '')} { nonvolatile chunk; write chunk sequentially once; volatile chunk }
}
run { compare volatile.interface: ${interfaces}
  sweep ebizzy.threads ${threads} }`;

function rates(points: readonly PointReport[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { variant, measures } of points) {
    const id = variant['volatile.interface'];
    found.set(id, [...(found.get(id) ?? []), measures['records-per-second']]);
  }
  return found;
}
const say = (t: TestContext, what: string, ours: number, published: number) =>
  t.diagnostic(`${what}: ${ours.toFixed(2)}, published ${published} (${(100 * (ours / published - 1)).toFixed(1)} %)`);

test('ebizzy with jemalloc on 12 CPUs (linux-mm, 8 October 2013): VMAs 5360, DONTNEED 20527 and 21176, tree 103637 records/s', (t) => {
  const found = rates(run(ebizzy('vma, dontneed, vrange', '12 .. 12 step 1')));
  const [vma] = found.get('vma')!;
  const [dontneed] = found.get('dontneed')!;
  const [tree] = found.get('vrange')!;
  say(t, 'VMAs, records/s', vma, 5360);
  say(t, 'DONTNEED, records/s', dontneed, 20527);
  say(t, 'tree, records/s', tree, 103637);
  say(t, 'DONTNEED by VMAs', dontneed / vma, 20527 / 5360);
  say(t, 'tree by DONTNEED', tree / dontneed, 103637 / 21176);
  assert.ok(vma < dontneed && dontneed < tree);
  assert.ok(Math.abs(dontneed / vma / (20527 / 5360) - 1) < 0.1);
  assert.ok(Math.abs(tree / dontneed / (103637 / 21176) - 1) < 0.1);
});

test('more threads: VMAs fall below one thread and below DONTNEED, the tree scales to the processors, one thread is about alike (2.6)', (t) => {
  const found = rates(run(ebizzy('vma, dontneed, vrange', '1 .. 12 step 11', 'time 50 ms')));
  const [vma1, vma12] = found.get('vma')!;
  const [tree1, tree12] = found.get('vrange')!;
  const [, dontneed12] = found.get('dontneed')!;
  t.diagnostic(`VMAs ${vma1.toFixed(0)} → ${vma12.toFixed(0)}, tree ${tree1.toFixed(0)} → ${tree12.toFixed(0)}`);
  assert.ok(vma12 < vma1 && vma12 < dontneed12);
  assert.ok(tree12 > 11 * tree1);
  assert.ok(vma1 > 0.85 * tree1);
});

test('MADV_FREE v9 on 4 CPUs (linux-mm, 1 July 2014): about twice the records of DONTNEED at 1, 2 and 4 threads', (t) => {
  const published: [number, number][] = [
    [7682, 15306],
    [12748, 24171],
    [16475, 33718],
  ];
  const text = (threads: string) => `
machine m { memory 2 GiB, cpus 4, hit-cost 1 us, fault-cost 0.9 us }
process ebizzy {
  threads 4
  anon chunk 256 KiB { per-thread }
  phase serve for 50 ms { write chunk sequentially once; volatile chunk }
}
run { compare volatile.interface: dontneed, madv-free
  sweep ebizzy.threads ${threads} }`;
  const found = rates([...run(text('1 .. 2')), ...run(text('4 .. 4 step 1'))]);
  published.forEach(([dontneed, free], i) => {
    const ours = found.get('madv-free')![i] / found.get('dontneed')![i];
    say(t, `FREE by DONTNEED, ${[1, 2, 4][i]} threads`, ours, free / dontneed);
    assert.ok(Math.abs(ours / (free / dontneed) - 1) < 0.15);
  });
  say(t, 'DONTNEED, 1 thread, records/s', found.get('dontneed')![0], 7682);
});

test('marks that hold mmap_sem for writing make threads wait for each other, and purging goes on beside them', () => {
  const [point] = run(`
machine m { memory 64 MiB, cpus 4 }
process busy {
  threads 4
  anon heap 8 MiB
  phase all for 100 ms { volatile heap in ranges of 64 KiB; nonvolatile heap }
}
process hungry {
  anon fill 60 MiB
  write fill
}
process first { anon heap2 4 MiB; write heap2; volatile heap2 }
run { compare volatile.interface: vrange { lock write } }`);
  assert.ok(point.measures['mmap_sem.wait'] > 0);
  assert.ok(point.counters['purged'] > 0);
});

test('who divides memory otherwise while another thread makes it anew keeps nobody waiting for ever', () => {
  const [point] = run(`
machine m { memory 9 MiB, cpus 2 }
file f 8 MiB
swap zram 16 MiB
process p {
  threads 2
  anon h 6 MiB { per-thread }
  anon g 4 MiB
  phase a {
    write h; read f sequentially once; madvise dontneed h[0 .. 1 MiB]; write g
    nonvolatile h; volatile h in ranges of 64 KiB; read h; munmap g
  }
  phase c { fork kid { munlock h; madvise cold g; write h uniform, 500 times }; read h }
  on purged { regenerate 100 us }
}
run { compare volatile.interface: droppable }`);
  assert.ok(point.counters['regenerations'] > 0);
  assert.ok(!rulesOf(point).includes('run.stuck'));
});
