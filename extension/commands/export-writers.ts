/** The writers behind exports, in a module of its own so that they are loaded with the first export. */
export { reportToJson } from '../../simulator/report-codec.ts';
export { reportToHtml } from '../../simulator/text/html.ts';
export { reportToMarkdown } from '../../simulator/text/markdown.ts';
export { reportsToCsv } from '../../simulator/text/points-csv.ts';
