/** Access words of a trace of unknown length: appended to blocks that never move, put together once at the end. */
const FIRST_BLOCK = 1 << 12;
const LARGEST_BLOCK = 1 << 18;

export class WordList {
  length = 0;
  private readonly full: Uint32Array[] = [];
  private block = new Uint32Array(FIRST_BLOCK);
  private filled = 0;

  push(word: number): void {
    if (this.filled === this.block.length) {
      this.full.push(this.block);
      this.block = new Uint32Array(Math.min(LARGEST_BLOCK, 2 * this.block.length));
      this.filled = 0;
    }
    this.block[this.filled++] = word;
    this.length++;
  }

  /** All words in order. The list is empty afterwards, so that its blocks can go. */
  take(): Uint32Array {
    const words = new Uint32Array(this.length);
    let at = 0;
    for (const block of this.full.splice(0)) {
      words.set(block, at);
      at += block.length;
    }
    words.set(this.block.subarray(0, this.filled), at);
    this.length = 0;
    this.filled = 0;
    return words;
  }
}
