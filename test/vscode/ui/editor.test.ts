/** `npm run editor`, as a user starts and ends it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { test } from 'node:test';
import { root } from '../host/install.ts';
import { options } from './session.ts';

void test('npm run editor serves a VS Code to who has the address, and Ctrl+C ends it', options, async () => {
  const child = spawn(process.execPath, ['tools/editor.mjs', '--no-open'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    const address = await new Promise<URL>((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /^ +(http:\S+)\n/m.exec(text);
        if (found) resolve(new URL(found[1]));
      });
      void ended.then((code) => reject(new Error(`it ended with ${code}:\n${text}`)));
    });
    assert.equal(address.hostname, '127.0.0.1');
    // The secret becomes a cookie, on the way to an address without it.
    assert.equal((await fetch(address, { redirect: 'manual' })).status, 302);
    assert.equal((await fetch(address.origin)).status, 403, 'without the secret in the address');
    child.kill('SIGINT');
    assert.equal(await ended, 0);
    await assert.rejects(fetch(address), 'the server is still there');
  } finally {
    child.kill('SIGTERM'); // it ends its server itself
    await ended;
  }
});
