/** `npm start`: builds the command line, runs the first scenario of the sample notebook, and says how to go on. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const sample = 'samples/page-cache-reclaim.refault.md';

const run = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;

process.exitCode = run('esbuild.mjs', 'cli') || run('dist/cli.mjs', 'run', sample, '--run', 'The workload moves');
if (process.exitCode === 0) {
  console.log(`
How to go on
  npx refault run ${sample}       all of its scenarios
  npx refault run samples/first-steps.refault             the shortest useful program
  npx refault run ${sample} --run "The workload moves" --set server.memory="100 MiB"
  npx refault list variants                               what can be compared
  npm run editor                                          the notebook in a real VS Code, in your browser
  npm run package                                         a .vsix to install
docs/language.md is the language, docs/cli.md the command line.`);
}
