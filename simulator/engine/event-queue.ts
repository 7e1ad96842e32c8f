/** The events to come, earliest first, ties in the order they were made: a binary heap on typed arrays, no object per event. */

export class EventQueue {
  size = 0;
  /** Time of the earliest event, Infinity when there is none. */
  first = Infinity;
  /** What `pop` took out. */
  time = 0;
  kind = 0;
  actor = 0;
  data = 0;

  private times = new Float64Array(64);
  private sequence = new Float64Array(64);
  private kinds = new Uint8Array(64);
  private actors = new Int32Array(64);
  private payloads = new Float64Array(64);
  private made = 0;

  push(time: number, kind: number, actor: number, data = 0): void {
    if (this.size === this.times.length) this.grow();
    const sequence = this.made++;
    let i = this.size++;
    const { times, sequence: sequences, kinds, actors, payloads } = this;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      // A new event is the youngest: equal times stay where they are.
      if (times[parent] <= time) break;
      times[i] = times[parent];
      sequences[i] = sequences[parent];
      kinds[i] = kinds[parent];
      actors[i] = actors[parent];
      payloads[i] = payloads[parent];
      i = parent;
    }
    times[i] = time;
    sequences[i] = sequence;
    kinds[i] = kind;
    actors[i] = actor;
    payloads[i] = data;
    this.first = times[0];
  }

  pop(): void {
    const { times, sequence: sequences, kinds, actors, payloads } = this;
    this.time = times[0];
    this.kind = kinds[0];
    this.actor = actors[0];
    this.data = payloads[0];
    const n = --this.size;
    const time = times[n];
    const sequence = sequences[n];
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      const right = child + 1;
      if (
        right < n &&
        (times[right] < times[child] || (times[right] === times[child] && sequences[right] < sequences[child]))
      )
        child = right;
      if (time < times[child] || (time === times[child] && sequence < sequences[child])) break;
      times[i] = times[child];
      sequences[i] = sequences[child];
      kinds[i] = kinds[child];
      actors[i] = actors[child];
      payloads[i] = payloads[child];
      i = child;
    }
    times[i] = time;
    sequences[i] = sequence;
    kinds[i] = kinds[n];
    actors[i] = actors[n];
    payloads[i] = payloads[n];
    this.first = n > 0 ? times[0] : Infinity;
  }

  private grow(): void {
    const twice = 2 * this.times.length;
    const times = new Float64Array(twice);
    times.set(this.times);
    this.times = times;
    const sequence = new Float64Array(twice);
    sequence.set(this.sequence);
    this.sequence = sequence;
    const kinds = new Uint8Array(twice);
    kinds.set(this.kinds);
    this.kinds = kinds;
    const actors = new Int32Array(twice);
    actors.set(this.actors);
    this.actors = actors;
    const payloads = new Float64Array(twice);
    payloads.set(this.payloads);
    this.payloads = payloads;
  }
}
