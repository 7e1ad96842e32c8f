/** The same plan gives the same report in Node, in a worker of the extension host and in a browser (ARCHITECTURE.md, invariant 2). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Worker as NodeWorker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../../../extension/worker/protocol.ts';
import { compileProgram } from '../../../language-server/language/index.ts';
import type { Plan } from '../../../simulator/plan.ts';
import { hashReport } from '../../../simulator/report-codec.ts';
import type { Report } from '../../../simulator/report.ts';
import { createSimulation, mergeReports } from '../../../simulator/simulate.ts';
import { launchBrowser } from '../../vscode/host/browser.ts';
import { browserTest } from '../harness.ts';

const dist = path.resolve(import.meta.dirname, '../../../dist');

/** Both speeds, every kind of random pattern, swap, two processes, pressure. */
const program = `
machine small { memory 16 MiB }
file db 24 MiB
file log 32 MiB
process one { read db zipf 0.7, 60k times; read db hot-cold 10% of pages 90% of accesses, 30k times; read db gaussian mean 50% deviation 10%, 20k times }
run "blocks" { compare reclaim: v3.15, v6.1, mglru-6.1, w-tinylfu, opt }
swap zram 32 MiB
process two { anon heap 12 MiB; write heap uniform, 30k times }
process three { for 40k times { 50% read db uniform; 50% read log stream } }
run "events" of two, three { compare reclaim: v6.1, mglru-6.7 }
`;

function plans(): readonly Plan[] {
  const { plans, diagnostics } = compileProgram([{ uri: 'determinism', text: program }]);
  assert.deepEqual(diagnostics, []);
  return plans;
}

function inNode(plan: Plan): Report {
  const simulation = createSimulation(plan);
  while (!simulation.advance(100_000).done);
  return simulation.report();
}

const messagesFor = (plan: Plan): ToWorker[] => [
  { type: 'begin', run: 1, plan, traces: [], recordings: [] },
  { type: 'task', run: 1, task: 1, points: plan.points.map((_, i) => i) },
];

test('a worker of the extension host reports the same bytes', async () => {
  for (const plan of plans()) {
    const worker = new NodeWorker(path.join(dist, 'sim-worker.cjs'));
    const report = await new Promise<Report>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'done') resolve(message.report);
        if (message.type === 'failed') reject(new Error(message.message));
      });
      for (const message of messagesFor(plan)) worker.postMessage(message);
    });
    await worker.terminate();
    assert.equal(hashReport(mergeReports(plan, [report])), hashReport(inNode(plan)), plan.title);
  }
});

browserTest('a worker in a browser reports the same bytes', async () => {
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext()).newPage();
    for (const plan of plans()) {
      const text = await page.evaluate(
        ({ script, messages }) =>
          new Promise<string>((resolve, reject) => {
            const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
            worker.onerror = (event) => reject(new Error(event.message));
            worker.onmessage = (event: MessageEvent<FromWorker>) => {
              if (event.data.type === 'failed') reject(new Error(event.data.message));
              if (event.data.type !== 'done') return;
              worker.terminate();
              resolve(
                JSON.stringify(event.data.report, (_, v: unknown) =>
                  v instanceof Float64Array ? { $column: [...v] } : v,
                ),
              );
            };
            for (const message of messages) worker.postMessage(message);
          }),
        { script: readFileSync(path.join(dist, 'sim-worker.web.js'), 'utf8'), messages: messagesFor(plan) },
      );
      const unpack = (_: string, v: unknown): unknown => {
        if (v === null || typeof v !== 'object') return v;
        if ('$column' in v) return Float64Array.from(v.$column as string[], Number);
        return '$figure' in v ? Number(v.$figure) : v;
      };
      const report = JSON.parse(text, unpack) as Report;
      assert.equal(hashReport(mergeReports(plan, [report])), hashReport(inNode(plan)), plan.title);
    }
  } finally {
    await browser.close();
  }
});
