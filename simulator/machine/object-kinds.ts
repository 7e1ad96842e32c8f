/** What kinds of objects there are, by page number: read on faults and when pages leave, never on hits. */
import type { ObjectSpec } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import type { ObjectMap } from './object-map.ts';

export class ObjectKinds {
  /** Whether any object is shared memory (tmpfs). */
  readonly anyShmem: boolean;
  readonly #map: ObjectMap;
  readonly #shmem: readonly boolean[];
  readonly #mounts: readonly number[];
  readonly #random: readonly boolean[];

  constructor(map: ObjectMap, objects: readonly ObjectSpec[]) {
    this.#map = map;
    this.#shmem = objects.map((o) => o.kind === 'tmpfs');
    this.anyShmem = this.#shmem.includes(true);
    this.#mounts = objects.map((o) => o.mount ?? 0);
    this.#random = objects.map((o) => o.kind === 'file' && valueOf(o.values, knobs.advice) === 'random');
  }

  isShmem(page: number): boolean {
    return this.anyShmem && this.#shmem[this.#map.objectOf(page)];
  }

  /** The tmpfs mount of a page of shared memory. */
  mountOf(page: number): number {
    return this.#mounts[this.#map.objectOf(page)];
  }

  isRandom(page: number): boolean {
    return this.#random[this.#map.objectOf(page)];
  }
}
