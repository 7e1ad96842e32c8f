/**
 * Access words of a trace of unknown length: appended to blocks that never move, put together once at the end. 4 bytes a word; 8 while they
 * are put together, unless the length was foreseen.
 */
const FIRST_BLOCK = 1 << 12;
const LARGEST_BLOCK = 1 << 20;

export class WordList {
  length = 0;
  /** Words are kept signed, as decoders have them, so that appending is one copy of memory. */
  private full: Int32Array[] = [];
  private block = new Int32Array(FIRST_BLOCK);
  private filled = 0;

  /** Makes room for `words` at once; a list that becomes as long as that is taken without a copy. */
  expect(words: number): void {
    if (this.length === 0 && words > FIRST_BLOCK) this.block = new Int32Array(words);
  }

  push(word: number): void {
    if (this.filled === this.block.length) this.next();
    this.block[this.filled++] = word;
    this.length++;
  }

  /** Appends the first `n` of `words`. */
  append(words: Int32Array, n: number): void {
    for (let from = 0; from < n;) {
      if (this.filled === this.block.length) this.next();
      const to = Math.min(n, from + this.block.length - this.filled);
      this.block.set(words.subarray(from, to), this.filled);
      this.filled += to - from;
      from = to;
    }
    this.length += n;
  }

  /** Lets `change` see and change all words, a stretch at a time and in order. */
  edit(change: (words: Int32Array) => void): void {
    for (const block of this.full) change(block);
    change(this.block.subarray(0, this.filled));
  }

  /** All words in order. The list is empty afterwards, so that its blocks can go. */
  take(): Uint32Array {
    const { full, block, filled, length } = this;
    this.full = [];
    this.block = new Int32Array(FIRST_BLOCK);
    this.length = 0;
    this.filled = 0;
    if (filled === length && filled === block.length) return new Uint32Array(block.buffer);
    const words = new Int32Array(length);
    let at = 0;
    for (const whole of full) {
      words.set(whole, at);
      at += whole.length;
    }
    words.set(block.subarray(0, filled), at);
    return new Uint32Array(words.buffer);
  }

  private next(): void {
    this.full.push(this.block);
    this.block = new Int32Array(Math.min(LARGEST_BLOCK, 2 * this.block.length));
    this.filled = 0;
  }
}
