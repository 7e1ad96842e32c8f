/** Runs the stages, two at a time where they allow it, and tells how each went as soon as it is done. */
import process from 'node:process';
import { findChromium, howToInstallChromium } from '../vscode/host/browser.ts';
import { sum, told, type Counts } from './counts.ts';
import { inCI, stages, type Outcome, type Stage } from './stages.ts';

const atOnce = 2;

export async function main(args: readonly string[]): Promise<number> {
  const named = stages.filter((stage) => args.includes(stage.name));
  const files = args.filter((arg) => !stages.some((stage) => stage.name === arg));
  const wanted = named.length > 0 ? named : stages;
  if (args.includes('--help')) {
    for (const { name, title } of stages) console.log(`${name.padEnd(8)} ${title}`);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // ends the children too
  const counts: Counts[] = [];
  await schedule(wanted, async (stage) => {
    const started = Date.now();
    const outcome = await attempt(stage, files);
    counts.push(outcome.counts);
    console.log(`── ${stage.name}: ${told(outcome.counts)} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    if (outcome.text.trim()) console.log(outcome.text.trimEnd());
  });
  const total = sum(counts);
  if (total.skipped > 0 && !findChromium()) {
    console.log(
      `\nTests that need a browser were skipped: there is no Chromium. Install one with:\n\n    ${howToInstallChromium()}\n`,
    );
  }
  const skippedInCI = inCI && total.skipped > 0;
  if (skippedInCI) console.log('✖ Nothing may be skipped in CI.');
  const shown = skippedInCI ? { ...total, failed: total.failed + total.skipped, skipped: 0 } : total;
  console.log(told(shown));
  return shown.failed > 0 || shown.passed === 0 ? 1 : 0;
}

async function attempt(stage: Stage, files: readonly string[]): Promise<Outcome> {
  try {
    return await stage.run(files);
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { counts: { passed: 0, failed: 1, skipped: 0 }, text: why };
  }
}

/** Starts each stage as soon as those it comes after are done and there is room for it; those that want to be alone come last. */
async function schedule(wanted: readonly Stage[], run: (stage: Stage) => Promise<void>): Promise<void> {
  const names = new Set(wanted.map((stage) => stage.name));
  const waiting = [...wanted.filter((stage) => !stage.alone), ...wanted.filter((stage) => stage.alone)];
  const done = new Set<string>();
  const running = new Map<Stage, Promise<void>>();
  const ready = (stage: Stage) => stage.after.every((name) => done.has(name) || !names.has(name));
  while (waiting.length > 0 || running.size > 0) {
    const full = running.size >= atOnce || [...running.keys()].some((stage) => stage.alone);
    const next = full ? undefined : waiting.find((stage) => ready(stage) && (!stage.alone || running.size === 0));
    if (next) {
      waiting.splice(waiting.indexOf(next), 1);
      running.set(
        next,
        run(next).finally(() => (running.delete(next), done.add(next.name))),
      );
    } else await Promise.race(running.values());
  }
}
