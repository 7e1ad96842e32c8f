/** What a whole process costs from start to end: processor time, wall time and, on Linux, peak memory. Ours and others are timed alike. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface Whole {
  /** Milliseconds. */
  readonly user: number;
  readonly system: number;
  /** Both. */
  readonly cpu: number;
  readonly wall: number;
  /** MiB; NaN where the system does not tell. */
  readonly peak: number;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Between two looks at how large the process has become. */
const LOOK = 10;

/** Runs a program to its end. The times are the shell's, which waits for it. */
export async function wholeProcess(command: string, args: readonly string[], cwd?: string): Promise<Whole> {
  const script = 'TIMEFORMAT="%3U %3S %3R"; { time "$@" 2>&4; } 2>&3';
  const child = spawn('bash', ['-c', script, 'bash', command, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, LC_ALL: 'C' },
  });
  let peak = NaN;
  const watch = setInterval(() => (peak = peakOfChild(child.pid) ?? peak), LOOK);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('whole processes are timed by bash, which is not here') : error),
    );
    child.on('close', (code) => resolve(code ?? 1));
  });
  try {
    const [status, stdout, times, stderr] = await Promise.all([
      ended,
      text(child.stdout!),
      text(child.stdio[3] as Readable),
      text(child.stdio[4] as Readable),
    ]);
    const [user, system, wall] = times
      .trim()
      .split(' ')
      .map((seconds) => Number(seconds) * 1000);
    return { user, system, cpu: user + system, wall, peak, status, stdout, stderr };
  } finally {
    clearInterval(watch);
  }
}

/** Resident MiB at most of the only child of a process; undefined if there is none, or the system does not tell. */
function peakOfChild(shell: number | undefined): number | undefined {
  try {
    const pid = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0];
    const kib = pid === '' ? undefined : /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}

/** The command line as users have it where it is built, from source otherwise. */
export function cli(): { readonly file: string; readonly how: string } {
  const bundle = path.resolve(import.meta.dirname, '../../dist/cli.mjs');
  if (existsSync(bundle)) return { file: bundle, how: 'bundled' };
  return { file: path.resolve(import.meta.dirname, '../../cli/main.ts'), how: 'from source' };
}

/** `refault ARGS` as a whole process; throws what it says on failure. */
export async function refault(args: readonly string[], cwd?: string): Promise<Whole> {
  const ran = await wholeProcess(process.execPath, [cli().file, ...args], cwd);
  if (ran.status !== 0) throw new Error(`refault ${args.join(' ')} ended with status ${ran.status}: ${ran.stderr}`);
  return ran;
}
