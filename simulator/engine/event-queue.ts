/**
 * The events to come, earliest first, ties in the order they were made. Most events are due at the very time of the one that made them (a thread
 * that wakes gets a processor at once): those queue up in a ring, first in, first out. The rest is a heap of four children a node, on typed arrays,
 * no object per event.
 */

const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;

export class EventQueue {
  size = 0;
  /** Time of the earliest event, Infinity when there is none. */
  first = Infinity;
  /** What `pop` took out. */
  time = 0;
  kind = 0;
  actor = 0;
  data = 0;

  // The heap: sorted by time, then by number; `slots` says where the rest of an event is.
  private times = new Float64Array(64);
  private numbers = new Float64Array(64);
  private slots = Int32Array.from({ length: 64 }, (_, i) => i);
  private heaped = 0;
  private made = 0;
  /** By slot: kind and actor in one word; what else the event says. */
  private whos = new Int32Array(64);
  private payloads = new Float64Array(64);

  // The ring: events at `lane`, the time of the last event taken out when the ring was empty. All are younger than any of the heap at that time.
  private lane = 0;
  private ringWhos = new Int32Array(64);
  private ringPayloads = new Float64Array(64);
  private head = 0;
  private waiting = 0;

  /** `kind` 0 … 7; `actor` up to 28 bits, signed. */
  push(time: number, kind: number, actor: number, data = 0): void {
    const who = (actor << KIND_BITS) | kind;
    this.size++;
    if (time === this.lane) {
      if (this.waiting === this.ringWhos.length) this.growRing();
      const at = (this.head + this.waiting++) & (this.ringWhos.length - 1);
      this.ringWhos[at] = who;
      this.ringPayloads[at] = data;
      if (time < this.first) this.first = time;
      return;
    }
    if (this.heaped === this.times.length) this.grow();
    const { times, numbers, slots } = this;
    let i = this.heaped++;
    const slot = slots[i];
    while (i > 0) {
      const parent = (i - 1) >> 2;
      // A new event is the youngest: equal times stay where they are.
      if (times[parent] <= time) break;
      times[i] = times[parent];
      numbers[i] = numbers[parent];
      slots[i] = slots[parent];
      i = parent;
    }
    times[i] = time;
    numbers[i] = this.made++;
    slots[i] = slot;
    this.whos[slot] = who;
    this.payloads[slot] = data;
    if (time < this.first) this.first = time;
  }

  pop(): void {
    this.size--;
    const { times } = this;
    if (this.waiting > 0 && (this.heaped === 0 || times[0] > this.lane)) {
      const who = this.ringWhos[this.head];
      this.time = this.lane;
      this.kind = who & KIND_MASK;
      this.actor = who >> KIND_BITS;
      this.data = this.ringPayloads[this.head];
      this.head = (this.head + 1) & (this.ringWhos.length - 1);
      this.waiting--;
    } else {
      const slot = this.slots[0];
      const who = this.whos[slot];
      this.time = times[0];
      this.kind = who & KIND_MASK;
      this.actor = who >> KIND_BITS;
      this.data = this.payloads[slot];
      if (this.waiting === 0) this.lane = times[0];
      this.sink(slot);
    }
    this.first = this.waiting > 0 ? this.lane : Infinity;
    if (this.heaped > 0 && times[0] < this.first) this.first = times[0];
  }

  /** Takes the first event out of the heap; its slot is free. */
  private sink(free: number): void {
    const { times, numbers, slots } = this;
    const n = --this.heaped;
    const time = times[n];
    const number = numbers[n];
    const slot = slots[n];
    slots[n] = free;
    let i = 0;
    for (;;) {
      let child = 4 * i + 1;
      if (child >= n) break;
      let least = times[child];
      const end = Math.min(child + 4, n);
      for (let other = child + 1; other < end; other++) {
        const t = times[other];
        if (t < least || (t === least && numbers[other] < numbers[child])) {
          child = other;
          least = t;
        }
      }
      if (time < least || (time === least && number < numbers[child])) break;
      times[i] = least;
      numbers[i] = numbers[child];
      slots[i] = slots[child];
      i = child;
    }
    if (n > 0) {
      times[i] = time;
      numbers[i] = number;
      slots[i] = slot;
    }
  }

  private grow(): void {
    const n = this.times.length;
    this.times = longer(this.times, new Float64Array(2 * n));
    this.numbers = longer(this.numbers, new Float64Array(2 * n));
    this.slots = longer(this.slots, new Int32Array(2 * n));
    for (let i = n; i < 2 * n; i++) this.slots[i] = i;
    this.whos = longer(this.whos, new Int32Array(2 * n));
    this.payloads = longer(this.payloads, new Float64Array(2 * n));
  }

  private growRing(): void {
    const n = this.ringWhos.length;
    const whos = new Int32Array(2 * n);
    const payloads = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      whos[i] = this.ringWhos[(this.head + i) & (n - 1)];
      payloads[i] = this.ringPayloads[(this.head + i) & (n - 1)];
    }
    this.ringWhos = whos;
    this.ringPayloads = payloads;
    this.head = 0;
  }
}

function longer<A extends Float64Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
