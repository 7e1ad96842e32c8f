/** Type-checks every room under its own tsconfig: what a room may use (DOM, Node, nothing) is proved by its `lib` and `types`. */
import { spawn } from 'node:child_process';

const rooms = ['simulator', 'language-server/language', 'language-server', 'extension', 'webview', 'cli', 'test'];

const check = (room) =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['node_modules/typescript/bin/tsc', '--noEmit', '-p', `${room}/tsconfig.json`],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    child.on('exit', (code) => resolve(code === 0));
  });

const failed = [];
const queue = [...rooms];
await Promise.all(
  [0, 1].map(async () => {
    for (let room = queue.shift(); room; room = queue.shift()) if (!(await check(room))) failed.push(room);
  }),
);
if (failed.length > 0) {
  console.error(`types: errors in ${failed.join(', ')}`);
  process.exit(1);
}
