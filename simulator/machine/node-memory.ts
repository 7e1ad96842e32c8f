/** What Memory offers of single nodes, over the core. */
import type { NodeMemory } from './memory.ts';
import type { MemoryCore } from './memory-core.ts';

export function nodeMemory(core: MemoryCore): NodeMemory {
  const { frames, objectNodes } = core;
  return {
    count: core.nodes,
    present: (node) => frames.present[node],
    kernelPages: (node) => frames.kernelUsed[node],
    nodeOf: (page) => (core.isResident(page) ? core.nodeOf(core.lruvecOf(page)) : -1),
    kswapdAwake: (node) => core.kswapdAwakeOn(node),
    gauges: (node, into) => core.nodeGauges(node, into),
    objectPages: objectNodes!.pages,
    migrate: (page, to) => core.migration.migrate(page, to),
    takeFlows: () => objectNodes!.takeFlows(),
    offline: (node) => core.migration.offline(node),
    online: (node, movable) => core.migration.online(node, movable),
  };
}
