/** Bundles the suite into one file that every kind of extension host can load. */
import path from 'node:path';
import process from 'node:process';
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
    // No environment variable reaches a web worker.
    define: { REFAULT_TEST_GREP: JSON.stringify(process.env['REFAULT_TEST_GREP'] ?? '') },
    logLevel: 'warning',
    sourcemap: 'inline',
  });
}

if (import.meta.main) await buildSuite();
