/** V: values out of range, or of the wrong kind. */
import { error } from './row.ts';

export const valueRows = {
  V01: error(
    'Out of range',
    '{what} is {value}, but must be {range}: write for example {example}',
    'The range of each property is in the language reference.',
    'machine server { memory 0 MiB }',
    'machine server { memory 64 MiB }',
  ),
  V02: error(
    'Not a whole number',
    '{what} is {value}, but must be a whole number: write {example}',
    'There is no half of it.',
    'cpus 2.5',
    'cpus 2',
  ),
  V03: error(
    'Not a number',
    '{what} {problem}: {remedy}',
    'The result must be a finite number.',
    'let x = 1 MiB / 0',
    'let x = 1 MiB / 2',
  ),
  V04: error(
    'Not one of the choices',
    "{what} is one of {choices}, not '{name}'{hint}",
    'The choices are listed in the language reference.',
    'machine m { kswapd sometimes }',
    'machine m { kswapd concurrent }',
  ),
  V05: error(
    'Outside of the object',
    "'{text}' does not lie within '{name}', which has {size}: {remedy}",
    'A range `name[from .. to]` is half-open: `to` is the first byte that does not belong to it.',
    'file db 96 MiB\nprocess p { read db[0 .. 1 GiB] }',
    'file db 96 MiB\nprocess p { read db[0 .. 64 MiB] }',
  ),
  V06: error(
    'Too many points',
    'this run has {count} points, but at most {limit} are allowed: {remedy}',
    '`compare` and `sweep` multiply. Each point is a simulation of its own.',
    'sweep server.memory 1 MiB .. 1 TiB step 4 KiB',
    'sweep server.memory 16 MiB .. 64 MiB step 8 MiB',
  ),
  V07: error(
    'Sweep that leads nowhere',
    '{problem}: {remedy}',
    'A sweep goes from the first value to the last one, both included, in equal steps.',
    'sweep server.memory 64 MiB .. 16 MiB step 8 MiB',
    'sweep server.memory 16 MiB .. 64 MiB step 8 MiB',
  ),
  V08: error(
    'Too large to be simulated',
    '{what} {has} {pages} pages, but a scenario holds at most {limit} (4 TiB): {remedy}',
    'Page numbers are 30 bits wide.',
    'file db 8 TiB',
    'file db 8 GiB',
  ),
  V09: error(
    'Shares that are no whole',
    'the shares of this mixture add up to {sum}, not 100%: {remedy}',
    'Neighbouring lines that begin with a share are one mixture.',
    'for 2 s { 50% read A uniform; 40% read B uniform }',
    'for 2 s { 50% read A uniform; 50% read B uniform }',
  ),
  V10: error(
    'Given twice',
    "'{name}' is given already: keep one of the two",
    'A property has one value.',
    'machine m { cpus 2; cpus 4 }',
    'machine m { cpus 4 }',
  ),
  V11: error(
    'Two values with one name',
    "'{label}' is among the compared values already: remove it, or name it with 'as'",
    'Charts and tables tell values apart by their labels.',
    'compare reclaim: v6.1, v6.1',
    'compare reclaim: v6.1, v3.15',
  ),
  V12: error(
    'Parameter that does not fit',
    "'{pattern}' {problem}: write for example {example}",
    'What each access pattern takes is in the language reference.',
    'read db zipf, 1M times',
    'read db zipf 1.0, 1M times',
  ),
};
