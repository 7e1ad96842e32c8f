/** Runs a program for a stage: its output is kept, and shown when something is wrong with it. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { readCounts, type Counts } from './counts.ts';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Finished {
  readonly ok: boolean;
  readonly output: string;
  /** From the program's `@counts` line, where it has one. */
  readonly counts: Counts | undefined;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program's whole process group after so many seconds. */
  readonly limit?: number;
}

/** `file` is a path from the project's root, run by this very Node. */
export function node(
  file: string,
  args: readonly string[],
  { env = {}, limit = 900 }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32', // a group of its own, so that nothing of it outlives the limit
    });
    const end = () => {
      try {
        process.kill(process.platform === 'win32' ? child.pid! : -child.pid!, 'SIGTERM');
      } catch {
        // ended by itself
      }
    };
    process.once('exit', end);
    let output = '';
    const timer = setTimeout(() => {
      output += `\nended after its limit of ${limit} s\n`;
      end();
    }, limit * 1000);
    const read = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('exit', end);
      const lines = output.split('\n');
      const counts = lines.map(readCounts).findLast((found) => found !== undefined);
      resolve({ ok: code === 0, output: lines.filter((line) => !readCounts(line)).join('\n'), counts });
    });
  });
}
