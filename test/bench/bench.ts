/**
 * `npm run bench`: everything that is meant to be fast, measured, in one table with ratios and targets; test-results/bench.json holds the same
 * figures with what the machine is. Nothing here is a test: times belong in ratios and budgets.
 *
 *     npm run bench                          all suites
 *     npm run bench -- policies editor       these suites; the others' figures in the file stay
 *     npm run bench -- --against PATH        beside them, a cachesim binary (libCacheSim) in turns with ours
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { reclaimVariant } from '../../simulator/reclaim/registry.ts';
import { tryCachesim } from './cachesim.ts';
import { inChild } from './child.ts';
import { printRows, type BenchFile, type Row } from './rows.ts';
import { suites, type BenchOptions } from './suites.ts';

const USAGE = `npm run bench -- [SUITE…] [options]

  SUITE         ${Object.keys(suites).join(', ')}; without one, all
  --rounds N    how often each is measured, 3 unless told; figures are medians
  --policy IDS  only these reclaim variants, where a suite has a row for each; the others' rows in the file stay
  --quick       small worlds and one round
  --against P   a cachesim binary to alternate with: the suites against, reading and curves
  --out FILE    test-results/bench.json unless told; figures of other suites in it stay
  --date TEXT   goes into the file, which has no date otherwise
`;

function machineFacts(): BenchFile['machine'] {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    v8: process.versions.v8,
  };
}

function fail(problem: string): never {
  console.error(`bench: ${problem}\n\n${USAGE}`);
  process.exit(2);
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        policy: { type: 'string' },
        quick: { type: 'boolean', default: false },
        against: { type: 'string' },
        out: { type: 'string', default: 'test-results/bench.json' },
        date: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
})();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
if (!Number.isSafeInteger(rounds) || rounds < 1) fail(`--rounds wants a whole number from 1, not '${values.rounds}'`);
const policies = values.policy?.split(',');
const unknownPolicy = policies?.find((id) => !reclaimVariant(id));
if (unknownPolicy !== undefined) fail(`there is no reclaim variant '${unknownPolicy}'`);
const unknown = positionals.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) fail(`there is no suite '${unknown}'`);
if (positionals.includes('against') && values.against === undefined)
  fail("the suite 'against' wants --against PATH, a cachesim binary");
const chosen = (positionals.length > 0 ? positionals : Object.keys(suites)).filter(
  (name) => name !== 'against' || values.against !== undefined,
);
if (values.against !== undefined) {
  await tryCachesim(path.resolve(values.against)).catch((error: Error) => fail(error.message));
}
const options: BenchOptions = {
  rounds,
  quick: values.quick,
  ...(policies ? { policies } : {}),
  ...(values.against === undefined ? {} : { against: path.resolve(values.against) }),
};

const measured: Record<string, { rounds: number; rows: readonly Row[] }> = {};
for (const name of chosen) {
  process.stderr.write(`${name} …\n`);
  try {
    const rows = await inChild<Row[]>(path.join(import.meta.dirname, 'suites.ts'), 'runSuite', { name, options });
    if (rows.length > 0) measured[name] = { rounds, rows };
  } catch (error) {
    // The others are worth having all the same.
    console.error(`bench: ${name} failed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
if (Object.keys(measured).length > 0) console.log(printRows(Object.values(measured).flatMap(({ rows }) => rows)));

/** Figures of another machine, or of another Node, don't mix with these. */
function earlier(file: string, machine: BenchFile['machine']): BenchFile['suites'] {
  try {
    const before = JSON.parse(readFileSync(file, 'utf8')) as BenchFile;
    return JSON.stringify(before.machine) === JSON.stringify(machine) ? before.suites : {};
  } catch {
    return {};
  }
}

function merged(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const isSame = (a: Row) => (b: Row) => a.suite === b.suite && a.name === b.name;
  const rows = old.map((row) => fresh.find(isSame(row)) ?? row);
  for (const row of fresh)
    if (!old.some(isSame(row)))
      rows.splice(rows.findLastIndex((r) => r.suite === row.suite) + 1 || rows.length, 0, row);
  return rows;
}

const machine = machineFacts();
const before = earlier(values.out, machine);
// Some policies of a suite alone: the others' rows stay.
if (policies)
  for (const [name, { rows }] of Object.entries(measured))
    if (before[name]) measured[name] = { rounds, rows: merged(before[name].rows, rows) };
const all = { ...before, ...measured };
const written: BenchFile = {
  machine,
  ...(values.date === undefined ? {} : { date: values.date }),
  // In the order of the table, whichever was measured last.
  suites: Object.fromEntries(Object.keys(suites).flatMap((name) => (all[name] ? [[name, all[name]]] : []))),
};
mkdirSync(path.dirname(path.resolve(values.out)), { recursive: true });
writeFileSync(values.out, `${JSON.stringify(written, null, 2)}\n`);
