/** `Run` above each run of a text file; cells have their own buttons. */
import type { CodeLens } from 'vscode-languageserver';
import { rangeOf } from '../language/syntax.ts';
import type { DocumentContext } from './context.ts';

export function codeLenses({ source, uri }: DocumentContext): CodeLens[] {
  return source.ast.items
    .filter((item) => item.$type === 'Run')
    .map((item) => {
      const { start } = rangeOf(item);
      const range = { start, end: { line: start.line, character: start.character + 3 } };
      return {
        range,
        command: { title: '$(play) Run', command: 'refault.runScenario', arguments: [uri, { line: start.line }] },
      };
    });
}
