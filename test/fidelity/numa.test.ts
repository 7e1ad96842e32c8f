/**
 * Placement on nodes against Linux 6.1.192 (four nodes under emulation; set-up in samples/recordings/numa/*.how.txt), every recorded value a
 * check: errnos, policies and masks as get_mempolicy shows them, pages by node when they come and after changes. Pages go through the rules and
 * through the simulated machine's frames. A list of nodes in turn may begin anywhere; nothing else is left open.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordedFolder } from '../../cli/recorded-folder.ts';
import { machineOf } from '../../simulator/fidelity/numa-bench.ts';
import { compareNumaSet, compareRecords, numaArea } from '../../simulator/fidelity/numa.ts';
import { readRecords, type NumaRecord } from '../../simulator/fidelity/numa-records.ts';
import { UnusableRecording, type RecordedFolder } from '../../simulator/fidelity/sets.ts';

const folder = recordedFolder(join(import.meta.dirname, '../../samples/recordings/numa'));

/** What is in each set: a comparison that looks at less than there is would match, too. */
const sets = [
  { name: 'static2', what: 'policy × flag × mask × cpuset', checks: 25_400, placements: 2776 },
  { name: 'change2', what: 'the same with mems changed and changed back', checks: 56_480, placements: 7320 },
  { name: 'tmpfs2', what: 'mount options × mounter × creator × writer', checks: 14_142, placements: 2413 },
  { name: 'hot2', what: 'nodes that go offline and come back', checks: 20_064, placements: 3340 },
] as const;

for (const { name, what, checks, placements } of sets) {
  test(`${what}: all ${checks} recorded values are ours (kernel 6.1, set ${name})`, () => {
    const set = compareNumaSet(folder, name);
    assert.deepEqual(set.notes ?? [], []);
    assert.equal(set.matched, checks);
    assert.equal(set.checks, checks);
    assert.equal(set.kernel['new'], placements);
  });
}

const machine = machineOf(folder.text('static2.how.txt'), 4);

test('distances and processors come from the arguments of the machine (kernel 6.1, set static2)', () => {
  assert.deepEqual(machine.distances, [
    [10, 15, 20, 30],
    [15, 10, 30, 20],
    [20, 30, 10, 12],
    [30, 20, 12, 10],
  ]);
  assert.deepEqual(machine.cpuNodes, [0, 1, 2, 3]);
});

test('nodes may have no memory or several processors; memory in DIMMs counts', () => {
  const other = machineOf(
    '-smp 6 -numa node,nodeid=0,cpus=0-2,memdev=m0 -numa node,nodeid=1,cpus=3,cpus=5 -numa node,nodeid=2 -device pc-dimm,id=d,memdev=d2,node=2',
    1,
  );
  assert.deepEqual(other.cpuNodes, [0, 0, 0, 1, 0, 1]);
  assert.equal(other.memory, 0b101n);
  assert.equal(machineOf('-smp 2', 2).memory, 0b11n);
});

/** Records of a set, each changed by `by`: how many checks then fail. */
function missesWith(
  name: string,
  by: (record: NumaRecord) => NumaRecord,
  only: (record: NumaRecord) => boolean,
): number {
  const records = readRecords(folder, `${name}.jsonl`).filter(only).map(by);
  const { checks } = compareRecords(machine, records);
  return checks.checks - checks.right;
}

test('the comparison can fail: other errnos, masks and placements than the kernel’s are misses', () => {
  const accepted = (record: NumaRecord): boolean => record['err'] === 0 && record['mode'] === 'bind';
  const phase = (record: NumaRecord, change: Record<string, unknown>): NumaRecord => ({
    ...record,
    ph0: { ...(record['ph0'] as object), ...change },
  });
  const total = readRecords(folder, 'static2.jsonl').filter(accepted).length;
  assert.equal(
    missesWith('static2', (record) => record, accepted),
    0,
  );
  assert.ok(missesWith('static2', (record) => ({ ...record, err: 22 }), accepted) >= total);
  assert.ok(missesWith('static2', (record) => phase(record, { mask: 0 }), accepted) >= total);
  assert.ok(missesWith('static2', (record) => phase(record, { new: [250, 250, 250, 250] }), accepted) >= total);
});

test('the distances of the machine matter: on one with equal distances pages go elsewhere', () => {
  const even = machineOf('', 4);
  const { checks } = compareRecords(even, readRecords(folder, 'static2.jsonl'));
  assert.ok(checks.checks - checks.right >= 100, `${checks.checks - checks.right} misses`);
});

const made = (files: Readonly<Record<string, string>>): RecordedFolder => ({
  name: 'numa',
  files: Object.keys(files),
  text: (file) => files[file],
  bytes: (file) => new TextEncoder().encode(files[file]),
  sibling: () => undefined,
});

test('a recording of another machine, with two nodes and cgroup v1, is compared by what its own files say', () => {
  const how =
    'args=-smp 2 -numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1 -numa dist,src=0,dst=1,val=40\n';
  const record = {
    v: 1,
    test: 'change',
    m0: '0-1',
    m1: '1',
    migrate: 0,
    kind: 'task',
    mode: 'bind',
    fl: 'none',
    req: 1,
    cpu: 0,
    err: 0,
    ph0: { pol: 'bind', mask: 1, mems: 3, new: [40, 0], seq: '0000000000000000' },
    ph1: { pol: 'bind', mask: 2, mems: 2, old: [40, 0], new: [0, 40], seq: '1111111111111111' },
    ph2: { pol: 'bind', mask: 1, mems: 3, old: [40, 0], new: [40, 0], seq: '0000000000000000' },
  };
  const lines = (...records: object[]): string => records.map((one) => JSON.stringify(one)).join('\n');
  const files = { 'change1.jsonl': lines(record, { test: 'end' }), 'change1.how.txt': how };
  const kept = compareNumaSet(made(files), 'change1');
  // {0} renumbered onto {1} is {1}, and {1} onto {0,1} is {0}; without memory_migrate old pages stay
  assert.deepEqual(kept.notes ?? [], []);
  assert.equal(kept.checks, 18);
  const moved = { ...record, migrate: 1 };
  const other = compareNumaSet(made({ ...files, 'change1.jsonl': lines(moved, { test: 'end' }) }), 'change1');
  assert.deepEqual(
    other.notes?.map((note) => note.replace(/^.*phase/, 'phase')),
    ['phase 1: old 40,0, ours 0,40', 'phase 2: old 40,0, ours 0,40'],
  );
});

test('kinds of records that are not compared are named, and what is no recording is refused', () => {
  const set = compareNumaSet(made({ 'x.jsonl': '{"test":"oom","killed":1}\n{"test":"end"}\n' }), 'x');
  assert.deepEqual(set.notes, ['1 records of a kind that is not compared: oom']);
  assert.throws(() => compareNumaSet(made({ 'x.jsonl': '{"test":"stat' }), 'x'), UnusableRecording);
  assert.throws(() => compareNumaSet(made({ 'x.jsonl': '' }), 'x'), UnusableRecording);
  assert.ok(numaArea.uses('static2.jsonl') && numaArea.uses('static2.how.txt') && !numaArea.uses('runs.json'));
});
