/** R: what is run, compared, plotted and expected. */
import { PROGRAM, error, hint, warning } from './row.ts';

export const runRows = {
  R01: error(
    'Nothing to run',
    'no process is declared {since}: {remedy}',
    'A run uses the processes it names with `of`, or else those declared since the run before it.',
    'file db 96 MiB\nrun',
    PROGRAM,
  ),
  R02: error(
    'Step that takes no time',
    '{what} has nothing that ends it: {remedy}',
    'Only steps with an amount, or inside `for`, end.',
    '',
    '',
  ),
  R03: error(
    'Varied twice',
    "'{name}' is varied by this run already: keep one of the two",
    'Each dimension of an experiment has its own name.',
    'compare reclaim: lru\ncompare reclaim: arc',
    'compare reclaim: lru, arc',
  ),
  R04: error(
    'Variant that is not compared',
    "'{name}' is not among the compared values{hint}",
    'Before the colon of `expect` stand labels of values that the run compares.',
    'compare reclaim: lru\nexpect arc: hit-ratio > 50%',
    'compare reclaim: lru, arc\nexpect arc: hit-ratio > 50%',
  ),
  R05: error(
    'Not varied by this run',
    "'{name}' is not varied by this run: {remedy}",
    'After `at` and `over` stand names that the run compares or sweeps.',
    'expect hit-ratio > 50% at server.memory >= 56 MiB',
    'sweep server.memory 32 MiB .. 64 MiB step 8 MiB\nexpect hit-ratio > 50% at server.memory >= 56 MiB',
  ),
  R06: warning(
    'Two runs with one title',
    'there is a run "{title}" already: choose another title to tell them apart',
    'The command line picks runs by title.',
    `${PROGRAM} "a"\nrun "a" of p`,
    `${PROGRAM} "a"\nrun "b" of p`,
  ),
  R07: warning(
    'Process that does nothing',
    "process '{name}' does nothing: give it steps, for example 'read db sequentially once'",
    'A process without steps ends at once.',
    'process p { threads 4 }',
    'process p { threads 4; read db }',
  ),
  R08: error(
    'Part of another machine',
    "'{name}' is no part of this run, which {uses}: {remedy}",
    'Only what a run simulates can be varied by it.',
    'machine other { memory 1 MiB }\nmachine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { read db once }\nrun { sweep other.memory 1 MiB .. 2 MiB in 2 steps }',
    'machine server { memory 1 MiB }\nfile db 1 MiB\nprocess p { read db once }\nrun { sweep server.memory 1 MiB .. 2 MiB in 2 steps }',
  ),
  R09: error(
    'Block out of place',
    '{problem}: {remedy}',
    'A phase is a sequence of steps; `for` gives a whole phase its duration.',
    'phase a { for 2 s { read A }; read B }',
    'phase a for 2 s { read A }\nphase b { read B }',
  ),
  R10: error(
    'Memory of another process',
    "'{name}' belongs to process '{owner}': {remedy}",
    'Anonymous memory is private to the process that declares it; files are shared.',
    'process a { anon heap 1 MiB }\nprocess b { read heap }',
    'file heap 1 MiB\nprocess b { read heap }',
  ),
  R11: error(
    'Does not work on this',
    '{what}: {remedy}',
    'Some steps are for files only, others for anonymous memory only.',
    'fsync heap',
    'fsync log',
  ),

  R12: hint(
    'No run follows',
    "'{what}' has no effect: no run follows it",
    'It counts for the runs behind it. Put it before the run that it is meant for.',
    `${PROGRAM}\nsysctl vm.swappiness 10`,
    `sysctl vm.swappiness 10\n${PROGRAM}`,
  ),
  R13: warning(
    'Set from outside, but varied',
    "setting '{name}' has no effect on this run: it varies '{name}' itself",
    'What a run compares or sweeps takes all its values in turn, whatever `--set` says.',
    '',
    '',
  ),

  R14: error(
    'Depends on what the run varies',
    "'{text}' depends on what this run varies: {remedy}",
    'Values on the axes of a chart, and what an expectation compares with, are the same at every point. Declarations are not: they are worked out anew at each.',
    'machine server { memory 64 MiB }\nfile db 96 MiB\nprocess p { read db once }\nrun {\n  sweep server.memory 32 MiB .. 64 MiB step 32 MiB\n  expect nr_active_file < 0.5 * server.memory\n}',
    'machine server { memory 64 MiB }\nfile db 96 MiB\nprocess p { read db once }\nrun {\n  sweep server.memory 32 MiB .. 64 MiB step 32 MiB\n  expect nr_active_file < 32 MiB at server.memory >= 64 MiB\n}',
  ),

  R15: error(
    'Recordings stand alone',
    "a run with 'fidelity' takes no '{what}': leave it out, or write a run of its own",
    'Recordings bring their own machines, accesses and limits: each is compared as it was recorded.',
    'run { fidelity reclaim; plot hit-ratio }',
    'run { fidelity reclaim }',
  ),
};
