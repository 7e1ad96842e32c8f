/** For how long a thread is busy at a stretch, in processor time. */

export interface Busy {
  /** Longest stretch, in milliseconds. */
  readonly longest: number;
  /** All stretches above 8 ms, in the order they came. */
  readonly stretches: readonly number[];
  /** In all. */
  readonly total: number;
}

const MENTIONED = 8;
const EVERY_MS = 1;

/** Looks once every millisecond, when it can: what the thread used in between is one stretch. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<{ readonly busy: Busy; readonly value: T }> {
  const stretches: number[] = [];
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const begun = used();
  let last = begun;
  let longest = 0;
  const look = () => {
    const now = used();
    longest = Math.max(longest, now - last);
    if (now - last > MENTIONED) stretches.push(now - last);
    last = now;
  };
  const timer = setInterval(look, EVERY_MS);
  try {
    const value = await work();
    look();
    return { value, busy: { longest, stretches, total: last - begun } };
  } finally {
    clearInterval(timer);
  }
}
