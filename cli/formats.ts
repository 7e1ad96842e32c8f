/** The formats of `refault run`, by name: reports in, text out. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { reportToJson } from '../simulator/report-codec.ts';
import type { Report } from '../simulator/report.ts';
import { reportsToCsv } from '../simulator/text/points-csv.ts';
import { reportToHtml } from '../simulator/text/html.ts';
import { reportsToJunit } from '../simulator/text/junit.ts';
import { reportToMarkdown } from '../simulator/text/markdown.ts';
import { reportToText } from '../simulator/text/terminal.ts';
import { CliError, EXIT, type CliIo } from './io.ts';

export interface FormatContext {
  readonly io: CliIo;
  /** The program's name as given. */
  readonly file: string;
}

type Format = (reports: readonly [Report, ...Report[]], context: FormatContext) => string | Promise<string>;

export const formats = {
  text: (reports, { io }) =>
    `${reports.map((r) => reportToText(r, { width: io.width, color: io.color })).join('\n\n')}\n`,
  json: (reports) => `${JSON.stringify(reportToJson(...reports), null, 2)}\n`,
  markdown: (reports) => `${reports.map((r) => reportToMarkdown(r)).join('\n\n')}\n`,
  html: async (reports, { file }) => reportToHtml(reports, { title: file, renderer: await rendererBundle() }),
  csv: (reports) => reportsToCsv(reports),
  junit: (reports, { file }) => reportsToJunit(reports, file),
} satisfies Record<string, Format>;

export const isFormat = (name: string): name is keyof typeof formats => Object.hasOwn(formats, name);

/** The notebook renderer draws the page, so that there is one picture and not two. */
async function rendererBundle(): Promise<string> {
  for (const place of ['./renderer.js', '../dist/renderer.js']) {
    try {
      return await readFile(fileURLToPath(new URL(place, import.meta.url)), 'utf8');
    } catch {
      continue;
    }
  }
  throw new CliError('the format html needs dist/renderer.js: build it with `npm run build`', EXIT.unreadable);
}
