/** U: units, and how they go together. */
import { error } from './row.ts';

export const unitRows = {
  U01: error(
    'Unit missing',
    '{what} needs a unit: write {example}',
    'Every quantity has a unit; only counts and kernel sysctls are plain numbers.',
    'file db 96',
    'file db 96 MiB',
  ),
  U02: error(
    'Unknown unit',
    "there is no unit '{unit}'{hint}",
    'Sizes: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB, pages. Times: ns, us, ms, s, min, h. Rates: the sizes with /s. Shares: %. Counts: k, M, G.',
    'memory 64 mib',
    'memory 64 MiB',
  ),
  U03: error(
    'Wrong unit',
    '{what} is {wanted}, but {found} is {dimension}: write for example {example}',
    'Each property has one dimension; the unit may be any of that dimension.',
    'memory 64 s',
    'memory 64 MiB',
  ),
  U04: error(
    'Units do not go together',
    "{left} and {right} cannot be joined by '{op}': {remedy}",
    'Sums need two quantities of one dimension; products need one plain number or share, or a rate and a time.',
    'let x = 64 MiB + 2 s',
    'let x = 64 MiB + 2 MiB',
  ),
  U05: error(
    'Unit not wanted',
    "{what} is a plain number: write {example}, without '{unit}'",
    'Counts and kernel sysctls that are plain integers have no unit.',
    'cpus 4 MiB',
    'cpus 4',
  ),
};
