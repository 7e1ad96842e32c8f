/** Knobs that every MGLRU has. */
import type { KnobValues } from '../plan.ts';
import { integer, knob, valueOf } from '../tables/define.ts';

export const minTtlMs = knob({
  name: 'min_ttl_ms',
  scope: 'variant',
  type: integer(0, 3_600_000),
  default: 0,
  doc: 'Protects what was used within the last so many milliseconds: when kswapd finds every generation younger, the OOM killer acts instead of eviction. 0: off.',
  kernel: '/sys/kernel/mm/lru_gen/min_ttl_ms',
  source: { kind: 'published', where: 'Documentation/admin-guide/mm/multigen_lru.rst' },
});

/** Whether aging asks what time it is. */
export const watchesTtl = (values: KnobValues): boolean => valueOf(values, minTtlMs) > 0;
