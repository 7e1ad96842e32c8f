/** Programs that tests take apart: those of the language tour, and every sample. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseNotebook } from '../../language-server/language/notebook-markdown.ts';

const here = new URL('programs/', import.meta.url);
const samples = new URL('../../samples/', import.meta.url);

export interface TestProgram {
  readonly name: string;
  readonly text: string;
}

const textsIn = (folder: URL): TestProgram[] =>
  readdirSync(folder)
    .filter((name) => /\.refault(\.md)?$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      if (!name.endsWith('.md')) return { name, text };
      const cells = parseNotebook(text).filter((cell) => cell.kind === 'code');
      return { name, text: cells.map((cell) => `${cell.text}\n`).join('\n') };
    });

export const tour = textsIn(here);
export const programs = [...tour, ...textsIn(samples)];
export const program = (name: string): string => tour.find((p) => p.name === `${name}.refault`)!.text;
