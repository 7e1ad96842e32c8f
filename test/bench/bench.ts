/**
 * `npm run bench`: accesses per second by policy, editor latencies, chart draw times, mounts. Prints one table and writes test-results/bench.json.
 * `npm run bench -- policies` runs one suite, `--rounds N` sets the rounds. Nothing here is a test: times belong in ratios and budgets.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printRows, type Row } from './rows.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, policy: { type: 'string' } },
});
const rounds = Number(values.rounds);

const suites: Readonly<Record<string, () => Promise<Row[]>>> = {
  policies: async () => (await import('./policies.ts')).benchPolicies(rounds, values.policy?.split(',')),
  editor: async () => (await import('./editor.ts')).benchEditor(rounds),
  devices: async () => (await import('./devices.ts')).benchDevices(rounds),
  writeback: async () => (await import('./writeback.ts')).benchWriteback(rounds),
  charts: async () => (await import('./charts.ts')).benchCharts(rounds),
};

const chosen = positionals.length > 0 ? positionals : Object.keys(suites);
const unknown = chosen.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0 || !Number.isSafeInteger(rounds) || rounds < 1) {
  console.error(`bench: suites are ${Object.keys(suites).join(', ')}; --rounds wants a whole number from 1`);
  process.exit(2);
}

const rows: Row[] = [];
for (const name of chosen) rows.push(...(await suites[name]()));
console.log(printRows(rows));
if (!existsSync('test-results')) mkdirSync('test-results');
writeFileSync('test-results/bench.json', `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
