/**
 * Shared memory: what each tmpfs mount holds, in memory or in swap, and its limit.
 *
 * Kernel: struct shmem_sb_info, shmem_inode_acct_block in mm/shmem.c.
 */
import type { TmpfsSpec } from '../plan.ts';
import { PAGE_SIZE, type Pages } from '../units.ts';
import { tmpfsSize } from '../tables/numa-knobs.ts';

export class Shmem {
  /** Pages in memory (Shmem of /proc/meminfo). */
  resident: Pages = 0;
  /** Pages that each mount may hold, and does. */
  readonly limits: Float64Array;
  readonly used: Float64Array;

  /** Without a size, a mount holds half of memory (shmem_default_max_blocks). */
  constructor(mounts: readonly TmpfsSpec[], memory: Pages) {
    this.limits = Float64Array.from(mounts, ({ values }) => {
      const size = values[tmpfsSize.name];
      return typeof size === 'number' ? Math.floor(size / PAGE_SIZE) : Math.floor(memory / 2);
    });
    this.used = new Float64Array(mounts.length);
  }

  /** Objects of no known mount (memfd, SysV) have no limit. */
  hasRoom(mount: number): boolean {
    return !(this.used[mount] >= this.limits[mount]);
  }

  allocated(mount: number): void {
    if (mount < this.used.length) this.used[mount]++;
  }

  freed(mount: number): void {
    if (mount < this.used.length) this.used[mount]--;
  }
}
