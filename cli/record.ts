/** `refault record`: how to capture a workload on one's own machine. It runs nothing itself: it explains, or prints a script to be read and run. */
import { parseArgs } from 'node:util';
import { EXIT, type CliIo } from './io.ts';

const HELP = `refault record --help     this text
refault record --script   a shell script that records a command in a cgroup of its own; read it, then run it as root:

    refault record --script > record.sh
    sudo sh record.sh 16384 my-run -- ./workload       # memory.max in pages, folder, command

It leaves my-run/counters.txt (memory.stat, vmstat and pressure before and after) and my-run/accesses.marks (every access to the page cache by
descriptor, by bpftrace on folio_mark_accessed; kernel 6.1 or later with BTF). Then

    refault fidelity my-run                            # the kernel's counters beside the simulator's
    refault replay my-run/accesses.marks --memory '16384 pages' --memcg --policy v6.1,mglru-6.1

Other ways to get accesses (--trace-format in brackets); what each can and can't tell is in docs/recording.md:

  [events]    trace-cmd record -e filemap:mm_filemap_get_pages -e filemap:mm_filemap_fault CMD; trace-cmd report   (6.12)
              perf record -e filemap:mm_filemap_get_pages -a CMD; perf script                                      (6.12)
              perf record -e exceptions:page_fault_user CMD; perf script                                            (faults only)
  [marks]     bpftrace -e 'kprobe:folio_mark_accessed { $f = (struct folio *)arg0; $i = $f->mapping->host;
                printf("%lu %lu %lu\\n", $i->i_sb->s_dev, $i->i_ino, $f->index) }'
  [lackey]    valgrind --tool=lackey --trace-mem=yes CMD 2> trace.lackey                                            (one process)
  [damo]      damo record CMD; damo report access --json                                                            (rates, not accesses)
  [damon]     trace-cmd record -e damon:damon_aggregated; trace-cmd report
  [blkparse]  blktrace -d DEVICE -o - | blkparse -i -                                                               (misses only)
`;

/** POSIX shell; needs cgroup v2, bpftrace and BTF. */
const SCRIPT = `#!/bin/sh
# Records the page-cache accesses of a command and the kernel's counters during it. Usage, as root:
#   sh record.sh MEMORY_MAX_IN_PAGES FOLDER -- COMMAND [ARG ...]
set -eu
[ $# -ge 4 ] && [ "$3" = "--" ] || { echo "usage: $0 MEMORY_MAX_IN_PAGES FOLDER -- COMMAND [ARG ...]" >&2; exit 2; }
max=$1; out=$2; shift 3
cg=/sys/fs/cgroup/refault.$$
mkdir -p "$out"; mkdir "$cg"
echo $((max * 4096)) > "$cg/memory.max"
counters=$out/counters.txt

cleanup() { [ -n "\${probe:-}" ] && kill -INT "$probe" 2>/dev/null && wait "$probe" 2>/dev/null; rmdir "$cg" 2>/dev/null; :; }
trap cleanup EXIT

section() { printf -- '--- %s\\n' "$1"; cat "$2"; }
{
  echo "kernel $(uname -r)"
  echo "trace accesses.marks"
  echo "format marks"
  echo "memory.max $max pages"
  echo "swappiness $(cat /proc/sys/vm/swappiness)"
  echo "lru_gen $(cat /sys/kernel/mm/lru_gen/enabled 2>/dev/null || echo 0)"
} > "$counters"

# Starts in the cgroup, waits until the probe is attached, then becomes the command.
go=$out/.go; rm -f "$go"
sh -c 'echo $$ > "$1/cgroup.procs"; while [ ! -e "$2" ]; do sleep 0.05; done; shift 2; exec "$@"' sh "$cg" "$go" "$@" &
run=$!
bpftrace -o "$out/accesses.marks" -e '
kprobe:folio_mark_accessed /pid == '"$run"'/ {
  $folio = (struct folio *)arg0;
  $inode = $folio->mapping->host;
  printf("%lu %lu %lu\\n", $inode->i_sb->s_dev, $inode->i_ino, $folio->index)
}' &
probe=$!
sleep 2
sync; echo 3 > /proc/sys/vm/drop_caches
{ section 'memory.stat before' "$cg/memory.stat"; section 'vmstat before' /proc/vmstat; } >> "$counters"
: > "$go"
began=$(date +%s)
status=0; wait "$run" || status=$?
sed -i "1i seconds $(($(date +%s) - began))" "$counters"
{
  section 'memory.stat after' "$cg/memory.stat"; section 'vmstat after' /proc/vmstat
  section 'pressure after' "$cg/memory.pressure"
} >> "$counters"
rm -f "$go"
exit $status
`;

export function record(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { script: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
  });
  io.stdout(values.script ? SCRIPT : HELP);
  return Promise.resolve(EXIT.done);
}
