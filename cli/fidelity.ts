/** `refault fidelity [DIR]`: how far the simulator is from real kernels, on the recordings that come with it or on those found under DIR. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compareFolders, gather, type FidelityStep } from '../simulator/fidelity/areas.ts';
import { fidelityMarkdown, fidelityText } from '../simulator/text/fidelity.ts';
import { CliError, EXIT, type CliIo } from './io.ts';
import { recordedFolder, recordedFolders } from './recorded-folder.ts';
import { shippedRecordings } from './recordings.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;

export async function fidelity(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { format: { type: 'string', default: 'text' } },
  });
  const format = FORMATS.find((name) => name === values.format);
  if (format === undefined)
    throw new CliError(`there is no format '${values.format}'; there are ${FORMATS.join(', ')}`);
  if (positionals.length > 1)
    throw new CliError('fidelity takes one directory, or none for the recordings it comes with');
  const dir = positionals[0] ?? shippedRecordings();
  if (!existsSync(dir) || !statSync(dir).isDirectory())
    throw new CliError(`there is no directory '${dir}'`, EXIT.unreadable);
  const folders = recordedFolders(dir);
  // A single recorded folder will do as well.
  if (folders.every(({ files }) => !files.some((file) => file.endsWith('.json') || file.endsWith('.jsonl'))))
    folders.push(recordedFolder(path.resolve(dir)));

  const steps: FidelityStep[] = [];
  for (const step of compareFolders(folders)) {
    steps.push(step);
    if (io.isTty && step.kind === 'set') io.stderr(`\r\u001b[K${step.set.area} ${step.set.name} ${step.set.mode}`);
    // lets an interruption come through
    await new Promise((resolve) => setImmediate(resolve));
    if (io.signal.aborted) break;
  }
  if (io.isTty) io.stderr('\r\u001b[K');
  const report = gather(steps);
  switch (format) {
    case 'text':
      io.stdout(fidelityText(report, io.color));
      break;
    case 'markdown':
      io.stdout(`${fidelityMarkdown(report)}\n`);
      break;
    case 'json':
      io.stdout(`${JSON.stringify(report, null, 1)}\n`);
  }
  if (io.signal.aborted) return EXIT.interrupted;
  return report.unusable.length > 0 || report.sets.length === 0 ? EXIT.unreadable : EXIT.done;
}
