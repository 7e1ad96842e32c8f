/** Debug and property tests: every frame is in exactly one state, and what is counted along the way is what is there. */
import { emptyGauges, type MemoryCore } from './memory-core.ts';
import { NODES_PER_PAGE } from './page-tree.ts';

/** Throws with the sums if anything is lost or counted twice. */
export function checkConservation(core: MemoryCore): void {
  const g = core.gauges(emptyGauges());
  const c = core.counts();
  const lists = g.nr_inactive_file + g.nr_active_file + g.nr_inactive_anon + g.nr_active_anon;
  const placed = lists + c.batched + g.nr_unevictable;
  const sum = g.nr_free_pages + placed + g.nr_slab + g.nr_writeback_temp;
  const wrong: string[] = [];
  if (sum !== core.memoryPages) wrong.push(`states sum to ${sum} of ${core.memoryPages} frames`);
  if (c.resident !== c.counted) wrong.push(`${c.resident} resident pages, counted ${c.counted}`);
  core.streams.check();
  const numbered = placed - core.extents.pages - core.streams.pages;
  if (c.resident !== numbered) wrong.push(`${c.resident} resident pages, ${numbered} on lists and in batches`);
  if (c.swapped !== g.nr_swap_used) wrong.push(`${c.swapped} pages in swap, ${g.nr_swap_used} slots used`);
  if (c.shadows !== g.nr_shadows) wrong.push(`${c.shadows} shadows, trees count ${g.nr_shadows}`);
  if (c.unnoted !== 0) wrong.push(`${c.unnoted} pages have flags where there should be none`);
  let treeNodes = 0;
  for (let node = 0; node < core.nodes; node++) {
    const { frames, slab, loose } = core;
    const objects = slab.objects(node);
    treeNodes += objects;
    if (Math.ceil(objects / NODES_PER_PAGE) !== slab.frames[node])
      wrong.push(`${objects} tree nodes in ${slab.frames[node]} frames of node ${node}`);
    const on = frames.freeOn[node] + c.residentOn[node] + frames.kernelUsed[node] + loose.on(node);
    if (on !== frames.present[node])
      wrong.push(`states of node ${node} sum to ${on} of ${frames.present[node]} frames`);
    if (frames.freeOn[node] < 0) wrong.push(`node ${node} has ${frames.freeOn[node]} free frames`);
  }
  if (treeNodes !== core.tree.nodes) wrong.push(`${core.tree.nodes} tree nodes, ${treeNodes} in the slab`);
  const kernel = core.slab.total + core.tables.frames;
  const used = core.frames.kernelUsed.reduce((sum, n) => sum + n, 0);
  if (kernel !== used) wrong.push(`${kernel} frames of slab and page tables, ${used} in kernel use`);
  if (core.objectNodes !== undefined) {
    const placed = core.objectNodes.pages.reduce((sum, n) => sum + n, 0);
    if (placed !== c.resident) wrong.push(`${c.resident} resident pages, ${placed} counted by object and node`);
  }
  if (wrong.length === 0) return;
  throw new Error(
    `frames are not conserved: ${wrong.join('; ')} (free ${g.nr_free_pages}, lists ${lists}, batches ${c.batched}, unevictable ${g.nr_unevictable}, kernel ${g.nr_slab})`,
  );
}
