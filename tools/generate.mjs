/** `npm run generate`: the parser’s tables and syntax-tree types from the grammar, then the documentation from the definition tables. */
import { spawnSync } from 'node:child_process';

const run = (cwd, ...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

run('language-server/language', '../../node_modules/langium-cli/bin/langium.js', 'generate');
run('.', 'tools/generate-docs.ts');
