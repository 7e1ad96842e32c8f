/** S: what is no program, whatever it means. */
import { error } from './row.ts';

export const syntaxRows = {
  S01: error(
    'Something left over',
    "'{found}' is left over: {remedy}",
    'The statement was complete before this word or sign. A new line or `;` ends a statement; `,` separates the items within one.',
    'file db 96 MiB 4',
    'file db 96 MiB',
  ),
  S02: error(
    'Block never closed',
    "the '{' of '{what}' is never closed: add a '}'",
    'Where the next top-level item begins a line, all blocks before it are taken to end, so that the mistake stays where it is.',
    'process p {\n  read db sequentially once',
    'process p {\n  read db sequentially once\n}',
  ),
  S03: error(
    'Brace closes nothing',
    "this '}' closes nothing: remove it",
    'Every block before it has been closed already.',
    'file db 96 MiB }',
    'file db 96 MiB',
  ),
  S04: error(
    'Opening brace missing',
    "'{what}' lacks its '{': put one here",
    'What belongs to a declaration stands in braces behind it. The indentation says where the brace was meant to be.',
    'machine server\n  memory 64 MiB\n}',
    'machine server {\n  memory 64 MiB\n}',
  ),
  S05: error(
    'Text never closed',
    "this text lacks its closing quote: add a '\"'",
    'A text ends on the line on which it begins.',
    'run "Shift',
    'run "Shift"',
  ),
  S06: error(
    'Not a statement',
    "'{found}' begins no statement {where}: {remedy}",
    'Each statement begins with a word that says what it is; which ones there are depends on the block.',
    'proces p { read db }',
    'process p { read db }',
  ),
  S07: error(
    'Something missing',
    '{what} needs {part}: write for example {example}',
    'The statement ends before it is complete.',
    'file db',
    'file db 96 MiB',
  ),
  S08: error(
    'Line break missing',
    "'{word}' begins a new statement: put it on a line of its own, or a ';' before it",
    'A new line or `;` ends a statement.',
    'file A 48 MiB file B 48 MiB',
    'file A 48 MiB\nfile B 48 MiB',
  ),
  S09: error(
    'Nested too deeply',
    'this is nested too deeply (at most 32 blocks, 64 parentheses, 400 operators): split it with let',
    'No honest program needs more; the limit keeps every text quick to check.',
    'let x = ((((…))))',
    'let a = 2 * 3\nlet x = a + 1',
  ),
  S10: error(
    'Statement out of place',
    "'{found}' does not belong {where}: {remedy}",
    'Declarations stand at the top level, what a process does in its block, what a run compares and shows in the block of the run.',
    'read db sequentially once',
    'process p { read db sequentially once }',
  ),
  S11: error(
    'Unfinished expression',
    "'{found}' lacks its {side} side: {remedy}",
    'An operator stands between two values.',
    'let hot = 0.6 *',
    'let hot = 0.6 * server.memory',
  ),
  S12: error(
    'Not understood',
    'this is not understood: {detail}',
    'The parser gave up here. The grammar is meant to understand any text, so this message points to a gap in Refault itself.',
    '',
    '',
  ),
};
