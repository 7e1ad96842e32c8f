/** What a run says of mounts, daemons, the disk and processes one by one, of exhaustion and of lock-ups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../../language-server/language/index.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { createSimulation } from '../../../simulator/simulate.ts';

const BASE = `machine nas { memory 2 GiB, cpus 8, disk { latency 100 us, bandwidth 150 MB/s } }
fuse photos { daemon { bandwidth 200 MB/s, threads 1 } }
process copier { for 8 s { write photos sequentially at 2 GB/s } }
`;

function run(clauses: string, base = BASE): PointReport[] {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text: `${base}run {\n${clauses}\n}` }]);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    [],
  );
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(1e6).done);
  return [...simulation.report().points];
}

const of = (point: PointReport, name: string) => {
  const found = point.objects?.find((object) => object.name === name);
  assert.ok(found?.values, `${name} has figures`);
  return { ...found, values: found.values };
};

const ASKED = `compare photos.accounting: strict
plot throughput of copier, photos.daemon, photos, disk by variant
plot BdiDirtyThresh of photos over time
plot throughput of photos.daemon over time`;

test('bytes are neither made nor lost on their way: what the copier wrote is with the daemon, or still waits', () => {
  const [point] = run(ASKED);
  const seconds = point.time / 1e9;
  const pages = (name: string) => (of(point, name).values['throughput'] * seconds) / 4096;
  const photos = of(point, 'photos').values;
  const waiting = photos['nr_dirty'] + photos['nr_writeback'] + photos['nr_writeback_temp'];
  assert.ok(
    Math.abs(pages('copier') - pages('photos.daemon') - waiting) < 64,
    'within one request of 32 pages each way',
  );
  assert.ok(pages('disk') <= pages('photos.daemon'));
  assert.equal(of(point, 'copier').accesses * 4096, Math.round(of(point, 'copier').values['throughput'] * seconds));
});

test('all pauses are somebody’s: those of processes and daemons add up to the counters', () => {
  const [point] = run(`${ASKED}\nplot throttle-time of copier, photos.daemon by variant`);
  for (const name of ['throttle-time', 'balance-pauses']) {
    const sum = of(point, 'copier').values[name] + of(point, 'photos.daemon').values[name];
    assert.ok(sum > 0);
    // A pause under way at the end is in the counter, or in both.
    assert.ok(Math.abs(sum - point.counters[name]) <= 0.01 * sum, `${name}: ${sum} and ${point.counters[name]}`);
  }
});

test('asking for figures of devices changes nothing but that they are there', () => {
  const [asked] = run(ASKED);
  const [plain] = run('compare photos.accounting: strict');
  assert.deepEqual(plain.counters, asked.counters);
  assert.equal(plain.time, asked.time);
  assert.equal(plain.objects, undefined);
});

test('figures of one device over time are called by both names, and follow it', () => {
  const [point] = run(ASKED);
  const series = (name: string) => {
    const found = point.series.find((s) => s.name === name);
    assert.ok(found && found.t.length > 20, `${name} was sampled`);
    return found;
  };
  const threshold = series('BdiDirtyThresh of photos');
  const global = series('nr_dirty_threshold');
  // 1 % of the limit at most, as the mount's max_ratio says.
  assert.ok(Math.max(...threshold.y) <= 0.01 * Math.max(...global.y));
  const daemon = series('throughput of photos.daemon');
  assert.equal(daemon.unit, 'bytes/s');
  assert.ok(Math.max(...daemon.y) <= 210e6, 'no faster than it can be, within a window');
});

test('without anybody counting copies, memory is exhausted when the closed form says, and the run ends locked up (D-A)', () => {
  for (const memory of ['4 GiB', '8 GiB', '16 GiB']) {
    const [point] = run('compare photos.accounting: none', BASE.replace('2 GiB', memory).replace('8 s', '30 s'));
    const { measures } = point;
    const simulated = measures['time-to-exhaustion'];
    const formula = measures['time-to-exhaustion-formula'];
    // Memory is looked at ten times a second.
    assert.ok(
      Math.abs(simulated - formula) < 0.05 * formula + 1e8,
      `${memory}: ${simulated / 1e9} s and ${formula / 1e9} s`,
    );
    assert.equal(point.cycles?.length, 1);
    const [cycle] = point.cycles;
    assert.equal(cycle.class, 'D-A');
    assert.equal(cycle.time, measures['time-to-lockup']);
    const event = point.events.find((e) => e.rule === cycle.rule);
    assert.equal(event?.time, cycle.time);
    assert.equal(cycle.members[0].actor, 'photos.daemon');
  }
});

test('a run that does not lock up says infinite, a run without mounts nothing', () => {
  const [point] = run('compare photos.accounting: strict');
  assert.equal(point.measures['time-to-lockup'], Infinity);
  assert.equal(point.measures['time-to-exhaustion'], Infinity);
  const [plain] = run('', 'file db 64 MiB\nprocess p { write db at 10 MB/s for 2 s }\n');
  assert.equal(plain.measures['time-to-lockup'], undefined);
  assert.equal(plain.measures['dirty-overshoot'], undefined);
});

test('a reader beside the copier has throughput and hits of its own', () => {
  const [point] = run(
    'plot throughput of reader, copier by variant\nexpect hit-ratio of reader >= 0%',
    `${BASE}file db 64 MiB\nprocess reader { for 8 s { read db uniform } }\n`,
  );
  const reader = of(point, 'reader');
  assert.ok(reader.accesses > 1000 && reader.hits + reader.misses === reader.accesses);
  assert.equal(point.expectations[0].holds, true);
  assert.ok((point.expectations[0].left ?? -1) > 0);
});
