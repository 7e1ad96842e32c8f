/**
 * MGLRU's refault feedback: which tiers of the oldest generation may go, and whether file or anonymous pages should.
 *
 * Kernel counterpart: the "refault feedback loop" of mm/vmscan.c (read_ctrl_pos, reset_ctrl_pos, positive_ctrl_err, get_tier_idx,
 * get_type_to_scan). For each lruvec, type and tier it counts what was evicted, protected and refaulted while a generation was the oldest,
 * and keeps averages that halve with each generation. A tier whose pages come back at more than its share of the first tier's rate is
 * protected. Only the current generation's counts are kept (NR_HIST_GENS is 1 without CONFIG_LRU_GEN_STATS).
 */
import { TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';

export const MAX_NR_TIERS = 4;
/** Refaults below this never count against a tier; also the size of an eviction batch. */
export const MIN_LRU_BATCH = 64;

/** How the controller differs between kernels. */
export interface FeedbackRules {
  /** Gains of the first and of the tested tier: 1:2 up to 6.13, 2:3 since. */
  readonly firstTierGain: number;
  readonly testedTierGain: number;
  /** Since 6.14 types are compared by the sum of their tiers; before, by the first, and tiers are then tested against the other type. */
  readonly sumTiers: boolean;
}

export class RefaultFeedback {
  readonly #rules: FeedbackRules;
  readonly #evicted: Float64Array;
  readonly #protected: Float64Array;
  readonly #refaulted: Float64Array;
  readonly #averageTotal: Float64Array;
  readonly #averageRefaulted: Float64Array;
  /** Result of `chooseType`, or -1: what `lastTier` would say has to be asked. */
  tierOfChoice = -1;

  constructor(lruvecs: number, rules: FeedbackRules) {
    const cells = lruvecs * 2 * MAX_NR_TIERS;
    this.#rules = rules;
    this.#evicted = new Float64Array(cells);
    this.#protected = new Float64Array(cells);
    this.#refaulted = new Float64Array(cells);
    this.#averageTotal = new Float64Array(cells);
    this.#averageRefaulted = new Float64Array(cells);
  }

  evicted(lru: number, type: number, tier: number): void {
    this.#evicted[(lru * 2 + type) * MAX_NR_TIERS + tier]++;
  }

  protected(lru: number, type: number, tier: number): void {
    this.#protected[(lru * 2 + type) * MAX_NR_TIERS + tier]++;
  }

  refaulted(lru: number, type: number, tier: number): void {
    this.#refaulted[(lru * 2 + type) * MAX_NR_TIERS + tier]++;
  }

  /** The oldest generation is gone: fold its counts into the averages and start afresh. */
  carryOver(lru: number, type: number): void {
    const base = (lru * 2 + type) * MAX_NR_TIERS;
    for (let cell = base; cell < base + MAX_NR_TIERS; cell++) {
      this.#averageRefaulted[cell] = Math.floor((this.#averageRefaulted[cell] + this.#refaulted[cell]) / 2);
      this.#averageTotal[cell] = Math.floor(
        (this.#averageTotal[cell] + this.#evicted[cell] + this.#protected[cell]) / 2,
      );
      this.#evicted[cell] = 0;
      this.#protected[cell] = 0;
      this.#refaulted[cell] = 0;
    }
  }

  /** The highest tier of `type` that may be evicted, judged against the first tier of the same type. */
  lastTier(lru: number, type: number): number {
    const base = (lru * 2 + type) * MAX_NR_TIERS;
    return this.#lastTierAgainst(base, this.#rules.testedTierGain, base, this.#rules.firstTierGain);
  }

  /** File or anonymous, for a swappiness strictly between 1 and 200. Sets `tierOfChoice`. */
  chooseType(lru: number, swappiness: number): number {
    const anon = (lru * 2 + TYPE_ANON) * MAX_NR_TIERS;
    const file = (lru * 2 + TYPE_FILE) * MAX_NR_TIERS;
    const anonGain = swappiness;
    const fileGain = 200 - swappiness;
    this.tierOfChoice = -1;
    if (this.#rules.sumTiers) {
      let anonRefaulted = 0;
      let anonTotal = 0;
      let fileRefaulted = 0;
      let fileTotal = 0;
      for (let tier = 0; tier < MAX_NR_TIERS; tier++) {
        anonRefaulted += this.#refaults(anon + tier);
        anonTotal += this.#total(anon + tier);
        fileRefaulted += this.#refaults(file + tier);
        fileTotal += this.#total(file + tier);
      }
      return notWorse(anonRefaulted, anonTotal, anonGain, fileRefaulted, fileTotal, fileGain) ? TYPE_FILE : TYPE_ANON;
    }
    const type = notWorse(
      this.#refaults(anon),
      this.#total(anon),
      anonGain,
      this.#refaults(file),
      this.#total(file),
      fileGain,
    )
      ? TYPE_FILE
      : TYPE_ANON;
    this.tierOfChoice =
      type === TYPE_FILE
        ? this.#lastTierAgainst(file, fileGain, anon, anonGain)
        : this.#lastTierAgainst(anon, anonGain, file, fileGain);
    return type;
  }

  #lastTierAgainst(base: number, gain: number, setPoint: number, setPointGain: number): number {
    const refaults = this.#refaults(setPoint);
    const total = this.#total(setPoint);
    let tier = 1;
    while (
      tier < MAX_NR_TIERS &&
      notWorse(refaults, total, setPointGain, this.#refaults(base + tier), this.#total(base + tier), gain)
    ) {
      tier++;
    }
    return tier - 1;
  }

  #refaults(cell: number): number {
    return this.#averageRefaulted[cell] + this.#refaulted[cell];
  }

  #total(cell: number): number {
    return this.#averageTotal[cell] + this.#evicted[cell] + this.#protected[cell];
  }
}

/** Whether the second one has few refaults, or a rate of refaults not above the first one's, both weighed by their gains. */
function notWorse(
  refaulted: number,
  total: number,
  gain: number,
  testedRefaulted: number,
  testedTotal: number,
  testedGain: number,
): boolean {
  return (
    testedRefaulted < MIN_LRU_BATCH ||
    testedRefaulted * (total + MIN_LRU_BATCH) * gain <= (refaulted + 1) * testedTotal * testedGain
  );
}
