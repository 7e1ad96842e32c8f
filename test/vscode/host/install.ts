/**
 * Puts a real VS Code (server and web workbench) into `.vscode-host/`, from npm alone: no download site, no compiler, no install script.
 *
 *     node test/vscode/host/install.ts        does nothing when the pinned version is there already
 *
 * Left out: Copilot, dev containers and the sandbox SDK, which are most of the download and never loaded here.
 * Two native modules that come without a prebuilt binary (log writer, parent watchdog) get plain JavaScript in their place.
 */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { codeServer, layout, oldestNode } from './versions.ts';

const here = import.meta.dirname;
export const root = path.resolve(here, '../../..');
export const hostFolder = path.join(root, '.vscode-host');
export const vscodeFolder = path.join(hostFolder, 'vscode');

const stampFile = path.join(vscodeFolder, 'refault-stamp.json');
const stamp = JSON.stringify({ 'code-server': codeServer, layout, platform: process.platform, arch: process.arch });

const neverLoaded = ['@github/copilot-sdk', '@microsoft/mxc-sdk', '@devcontainers/cli'];
const standIns = { '@vscode/spdlog': 'spdlog.cjs', '@vscode/native-watchdog': 'native-watchdog.cjs' };

export function isInstalled(): boolean {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
}

/** Installs unless the pinned version is there. Works beside the final folder and moves it in place at the end: all or nothing. */
export function installHost(say: (line: string) => void = () => {}): void {
  if (isInstalled()) return;
  if (Number(process.versions.node.split('.')[0]) < oldestNode) {
    throw new Error(
      `VS Code's server needs Node ${oldestNode}; this is ${process.version}. Start it through npm, which finds the project's own.`,
    );
  }
  const started = Date.now();
  const scratch = path.join(hostFolder, `install-${process.pid}`);
  const fresh = path.join(scratch, 'vscode');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    say(`Fetching VS Code (code-server ${codeServer.version}, 45 MB) from npm …`);
    unpack(fetchTarball(scratch), fresh);
    say('Installing its dependencies …');
    leaveOutUnused(fresh);
    // Not `npm ci`: the shipped shrinkwrap misses a package that `install` adds. All versions still come from it.
    npm(['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], fresh);
    for (const [name, file] of Object.entries(standIns)) putStandIn(fresh, name, file);
    writeFileSync(path.join(fresh, path.basename(stampFile)), stamp);
    moveInPlace(fresh);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  say(`VS Code is in ${path.relative(root, vscodeFolder)} (${Math.round((Date.now() - started) / 1000)} s).`);
}

function fetchTarball(folder: string): string {
  npm(['pack', '--loglevel=error', '--pack-destination', folder, `code-server@${codeServer.version}`], folder);
  const tarball = path.join(folder, `code-server-${codeServer.version}.tgz`);
  const digest = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (digest !== codeServer.integrity)
    throw new Error(`code-server ${codeServer.version} is not what was pinned: ${digest}`);
  return tarball;
}

/** `tar` is part of every Linux and macOS, and of Windows since 2018. */
function unpack(tarball: string, into: string): void {
  const wanted = ['--strip-components=3', '--exclude=package/lib/vscode/extensions/copilot', 'package/lib/vscode'];
  run(
    'tar',
    ['-xzf', path.basename(tarball), '-C', path.relative(path.dirname(tarball), into), ...wanted],
    path.dirname(tarball),
  );
}

function leaveOutUnused(folder: string): void {
  for (const [file, read] of [
    ['package.json', (json: Manifest) => json],
    ['npm-shrinkwrap.json', (json: Manifest) => json.packages![''] as Manifest],
  ] as const) {
    const where = path.join(folder, file);
    const json = JSON.parse(readFileSync(where, 'utf8')) as Manifest;
    for (const name of neverLoaded) delete read(json).dependencies[name];
    writeFileSync(where, JSON.stringify(json, null, 1));
  }
}

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly packages?: Readonly<Record<string, unknown>>;
}

function putStandIn(folder: string, name: string, file: string): void {
  const into = path.join(folder, 'node_modules', name);
  const { main = 'index.js' } = JSON.parse(readFileSync(path.join(into, 'package.json'), 'utf8')) as { main?: string };
  cpSync(path.join(here, 'stand-ins', file), path.join(into, /\.c?js$/.test(main) ? main : `${main}.js`));
}

function moveInPlace(fresh: string): void {
  rmSync(vscodeFolder, { recursive: true, force: true });
  try {
    renameSync(fresh, vscodeFolder);
  } catch (error) {
    if (!isInstalled()) throw error; // else another process was faster, with the same result
  }
}

function npm(args: readonly string[], cwd: string): void {
  // Inside `npm run`, npm names itself; a shell finds it otherwise (on Windows it is a .cmd file, which needs the shell).
  const self = process.env['npm_execpath'];
  if (self && /npm-cli\.c?js$/.test(self)) run(process.execPath, [self, ...args], cwd);
  else run('npm', args, cwd, process.platform === 'win32');
}

function run(command: string, args: readonly string[], cwd: string, shell = false): void {
  // A surrounding `npm run` exports the project's npm settings to its children; they are not meant for VS Code's own dependencies.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(local_prefix|omit|lockfile)|package|lifecycle)/i.test(name),
    ),
  );
  const done = spawnSync(command, args, { cwd, env, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.error) throw done.error;
  if (done.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} failed (${done.status ?? done.signal}):\n${done.stdout}${done.stderr}`,
    );
}

if (import.meta.main) installHost((line) => console.log(line));
