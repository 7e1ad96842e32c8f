/** Counts recorded values and how many of them we get right; keeps what we don't. */

export class Checks {
  readonly recorded: Record<string, number> = {};
  readonly matched: Record<string, number> = {};
  readonly #misses = new Map<string, number>();

  /** One recorded value of a kind (`errno`, `policy`, `mask`, `new`, `old`, …), and whether ours is the same. */
  check(kind: string, right: boolean, miss: () => string): void {
    this.recorded[kind] = (this.recorded[kind] ?? 0) + 1;
    this.matched[kind] = (this.matched[kind] ?? 0) + (right ? 1 : 0);
    if (right) return;
    const text = miss();
    this.#misses.set(text, (this.#misses.get(text) ?? 0) + 1);
  }

  same(kind: string, ours: string | number, recorded: string | number, where: () => string): void {
    this.check(kind, ours === recorded, () => `${where()}: ${kind} ${recorded}, ours ${ours}`);
  }

  get checks(): number {
    return Object.values(this.recorded).reduce((sum, n) => sum + n, 0);
  }

  get right(): number {
    return Object.values(this.matched).reduce((sum, n) => sum + n, 0);
  }

  /** Every miss, equal ones once. */
  misses(): string[] {
    return [...this.#misses].map(([text, times]) => (times === 1 ? text : `${text} (${times} times)`));
  }
}
