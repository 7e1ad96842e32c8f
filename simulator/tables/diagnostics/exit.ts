/** E: exit and recovery. */
import { error, warning } from './row.ts';

export const exitRows = {
  E01: error(
    'Budget of nothing',
    "a budget of nothing can't be kept: write 'budget 30 s', or leave it out (30 s)",
    'The budget is the time from the crash within which service must be back. Slack and the budget line of a timeline are measured against it.',
    'process store { anon cache 16 MiB { locked } }\nrecovery { budget 0 s }\nrun',
    'process store { anon cache 16 MiB { locked } }\nrecovery { budget 30 s }\nrun',
  ),
  E02: error(
    'Crashed kernel, no reboot',
    "a kernel that has crashed serves nobody: write 'reboot kexec' or 'reboot firmware', or 'crash process'",
    'After a crash of the kernel another one must come up. Only a crash of the process leaves the kernel running.',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash kernel, reboot none }\nrun',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash kernel, reboot kexec }\nrun',
  ),
  E03: error(
    'Locked memory beyond the machine',
    "{locked} are locked, but '{machine}' has {memory}: lock less, or give it {enough}",
    'Locked memory is there from the start and never reclaimed, so all of it must fit, with room for page tables and what the kernel keeps free.',
    'machine m { memory 64 MiB }\nprocess store { anon cache 128 MiB { locked } }\nrun',
    'machine m { memory 192 MiB }\nprocess store { anon cache 128 MiB { locked } }\nrun',
  ),
  E04: error(
    'Dump larger than its device',
    'the dump has {bytes}, its device {device}: {remedy}, or give it a larger device',
    'A full dump has all memory, a filtered one a fraction of it; hugetlb pages are left out unless asked for.',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash kernel, dump { mode full, device 32 MiB } }\nrun',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash kernel, dump { mode filtered, device 32 MiB } }\nrun',
  ),
  E05: error(
    'Pages that do not divide a region',
    "'{name}' has {size}, which pages of {page} ('{backing}') do not divide: write {up}",
    'hugetlb memory comes in whole huge pages; mmap and munmap refuse lengths that are no multiple of one.',
    'process store { anon cache 3 MiB { backing hugetlb-2m } }',
    'process store { anon cache 4 MiB { backing hugetlb-2m } }',
  ),
  E06: warning(
    'Nothing survives a reboot',
    "'persist' helps nothing with 'reboot {reboot}': memory files are gone with the kernel that knew them",
    'A memfd, tmpfs or hugetlbfs file outlives a process, not its kernel: after a reboot all memory is made present and cleared again.',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash kernel, helpers persist }\nrun',
    'process store { anon cache 16 MiB { locked } }\nrecovery { crash process, helpers persist }\nrun',
  ),
  E07: warning(
    'Base pages at the end of a region',
    "'{name}' has {size}, which pages of {page} ('{backing}') do not divide: its end is in pages of 4 KiB; write {up}",
    'Transparent huge pages and large folios fill what they can; the rest of a region is base pages, which cost what base pages cost.',
    'process store { anon cache 3 MiB { backing thp, locked } }\nrun',
    'process store { anon cache 4 MiB { backing thp, locked } }\nrun',
  ),
};
