/**
 * Random programs about nodes that a person could have written: each is judged without failing; what has no error runs to its end; and what the
 * report says of nodes adds up (invariant TC4: Σhit + Σmiss = Σlocal + Σother, Σmiss = Σforeign).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileProgram } from '../../language-server/language/index.ts';
import { createSimulation } from '../../simulator/simulate.ts';

const oneOf = (...texts: string[]) => fc.constantFrom(...texts);
const nodes = oneOf('0', '1', '2', '3', '0-1', '1-2', '2-3', '0-3', '0,2', '1,3', '0-2', '1-3');
const mode = oneOf('preferred-many', 'bind', 'interleave', 'weighted-interleave');
const flag = oneOf('', '', '=static', '=relative');
const policy = fc.oneof(
  oneOf('default', 'local', 'preferred:1', 'preferred=relative:2', 'preferred=static:3'),
  fc.tuple(mode, flag, nodes).map(([m, f, n]) => `${m}${f}:${n}`),
);
const mpol = fc.oneof(
  oneOf('default', 'local', 'prefer:2', 'interleave'),
  fc.tuple(oneOf('bind', 'interleave', 'prefer (many)'), flag, nodes).map(([m, f, n]) => `${m}${f}:${n}`),
);
const machine = fc
  .tuple(oneOf('v1', 'v2'), oneOf('', '; distance 0-1 15; distance 2-3 12'), fc.boolean(), oneOf('v6.1', 'documented'))
  .map(
    ([version, distance, swap, era]) =>
      `machine m { cgroup-version ${version}, mempolicy-era ${era}; node 0 { memory 16 MiB, cpus 2 }; node 1-3 { memory 8 MiB, cpus 1, movable, weight 2 }${distance} }\n${swap ? 'swap zram 16 MiB\n' : ''}`,
  );
const event = fc.oneof(
  nodes.map((n) => `set a.mems ${n}`),
  nodes.map((n) => `set b.mems ${n}`),
  oneOf('1', '2', '3').map((n) => `offline node ${n}`),
  fc.tuple(oneOf('1', '2', '3'), oneOf('', ' movable', ' kernel')).map(([n, how]) => `online node ${n}${how}`),
  oneOf('attach p to b', 'attach q to a', 'remount s', 'kill q', 'set a.memory_migrate on'),
  mpol.map((p) => `remount s mpol=${p}`),
);
const step = fc.oneof(
  oneOf('write h', 'write s[0 .. 2 MiB]', 'read f', 'touch f', 'idle 300 us', 'write h uniform, 500 times', 'munmap h'),
  policy.map((p) => `mempolicy ${p}`),
  fc.tuple(policy, oneOf('', ' move')).map(([p, move]) => `mbind h[0 .. 1 MiB] ${p}${move}`),
);
const program = fc
  .tuple(
    machine,
    nodes,
    nodes,
    mpol,
    fc.option(policy),
    fc.array(step, { minLength: 1, maxLength: 6 }),
    fc.array(event, { maxLength: 5 }),
    oneOf('2 MiB', '6 MiB', '20 MiB'),
  )
  .map(
    ([m, a, b, option, own, steps, events, size]) =>
      `${m}cpuset a { mems ${a}, cpus 0-4 }\ncpuset b { mems ${b}, cpus 0-4 }\ntmpfs s 4 MiB { mpol ${option} }\nfile f 2 MiB\n` +
      `process p in a { anon h ${size}${own === null ? '' : ` { mpol ${own} }`}; ${steps.join('; ')} }\n` +
      `process q in b { write s[2 MiB .. 4 MiB]; read f; idle 1 ms; write s }\n` +
      events.map((e, i) => `at ${(i + 1) * 400} us { ${e} }\n`).join('') +
      'run { plot placement by node; plot numastat; expect wrong-node >= 0 }',
  );

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

test('random programs about nodes are judged, run to their end, and add up', () => {
  let ran = 0;
  fc.assert(
    fc.property(program, (text) => {
      const { plans, diagnostics } = compileProgram([{ uri: 'test:', text }]);
      for (const d of diagnostics) assert.doesNotMatch(d.message, /undefined|NaN|\{\w+\}/);
      const unexpected = diagnostics.filter((d) => d.severity === 'error' && !/^(P01|P08|P10|V10)$/.test(d.code));
      assert.deepEqual(
        unexpected.map((d) => d.message),
        [],
      );
      if (plans.length === 0) return;
      ran++;
      const simulation = createSimulation(plans[0]);
      for (let i = 0; !simulation.advance(1 << 18).done; i++) assert.ok(i < 500, 'it goes on and on');
      const [point] = simulation.report().points;
      const { numa } = point;
      assert.ok(numa);
      const counted = (name: string): number => sum(numa.nodes.map((n) => n.counters[name] ?? 0));
      assert.equal(counted('numa_hit') + counted('numa_miss'), counted('local_node') + counted('other_node'));
      assert.equal(counted('numa_miss'), counted('numa_foreign'));
      for (const { object, pages, t } of numa.placement) {
        const why = numa.why.filter((w) => w.object === object);
        numa.nodes.forEach((_, node) => {
          const there = pages[node].at(-1) ?? 0;
          assert.equal(there, sum(why.map((w) => w.pages[node])), `${object} on node ${node} at ${t.at(-1)}`);
        });
        assert.ok(why.every((w) => w.wrong >= 0 && w.wrong <= sum(w.pages)));
      }
    }),
    { numRuns: 80 },
  );
  assert.ok(ran > 20, `${ran} of 80 ran`);
});

test('what a FUSE mount holds in memory is file pages of nodes, too, not slab', () => {
  const text = `machine duo { node 0-1 { memory 128 MiB, cpus 2 } }
fuse photos { daemon { bandwidth 50 MB/s } }
process w { write photos sequentially at 100 MB/s for 2 s }
run`;
  const simulation = createSimulation(compileProgram([{ uri: 'test:', text }]).plans[0]);
  while (!simulation.advance(1 << 18).done);
  const [{ gauges, numa }] = simulation.report().points;
  const onNodes = (name: string): number => sum(numa!.nodes.map((n) => n.gauges[name]));
  assert.ok(gauges!['nr_inactive_file'] > 10_000);
  assert.equal(onNodes('nr_inactive_file'), gauges!['nr_inactive_file']);
});
