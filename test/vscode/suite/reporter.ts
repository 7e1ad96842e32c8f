/** A mocha reporter that says everything in the lines of `protocol.ts`. */
import { encode, type Message } from './protocol.ts';

const say = (message: Message) => console.log(encode(message));

export class ConsoleReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.on('pass', (test) => say({ kind: 'pass', name: test.fullTitle(), ms: test.duration ?? 0 }));
    runner.on('fail', (test, error: Error) => {
      say({ kind: 'fail', name: test.fullTitle(), why: error.stack ?? error.message });
    });
    runner.on('pending', (test) => say({ kind: 'skip', name: test.fullTitle() }));
    runner.on('end', () => say({ kind: 'end' }));
  }
}

export const note = (name: string, value: string) => say({ kind: 'note', name, value });
