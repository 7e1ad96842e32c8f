/** Statements of the language, one row each: completion, hover, snippets and documentation are fed from here. */

/** Where a statement may stand: at the top level, in a process or phase, in a run, in an `at` block. */
export type Place = 'program' | 'process' | 'run' | 'at';

export interface StatementRow {
  readonly word: string;
  readonly place: Place;
  /** How it is written: capitals stand for what you choose, `[…]` may be left out. */
  readonly form: string;
  readonly doc: string;
  readonly example: string;
  /** With `${1:…}` places to fill in. */
  readonly snippet: string;
  /** Understood, but not simulated yet. */
  readonly later?: true;
}

const row = (
  place: Place,
  word: string,
  form: string,
  doc: string,
  example: string,
  snippet: string,
): StatementRow => ({
  word,
  place,
  form,
  doc,
  example,
  snippet,
});
const later = (...args: Parameters<typeof row>): StatementRow => ({ ...row(...args), later: true });

export const statements: readonly StatementRow[] = [
  row(
    'program',
    'machine',
    'machine NAME { PROPERTIES }',
    'The machine that runs after it use: memory, processors, disk, swap. Without one, runs use a machine with all defaults, called `machine`.',
    'machine server {\n  memory 64 MiB\n  disk { latency 100 us, bandwidth 150 MB/s }\n}',
    'machine ${1:server} {\n  memory ${2:64 MiB}\n  $0\n}',
  ),
  row(
    'program',
    'file',
    'file NAME SIZE [{ PROPERTIES }]',
    'A file on the machine’s disk, none of it in memory at the start.',
    'file db 96 MiB',
    'file ${1:db} ${2:96 MiB}',
  ),
  row(
    'program',
    'process',
    'process NAME [in CGROUP] { STATEMENTS }',
    'A process: its memory, and its steps in order. Its phases and steps are carried out by each of its threads.',
    'process job {\n  phase "warm-up" { read db sequentially once }\n  phase work for 10 s { read db zipf 1.0 }\n}',
    'process ${1:job} {\n  $0\n}',
  ),
  row(
    'program',
    'run',
    'run ["TITLE"] [of PROCESS, …] [for TIME] { COMPARE, SWEEP, PLOT, EXPECT }',
    'Runs processes on the nearest machine before it: those named after `of`, or else those declared since the run before. It ends when all have ended; with `for`, at TIME and not before. `compare` and `sweep` multiply.',
    'run "Workload shift" {\n  compare reclaim: classic, v6.1\n  plot hit-ratio by pass\n}',
    'run "${1:title}" {\n  compare reclaim: ${2:classic, v6.1}\n  plot ${3:hit-ratio by pass}\n}',
  ),
  row(
    'program',
    'let',
    'let NAME = VALUE',
    'A name for a value. It may be computed from others (`0.6 * server.memory`), is worked out anew at each point of a sweep, and can itself be compared, swept or set.',
    'let hot = 0.6 * server.memory',
    'let ${1:name} = ${2:0.6 * server.memory}',
  ),
  row(
    'program',
    'import',
    'import "PATH"',
    'Makes the declarations of another `.refault` file known. Its runs are not run.',
    'import "machines.refault"',
    'import "${1:machines.refault}"',
  ),
  row(
    'program',
    'sysctl',
    'sysctl NAME VALUE',
    'Sets a kernel parameter for the runs after it, until it is set again. Plain integers, as in the kernel. Also in the block of a machine or a run.',
    'sysctl vm.swappiness 60',
    'sysctl ${1:vm.swappiness} ${2:60}',
  ),
  row(
    'program',
    'swap',
    'swap [zram|disk] SIZE [{ PROPERTIES }]',
    'A swap device of the machine before it (or in the machine’s block). `zram` is fast: 5 us, 1 GB/s.',
    'swap zram 1 GiB',
    'swap ${1|zram,disk|} ${2:1 GiB}',
  ),
  row(
    'program',
    'cgroup',
    'cgroup NAME [in PARENT] [{ PROPERTIES }]',
    'A memory cgroup (v2). Processes join it with `in`.',
    'cgroup web { memory.max 32 MiB }',
    'cgroup ${1:web} { memory.max ${2:32 MiB} }',
  ),
  row(
    'program',
    'seed',
    'seed NUMBER',
    'The random seed of the runs after it: same program, same seed, same report. 1 unless given. Also in the block of a run.',
    'seed 42',
    'seed ${1:42}',
  ),
  row(
    'program',
    'trace',
    'trace NAME "PATH" [{ PROPERTIES }]',
    'A recorded sequence of page accesses that processes `replay`.',
    'trace oltp "traces/oltp.oracleGeneral.zst" { format oracleGeneral }',
    'trace ${1:oltp} "${2:traces/oltp.oracleGeneral.zst}"',
  ),
  row(
    'program',
    'at',
    'at TIME { ACTIONS }',
    'What happens at a fixed time of the next run.',
    'at 5 s { sysctl vm.dirty_ratio 10 }',
    'at ${1:5 s} { ${2:sysctl vm.swappiness 10} }',
  ),
  later(
    'program',
    'device',
    'device NAME { … }',
    'A coprocessor with memory of its own.',
    'device gpu { memory 1 GiB }',
    'device ${1:gpu} { $0 }',
  ),
  later(
    'program',
    'fuse',
    'fuse NAME { … }',
    'A file system served by a daemon in user space.',
    'fuse photos { max_ratio 1% }',
    'fuse ${1:photos} { $0 }',
  ),
  later(
    'program',
    'cpuset',
    'cpuset NAME { … }',
    'Nodes and processors that processes may use.',
    'cpuset jail { mems 2-3 }',
    'cpuset ${1:jail} { $0 }',
  ),
  later(
    'program',
    'tmpfs',
    'tmpfs NAME SIZE { … }',
    'A file system in memory.',
    'tmpfs scratch 2 GiB',
    'tmpfs ${1:scratch} ${2:2 GiB}',
  ),
  later(
    'program',
    'recovery',
    'recovery { … }',
    'How a service is brought back after a crash.',
    'recovery { budget 30 s }',
    'recovery { $0 }',
  ),

  row(
    'process',
    'anon',
    'anon NAME SIZE [{ PROPERTIES }]',
    'Anonymous memory of this process. Pages appear when first touched and stay until `munmap` or the end of the process.',
    'anon heap 64 MiB',
    'anon ${1:heap} ${2:64 MiB}',
  ),
  row(
    'process',
    'phase',
    'phase NAME|"TITLE" [for TIME] { STEPS }',
    'A named part of the process, reported on its own. With `for`, its steps repeat until the time is over.',
    'phase "A is hot" { read A sequentially 4 times }',
    'phase "${1:name}" {\n  $0\n}',
  ),
  row(
    'process',
    'for',
    'for TIME|N times { STEPS }',
    'Steps that repeat until the time is over; around a mixture also for a number of accesses.',
    'for 20 s { 50% read db uniform; 50% read log sequentially }',
    'for ${1:20 s} {\n  $0\n}',
  ),
  row(
    'process',
    'read',
    'read OBJECT[FROM .. TO] [PATTERN] [, AMOUNT] [at RATE] [every TIME]',
    'Reads pages: of a file by read(2), of anonymous memory by loads. Without a pattern sequentially, without an amount once.',
    'read db zipf 1.0, 1M times',
    'read ${1:db} ${2:sequentially once}',
  ),
  row(
    'process',
    'write',
    'write OBJECT[FROM .. TO] [PATTERN] [, AMOUNT] [at RATE] [every TIME]',
    'Writes pages: of a file by write(2), of anonymous memory by stores.',
    'write log sequentially at 20 MB/s for 10 s',
    'write ${1:log} ${2:sequentially once}',
  ),
  row(
    'process',
    'touch',
    'touch OBJECT[FROM .. TO] [PATTERN] [, AMOUNT] [at RATE] [every TIME]',
    'Loads through a mapping: the page tables remember the access, not the page cache.',
    'touch db uniform for 5 s',
    'touch ${1:db} ${2:uniform for 5 s}',
  ),
  row('process', 'idle', 'idle TIME', 'Does nothing for a while.', 'idle 2 s', 'idle ${1:2 s}'),
  row(
    'process',
    'replay',
    'replay TRACE',
    'Carries out the accesses of a trace, one page-sized read each.',
    'replay oltp',
    'replay ${1:oltp}',
  ),
  row(
    'process',
    'mlock',
    'mlock OBJECT[FROM .. TO]',
    'Brings pages in and keeps them in memory.',
    'mlock heap[0 .. 64 MiB]',
    'mlock ${1:heap}',
  ),
  row(
    'process',
    'munlock',
    'munlock OBJECT[FROM .. TO]',
    'Lets reclaim have locked pages again.',
    'munlock heap',
    'munlock ${1:heap}',
  ),
  row(
    'process',
    'fsync',
    'fsync FILE',
    'Writes dirty pages of a file to the disk and waits for it.',
    'fsync log',
    'fsync ${1:log}',
  ),
  row(
    'process',
    'munmap',
    'munmap OBJECT[FROM .. TO]',
    'Gives anonymous memory back, or drops a file’s mapping.',
    'munmap heap',
    'munmap ${1:heap}',
  ),
  row(
    'process',
    'exit',
    'exit',
    'Ends the process; its anonymous memory is freed. A process whose steps are done ends by itself.',
    'exit',
    'exit',
  ),
  later(
    'process',
    'volatile',
    'volatile OBJECT',
    'Memory whose content may be dropped.',
    'volatile thumbnails in ranges of 1 MiB',
    'volatile ${1:heap}',
  ),
  later(
    'process',
    'nonvolatile',
    'nonvolatile OBJECT',
    'Takes volatility back.',
    'nonvolatile thumbnails',
    'nonvolatile ${1:heap}',
  ),
  later(
    'process',
    'madvise',
    'madvise ADVICE OBJECT',
    'Advice to the kernel about memory.',
    'madvise cold heap',
    'madvise ${1:cold} ${2:heap}',
  ),
  later(
    'process',
    'fork',
    'fork NAME { STEPS }',
    'A child process that shares memory by copy-on-write.',
    'fork child { write heap uniform, 10k times }',
    'fork ${1:child} { $0 }',
  ),
  later(
    'process',
    'mempolicy',
    'mempolicy POLICY',
    'Which nodes memory comes from.',
    'mempolicy interleave=static:0-3',
    'mempolicy ${1:interleave=static:0-3}',
  ),
  later(
    'process',
    'on',
    'on EVENT { STEPS }',
    'What a process does when something happens to it.',
    'on purged { regenerate 3 ms }',
    'on ${1:purged} { $0 }',
  ),

  row(
    'run',
    'compare',
    'compare TARGET: VALUE [{ PARAMETERS }] [as NAME], …',
    'One point for each value: variants of a mechanism (`reclaim`), or values of any property.',
    'compare reclaim: classic, v3.15, v6.1',
    'compare ${1:reclaim}: ${2:classic, v6.1}',
  ),
  row(
    'run',
    'sweep',
    'sweep TARGET FROM .. TO step STEP | in N steps',
    'One point for each value from FROM to TO, both included. Whole numbers need no step.',
    'sweep server.memory 56 MiB .. 80 MiB step 8 MiB',
    'sweep ${1:server.memory} ${2:56 MiB} .. ${3:80 MiB} step ${4:8 MiB}',
  ),
  row(
    'run',
    'plot',
    'plot METRIC, … [by|over AXIS] [as FORM]',
    'A chart of counters, gauges or measures, over `time`, `pass`, `phase`, `variant` or something swept.',
    'plot nr_active_file, nr_inactive_file over time',
    'plot ${1:hit-ratio} ${2:by pass}',
  ),
  row(
    'run',
    'expect',
    'expect [VALUE, …:] CONDITION [at AXIS >= VALUE]',
    'Something that must hold at every point, or at those of the named values. A figure may be that of one phase: `hit-ratio("B is hot")`.',
    'expect v3.15: workingset_refault_file("B is hot") < 100k',
    'expect ${1:hit-ratio > 90%}',
  ),

  row(
    'at',
    'kill',
    'kill PROCESS',
    'Ends a process at once; its anonymous memory is freed.',
    'kill worker',
    'kill ${1:worker}',
  ),
  row(
    'at',
    'set',
    'set CGROUP.PROPERTY VALUE',
    'Changes a property of a cgroup.',
    'set web.memory.max 16 MiB',
    'set ${1:web.memory.max} ${2:16 MiB}',
  ),
  later('at', 'offline', 'offline node N', 'Takes a node’s memory away.', 'offline node 2', 'offline node ${1:2}'),
  later('at', 'online', 'online node N', 'Gives a node’s memory back.', 'online node 2', 'online node ${1:2}'),
];

/** Statements that are written alike elsewhere too. */
const alsoIn: Readonly<Partial<Record<Place, readonly string[]>>> = { run: ['sysctl', 'seed'], at: ['sysctl'] };

export const statementsIn = (place: Place): readonly StatementRow[] =>
  statements.filter((s) => s.place === place || (s.place === 'program' && alsoIn[place]?.includes(s.word)));
