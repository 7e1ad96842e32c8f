/**
 * `npm run editor`: a real VS Code in your browser, with the extension as packaged and a copy of the samples, before you install anything.
 * Everything is under .vscode-host/; what you change there stays until you delete it. `--port N` fixes the port, `--no-open` only prints
 * the address. Ctrl+C ends it.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This needs the Node that comes with Refault's dependencies; this is ${process.version}. Run: npm run editor`,
  );
  process.exit(2);
}
const { hostFolder, installHost, root } = await import('../test/vscode/host/install.ts');
const { installVsix, quietSettings, startServer } = await import('../test/vscode/host/server.ts');

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'no-open': { type: 'boolean', default: false } },
});

const folder = path.join(hostFolder, 'editor');
const samples = path.join(folder, 'samples');
const vsix = path.join(folder, 'refault.vsix');
mkdirSync(folder, { recursive: true });

console.log('Packing the extension …');
await run('tools/package.mjs', '--out', vsix);
installHost((line) => console.log(line));
rmSync(path.join(folder, 'profile/extensions'), { recursive: true, force: true }); // an older version would stay beside the new one
installVsix(path.join(folder, 'profile'), vsix);
copySamples();

const token = randomUUID();
const kept = path.join(folder, 'profile/server/data/User/settings.json');
const server = await startServer({
  folder: path.join(folder, 'profile'),
  settings: {
    ...quietSettings,
    ...(existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {}),
    'workbench.editorAssociations': { '*.refault.md': 'refault-notebook' }, // or else the first file opens as text, being faster than extensions
  },
  workspaceTrust: false, // the folder is a copy of our own samples
  port: Number(values.port),
  token,
});
const address = new URL(server.url);
address.searchParams.set('tkn', token);
const inAddress = samples.replaceAll('\\', '/').replace(/^(?!\/)/, '/');
const first = `vscode-remote://${address.host}${inAddress}/page-cache-reclaim.refault.md`;
address.searchParams.set('folder', inAddress);
address.searchParams.set('payload', JSON.stringify([['openFile', first]]));
console.log(`
VS Code with Refault is at

    ${address.href}

Press Run All in the notebook. Ctrl+C here ends it.`);
if (!values['no-open'] && process.stdout.isTTY) openInBrowser(address.href);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.removeAllListeners(signal);
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
server.process.once('exit', (code) => process.exit(code ?? 0));

/** Newer samples replace older ones, but not what you have changed: the originals are kept to tell the two apart. */
function copySamples() {
  const originals = path.join(folder, 'originals');
  const same = (a, b) => statSync(a).isFile() && existsSync(b) && readFileSync(a).equals(readFileSync(b));
  for (const name of readdirSync(path.join(root, 'samples'))) {
    const [from, original, copy] = [path.join(root, 'samples'), originals, samples].map((place) =>
      path.join(place, name),
    );
    if (!existsSync(copy) || same(copy, original)) cpSync(from, copy, { recursive: true });
    cpSync(from, original, { recursive: true });
  }
}

/** Where there is a browser to be opened; the address has been printed anyway. */
function openInBrowser(url) {
  const [command, ...args] = { darwin: ['open', url], win32: ['cmd', '/c', 'start', '""', `"${url}"`] }[
    process.platform
  ] ?? ['xdg-open', url];
  const opener = spawn(command, args, { stdio: 'ignore', detached: true, windowsVerbatimArguments: true });
  opener.on('error', () => {});
  opener.unref();
}

function run(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${code}`))));
  });
}
