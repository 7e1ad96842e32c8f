/** Single events of reclaim, as the memory tells them, within a window of time. */
import type { Memory } from '../machine/memory.ts';
import {
  MGLRU_AGE,
  RECLAIM_DIRECT,
  RECLAIM_KSWAPD,
  RECLAIM_SCAN,
  RECLAIM_SHADOW_NODES,
  rules,
} from '../tables/rules.ts';
import type { Nanoseconds } from '../units.ts';
import type { Recorder } from './recorder.ts';
import type { Setup } from './setup.ts';

export interface LogWindow {
  readonly from: Nanoseconds;
  readonly to: Nanoseconds;
  /** Most events to keep. */
  readonly limit: number;
}

const byId = new Map(rules.map((rule) => [rule.id, rule]));
/** Rules that are not about a page. */
const PAGELESS = new Set(
  [RECLAIM_SCAN, RECLAIM_DIRECT, RECLAIM_KSWAPD, RECLAIM_SHADOW_NODES, MGLRU_AGE].map(({ id }) => id),
);

export function logEvents(
  window: LogWindow,
  setup: Setup,
  memory: Memory,
  recorder: Recorder,
  objectOf: Uint16Array,
  now: () => Nanoseconds,
): void {
  let logged = 0;
  const subjectOf = (id: string, page: number): string => {
    if (PAGELESS.has(id)) return 'memory';
    const object = objectOf[page];
    return `${setup.objects[object].name}[${page - setup.layout.bases[object]}]`;
  };
  memory.setLog((id, page, a, b) => {
    recorder.distances?.log(id, page, a);
    const time = now();
    if (time < window.from || time >= window.to || logged++ >= window.limit) return;
    const subject = subjectOf(id, page);
    recorder.event(time, byId.get(id) ?? { id, doc: '' }, subject, `${id} ${subject} (${a}, ${b})`);
  });
}
