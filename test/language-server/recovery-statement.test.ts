/** Crashes and the way back in the language: what compiles to what, what is refused, and what the editor offers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion } from '../../language-server/features/completion.ts';
import { hover } from '../../language-server/features/hover.ts';
import { compileSources } from '../../language-server/language/compile.ts';
import { formatText } from '../../language-server/language/format.ts';
import { createSimulation } from '../../simulator/simulate.ts';
import { fixture } from './fixture.ts';

const STORE = 'machine m { memory 64 GiB, cpus 32 }\nprocess store { anon cache 16 GiB { locked } }\n';
const compile = (text: string) => compileSources([{ uri: 'test:', text }]);
const found = (text: string) => compile(text).diagnostics.map(({ code, message }) => `${code} ${message}`);
const specOf = (text: string) => {
  const { plans, diagnostics } = compile(text);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return plans[0].points[0].scenario;
};

test('blocks of a recovery may be written in braces or a property a line', () => {
  const braces = specOf(
    `${STORE}recovery { dump { mode full }, prefault { threads 8, chunk 64 MiB }, helpers { mrelease 2, persist } }\nrun`,
  );
  const lines = specOf(
    `${STORE}recovery {\n dump full\n prefault threads 8\n prefault chunk 64 MiB\n helpers mrelease 2\n helpers persist\n}\nrun`,
  );
  assert.deepEqual({ ...braces.recovery, source: undefined }, { ...lines.recovery, source: undefined });
  assert.deepEqual(braces.recovery!.prefault, { threads: 8, chunk: 64 * 1024 ** 2 });
  assert.deepEqual(braces.recovery!.helpers, { mrelease: 2, persist: true });
});

test('a recovery names the process that crashes; a run without it goes on without', () => {
  const text = `${STORE}process other { idle 1 s }\nrecovery store { }\nrun "a" of store, other\nrun "b" of other`;
  const { plans } = compile(text);
  assert.deepEqual(plans[0].points[0].scenario.recovery!.processes, [0]);
  assert.equal(plans[1].points[0].scenario.recovery, undefined);
});

test('exit, backing and everything of a recovery can be compared, swept and computed with', () => {
  const { plans, diagnostics } = compile(
    `${STORE}recovery { prefault threads 8 }\nlet half = 0.5 * recovery.budget\nrun {\n compare exit.munlock: pre-3.12, v5.18\n compare cache.backing: 4k, hugetlb-1g\n sweep recovery.prefault.threads 1 .. 3\n expect hugetlb-1g: time-to-service < half at recovery.prefault.threads >= 2\n}`,
  );
  assert.deepEqual(diagnostics, []);
  assert.equal(plans[0].points.length, 12);
  const last = plans[0].points[11].scenario;
  assert.deepEqual(
    [last.machine.exit, last.objects[0].values['backing'], last.recovery!.prefault],
    [{ munlock: 'v5.18' }, 'hugetlb-1g', { threads: 3 }],
  );
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(1000).done);
  assert.ok(
    simulation
      .report()
      .points.flatMap((p) => p.expectations)
      .every(({ holds }) => holds),
  );
});

test('what cannot be is refused with what to write instead', () => {
  assert.deepEqual(found(`${STORE}recovery { budget 0 s }\nrun`), [
    "E01 a budget of nothing can't be kept: write 'budget 30 s', or leave it out (30 s)",
  ]);
  assert.deepEqual(found(`${STORE}recovery { crash kernel, reboot none }\nrun`), [
    "E02 a kernel that has crashed serves nobody: write 'reboot kexec' or 'reboot firmware', or 'crash process'",
  ]);
  assert.deepEqual(found('machine m { memory 8 GiB }\nprocess p { anon a 16 GiB { locked } }\nrun'), [
    "E03 16 GiB are locked, but 'm' has 8 GiB: lock less, or give it 17 GiB",
  ]);
  assert.deepEqual(found(`${STORE}recovery { crash kernel, dump { mode full, device 10 GiB } }\nrun`), [
    "E04 the dump has 64 GiB, its device 10 GiB: write 'dump filtered', or give it a larger device",
  ]);
  assert.deepEqual(
    found(
      'machine m { memory 8 GiB }\nprocess p { anon a 1 GiB { locked }\n anon b 3 MiB { locked, backing hugetlb-2m } }\nrun',
    ),
    ["E05 'b' has 3 MiB, which pages of 2 MiB ('hugetlb-2m') do not divide: write 4 MiB"],
  );
  assert.match(found(`${STORE}recovery { prefault treads 8 }\nrun`)[0], /did you mean 'threads'/);
});

test('the editor offers what belongs to a recovery, and explains it', () => {
  const labels = (text: string) => completion(fixture(text).context).map(({ label }) => label);
  for (const label of ['budget', 'crash', 'overlap', 'dump', 'prefault', 'helpers'])
    assert.ok(labels('recovery { | }').includes(label), label);
  assert.ok(labels('recovery { prefault | }').includes('threads'));
  assert.ok(labels('recovery { dump | }').includes('filtered'));
  assert.ok(labels('recovery { helpers { | } }').includes('mrelease'));
  assert.ok(labels('recovery { crash | }').includes('kernel'));
  assert.ok(labels('machine m { exit { | } }').includes('munlock'));
  assert.ok(labels('process p { anon a 1 GiB { backing | } }').includes('hugetlb-2m'));
  const explained = (text: string) => JSON.stringify(hover(fixture(text).context)?.contents);
  assert.match(explained('recovery { prefault thr|eads 8 }'), /Threads that touch the successor/);
  assert.match(explained('machine m { exit { munl|ock v3.12 } }'), /How locked memory is unlocked at exit/);
});

test('formatting a recovery settles after one pass', () => {
  const text = 'recovery{budget 30 s;crash process\nprefault threads 8\ndump{mode full,bandwidth 2 GB/s}}\n';
  const once = formatText(text);
  assert.equal(formatText(once), once);
  assert.match(once, /^recovery \{/);
});
