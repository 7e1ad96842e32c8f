/**
 * A reporter for `node --test` that says only what went wrong, a line per file, and the counts as the runner wants them.
 * A file in which no test runs counts as a failed one: Node itself would report it as passed.
 */
import path from 'node:path';
import process from 'node:process';
import type { TestEvent } from 'node:test/reporters';
import { countsLine, told, type Counts } from './counts.ts';

type Mutable = { -readonly [K in keyof Counts]: number };

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Map<string, Mutable & { ms: number }>();
  const of = (file: string | undefined) => {
    const name = file ? path.relative(process.cwd(), file).replaceAll('\\', '/') : '(no file)';
    if (!files.has(name)) files.set(name, { passed: 0, failed: 0, skipped: 0, ms: 0 });
    return files.get(name)!;
  };
  for await (const event of source) {
    switch (event.type) {
      case 'test:pass':
      case 'test:fail': {
        const { name, file, details, nesting, skip, todo } = event.data;
        if (details.type === 'suite' && event.type === 'test:pass') break; // its tests are counted
        const counts = of(file);
        if (nesting === 0) counts.ms += details.duration_ms;
        if (isWholeFile(name, file)) {
          if (event.type === 'test:fail') {
            counts.failed++;
            yield failure(file, name, event.data.details.error);
          }
        } else if (event.type === 'test:fail' && todo === undefined) {
          // A suite or parent fails with its children, which have been counted; but also on its own, in a hook.
          if (failsOnlyThroughChildren(event.data.details.error)) break;
          counts.failed++;
          yield failure(file, name, event.data.details.error);
        } else if (skip !== undefined || todo !== undefined) counts.skipped++;
        else counts.passed++;
        break;
      }
      case 'test:stdout':
      case 'test:stderr':
        yield event.data.message;
        break;
      default:
    }
  }
  const total: Mutable = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, counts] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (counts.passed + counts.failed + counts.skipped === 0) {
      counts.failed++;
      yield `✖ ${name}: no test in it ran\n`;
    }
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    yield `  ${name}: ${told(counts)} (${(counts.ms / 1000).toFixed(1)} s)\n`;
  }
  yield `${countsLine(total)}\n`;
}

const isWholeFile = (name: string, file: string | undefined) =>
  file !== undefined && (name === file || path.resolve(name) === file);

function failsOnlyThroughChildren(error: Error & { failureType?: string }): boolean {
  return error.failureType === 'subtestsFailed';
}

function failure(file: string | undefined, name: string, error: Error & { cause?: unknown }): string {
  const cause = error.cause instanceof Error ? error.cause : error; // Node wraps what the test has thrown
  const where = file ? path.relative(process.cwd(), file) : '';
  const why = typeof error.cause === 'string' ? error.cause : (cause.stack ?? cause.message);
  return `✖ ${where}: ${name}\n${why.replaceAll(/^/gm, '    ')}\n`;
}
