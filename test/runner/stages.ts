/** The stages of `npm test`. What must exist and does not is a failed test, so that a forgotten kind of test cannot look green. */
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { node, root, type Finished } from './command.ts';
import { sum, type Counts } from './counts.ts';

export interface Outcome {
  readonly counts: Counts;
  /** Shown always; keep it short when all is well. */
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly title: string;
  /** Stages that must have been tried before, and need no repetition by this one. */
  readonly after: readonly string[];
  /** Nothing else may run beside it: its tests look at the clock. */
  readonly alone?: boolean;
  run(files: readonly string[]): Promise<Outcome>;
}

/** Made by the build stage, installed by the vscode stage. */
export const vsix = 'test-results/refault.vsix';

const rooms = ['simulator', 'language-server/language', 'language-server', 'extension', 'webview', 'cli', 'test'];
const roomsWithTests = ['simulator', 'language-server', 'extension', 'cli', 'webview', 'fidelity'];

export const stages: readonly Stage[] = [
  {
    name: 'build',
    title: 'every bundle builds and is within its budget; the package holds what it should',
    after: [],
    async run() {
      const build = one('build', await node('esbuild.mjs', []));
      const packed = one('package', await node('tools/package.mjs', ['--out', vsix], { env: { REFAULT_BUILT: '1' } }));
      return join([build, packed]);
    },
  },
  {
    name: 'types',
    title: 'types, a test per room',
    after: [],
    async run() {
      const outcomes: Outcome[] = [];
      for (const room of rooms) {
        const project = `${room}/tsconfig.json`;
        outcomes.push(
          existsSync(path.join(root, project))
            ? one(room, await node('node_modules/typescript/bin/tsc', ['--noEmit', '-p', project]))
            : failed(`${project} is missing`),
        );
      }
      return join(outcomes);
    },
  },
  {
    name: 'lint',
    title: 'eslint, formatting, direction of dependencies',
    after: [],
    async run() {
      const cruise = [
        '--config',
        '.dependency-cruiser.cjs',
        'simulator',
        'language-server',
        'extension',
        'webview',
        'cli',
      ];
      return join([
        one('eslint', await node('node_modules/eslint/bin/eslint.js', ['.'])),
        one('prettier', await node('node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'])),
        one('dependencies', await node('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', cruise)),
      ]);
    },
  },
  {
    name: 'unit',
    title: 'unit, property, language server, command line and fidelity tests',
    after: ['build'],
    async run(files) {
      const found = globSync(
        roomsWithTests.map((room) => `test/${room}/**/*.test.ts`),
        { cwd: root },
      ).sort();
      const missing = roomsWithTests
        .filter((room) => !found.some((file) => file.replaceAll('\\', '/').startsWith(`test/${room}/`)))
        .map((room) => failed(`test/${room} has no tests`));
      return join([...(files.length > 0 ? [] : missing), await nodeTests(matching(found, files))]);
    },
  },
  {
    name: 'browser',
    title: 'renderer and panel in Chromium',
    after: ['build'],
    async run(files) {
      return nodeTests(matching(globSync('test/browser/**/*.test.ts', { cwd: root }).sort(), files));
    },
  },
  {
    name: 'vscode',
    title: 'the extension in a real VS Code',
    after: ['build', 'browser'],
    alone: true,
    async run(files) {
      return counted(
        'test/vscode',
        await node('test/vscode/run.ts', files, { env: { REFAULT_BUILT: '1' }, limit: 1100 }),
      );
    },
  },
];

/** Those of some files whose paths contain one of the words wanted; all if none is. */
export function matching(files: readonly string[], wanted: readonly string[]): string[] {
  return files.filter(
    (file) => wanted.length === 0 || wanted.some((part) => file.replaceAll('\\', '/').includes(part)),
  );
}

/** Runs test files under Node; random tests draw from `seed`, or from the one that all runs share. */
export async function nodeTests(files: readonly string[], seed?: number): Promise<Outcome> {
  if (files.length === 0) return failed('no test files');
  const beside = (file: string) => new URL(file, import.meta.url).href;
  const args = [`--import=${beside('seed.ts')}`, `--test-reporter=${beside('node-reporter.ts')}`, ...files];
  const env = { REFAULT_BUILT: '1', ...(seed === undefined ? {} : { REFAULT_TEST_SEED: `${seed}` }) };
  return counted('node --test', await node('--test', args, { env }));
}

/** A program that is one test. */
function one(name: string, { ok, output }: Finished): Outcome {
  if (ok) return { counts: { passed: 1, failed: 0, skipped: 0 }, text: '' };
  return failed(`${name}\n${output.trimEnd()}`);
}

/** A program that counts its tests. It may not fail without a failed test, nor end without having counted. */
function counted(name: string, { ok, output, counts }: Finished): Outcome {
  if (!counts) return failed(`${name} ended without counting its tests\n${output}`);
  if (!ok && counts.failed === 0) return join([{ counts, text: output }, failed(`${name} failed outside its tests`)]);
  return { counts, text: output };
}

const failed = (why: string): Outcome => ({ counts: { passed: 0, failed: 1, skipped: 0 }, text: `✖ ${why}\n` });

function join(outcomes: readonly Outcome[]): Outcome {
  return { counts: sum(outcomes.map((o) => o.counts)), text: outcomes.map((o) => o.text).join('') };
}

export const inCI = Boolean(process.env['CI']);
