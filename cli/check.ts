/** `refault check FILE…`: prints every diagnostic; status 2 if any is an error. */
import { parseArgs } from 'node:util';
import { CliError, EXIT, type CliIo } from './io.ts';
import { formatProblem, readProgram } from './program.ts';

export async function check(args: string[], io: CliIo): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  if (positionals.length === 0) throw new CliError('check needs at least one FILE');
  let errors = 0;
  for (const file of positionals) {
    const program = await readProgram(file);
    for (const problem of [...program.errors, ...program.warnings].sort(
      (a, b) => a.line - b.line || a.column - b.column,
    )) {
      io.stderr(`${formatProblem(problem)}\n`);
    }
    errors += program.errors.length;
    if (program.errors.length === 0) {
      const points = program.plans.reduce((n, plan) => n + plan.points.length, 0);
      io.stdout(`${file}: ok, ${count(program.plans.length, 'run')}, ${count(points, 'point')}\n`);
    }
  }
  return errors > 0 ? EXIT.programErrors : EXIT.done;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
