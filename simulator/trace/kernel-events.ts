/**
 * Lines of trace events as perf script, trace-cmd report and /sys/kernel/tracing/trace print them, as far as they tell of accesses to pages:
 *
 * - `mm_filemap_get_pages dev=… ino=… ofs=a-b` (6.12): buffered reads, hits included; one access a page;
 * - `mm_filemap_fault dev=… ino=… ofs=a` (6.12): faults on file mappings; later touches of the page leave no trace;
 * - `page_fault_user address=… error_code=…` (x86): faults on anything mapped, taken as anonymous memory;
 *
 * `mm_filemap_map_pages` tells what was mapped around a fault, not what was used, and insertions and evictions tell of misses only: these are
 * passed over, and a trace that has nothing else is refused.
 */
import { OP_LOAD, OP_READ, OP_STORE } from '../machine/access.ts';
import type { DecodedTrace, TraceDecoder } from './decoder.ts';
import { KeyedCollector } from './keyed.ts';
import { LineDecoder, textOf } from './lines.ts';

const FILE = /dev[ =](\d+:\d+) ino[ =]([0-9a-f]+)(?: pfn=0x[0-9a-f]+)? ofs=(\d+)(?:-(\d+))?/;
const FAULT = /address=(?:0x)?([0-9a-f]+)\b.*error_code=0x([0-9a-f]+)/;
const EVENT = /(mm_filemap_get_pages|mm_filemap_fault|page_fault_user):\s+(.*)$/;
const PASSED_OVER = /(mm_filemap_map_pages|mm_filemap_(?:add_to|delete_from)_page_cache|mm_lru_\w+|mm_vmscan_\w+):/;
/** `comm pid` of perf, `comm-pid` of ftrace: whose addresses these are. */
const PID = /^\s*.*?[\s-](\d+)\s+(?:\[\d+\]|\(|\d+\.\d+:)/;
const PAGE = 4096;

class KernelEventsDecoder extends LineDecoder {
  private readonly accesses = new KeyedCollector();
  private passedOver = '';

  protected record(bytes: Uint8Array, start: number, end: number): void {
    const line = textOf(bytes, start, end);
    const event = EVENT.exec(line);
    if (!event) {
      this.passedOver ||= PASSED_OVER.exec(line)?.[1] ?? '';
      return;
    }
    const [, name, fields] = event;
    if (name === 'page_fault_user') this.fault(line, fields);
    else this.file(name === 'mm_filemap_fault' ? OP_LOAD : OP_READ, name, fields);
  }

  private file(operation: number, name: string, fields: string): void {
    const found = FILE.exec(fields);
    if (!found) this.fail(`${name} without 'dev=MAJOR:MINOR ino=HEX ofs=BYTES': '${fields.slice(0, 60)}'`);
    const [, dev, inode, from, to] = found;
    const space = this.accesses.space(`${dev} ${inode}`);
    const last = Math.floor(Number(to ?? from) / PAGE);
    for (let page = Math.floor(Number(from) / PAGE); page <= last; page++) this.accesses.push(operation, space, page);
  }

  private fault(line: string, fields: string): void {
    const found = FAULT.exec(fields);
    if (!found) this.fail(`page_fault_user without 'address=HEX … error_code=HEX': '${fields.slice(0, 60)}'`);
    const space = this.accesses.space(`anon ${PID.exec(line)?.[1] ?? ''}`);
    this.accesses.push(OP_STORE, space, Math.floor(parseInt(found[1], 16) / PAGE));
  }

  protected result(): DecodedTrace {
    return this.accesses.finish(
      this.passedOver === ''
        ? 'no line is an event that tells of accesses: mm_filemap_get_pages, mm_filemap_fault or page_fault_user'
        : `it has only events such as ${this.passedOver}, which tell of misses or of what was mapped, not of accesses; record mm_filemap_get_pages (6.12) or marks with bpftrace`,
    );
  }
}

export const kernelEventsDecoder = (): TraceDecoder => new KernelEventsDecoder();

/**
 * Lines `DEV INO INDEX` as a bpftrace script on folio_mark_accessed prints them (docs/recording.md has it): every access through a descriptor,
 * writes included, in order. DEV and INO are any text without blanks, INDEX counts pages from 0. Lines of bpftrace itself are passed over.
 */
class MarksDecoder extends LineDecoder {
  private readonly accesses = new KeyedCollector();

  protected record(bytes: Uint8Array, start: number, end: number): void {
    const line = textOf(bytes, start, end).trim();
    if (line.startsWith('Attaching ') || line.startsWith('Attached ') || line.startsWith('Lost ')) return;
    const [device, inode, index, ...more] = line.split(/\s+/);
    const page = Number(index);
    if (index === undefined || more.length > 0 || !Number.isSafeInteger(page) || page < 0)
      this.fail(`'${line.slice(0, 60)}' is not 'DEV INO INDEX'`);
    this.accesses.push(OP_READ, this.accesses.space(`${device} ${inode}`), page);
  }

  protected result(): DecodedTrace {
    return this.accesses.finish('there is no line "DEV INO INDEX"');
  }
}

export const marksDecoder = (): TraceDecoder => new MarksDecoder();

/**
 * blkparse's default lines: what reached the block layer, so misses and write-back only. Of the actions only Q (queued) counts, so that no
 * request counts twice; sectors are 512 bytes. A trace of a level below a cache says nothing about hits above it.
 */
class BlkparseDecoder extends LineDecoder {
  private readonly accesses = new KeyedCollector();

  protected record(bytes: Uint8Array, start: number, end: number): void {
    const line = textOf(bytes, start, end).trim();
    const found = /^(\d+,\d+)\s+\d+\s+\d+\s+[\d.]+\s+\d+\s+(\w+)\s+(\w+)\s+(\d+) \+ (\d+)/.exec(line);
    // the summary at the end, and actions without sectors, are no requests
    if (found?.[2] !== 'Q') return;
    const [, device, , kind, sector, count] = found;
    if (!/[RW]/.test(kind) || count === '0') return;
    const space = this.accesses.space(device);
    const last = Math.floor((Number(sector) + Number(count) - 1) / 8);
    for (let page = Math.floor(Number(sector) / 8); page <= last; page++) this.accesses.push(OP_READ, space, page);
  }

  protected result(): DecodedTrace {
    return this.accesses.finish('no line is a queued request of blkparse (action Q)');
  }
}

export const blkparseDecoder = (): TraceDecoder => new BlkparseDecoder();

/**
 * valgrind --tool=lackey --trace-mem=yes: every load and store of one process, as anonymous memory; accesses in a row to one page are one.
 * Instruction fetches (`I`) count like loads.
 */
class LackeyDecoder extends LineDecoder {
  private readonly accesses = new KeyedCollector();
  private readonly memory = this.accesses.space('anon');
  private before = -1;

  protected record(bytes: Uint8Array, start: number, end: number): void {
    const line = textOf(bytes, start, end);
    // valgrind's own lines
    if (line.startsWith('==')) return;
    const found = /^\s?([ILSM])\s+([0-9a-f]+),(\d+)$/.exec(line);
    if (!found) this.fail(`'${line.slice(0, 60)}' is not an access such as ' L be801950,4'`);
    const address = parseInt(found[2], 16);
    const last = Math.floor((address + Math.max(1, Number(found[3])) - 1) / PAGE);
    for (let page = Math.floor(address / PAGE); page <= last; page++) {
      if (page === this.before) continue;
      this.before = page;
      this.accesses.push(OP_STORE, this.memory, page);
    }
  }

  protected result(): DecodedTrace {
    return this.accesses.finish('there is no access in it');
  }
}

export const lackeyDecoder = (): TraceDecoder => new LackeyDecoder();
