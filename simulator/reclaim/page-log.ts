/**
 * A queue of pages in an array that only grows at one end: to move a page to the young end is to write it there again and leave the old
 * entry behind, dead. An entry is alive while the page's position says so. Dead entries are skipped at the old end; when the array is full,
 * the living move down. So a touch costs one random write and one in sequence, where a linked list needs six.
 *
 * Several logs may share one array of positions if a page is never in two of them: one log stores positions as they are (`flip` 0), the
 * other complemented (`flip` -1). Position 0 is never used, so that -1 means "in no log" to both.
 *
 * The owner counts the living, and must give room for more than it ever lets live.
 */
export class PageLog {
  readonly positions: Int32Array;
  readonly flip: 0 | -1;
  entries: Int32Array;
  /** First entry that may be alive. */
  tail = 1;
  /** Where the next entry goes. */
  end = 1;

  constructor(positions: Int32Array, flip: 0 | -1, room: number) {
    this.positions = positions;
    this.flip = flip;
    this.entries = new Int32Array(roomFor(room));
  }

  /** Puts a page that is in no log, or in this one, at the young end. */
  append(page: number): void {
    if (this.end === this.entries.length) this.compact();
    this.positions[page] = this.end ^ this.flip;
    this.entries[this.end++] = page;
  }

  /** The oldest living page, still in place. There must be one. */
  oldest(): number {
    const { entries, positions, flip } = this;
    let tail = this.tail;
    while (positions[entries[tail]] !== (tail ^ flip)) tail++;
    this.tail = tail;
    return entries[tail];
  }

  /** Takes the oldest living page out. There must be one. */
  shift(): number {
    const page = this.oldest();
    this.positions[page] = -1;
    this.tail++;
    return page;
  }

  /** Takes a page out that is in this log. */
  remove(page: number): void {
    this.positions[page] = -1;
  }

  compact(): void {
    const { entries, positions, flip, end } = this;
    let to = 1;
    for (let from = this.tail; from < end; from++) {
      const page = entries[from];
      if (positions[page] !== (from ^ flip)) continue;
      positions[page] = to ^ flip;
      entries[to++] = page;
    }
    this.tail = 1;
    this.end = to;
  }

  /** Makes room for `room` entries; the living must fit. */
  resize(room: number): void {
    this.compact();
    const entries = new Int32Array(roomFor(room));
    entries.set(this.entries.subarray(0, this.end));
    this.entries = entries;
  }
}

/** Small logs would compact all the time. */
const roomFor = (room: number) => Math.max(room, 256) + 1;
