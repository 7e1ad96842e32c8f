/**
 * The suite that runs inside VS Code's extension host: on Node (here and under @vscode/test-electron) and in the browser's web worker.
 * One bundle serves all, so it uses mocha's browser build, which needs neither a file system nor a document.
 */
import 'mocha/mocha.js';
import { ConsoleReporter } from './reporter.ts';

/** Put in by build-suite.ts. */
declare const REFAULT_TEST_GREP: string;

/** VS Code calls this and takes a rejection for failure. */
export async function run(): Promise<void> {
  // Not the global `mocha` object: its `run` reads the address of a page, and there is none.
  const suite = new Mocha({ timeout: 150_000, reporter: ConsoleReporter });
  suite.suite.emit('pre-require', globalThis, '', suite); // puts `describe`, `it` and their kin in place
  await import('./cases.ts');
  if (REFAULT_TEST_GREP) suite.grep(new RegExp(REFAULT_TEST_GREP));
  const failures = await new Promise<number>((resolve) => suite.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}
