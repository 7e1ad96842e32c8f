/** Counts of the few that outgrow a compact counter, by its place: a hash table with open addressing, 8 to 23 bytes a count. */
const FIRST_BITS = 6;

export class LargeCounts {
  size = 0;
  private bits = FIRST_BITS;
  /** Place + 1; 0 where there is none. */
  private places = new Uint32Array(1 << FIRST_BITS);
  private counts = new Uint32Array(1 << FIRST_BITS);

  /** Of a place that is in here. */
  get(place: number): number {
    return this.counts[this.slotOf(place)];
  }

  increment(place: number): void {
    this.counts[this.slotOf(place)]++;
  }

  add(place: number, count: number): void {
    // at most 3/4 of the slots are taken
    if (4 * this.size >= 3 << this.bits) this.rebuild(this.bits + 1, () => false, 0);
    const slot = this.slotOf(place);
    this.places[slot] = place + 1;
    this.counts[slot] = count;
    this.size++;
  }

  clear(): void {
    this.rebuild(FIRST_BITS, () => true, 0);
  }

  /** Halves all, and parts with those that `takes` takes. */
  halve(takes: (place: number, count: number) => boolean): void {
    this.rebuild(this.bits, takes, 1);
  }

  /** Parts with those that `takes` takes. */
  move(takes: (place: number, count: number) => boolean): void {
    this.rebuild(this.bits, takes, 0);
  }

  private rebuild(bits: number, takes: (place: number, count: number) => boolean, shift: number): void {
    const { places, counts } = this;
    this.bits = bits;
    this.places = new Uint32Array(1 << bits);
    this.counts = new Uint32Array(1 << bits);
    this.size = 0;
    for (let i = 0; i < places.length; i++) {
      if (places[i] === 0 || takes(places[i] - 1, counts[i] >>> shift)) continue;
      const slot = this.slotOf(places[i] - 1);
      this.places[slot] = places[i];
      this.counts[slot] = counts[i] >>> shift;
      this.size++;
    }
  }

  /** Where a place is, or would be. */
  private slotOf(place: number): number {
    const { places } = this;
    const mask = places.length - 1;
    let slot = Math.imul(place, 0x9e3779b1) >>> (32 - this.bits);
    while (places[slot] !== 0 && places[slot] !== place + 1) slot = (slot + 1) & mask;
    return slot;
  }
}
