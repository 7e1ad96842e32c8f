/**
 * Who waits for whom. Everybody who can't proceed names what he waits for; what can be waited for names who must act before it is had. Walking
 * these edges finds deadlocks.
 */

/** Something that can be waited for: a lock, a request, frames, a throttle. */
export interface Waitable {
  readonly name: string;
  /** Those who must act before it is had: holders of a lock, the daemon that answers, whoever frees frames. */
  owners(): Iterable<Waiter>;
}

/** Somebody who can wait: a thread, a flusher, a daemon. */
export interface Waiter {
  readonly name: string;
  /** In the engine's words: `throttle`, `lock`, `frames`, …; `nothing` when it can go on. */
  readonly waitsFor: string;
  readonly waitsOn: Waitable | null;
}

/** One step of a chain of waits: `who` waits for `what`. */
export interface WaitEdge {
  readonly who: Waiter;
  readonly what: Waitable;
}

/** The chain of waits from `start` back to somebody in it, as edges in order; null if everybody on the way can go on in time. */
export function waitCycle(start: Waiter): WaitEdge[] | null {
  const path: WaitEdge[] = [];
  const onPath = new Map<Waiter, number>();
  const seen = new Set<Waiter>();
  const walk = (who: Waiter): WaitEdge[] | null => {
    const at = onPath.get(who);
    if (at !== undefined) return path.slice(at);
    const what = who.waitsOn;
    if (what === null || seen.has(who)) return null;
    seen.add(who);
    onPath.set(who, path.length);
    path.push({ who, what });
    for (const owner of what.owners()) {
      const cycle = walk(owner);
      if (cycle) return cycle;
    }
    path.pop();
    onPath.delete(who);
    return null;
  };
  return walk(start);
}
