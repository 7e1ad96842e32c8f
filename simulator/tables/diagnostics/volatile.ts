/** K: volatile memory. */
import { warning } from './row.ts';

export const volatileRows = {
  K01: warning(
    'Taken back and never given',
    "'{name}' is taken back and nowhere made volatile: write 'volatile {name}' before",
    'Taking memory back that is not volatile does nothing, under every interface.',
    'process p {\n  anon heap 1 MiB\n  write heap\n  nonvolatile heap\n}\nrun',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap\n  nonvolatile heap\n}\nrun',
  ),
  K02: warning(
    'Empty range',
    "the range of '{name}' is empty: most interfaces refuse it with EINVAL",
    'madvise(2) takes an empty range and does nothing; ashmem takes it for everything onward; the others refuse it. The run says which.',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap[0 .. 0]\n}\nrun',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap[0 .. 64 KiB]\n}\nrun',
  ),
  K03: warning(
    'Handler writes nothing',
    "this handler never makes the content anew, so an access that raises SIGBUS raises it for ever: write 'regenerate 3 ms'",
    'A handler of SIGBUS that returns without having made the memory usable returns to the instruction that raised the signal. The simulator kills the process at the third time.',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap\n  on purged { idle 1 ms }\n}\nrun',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap\n  on purged { regenerate 3 ms }\n}\nrun',
  ),
  K04: warning(
    'Nothing can be purged',
    "nothing of this process is ever volatile, so nothing of it is purged: remove 'on purged', or write 'volatile heap'",
    'The handler is told of volatile memory that reclaim has dropped, and of lazily freed memory that reads as zeros.',
    'process p {\n  anon heap 1 MiB\n  write heap\n  on purged { regenerate 3 ms }\n}\nrun',
    'process p {\n  anon heap 1 MiB\n  write heap\n  volatile heap\n  on purged { regenerate 3 ms }\n}\nrun',
  ),
};
