/** Where a page goes: policy, cpuset and zonelist asked page by page. 10⁶ answers in one second is the budget. */
import type { MempolicyMode } from '../../simulator/numa/mempolicy.ts';
import { parseNodelist } from '../../simulator/numa/nodemask.ts';
import { NumaPlacement } from '../../simulator/numa/numa-placement.ts';
import { NumaSystem } from '../../simulator/numa/system.ts';
import { defaultDistances } from '../../simulator/numa/zonelist.ts';
import { cpuTime } from './cpu-time.ts';
import { median, type Row } from './rows.ts';

const PAGES = 1_000_000;
const BUDGET = 1000;
/** Pages between two changes of the cpuset, where it changes. */
const CHANGE = 1000;

const cases: readonly { readonly mode: MempolicyMode; readonly nodes: string; readonly changes?: boolean }[] = [
  { mode: 'default', nodes: '' },
  { mode: 'bind', nodes: '0,3' },
  { mode: 'interleave', nodes: '0-3' },
  { mode: 'weighted-interleave', nodes: '0-1' },
  { mode: 'preferred-many', nodes: '1-2' },
  { mode: 'interleave', nodes: '0-3', changes: true },
];

export function benchPlacement(rounds: number): Row[] {
  return cases.map(({ mode, nodes, changes = false }) => {
    const times = Array.from({ length: rounds }, () => place(mode, nodes, changes));
    const name = changes ? `${mode}, mems change` : mode;
    return { suite: 'placement', name, value: median(times), unit: 'ms for 10⁶', budget: BUDGET };
  });
}

/** Milliseconds for one task's pages, taken in turns by eight processors of four nodes. */
function place(mode: MempolicyMode, nodes: string, changes: boolean): number {
  const mask = (list: string): bigint => parseNodelist(list) as bigint;
  const system = new NumaSystem({
    distances: defaultDistances(4),
    cpuNodes: [0, 0, 1, 1, 2, 2, 3, 3],
    cpusets: 2,
    weights: [5, 2, 1, 1],
  });
  const cpuset = system.cpusets.add('set', 0);
  system.writeMems(cpuset, mask('0-3'));
  const task = system.addTask();
  system.attach(task, cpuset);
  system.addRegion('anon', task);
  const set = system.setTaskPolicy(task, mode, {}, mask(nodes));
  if (!set.ok) throw new Error(`${mode} of ${nodes} can't be set`);
  const placement = new NumaPlacement(system, [{ base: 0, pages: PAGES }], [task]);
  const from = cpuTime();
  for (let page = 0; page < PAGES; page++) {
    if (changes && page % CHANGE === 0) system.writeMems(cpuset, mask((page / CHANGE) % 2 === 0 ? '0-3' : '1-2'));
    if (page % 64 === 0) placement.setTask(0, (page >> 6) & 3);
    placement.place(page);
    placement.placed(placement.answer.order[0]);
  }
  return cpuTime() - from;
}
