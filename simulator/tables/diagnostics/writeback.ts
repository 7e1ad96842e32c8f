/** F: writeback and FUSE mounts. */
import { PROGRAM, error, hint, warning } from './row.ts';

export const writebackRows = {
  F01: error(
    'Share above its bound',
    "'min_ratio' of '{name}' is {min}, more than its 'max_ratio' of {max}: lower the one or raise the other",
    'A mount has `min_ratio` of the limit on dirty memory in any case and never more than `max_ratio`. The kernel refuses the first above the second (EINVAL). A FUSE mount begins with 0 and 1 %.',
    'fuse photos { min_ratio 5% }',
    'fuse photos { min_ratio 5%, max_ratio 10% }',
  ),
  F02: error(
    'Nothing left to share',
    'the min_ratio of all devices of this run add up to {sum}: they must leave something, together less than 100%',
    'What devices have in any case is taken from the limit before the rest is shared by how much each has written lately. The kernel refuses the last one that would leave nothing (EINVAL).',
    'fuse a { min_ratio 60%, max_ratio 100% }\nfuse b { min_ratio 60%, max_ratio 100% }\nprocess p { write a once; write b once }\nrun',
    'fuse a { min_ratio 40%, max_ratio 100% }\nfuse b { min_ratio 40%, max_ratio 100% }\nprocess p { write a once; write b once }\nrun',
  ),
  F03: warning(
    'Background above the limit',
    "'{background}' is not below '{limit}': the kernel begins at half the limit then, {half}",
    'Writeback in the background is to begin before writers are held up. Where the settings say otherwise the kernel takes half the limit, whatever was written.',
    `sysctl vm.dirty_ratio 10\nsysctl vm.dirty_background_ratio 20\n${PROGRAM}`,
    `sysctl vm.dirty_ratio 20\nsysctl vm.dirty_background_ratio 10\n${PROGRAM}`,
  ),
  F04: warning(
    'Limit given twice',
    "'{name}' has no effect: '{bytes}' is set and takes its place",
    'The limits on dirty memory are a share of what is available, or bytes. In the kernel setting one makes the other zero; here bytes come first.',
    `sysctl vm.dirty_ratio 20\nsysctl vm.dirty_bytes 67108864\n${PROGRAM}`,
    `sysctl vm.dirty_bytes 67108864\n${PROGRAM}`,
  ),
  F05: error(
    'Limit below two pages',
    "'{name}' is {value}, but the kernel takes 0 (off) or at least two pages, '8 KiB'",
    'Below two pages nobody could write at all; the kernel answers EINVAL.',
    'sysctl vm.dirty_bytes 4096',
    'sysctl vm.dirty_bytes 8192',
  ),
  F06: hint(
    'Exempts nobody',
    "'flag none' takes back what 'accounting exempt' is for: this is the same as 'count-temps'",
    'The proposal of 2013 was to mark the daemon. `less`, `local`, `io-flusher` and `full` are the marks there were and are.',
    'fuse photos { accounting exempt; daemon { flag none } }',
    'fuse photos { accounting exempt; daemon { flag local } }',
  ),
  F07: warning(
    'Faster than a processor copies',
    'no thread gets to {rate}: at hit-cost {cost} a page it does at most {most}, and that is what it does here',
    'A rate holds a thread back; it gives it no speed. What the device can do is another matter: a writer that is faster than its device is throttled, which is what such a run is about.',
    'write log sequentially at 50 GB/s',
    'write log sequentially',
  ),
  F08: warning(
    'Daemon is told what it does already',
    "'{what}' has no effect: {why}",
    'A daemon runs until it is stalled, stalls until it is resumed, and is dead for good.',
    'fuse photos\nprocess p { write photos for 9 s }\nat 5 s { resume photos.daemon }\nrun',
    'fuse photos\nprocess p { write photos for 9 s }\nat 2 s { stall photos.daemon }\nat 5 s { resume photos.daemon }\nrun',
  ),
  F09: error(
    'Figure of one device',
    "'{name}' is a figure of one device: write '{name} of {mount}'",
    'What the kernel keeps for each backing device has no sum that would mean anything. `of disk` is the machine’s disk.',
    'fuse photos\nprocess p { write photos once }\nrun { plot BdiDirtyThresh over time }',
    'fuse photos\nprocess p { write photos once }\nrun { plot BdiDirtyThresh of photos over time }',
  ),
};
