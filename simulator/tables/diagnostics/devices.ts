/** D: devices. */
import { error } from './row.ts';

const DEVICES = Array.from({ length: 9 }, (_, i) => `gpu${i}`);
/** One device too many. */
const MANY_DEVICES = [
  ...DEVICES.map((name) => `device ${name}`),
  'process p {',
  '  anon grid 8 MiB',
  ...DEVICES.map((name) => `  phase "on ${name}" on ${name} { read grid sequentially once }`),
  '}',
  'run',
].join('\n');

export const deviceRows = {
  D01: error(
    'Device memory not in chunks',
    "the memory of '{name}' is {value}, which is no whole number of chunks of 2 MiB: write '{near}'",
    'A device hands out and takes back its memory in chunks of 2 MiB, each of which backs one block of addresses.',
    'device gpu { memory 3 MiB }\nprocess p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
    'device gpu { memory 4 MiB }\nprocess p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
  ),
  D02: error(
    'Too many devices',
    'a machine has at most {limit} devices: leave this one out, or run its processes apart',
    'Which devices hold a copy of a page is kept in one byte for each page.',
    MANY_DEVICES,
    'device gpu\nprocess p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
  ),
  D03: error(
    'Device under a policy of the literature',
    "'{variant}' knows only a cache of file pages, but pages that move to '{name}' are anonymous and look swapped out: choose one of the kernel’s ways, such as 'v6.1'",
    'The policies of the literature are given a capacity and page numbers. What it means that a page’s frame is lent to a device, and taken back under pressure, only the kernel’s ways of reclaim know.',
    'machine m { reclaim lru }\ndevice gpu { memory 4 MiB }\nprocess p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
    'machine m { reclaim v6.1 }\ndevice gpu { memory 4 MiB }\nprocess p {\n  anon grid 8 MiB\n  phase iterate on gpu { read grid sequentially once }\n}\nrun',
  ),
};
