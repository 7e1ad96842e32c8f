/** Bundles the suite into one file that every kind of extension host can load. */
import path from 'node:path';
import { build } from 'esbuild';
import { root } from './host/install.ts';

export const suiteFile = path.join(root, 'dist/test/suite.cjs');

export async function buildSuite(): Promise<void> {
  await build({
    entryPoints: [path.join(import.meta.dirname, 'suite/index.ts')],
    outfile: suiteFile,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
    sourcemap: 'inline',
  });
}

if (import.meta.main) await buildSuite();
