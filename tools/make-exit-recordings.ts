/**
 * Makes the compact recordings of exit times in samples/recordings/exit from a directory of full ones: `node tools/make-exit-recordings.ts DIR`.
 * Kept are slopes and ratios of the fits, and of several processes at once the processor time relative to one.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node tools/make-exit-recordings.ts DIR');
const out = join(import.meta.dirname, '../samples/recordings/exit');
mkdirSync(out, { recursive: true });
const read = (file: string): unknown => JSON.parse(readFileSync(join(dir, file), 'utf8'));
const write = (file: string, value: unknown): void => writeFileSync(join(out, file), `${JSON.stringify(value)}\n`);

type Slope = Record<'b_ns_per_4k' | 'ratio_to_a4k' | 'R2', number>;
type Fit = { how: string; type: string } & Record<'cpu_min' | 'cpu_med' | 'wall_min', Slope>;
const slope = ({ b_ns_per_4k, ratio_to_a4k, R2 }: Slope): Slope => ({ b_ns_per_4k, ratio_to_a4k, R2 });
const { kernel, fits_np1 } = read('exit_fits.json') as { kernel: string; fits_np1: Fit[] };
write('exit_fits.json', {
  kernel,
  fits_np1: fits_np1.map(({ how, type, cpu_min, cpu_med, wall_min }) => ({
    how,
    type,
    cpu_min: slope(cpu_min),
    cpu_med: slope(cpu_med),
    wall_min: slope(wall_min),
  })),
});
const rows = read('exit_multi.json') as Record<'type' | 'np' | 'same' | 'mib' | 'cpu_vs_np1', string | number>[];
write(
  'exit_multi.json',
  rows.map(({ type, np, same, mib, cpu_vs_np1 }) => ({ type, np, same, mib, cpu_vs_np1 })),
);
