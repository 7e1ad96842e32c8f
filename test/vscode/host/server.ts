/**
 * A VS Code server process on 127.0.0.1 with its own profile folder. Nothing leaves the machine: no gallery, no telemetry, no updates.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { vscodeFolder } from './install.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** A window without anything that moves, asks or advertises; and nothing that would look for the network. */
export const quietSettings: Settings = {
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'json.schemaDownload.enable': false,
  'npm.fetchOnlinePackageInfo': false,
  // A server looks for listening ports by starting processes, from the extension host: a desktop's window does not.
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'window.restoreWindows': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

export interface ServerOptions {
  /** Holds profile, extensions and log of this server; made when missing. */
  readonly folder: string;
  readonly settings?: Settings;
  /** Extension tests must not be asked; everything a user sees should be tried with trust on. */
  readonly workspaceTrust: boolean;
  readonly port?: number;
  /** A secret that the address must carry, so that no other page or user of the machine gets in. */
  readonly token?: string;
  /** Variables that the extension host sees besides ours. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly folder: string;
  readonly process: ChildProcess;
  readonly log: () => string;
  stop(): Promise<void>;
}

const entry = path.join(vscodeFolder, 'out/server-main.js');
const environment = { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}' };

const profile = (folder: string) => [
  ...['--server-data-dir', path.join(folder, 'server')],
  ...['--extensions-dir', path.join(folder, 'extensions')],
];

/** Installs a packaged extension into a profile folder; do it before `startServer` on the same folder. */
export function installVsix(folder: string, vsix: string): void {
  mkdirSync(path.join(folder, 'extensions'), { recursive: true });
  const args = [entry, '--accept-server-license-terms', ...profile(folder), '--install-extension', vsix, '--force'];
  const done = spawnSync(process.execPath, args, { cwd: folder, env: environment, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`VS Code refused ${vsix}:\n${done.stdout}${done.stderr}`);
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { folder, settings = quietSettings, workspaceTrust, port = 0, token, variables = {} } = options;
  mkdirSync(path.join(folder, 'server/data/User'), { recursive: true });
  mkdirSync(path.join(folder, 'extensions'), { recursive: true });
  writeFileSync(path.join(folder, 'server/data/User/settings.json'), JSON.stringify(settings, null, 1));

  const args = [entry, '--host', '127.0.0.1', '--port', String(port)];
  args.push(...(token ? ['--connection-token', token] : ['--without-connection-token']));
  args.push('--accept-server-license-terms', '--disable-telemetry', '--telemetry-level', 'off', ...profile(folder));
  if (!workspaceTrust) args.push('--disable-workspace-trust');
  // Detached: extension hosts, file watchers and terminals are in its process group, and end with it.
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...environment, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = () => killGroup(child, 'SIGKILL');
  process.once('exit', kill);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, exitAfterSignal);

  let output = '';
  const file = createWriteStream(path.join(folder, 'server.log'));
  const listening = new Promise<string>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`VS Code's server did not start within 120 s:\n${output}`)),
      120_000,
    );
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      file.write(chunk);
      const line = /Web UI available at (http:\/\/\S+)/.exec(output);
      if (line) resolve(new URL(line[1]).port);
      if (line) clearTimeout(late);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`VS Code's server ended with ${code}:\n${output}`));
    });
  });

  const stop = async () => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      killGroup(child, 'SIGTERM');
      const impatient = setTimeout(() => killGroup(child, 'SIGKILL'), 5_000);
      await ended;
      clearTimeout(impatient);
    }
    killGroup(child, 'SIGKILL'); // members of the group that outlived their leader
    file.end();
  };
  try {
    return { url: `http://127.0.0.1:${await listening}`, folder, process: child, log: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function exitAfterSignal(): void {
  process.exit(130); // runs the 'exit' listeners, which end the servers
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
  else
    try {
      process.kill(-child.pid, signal);
    } catch {
      // the group is gone already
    }
}

/**
 * Serves a folder under the server's own static route and returns its address. An extension loaded from an http address runs in the
 * browser's extension host (`browser` entry, web workers), as on vscode.dev. It must be the same origin: the page's CSP allows no other.
 */
export function serveStatically(server: Server, folder: string): string {
  const { commit } = JSON.parse(readFileSync(path.join(vscodeFolder, 'product.json'), 'utf8')) as { commit: string };
  const name = `extension-${process.pid}`;
  const link = path.join(vscodeFolder, name);
  rmSync(link, { force: true });
  symlinkSync(path.resolve(folder), link, 'junction');
  process.once('exit', () => rmSync(link, { force: true }));
  return `${server.url}/stable-${commit}/static/${name}`;
}
