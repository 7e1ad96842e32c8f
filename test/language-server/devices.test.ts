/** Devices in the language: what they compile to, what is said of mistakes, what the editor offers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { compileProgram } from '../../language-server/language/index.ts';
import { completion } from '../../language-server/features/completion.ts';
import { hover } from '../../language-server/features/hover.ts';
import { fixture } from './fixture.ts';

const compile = (text: string) => compileProgram([{ uri: 'test:', text }]);
const program = (device: string, run = '', rest = 'phase iterate on gpu { read grid sequentially once }') =>
  `${device}\nprocess p {\n  anon grid 8 MiB\n  ${rest}\n}\nrun {\n${run}\n}`;
const scenarioOf = (text: string) => {
  const { plans, diagnostics } = compile(text);
  assert.deepEqual(
    diagnostics.map((d) => d.message),
    [],
  );
  return plans[0].points[0].scenario;
};
const complaints = (text: string): string[] => compile(text).diagnostics.map((d) => `${d.code}: ${d.message}`);

test('a device without properties has all defaults, and a program without devices has none', () => {
  const { devices } = scenarioOf(program('device gpu'));
  assert.deepEqual(devices![0].values, {});
  assert.deepEqual([devices![0].link, devices![0].odp], [{}, {}]);
  assert.equal(scenarioOf('file db 1 MiB\nprocess p { read db }\nrun').devices, undefined);
});

test('parts stand in braces of their own, each with its knobs', () => {
  const { devices } = scenarioOf(
    program(
      'device gpu {\n  memory 64 MiB, streams 32\n  link { h2d 12 GB/s, priority fifo }\n  local { bandwidth 2 TB/s }\n  fault { batch 64, replay block }\n  thrash { mitigation off, lapse 1 ms }\n  odp { side responder, damming }\n}',
    ),
  );
  const { values, link, local, fault, thrash, odp } = devices![0];
  assert.deepEqual(values, { memory: 64 * 1024 ** 2, streams: 32 });
  assert.deepEqual(link, { h2d: 12e9, priority: 'fifo' });
  assert.deepEqual(local, { bandwidth: 2e12 });
  assert.deepEqual(fault, { batch: 64, replay: 'block' });
  assert.deepEqual(thrash, { mitigation: false, lapse: 1_000_000 });
  assert.deepEqual(odp, { side: 'responder', damming: true });
});

test('a policy and a prefetcher carry a second value, and sweeps of that value reach it', () => {
  const first = scenarioOf(program('device gpu { policy counter 512, prefetch sequential 31 }')).devices![0].values;
  assert.deepEqual(first, { policy: 'counter', threshold: 512, prefetch: 'sequential', 'prefetch-pages': 31 });
  const { plans } = compile(program('device gpu { policy counter }', 'sweep gpu.threshold 1 .. 3 step 1'));
  assert.deepEqual(
    plans[0].points.map((p) => p.scenario.devices![0].values['threshold']),
    [1, 2, 3],
  );
});

test('compared policies keep the label they were written with, and expectations name them by either', () => {
  const text = program(
    'device gpu { memory 4 MiB }',
    'compare gpu.policy: migrate, counter 64, counter 256\nexpect "counter 64": device-faults >= 0',
  );
  const { plans, diagnostics } = compile(text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    plans[0].axes[0].values.map((v) => v.label),
    ['migrate', 'counter 64', 'counter 256'],
  );
  assert.deepEqual(plans[0].expects[0].variants, ['counter 64']);
  assert.deepEqual(
    plans[0].points.map((p) => p.scenario.devices![0].values),
    [
      { policy: 'migrate', memory: 4 * 1024 ** 2 },
      { policy: 'counter', threshold: 64, memory: 4 * 1024 ** 2 },
      { policy: 'counter', threshold: 256, memory: 4 * 1024 ** 2 },
    ],
  );
});

test('parts are swept by name: gpu.link.h2d, gpu.fault.batch', () => {
  const { plans, diagnostics } = compile(
    program('device gpu', 'sweep gpu.link.h2d 10 GB/s .. 30 GB/s step 10 GB/s\ncompare gpu.fault.batch: 1, 256'),
  );
  assert.deepEqual(diagnostics, []);
  assert.equal(plans[0].points.length, 6);
  assert.equal(plans[0].points[5].scenario.devices![0].link['h2d'], 30e9);
  assert.equal(plans[0].points[5].scenario.devices![0].fault['batch'], 256);
});

test('what is wrong with a device is said with what to write instead', () => {
  assert.deepEqual(complaints(program('device gpu { memory 3 MiB }')), [
    "D01: the memory of 'gpu' is 3 MiB, which is no whole number of chunks of 2 MiB: write '4 MiB'",
  ]);
  for (const [text, pattern] of [
    ['memory 0 MiB', /^V01: 'memory' .* from 2 MiB to 16 TiB/],
    ['link { h2d 0 GB/s }', /^V01: 'h2d' .* from 100 MB\/s/],
    ['policy counter 70000', /^V01: 'threshold' .* from 1 to 65/],
    ['policy counter 0', /^V01: 'threshold'/],
    ['prefetch tree 0%', /^V01: 'prefetch-density'/],
    ['prefetch tree 101%', /^V01: 'prefetch-density'/],
    ['thrash { threshold 8 }', /^V01: 'threshold' .* from 1 to 7/],
    ['policy migrat', /^V04: .*did you mean 'migrate'/],
    ['policy migrate 4', /^S01: .*'migrate' takes no value/],
    ['evict lru', /^V04: .*uvm, true-lru, fifo, random, off/],
    ['link', /^S07: .*its properties in braces/],
    ['memori 4 MiB', /^N05: .*did you mean 'memory'/],
    ['policy', /^S07/],
  ] as const) {
    const found = complaints(program(`device gpu { ${text} }`));
    assert.equal(found.length, 1, `${text}: ${found.join(' | ')}`);
    assert.match(found[0], pattern, text);
  }
});

test('a phase, a comparison and an action name devices that are there', () => {
  assert.match(complaints(program('device gpu', '', 'phase x on gpo { read grid }')).join(), /did you mean 'gpu'/);
  assert.match(complaints(program('', '', 'phase x on gpu { read grid }')).join(), /declare it with 'device gpu/);
  assert.match(
    complaints(program('device gpu', 'compare gpo.policy: migrate, remote')).join(),
    /did you mean 'gpu.policy'/,
  );
  assert.match(complaints(program('device gpu\nfile db 1 MiB', '', 'phase x on db { read grid }')).join(), /N03/);
  assert.match(complaints(program('device gpu\nat 1 s { reset gpo }')).join(), /did you mean 'gpu'/);
});

test('a device is reset or dies, and what becomes of its pages may be said', () => {
  const { timeline } = scenarioOf(
    program('device gpu\nat 1 s { reset gpu }\nat 2 s { reset gpu give-back }\nat 3 s { kill gpu lose }'),
  );
  assert.deepEqual(
    timeline.flatMap((t) => t.actions),
    [
      { kind: 'device', device: 0, state: 'reset' },
      { kind: 'device', device: 0, state: 'reset', pages: 'give-back' },
      { kind: 'device', device: 0, state: 'die', pages: 'lose' },
    ],
  );
  assert.match(complaints(program('device gpu\nat 1 s { reset gpu loose }')).join(), /did you mean 'lose'/);
  assert.match(complaints(program('device gpu\nat 1 s { reset }')).join(), /^S07/);
});

test('the literature’s policies can’t have devices: said where they are compared', () => {
  const found = compile(program('device gpu { memory 4 MiB }', 'compare reclaim: v6.1, lru'));
  assert.deepEqual(
    found.diagnostics.map((d) => d.code),
    ['D03'],
  );
});

test('pictures have no number to expect, figures have, and factors are plain numbers', () => {
  assert.match(complaints(program('device gpu', 'expect residency > 1')).join(), /^R11: .*'reuse-margin'/);
  assert.deepEqual(complaints(program('device gpu', 'expect speedup > 1.5')), []);
  assert.deepEqual(complaints(program('device gpu', 'expect link.utilisation < 50%')), []);
  assert.deepEqual(complaints(program('device gpu', 'plot link.utilisation of gpu')), []);
});

test('the editor offers devices, their properties and choices, and what becomes of pages', () => {
  const labels = (text: string): string[] => completion(fixture(text).context).map((i) => i.label);
  const has = (text: string, ...wanted: string[]): void => {
    const found = labels(text);
    for (const label of wanted) assert.ok(found.includes(label), `${label} at ${text}: ${found.join(' ')}`);
  };
  has('|', 'device');
  has('device gpu { | }', 'memory', 'policy', 'link', 'thrash');
  has('device gpu { policy | }', 'migrate', 'adaptive');
  has('device gpu { link { | } }', 'h2d', 'priority');
  has('device gpu { fault { replay | } }', 'batch-flush', 'once');
  has('device gpu\nprocess p { phase x on | }', 'gpu');
  has('device gpu\nprocess p { idle 1 s }\nrun { compare | }', 'gpu.policy', 'gpu.link.h2d');
  has('device gpu\nprocess p { idle 1 s }\nrun { plot | }', 'speedup', 'residency', 'break-even', 'link.utilisation');
  has('device gpu\nat 1 s { | }', 'reset');
  has('device gpu\nat 1 s { reset | }', 'gpu');
  has('device gpu\nat 1 s { reset gpu | }', 'give-back', 'lose');
});

test('hover tells default, range, and what of the driver it follows', () => {
  const text = (at: string): string => {
    const found = hover(fixture(at).context);
    return found && typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
  };
  assert.match(text('device gpu { evi|ct uvm }'), /least recently|chunk/i);
  assert.match(text('device gpu { link { prior|ity fifo } }'), /Who goes first/);
  assert.match(text('device gpu { fault { ba|tch 256 } }'), /uvm_perf_fault_batch_count/);
  assert.match(text('device gp|u { memory 4 MiB }'), /device/);
});
