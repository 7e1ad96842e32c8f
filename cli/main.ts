/**
 * `refault`: the headless face, for continuous integration, scripts and anyone without an editor. One command, one file; docs/cli.md is the
 * contract. The bundle is also its own worker (run-points.ts).
 */
import { isMainThread } from 'node:worker_threads';
import { CliError, EXIT, type CliIo } from './io.ts';

interface Command {
  readonly usage: string;
  readonly summary: string;
  load(): Promise<(args: string[], io: CliIo) => Promise<number>>;
}

const commands: Readonly<Record<string, Command>> = {
  run: {
    usage:
      'run FILE [--run TITLE] [--set NAME=VALUE]… [--seed N] [--threads N] [--format text|json|markdown|html|csv|junit] [--out PATH]',
    summary: 'run the scenarios of a program',
    load: async () => (await import('./run.ts')).run,
  },
  check: {
    usage: 'check FILE…',
    summary: 'say what is wrong with programs',
    load: async () => (await import('./check.ts')).check,
  },
  replay: {
    usage: 'replay TRACE --memory SIZE[,SIZE…] --policy ID[,ID…] …',
    summary: 'replay recorded accesses; replay --help lists its options',
    load: async () => (await import('./replay.ts')).replay,
  },
  fidelity: {
    usage: 'fidelity [DIR] [--format text|json|markdown]',
    summary: 'hold the simulator against recordings of real kernels: its own, or those under DIR',
    load: async () => (await import('./fidelity.ts')).fidelity,
  },
  record: {
    usage: 'record [--help|--script]',
    summary: 'how to capture accesses and counters on your own machine',
    load: async () => (await import('./record.ts')).record,
  },
  list: {
    usage: 'list knobs|variants|counters|rules|diagnostics|recordings|samples [--format text|json]',
    summary: 'list what there is',
    load: async () => (await import('./list.ts')).list,
  },
};

declare const REFAULT_VERSION: string | undefined;

const help = (): string =>
  [
    'refault — Linux memory-management debates, made runnable',
    '',
    ...Object.values(commands).map((c) => `  refault ${c.usage}\n      ${c.summary}`),
    '',
    'FILE is a .refault program, a .refault.md notebook, or - for standard input.',
    'Exit status: 0 done, 1 an expectation failed, 2 the program has errors, 3 an input could not be read, 130 interrupted.',
    '',
  ].join('\n');

/** Runs one command line; never throws, never exits the process. Returns the exit status. */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.stdout(help());
    return EXIT.done;
  }
  if (name === '--version' || name === '-v') {
    io.stdout(`${typeof REFAULT_VERSION === 'string' ? REFAULT_VERSION : 'development'}\n`);
    return EXIT.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    io.stderr(`refault: there is no command '${name}'; there are ${Object.keys(commands).join(', ')}\n`);
    return EXIT.programErrors;
  }
  if (name !== 'replay' && name !== 'record' && (rest.includes('--help') || rest.includes('-h'))) {
    io.stdout(`refault ${command.usage}\n`);
    return EXIT.done;
  }
  try {
    return await (
      await command.load()
    )(rest, io);
  } catch (error) {
    if (error instanceof CliError) {
      io.stderr(`refault: ${error.message}\n`);
      return error.status;
    }
    // What parseArgs of Node throws for an unknown or incomplete option.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      io.stderr(`refault: ${error.message}\nusage: refault ${command.usage}\n`);
      return EXIT.programErrors;
    }
    throw error;
  }
}

if (isMainThread && import.meta.main) {
  const abort = new AbortController();
  process.on('SIGINT', () => abort.abort());
  process.on('SIGTERM', () => abort.abort());
  // `refault … | head` is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const isTerminal = process.stdout.isTTY ?? false;
  process.exitCode = await main(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    color: isTerminal && !process.env['NO_COLOR'],
    isTty: process.stderr.isTTY ?? false,
    width: process.stdout.columns ?? 100,
    signal: abort.signal,
  });
} else if (!isMainThread) {
  await import('./run-points.ts'); // a worker of the bundle
}
