import { main } from '../../cli/main.ts';

export interface CliResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process and keeps what it printed. */
export async function refault(args: readonly string[], signal = new AbortController().signal): Promise<CliResult> {
  let out = '';
  let err = '';
  const status = await main(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    color: false,
    isTty: false,
    width: 100,
    signal,
  });
  return { status, out, err };
}
