/**
 * Work in a process of its own: what one measurement leaves behind (compiled code, a grown heap, warm caches) must not colour the next.
 * Run as a program, this is the other side: it imports a module, calls one of its functions and sends back what that gives.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

interface Task {
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

/** Calls the function `name` of `module` (a path) with `argument` in a new process. Rejects if that process fails. */
export function inChild<Result>(
  module: string,
  name: string,
  argument: unknown,
  execArgv: readonly string[] = [],
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, {
      serialization: 'advanced',
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message: { readonly value?: Result; readonly error?: string }) => {
      if (message.error !== undefined) reject(new Error(message.error));
      else resolve(message.value as Result);
      // An exit of its own now and then waits for good: the engine's compiler for a collection, Node for the compiler.
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`${name} ended with ${signal ?? `status ${code}`}`)));
    child.send({ module: pathToFileURL(module).href, name, argument } satisfies Task);
  });
}

/** The same with code as users have it: bundled and minified, which the engine optimises further than modules. */
export async function inBundledChild<Result>(
  module: string,
  name: string,
  argument: unknown,
  execArgv: readonly string[] = [],
): Promise<Result> {
  // as deep as this folder, so that what is told by its place from here is found from there
  const outfile = path.resolve(import.meta.dirname, '../../dist/bench', `${path.basename(module, '.ts')}.mjs`);
  await build({
    entryPoints: [module],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return await inChild(outfile, name, argument, execArgv);
}

/** Processor time of this process so far, system included, in milliseconds. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

if (import.meta.main && process.send) {
  const send = (message: object) => process.send!(message);
  process.once('message', (task: Task) => {
    import(task.module)
      .then((module: Readonly<Record<string, (argument: unknown) => unknown>>) => module[task.name](task.argument))
      .then((value) => send({ value }))
      .catch((error: unknown) =>
        send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
}
