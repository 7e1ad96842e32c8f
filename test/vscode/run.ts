/**
 * The extension in a real VS Code: `node test/vscode/run.ts [suite] [web] [ui]`, all three when none is named.
 *
 * suite  the cases of suite/ in a Node extension host: that of the pinned VS Code (host/), or of a desktop VS Code through
 *        @vscode/test-electron where one can be had. REFAULT_TEST_EDITOR=host or =electron decides, else what is there does.
 * web    the same cases in the browser's extension host.
 * ui     ui/*.test.ts: what a user sees and presses, first of all with the packaged extension in a clean profile.
 *
 * REFAULT_TEST_GREP=words runs only those cases of the suite whose names match.
 */
import { spawn } from 'node:child_process';
import { cpSync, createWriteStream, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { countsLine, none, sum, told, type Counts } from '../runner/counts.ts';
import { node } from '../runner/command.ts';
import { buildSuite, suiteFile } from './build-suite.ts';
import { canRunElectron } from './electron.ts';
import { findChromium } from './host/browser.ts';
import { installHost, root } from './host/install.ts';
import { serveStatically, startServer } from './host/server.ts';
import { runExtensionTests } from './host/workbench.ts';
import { decode, type Message } from './suite/protocol.ts';

type Host = 'node' | 'web' | 'electron';

const LIMIT_MS = 420_000;
const parts = ['suite', 'web', 'ui'];
/** Counted once: sources may change while they run. */
const expectedTests = namedInSources();

async function main(): Promise<number> {
  const named = process.argv.slice(2).filter((arg) => parts.includes(arg));
  const wanted = named.length > 0 ? named : parts;
  if (!process.env['REFAULT_BUILT']) {
    const built = await node('tools/package.mjs', ['--out', 'test-results/refault.vsix']);
    if (!built.ok) throw new Error(built.output);
  }
  const counts: Counts[] = [];
  const notes: Notes[] = [];
  if (findChromium() || process.env['CI']) {
    installHost((line) => console.log(`  ${line}`));
    await buildSuite();
    if (wanted.includes('suite')) counts.push(await runSuite((await canRunElectron()) ? 'electron' : 'node', notes));
    if (wanted.includes('web')) counts.push(await runSuite('web', notes));
    if (notes.length > 1) counts.push(compareNotes(notes));
  } else {
    const skipped = expectedTests * wanted.filter((part) => part !== 'ui').length;
    counts.push({ ...none, skipped });
  }
  if (wanted.includes('ui')) counts.push(await runUi());
  const total = sum(counts);
  console.log(countsLine(total));
  return total.failed > 0 ? 1 : 0;
}

interface Notes {
  readonly host: Host;
  readonly values: ReadonlyMap<string, string>;
}

async function runSuite(host: Host, notes: Notes[]): Promise<Counts> {
  const started = Date.now();
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'refault-suite-'));
  const workspace = path.join(scratch, 'workspace');
  cpSync(path.join(root, 'samples'), workspace, { recursive: true });
  mkdirSync(path.join(root, 'test-results'), { recursive: true });
  const log = createWriteStream(path.join(root, `test-results/vscode-${host}.log`));
  const messages: Message[] = [];
  const others: string[] = [];
  const read = (line: string) => {
    log.write(`${line}\n`);
    const message = decode(line);
    if (message) messages.push(message);
    else others.push(line);
  };
  let code: number;
  try {
    code = host === 'electron' ? await inElectron(workspace, read) : await inHost(host, scratch, workspace, read);
  } finally {
    log.end();
    rmSync(scratch, { recursive: true, force: true });
  }

  const failures = messages.filter((message) => message.kind === 'fail');
  const counts = {
    passed: messages.filter(({ kind }) => kind === 'pass').length,
    failed: failures.length,
    skipped: messages.filter(({ kind }) => kind === 'skip').length,
  };
  const expected = expectedTests;
  const ran = counts.passed + counts.failed + counts.skipped;
  const cutShort = !messages.some(({ kind }) => kind === 'end') || (code !== 0 && failures.length === 0);
  if (ran < expected || cutShort) counts.failed += Math.max(1, expected - ran);
  console.log(`  suite in the ${host} extension host: ${told(counts)} (${seconds(started)} s)`);
  for (const { name, why } of failures) console.log(`✖ ${host}: ${name}\n${why.replaceAll(/^/gm, '    ')}`);
  if (ran < expected || cutShort) {
    console.log(`✖ ${host}: ${ran} of ${expected} tests ran, and it ended with ${code}. The last it said:`);
    console.log(others.slice(-30).join('\n'));
  }
  const values = messages.filter((message) => message.kind === 'note').map(({ name, value }) => [name, value] as const);
  notes.push({ host, values: new Map(values) });
  return counts;
}

async function inHost(
  host: 'node' | 'web',
  scratch: string,
  workspace: string,
  print: (line: string) => void,
): Promise<number> {
  const server = await startServer({ folder: path.join(scratch, 'profile'), workspaceTrust: false });
  try {
    const extension = host === 'web' ? serveStatically(server, root) : root;
    const tests = `${extension}/${path.relative(root, suiteFile).replaceAll('\\', '/')}`;
    const opening = { folder: workspace, extensions: [extension], tests };
    return (await runExtensionTests(server, opening, { timeout: LIMIT_MS, print })).code;
  } finally {
    await server.stop();
  }
}

function inElectron(workspace: string, print: (line: string) => void): Promise<number> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'electron.ts'), root, suiteFile, workspace], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      lines.forEach(print);
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

/** How many tests the suite's files name; each stands on a line of its own. Guards against cases that silently do not run. */
function namedInSources(): number {
  if (process.env['REFAULT_TEST_GREP']) return 0;
  const files = globSync('suite/*.ts', { cwd: import.meta.dirname });
  const text = files.map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8')).join('\n');
  return text.match(/^ +it\(/gm)!.length;
}

/** What is computed must not depend on where: one test. */
function compareNotes(notes: readonly Notes[]): Counts {
  const [first, ...others] = notes;
  const names = new Set(notes.flatMap(({ values }) => [...values.keys()]));
  let failed = names.size === 0 ? 1 : 0;
  for (const name of names) {
    for (const { host, values } of others) {
      if (values.get(name) === first.values.get(name)) continue;
      console.log(`✖ ${name} differ: ${first.host} ${first.values.get(name)}, ${host} ${values.get(name)}`);
      failed = 1;
    }
  }
  return { passed: 1 - failed, failed, skipped: 0 };
}

async function runUi(): Promise<Counts> {
  const files = globSync('test/vscode/ui/*.test.ts', { cwd: root }).sort();
  const reporter = new URL('../runner/node-reporter.ts', import.meta.url).href;
  const { output, counts } = await node('--test', [`--test-reporter=${reporter}`, '--test-concurrency=1', ...files], {
    env: { REFAULT_BUILT: '1' },
  });
  console.log(output.trimEnd());
  return counts ?? { ...none, failed: 1 };
}

const seconds = (started: number) => ((Date.now() - started) / 1000).toFixed(1);

process.exitCode = await main();
