/**
 * Numbers for people: the same figure reads the same in a chart, a table, a terminal and a sentence. Values come in the report's units
 * (bytes, nanoseconds, pages, ratios of one). Nothing here depends on a locale, so reports and pictures are reproducible.
 */

/** Narrow no-break space: groups thousands and stands between number and unit without ever breaking a line. */
export const THIN = '\u202f';

/** Digits in groups of three. `decimals` fixes the fraction; a true minus sign is used. */
export function formatNumber(value: number, decimals = 0): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const text = Math.abs(value).toFixed(Math.min(20, decimals));
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  const negative = value < 0 && Number(text) !== 0;
  return (negative ? '−' : '') + grouped + (point < 0 ? '' : text.slice(point));
}

/** At most `digits` significant digits, without trailing zeros: 1.5, 0.012, 12 340. */
export function formatSignificant(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return formatNumber(value);
  const magnitude = exponentOf(value);
  const decimals = Math.max(0, Math.min(12, digits - 1 - magnitude));
  return trimZeros(formatNumber(value, decimals));
}

/** The power of ten of the leading digit: 3 for 1234, −2 for 0.012. A loop, because logarithms differ between engines. */
export function exponentOf(value: number): number {
  if (!Number.isFinite(value)) return 0;
  let magnitude = 0;
  let rest = Math.abs(value);
  while (rest >= 10) {
    rest /= 10;
    magnitude++;
  }
  while (rest > 0 && rest < 1) {
    rest *= 10;
    magnitude--;
  }
  return magnitude;
}

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** A unit as shown: `value / divide` followed by `suffix`. */
export interface Scale {
  readonly divide: number;
  readonly suffix: string;
}

const KIB = 1024;
const BYTES: readonly Scale[] = [
  { divide: KIB * KIB * KIB * KIB, suffix: 'TiB' },
  { divide: KIB * KIB * KIB, suffix: 'GiB' },
  { divide: KIB * KIB, suffix: 'MiB' },
  { divide: KIB, suffix: 'KiB' },
  { divide: 1, suffix: 'B' },
];
const RATES: readonly Scale[] = [
  { divide: 1e9, suffix: 'GB/s' },
  { divide: 1e6, suffix: 'MB/s' },
  { divide: 1e3, suffix: 'kB/s' },
  { divide: 1, suffix: 'B/s' },
];
const TIMES: readonly Scale[] = [
  { divide: 1e9, suffix: 's' },
  { divide: 1e6, suffix: 'ms' },
  { divide: 1e3, suffix: 'µs' },
  { divide: 1, suffix: 'ns' },
];

const fitting = (scales: readonly Scale[], size: number): Scale =>
  scales.find((scale) => size >= scale.divide) ?? scales[scales.length - 1];

/** The scale in which `size` (the largest magnitude to be shown) reads best. */
export function scaleFor(unit: string, size: number): Scale {
  const magnitude = Math.abs(size);
  switch (unit) {
    case 'bytes':
      return fitting(BYTES, magnitude);
    case 'bytes/s':
      return fitting(RATES, magnitude);
    case 'ns':
      return magnitude === 0 ? TIMES[0] : fitting(TIMES, magnitude);
    case 'ratio':
      return { divide: 0.01, suffix: '%' };
    case 'ppm':
      return { divide: 10_000, suffix: '%' };
    case 'percent':
      return { divide: 1, suffix: '%' };
    case 'factor':
      return { divide: 1, suffix: '×' };
    case 'count':
    case '':
      return { divide: 1, suffix: '' };
    default:
      return { divide: 1, suffix: unit };
  }
}

const isShare = (unit: string): boolean => unit === 'ratio' || unit === 'ppm' || unit === 'percent';

/**
 * A share in percent. One decimal, but never rounded into a round lie: what is not all is not shown as 100 %, what is not nothing is not
 * shown as 0 %.
 */
function formatPercent(percent: number): string {
  if (percent === 0 || percent === 100 || !Number.isFinite(percent)) return formatNumber(percent);
  for (let decimals = 1; decimals < 15; decimals++) {
    const shown = Number(percent.toFixed(decimals));
    if (shown !== 0 && shown !== 100) return formatNumber(percent, decimals);
  }
  return formatNumber(percent);
}

/** The number alone, in `scale`. */
export function formatScaled(value: number, unit: string, scale: Scale): string {
  const shown = value / scale.divide;
  if (isShare(unit)) return formatPercent(shown);
  if (Number.isInteger(shown)) return formatNumber(shown);
  return formatSignificant(shown, 4);
}

/** A figure with its unit: `16 384 pages`, `93.4 %`, `1.25 s`, `64 MiB`. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null || Number.isNaN(value)) return '–';
  const scale = scaleFor(unit, value);
  const text = formatScaled(value, unit, scale);
  return scale.suffix === '' ? text : text + THIN + scale.suffix;
}

/** The same without the unit where the unit is the plain one of its column (pages, events): what a table cell shows. */
export function formatCell(value: number | null, unit: string): string {
  if (value === null || Number.isNaN(value)) return '–';
  const scale = scaleFor(unit, value);
  // Times keep their zeros: a column of 1.250 s and 8.145 s lines up.
  if (unit === 'ns' && !Number.isInteger(value / scale.divide)) {
    const decimals = Math.max(0, 3 - exponentOf(value / scale.divide));
    return formatNumber(value / scale.divide, decimals) + THIN + scale.suffix;
  }
  const plain = scale.divide === 1 && !isShare(unit) && unit !== 'bytes' && unit !== 'ns' && unit !== 'bytes/s';
  const text = formatScaled(value, unit, scale);
  return plain || scale.suffix === '' ? text : text + THIN + scale.suffix;
}
