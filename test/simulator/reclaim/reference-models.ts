/**
 * The reference policies once more, written to be obviously right and not to be fast: plain arrays, oldest page first, searched from end to
 * end. They share nothing with the policies but W-TinyLFU's counters of frequency, which have a test of their own.
 */
import { PlainFilter } from './plain-filter.ts';

/** True on a hit. */
export type Model = (page: number) => boolean;

const remove = (list: number[], page: number): boolean => {
  const i = list.indexOf(page);
  if (i >= 0) list.splice(i, 1);
  return i >= 0;
};

function lru(capacity: number): Model {
  const list: number[] = [];
  return (page) => {
    const hit = remove(list, page);
    if (list.length === capacity) list.shift();
    list.push(page);
    return hit;
  };
}

function fifo(capacity: number): Model {
  const list: number[] = [];
  return (page) => {
    if (list.includes(page)) return true;
    if (list.length === capacity) list.shift();
    list.push(page);
    return false;
  };
}

/** The textbook's circle of frames. */
function clock(capacity: number): Model {
  const frames: { page: number; used: boolean }[] = [];
  let hand = 0;
  return (page) => {
    const frame = frames.find((f) => f.page === page);
    if (frame !== undefined) {
      frame.used = true;
      return true;
    }
    if (frames.length < capacity) {
      frames.push({ page, used: false });
      return false;
    }
    while (frames[hand].used) {
      frames[hand].used = false;
      hand = (hand + 1) % capacity;
    }
    frames[hand] = { page, used: false };
    hand = (hand + 1) % capacity;
    return false;
  };
}

function sieve(capacity: number): Model {
  const list: { page: number; visited: boolean }[] = [];
  let hand = 0;
  return (page) => {
    const entry = list.find((e) => e.page === page);
    if (entry !== undefined) {
      entry.visited = true;
      return true;
    }
    if (list.length === capacity) {
      while (list[hand].visited) {
        list[hand].visited = false;
        hand = (hand + 1) % list.length;
      }
      list.splice(hand, 1);
      if (hand === list.length) hand = 0;
    }
    list.push({ page, visited: false });
    return false;
  };
}

function s3Fifo(capacity: number): Model {
  const smallSize = Math.max(1, Math.floor(capacity / 10));
  const ghostSize = Math.floor((capacity * 9) / 10);
  let small: { page: number; hits: number }[] = [];
  let main: { page: number; hits: number }[] = [];
  const ghosts: number[] = [];
  const evict = () => {
    if (main.length > capacity - smallSize || small.length === 0) {
      for (;;) {
        const [oldest, ...rest] = main;
        main = rest;
        if (oldest.hits === 0) return;
        main.push({ page: oldest.page, hits: Math.min(oldest.hits, 3) - 1 });
      }
    }
    while (small.length > 0) {
      const [oldest, ...rest] = small;
      small = rest;
      if (oldest.hits < 2) {
        ghosts.push(oldest.page);
        if (ghosts.length > ghostSize) ghosts.shift();
        return;
      }
      main.push({ page: oldest.page, hits: 0 });
    }
  };
  return (page) => {
    const entry = [...small, ...main].find((e) => e.page === page);
    if (entry !== undefined) {
      entry.hits++;
      return true;
    }
    const known = remove(ghosts, page);
    while (small.length + main.length >= capacity) evict();
    (known ? main : small).push({ page, hits: 0 });
    return false;
  };
}

function twoQ(capacity: number): Model {
  const kin = Math.floor(capacity / 4);
  const kout = Math.floor(capacity / 2);
  const a1in: number[] = [];
  const a1out: number[] = [];
  const am: number[] = [];
  return (page) => {
    if (a1in.includes(page)) return true;
    if (remove(am, page)) {
      am.push(page);
      return true;
    }
    const known = remove(a1out, page);
    if (a1in.length + am.length === capacity) {
      if (a1in.length > kin || am.length === 0) {
        a1out.push(a1in.shift()!);
        if (a1out.length > kout) a1out.shift();
      } else am.shift();
    }
    (known ? am : a1in).push(page);
    return false;
  };
}

/** Figure 4 of the paper, case by case. */
function arc(c: number): Model {
  const t1: number[] = [];
  const t2: number[] = [];
  const b1: number[] = [];
  const b2: number[] = [];
  let p = 0;
  const replace = (inB2: boolean) => {
    if (t1.length > 0 && (t1.length > p || (inB2 && t1.length === p))) b1.push(t1.shift()!);
    else b2.push(t2.shift()!);
  };
  return (page) => {
    if (remove(t1, page) || remove(t2, page)) {
      t2.push(page);
      return true;
    }
    const full = t1.length + t2.length === c;
    if (b1.includes(page)) {
      p = Math.min(c, p + Math.max(b2.length / b1.length, 1));
      remove(b1, page);
      if (full) replace(false);
      t2.push(page);
    } else if (b2.includes(page)) {
      p = Math.max(0, p - Math.max(b1.length / b2.length, 1));
      remove(b2, page);
      if (full) replace(true);
      t2.push(page);
    } else {
      if (t1.length + b1.length === c) {
        if (t1.length < c) {
          b1.shift();
          replace(false);
        } else t1.shift();
      } else if (t1.length + t2.length + b1.length + b2.length >= c) {
        if (t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
        replace(false);
      }
      t1.push(page);
    }
    return false;
  };
}

/** Figure 2 of the paper, line by line. */
function car(c: number): Model {
  const t1: number[] = [];
  const t2: number[] = [];
  const b1: number[] = [];
  const b2: number[] = [];
  const used = new Set<number>();
  let p = 0;
  const replace = () => {
    for (;;) {
      const fromT1 = t1.length >= Math.max(1, p);
      const page = (fromT1 ? t1 : t2).shift()!;
      if (!used.delete(page)) {
        (fromT1 ? b1 : b2).push(page);
        return;
      }
      t2.push(page);
    }
  };
  return (page) => {
    if (t1.includes(page) || t2.includes(page)) {
      used.add(page);
      return true;
    }
    const inB1 = b1.includes(page);
    const inB2 = b2.includes(page);
    if (t1.length + t2.length === c) {
      replace();
      if (!inB1 && !inB2) {
        if (t1.length + b1.length === c) b1.shift();
        else if (t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
      }
    }
    if (inB1) {
      p = Math.min(p + Math.max(1, b2.length / b1.length), c);
      remove(b1, page);
      t2.push(page);
    } else if (inB2) {
      p = Math.max(p - Math.max(1, b1.length / b2.length), 0);
      remove(b2, page);
      t2.push(page);
    } else t1.push(page);
    return false;
  };
}

function lirs(capacity: number, demoteOnQueueHit: boolean): Model {
  const hirLimit = Math.max(1, Math.floor(capacity / 100));
  const lirLimit = capacity - hirLimit;
  /** Bottom first. */
  const stack: number[] = [];
  const queue: number[] = [];
  /** In the order in which they were evicted. */
  const ghosts: number[] = [];
  const lir = new Set<number>();
  const toTop = (page: number) => {
    remove(stack, page);
    stack.push(page);
  };
  const prune = () => {
    while (stack.length > 1 && !lir.has(stack[0])) remove(ghosts, stack.shift()!);
  };
  const evict = () => {
    const page = queue.shift()!;
    if (stack.includes(page)) ghosts.push(page);
  };
  const demote = () => {
    const page = stack.shift()!;
    lir.delete(page);
    while (queue.length >= hirLimit) evict();
    queue.push(page);
    prune();
  };
  const promote = (page: number) => {
    if (lir.size === lirLimit) demote();
    lir.add(page);
    prune();
  };
  const bound = () => {
    while (stack.length > 2 * capacity) remove(stack, ghosts.shift()!);
  };
  return (page) => {
    if (lir.has(page)) {
      toTop(page);
      prune();
      return true;
    }
    if (queue.includes(page)) {
      remove(queue, page);
      if (stack.includes(page)) {
        toTop(page);
        promote(page);
      } else {
        queue.push(page);
        const room = queue.length < hirLimit || queue[0] !== page;
        if (demoteOnQueueHit && lir.size === lirLimit && room) demote();
        stack.push(page);
      }
      bound();
      return true;
    }
    if (remove(ghosts, page)) {
      toTop(page);
      promote(page);
    } else if (lir.size < lirLimit) {
      stack.push(page);
      lir.add(page);
    } else {
      if (queue.length === hirLimit) evict();
      stack.push(page);
      queue.push(page);
    }
    bound();
    return false;
  };
}

interface ClockEntry {
  readonly page: number;
  kind: 'hot' | 'cold' | 'ghost';
  used: boolean;
  test: boolean;
}

function clockPro(capacity: number): Model {
  /** In the order in which the hands turn. */
  const ring: ClockEntry[] = [];
  const hands: Record<'hot' | 'cold' | 'test', ClockEntry | null> = { hot: null, cold: null, test: null };
  const least = Math.max(1, Math.floor(capacity / 100));
  let target = capacity;
  const count = (kind: ClockEntry['kind']) => ring.filter((e) => e.kind === kind).length;
  const after = (entry: ClockEntry) => ring[(ring.indexOf(entry) + 1) % ring.length];
  const takeOut = (entry: ClockEntry) => {
    const next = ring.length > 1 ? after(entry) : null;
    for (const name of ['hot', 'cold', 'test'] as const) if (hands[name] === entry) hands[name] = next;
    ring.splice(ring.indexOf(entry), 1);
  };
  const putAtHead = (entry: ClockEntry) => {
    if (hands.hot === null) {
      ring.push(entry);
      hands.hot = hands.cold = hands.test = entry;
    } else ring.splice(ring.indexOf(hands.hot), 0, entry);
  };
  const turn = (name: 'hot' | 'cold' | 'test'): ClockEntry => {
    const entry = hands[name]!;
    hands[name] = after(entry);
    return entry;
  };
  const endTest = (entry: ClockEntry) => {
    if (!entry.test || entry.used) return;
    target = Math.max(least, target - 1);
    entry.test = false;
    if (entry.kind === 'ghost') takeOut(entry);
  };
  const coolHot = () => {
    while (count('hot') > capacity - target) {
      const entry = turn('hot');
      if (entry.kind !== 'hot') endTest(entry);
      else if (entry.used) entry.used = false;
      else entry.kind = 'cold';
    }
  };
  const turnCold = () => {
    const entry = turn('cold');
    if (entry.kind !== 'cold') return;
    if (entry.used) {
      entry.used = false;
      takeOut(entry);
      putAtHead(entry);
      if (!entry.test) entry.test = true;
      else {
        entry.test = false;
        entry.kind = 'hot';
        target = Math.min(capacity, target + 1);
        coolHot();
      }
    } else if (entry.test) {
      entry.kind = 'ghost';
      while (count('ghost') > capacity) endTest(turn('test'));
    } else takeOut(entry);
  };
  return (page) => {
    const entry = ring.find((e) => e.page === page);
    if (entry !== undefined && entry.kind !== 'ghost') {
      entry.used = true;
      return true;
    }
    if (entry !== undefined) {
      takeOut(entry);
      target = Math.min(capacity, target + 1);
    }
    while (count('hot') + count('cold') >= capacity) turnCold();
    const known = entry !== undefined;
    putAtHead({ page, kind: known ? 'hot' : 'cold', used: false, test: !known });
    coolHot();
    return false;
  };
}

function wTinyLfu(capacity: number): Model {
  const windowLimit = Math.max(1, Math.floor(capacity / 100));
  const mainLimit = capacity - windowLimit;
  const probationLimit = Math.floor(mainLimit / 5);
  const protectedLimit = Math.floor((mainLimit * 4) / 5);
  const window: number[] = [];
  const probation: number[] = [];
  const guarded: number[] = [];
  const counted = Math.max(1, mainLimit);
  const counts = new PlainFilter(counted);
  let mainHits = 0;
  const enterMain = (page: number) => {
    const low = probation.length < probationLimit || guarded.length >= protectedLimit;
    (low ? probation : guarded).push(page);
  };
  const contest = () => {
    while (window.length > 0) {
      const candidate = window[0];
      const main = probation.length > 0 ? probation : guarded;
      const room = probation.length + guarded.length < mainLimit;
      const wins = room || (main.length > 0 && counts.estimate(candidate) > counts.estimate(main[0]));
      window.shift();
      if (wins && !room) main.shift();
      if (wins) enterMain(candidate);
      counts.increment(candidate);
      if (!wins) return;
    }
    (probation.length > 0 ? probation : guarded).shift();
  };
  return (page) => {
    if (remove(window, page)) {
      window.push(page);
      return true;
    }
    const inProbation = remove(probation, page);
    if (inProbation || remove(guarded, page)) {
      (inProbation && protectedLimit === 0 ? probation : guarded).push(page);
      if (guarded.length > protectedLimit && inProbation && protectedLimit > 0) {
        probation.push(guarded.shift()!);
        while (probation.length > probationLimit) probation.shift();
      }
      counts.increment(page);
      if (++mainHits % (32 * counted) === 0) counts.halve();
      return true;
    }
    if (window.length + probation.length + guarded.length >= capacity) contest();
    window.push(page);
    counts.increment(page);
    return false;
  };
}

function opt(capacity: number, trace: readonly number[]): Model {
  const list: number[] = [];
  let now = 0;
  const nextUse = (page: number) => {
    const next = trace.indexOf(page, now);
    return next < 0 ? Infinity : next;
  };
  return (page) => {
    now++;
    if (list.includes(page)) return true;
    if (list.length === capacity) {
      const farthest = list.reduce((a, b) => (nextUse(b) > nextUse(a) ? b : a));
      remove(list, farthest);
    }
    list.push(page);
    return false;
  };
}

export const models: Readonly<Record<string, (capacity: number, trace: readonly number[]) => Model>> = {
  lru,
  fifo,
  clock,
  sieve,
  's3-fifo': s3Fifo,
  '2q': twoQ,
  arc,
  car,
  lirs: (capacity) => lirs(capacity, true),
  'lirs of the paper': (capacity) => lirs(capacity, false),
  'clock-pro': clockPro,
  'w-tinylfu': wTinyLfu,
  opt,
};
