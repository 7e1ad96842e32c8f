/** `fidelity` in a run: what it names, what it takes from the text around it, what editors say about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion } from '../../language-server/features/completion.ts';
import { hover } from '../../language-server/features/hover.ts';
import { formatText } from '../../language-server/language/format.ts';
import { compileProgram } from '../../language-server/language/index.ts';
import { recordingRows } from '../../simulator/tables/recordings.ts';
import { fixture } from './fixture.ts';

const compile = (text: string) => compileProgram([{ uri: 'test:', text }]);
const fidelity = (text: string) => {
  const { plans, diagnostics } = compile(text);
  assert.deepEqual(diagnostics, []);
  return plans[0].fidelity;
};
const messages = (text: string) => compile(text).diagnostics.map(({ code, message }) => `${code} ${message}`);

test('fidelity alone compares every recording, folder by folder', () => {
  assert.deepEqual(
    fidelity('run "How faithful?" { fidelity }'),
    recordingRows.map(({ name }) => ({ area: name })),
  );
});

test('folders and single recordings are named; of one folder all wins over some', () => {
  assert.deepEqual(fidelity('run { fidelity reclaim-6.12.D_zipf1.0, numa, reclaim.C_scan, reclaim.B_shift }'), [
    { area: 'reclaim-6.12', recordings: ['D_zipf1.0'] },
    { area: 'numa' },
    { area: 'reclaim', recordings: ['C_scan', 'B_shift'] },
  ]);
  assert.deepEqual(fidelity('run { fidelity numa.hot2, numa, numa.static2 }'), [{ area: 'numa' }]);
});

test('a plan that compares has no points, and its title and seed are told like those of other runs', () => {
  const [plan] = compile('seed 7\nrun "How faithful?" { fidelity exit }').plans;
  assert.deepEqual([plan.title, plan.seed, plan.points, plan.axes], ['How faithful?', 7, [], []]);
});

test('it leaves the processes before it to the next run', () => {
  const { plans, diagnostics } = compile('process p { idle 1 s }\nrun "a" { fidelity exit }\nrun "b"');
  assert.deepEqual(diagnostics, []);
  assert.equal(plans[1].points[0].scenario.processes.length, 1);
});

test('a recording that does not exist is named, with what is near or what there is', () => {
  assert.deepEqual(messages('run { fidelity reclam }'), [
    "N01 there is no recording 'reclam': did you mean 'reclaim'?",
  ]);
  assert.match(messages('run { fidelity numa.nothing-like-it }')[0], /there are numa\.change2, numa\.hot2/);
  assert.match(messages('run { fidelity everything-else }')[0], /there are reclaim, reclaim-6\.12, numa/);
  assert.deepEqual(fidelity('run { fidelity madv-free }'), [{ area: 'madv-free' }]);
  assert.deepEqual(compile('run { fidelity reclam }').plans, []);
});

test('whatever else stands in such a run is refused, because it would have no effect', () => {
  const expected = (what: string) => [
    `R15 a run with 'fidelity' takes no '${what}': leave it out, or write a run of its own`,
  ];
  assert.deepEqual(messages('run { fidelity exit; plot hit-ratio }'), expected('plot'));
  assert.deepEqual(messages('run { compare reclaim: lru, arc; fidelity exit }'), expected('compare'));
  assert.deepEqual(messages('run for 3 s { fidelity exit }'), expected('for'));
  assert.match(messages('run { fidelity exit 7 }')[0], /'7' is left over/);
  assert.match(messages('run {\n fidelity exit\n fidelity numa\n}')[0], /V10/);
});

test('completion offers folders and single recordings, hover says what was recorded', () => {
  const labels = (text: string) => completion(fixture(text).context).map(({ label }) => label);
  assert.ok(labels('run { | }').includes('fidelity'));
  for (const name of ['reclaim', 'numa', 'reclaim.C_scan', 'reclaim-6.12.D_zipf1.0'])
    assert.ok(labels('run { fidelity | }').includes(name), name);
  assert.ok(labels('run { fidelity exit, | }').includes('fuse'));
  assert.deepEqual(labels('run { fidelity exit | }'), []);
  const text = (program: string) => JSON.stringify(hover(fixture(program).context));
  assert.match(text('run { fidelity reclaim.C_s|can }'), /Page reclaim, Linux 6\.1.*one of its 8 recordings/);
  assert.match(text('run { fid|elity exit }'), /recordings of real kernels/);
});

test('the formatter spaces the list', () => {
  assert.equal(formatText('run{\nfidelity   reclaim ,numa.hot2\n}'), 'run {\n  fidelity reclaim, numa.hot2\n}\n');
});
