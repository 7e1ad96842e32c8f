/** Several guards before the same accesses: each must let an access pass. */
import type { AccessGuard } from './engine.ts';

export function joinGuards(...guards: readonly (AccessGuard | undefined)[]): AccessGuard | undefined {
  const present = guards.filter((guard) => guard !== undefined);
  if (present.length < 2) return present[0];
  return {
    enter: (thread, word) => present.every((guard) => guard.enter(thread, word)),
    leave: (thread, word, outcome, until) => {
      for (const guard of present) guard.leave(thread, word, outcome, until);
    },
    left: (thread) => {
      for (const guard of present) guard.left?.(thread);
    },
    entered: (thread) => {
      for (const guard of present) guard.entered?.(thread);
    },
    stopped: (thread, time) => {
      for (const guard of present) guard.stopped?.(thread, time);
    },
  };
}
