/**
 * Reports put into the forms that outputs, the kept copies and exports have: bytes, Markdown, text, JSON, CSV, HTML. In the worker, because a sweep's
 * report of megabytes takes a few hundredths of a second, or tenths, and the extension host must not.
 */
import { encodeReport, reportToJson } from '../../simulator/report-codec.ts';
import type { Report } from '../../simulator/report.ts';
import { toBase64 } from '../../simulator/text/base64.ts';
import { reportToHtml } from '../../simulator/text/html.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportsToCsv } from '../../simulator/text/points-csv.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { fitReport } from '../run/fit-report.ts';

/** What is to be written, and how. */
export type Writing =
  /** A cell's output: bytes that fit into `limit`, and the whole report in words. */
  | { readonly as: 'output'; readonly report: Report; readonly limit: number; readonly cached: boolean }
  /** For a page: base64 of bytes that fit into `limit`. */
  | { readonly as: 'page'; readonly report: Report; readonly limit: number }
  | { readonly as: 'bytes'; readonly report: Report }
  | { readonly as: 'json'; readonly reports: Reports }
  | { readonly as: 'csv'; readonly reports: Reports }
  | { readonly as: 'markdown'; readonly reports: Reports }
  /** `renderer`: the text of dist/renderer.js. */
  | { readonly as: 'html'; readonly reports: Reports; readonly title: string; readonly renderer: string };

export type Reports = readonly [Report, ...Report[]];

/** What `as` gives. */
export interface Written {
  readonly output: { readonly bytes: Uint8Array; readonly markdown: string; readonly text: string };
  readonly page: string;
  readonly bytes: Uint8Array;
  /** UTF-8. */
  readonly json: Uint8Array;
  readonly csv: Uint8Array;
  readonly markdown: Uint8Array;
  readonly html: Uint8Array;
}

export function write(what: Writing): Written[keyof Written] {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  switch (what.as) {
    case 'output': {
      const { report, limit, cached } = what;
      const { bytes } = fitReport(report, encodeReport, limit);
      return { bytes, markdown: reportToMarkdown(report, { cached }), text: reportToText(report) };
    }
    case 'page':
      return toBase64(fitReport(what.report, encodeReport, what.limit).bytes);
    case 'bytes':
      return encodeReport(what.report);
    case 'json':
      return utf8(`${JSON.stringify(reportToJson(...what.reports), null, 2)}\n`);
    case 'csv':
      return utf8(reportsToCsv(what.reports));
    case 'markdown':
      return utf8(`${what.reports.map((report) => reportToMarkdown(report)).join('\n\n')}\n`);
    case 'html':
      return utf8(reportToHtml(what.reports, what));
  }
}
