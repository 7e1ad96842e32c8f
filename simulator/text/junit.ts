/** Expectations as JUnit XML, the form continuous-integration servers read: a suite a run, a case an expectation and point. */
import type { ExpectationResult, PointReport, Report } from '../report.ts';

export function reportsToJunit(reports: readonly Report[], file: string): string {
  const suites = reports.map((report) => suite(report, file));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function suite(report: Report, file: string): string {
  const cases = report.points.flatMap((point) => point.expectations.map((e) => ({ point, e })));
  const failures = cases.filter(({ e }) => !e.holds && !isOpen(e)).length;
  const skipped = cases.filter(({ e }) => isOpen(e)).length;
  const open = `  <testsuite name="${xml(report.title)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}">\n`;
  return `${open}${cases.map(({ point, e }) => testCase(report, point, e, file)).join('')}  </testsuite>\n`;
}

/** An interrupted run can't tell. */
const isOpen = (e: ExpectationResult): boolean => !e.holds && e.left === null && e.violated === undefined;

function testCase(report: Report, point: PointReport, e: ExpectationResult, file: string): string {
  const where = point.coordinates.map((c, i) => report.axes[i].values[c].label).join(', ');
  const name = where === '' ? e.text : `${e.text} [${where}]`;
  const head = `    <testcase classname="${xml(report.title)}" name="${xml(name)}" file="${xml(file)}"`;
  if (e.holds) return `${head}/>\n`;
  if (isOpen(e)) return `${head}><skipped message="the run ended before it could be told"/></testcase>\n`;
  const values = e.left === null || e.right === null ? '' : `left side ${e.left}, right side ${e.right}`;
  const time = e.violated === undefined ? '' : ` at ${e.violated} ns`;
  return `${head}><failure message="${xml(`${values}${time}` || 'does not hold')}"/></testcase>\n`;
}

const xml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // Characters that XML 1.0 cannot hold at all.
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
