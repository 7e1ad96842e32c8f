/** The parts of a plan that say where memory is: nodes, cpusets, tmpfs mounts, policies, and what happens to them at fixed times. */
import { MAX_NODES } from './numa/nodemask.ts';
import { BROKEN, fail, indexIn, integerIn, list, row, text, values, type Row } from './plan-values.ts';
import { PAGE_SIZE } from './units.ts';

/** Firmware tables hold bytes, 255 being unreachable; what is no farther than a node from itself is refused. */
const MAX_DISTANCE = 254;

/** Nodes and distances of a machine that has them. */
export function validateNodes(machine: Row): void {
  const { nodes: given, distances, values: own } = machine;
  if (given === undefined) {
    if (distances !== undefined) fail('the machine has distances but no nodes', BROKEN);
    return;
  }
  const nodes = list(given, 'the list of nodes');
  if (nodes.length === 0 || nodes.length > MAX_NODES)
    fail(`the machine has ${nodes.length} nodes`, `Give it between one and ${MAX_NODES} nodes.`);
  let memory = 0;
  let cpus = 0;
  nodes.forEach((node, i) => {
    const { values: knobs } = row(node, `node ${i}`);
    values(knobs, 'node', `node ${i}`);
    const { memory: bytes, cpus: count } = row(knobs, `the values of node ${i}`);
    memory += integerIn(bytes, `the memory of node ${i}`, 0, Number.MAX_SAFE_INTEGER);
    cpus += integerIn(count, `the processors of node ${i}`, 0, 1024);
  });
  const machineValues = row(own, 'the values of the machine');
  if (machineValues['memory'] !== memory || machineValues['cpus'] !== cpus)
    fail('the nodes do not add up to the memory and the processors of the machine', BROKEN);
  if (cpus === 0) fail('no node has a processor', 'Give at least one node some.');
  if (memory < PAGE_SIZE) fail('no node has memory', 'Give at least one node some.');
  if (distances === undefined) return;
  const rows = list(distances, 'the distances').map((line, i) => {
    const found = list(line, `the distances of node ${i}`);
    if (found.length !== nodes.length) fail(`node ${i} has ${found.length} distances`, 'Give one for each node.');
    return found.map((distance, j) =>
      i === j
        ? integerIn(distance, `the distance of node ${i} from itself`, 10, 10)
        : integerIn(distance, `the distance of nodes ${i} and ${j}`, 11, MAX_DISTANCE),
    );
  });
  if (rows.length !== nodes.length) fail(`there are distances of ${rows.length} nodes`, 'Give those of all nodes.');
  rows.forEach((line, i) =>
    line.forEach((distance, j) => {
      if (rows[j][i] !== distance)
        fail(`it is ${distance} from node ${i} to ${j}, but ${rows[j][i]} the other way`, 'Make both the same.');
    }),
  );
}

function numbers(value: unknown, what: string): void {
  let last = -1;
  for (const n of list(value, what))
    last = integerIn(n, `a number in ${what}`, last + 1, MAX_NODES - 1, 'Put them in order.');
}

/** Returns how many there are; without any, processes may name none. */
export function validateCpusets(value: unknown): number {
  if (value === undefined) return 0;
  const cpusets = list(value, 'the list of cpusets');
  if (cpusets.length === 0) fail('there is no root cpuset', BROKEN);
  cpusets.forEach((cpuset, i) => {
    const { name, parent, mems, cpus, values: given } = row(cpuset, 'a cpuset');
    const label = `cpuset '${text(name, 'the name of a cpuset')}'`;
    if (
      i === 0 ? parent !== null : typeof parent !== 'number' || !Number.isInteger(parent) || parent < 0 || parent >= i
    )
      fail(`${label} has no parent before it`, BROKEN);
    if (mems !== undefined) numbers(mems, `the mems of ${label}`);
    if (cpus !== undefined) numbers(cpus, `the cpus of ${label}`);
    values(given, 'cpuset', label);
  });
  return cpusets.length;
}

export function validateMounts(value: unknown): number {
  if (value === undefined) return 0;
  const mounts = list(value, 'the list of tmpfs mounts');
  for (const mount of mounts) {
    const { name, mpol, values: given } = row(mount, 'a tmpfs mount');
    const label = `tmpfs '${text(name, 'the name of a tmpfs mount')}'`;
    if (mpol !== undefined) text(mpol, `the policy of ${label}`);
    values(given, 'tmpfs', label);
  }
  return mounts.length;
}

const MODES = ['default', 'local', 'preferred', 'preferred-many', 'bind', 'interleave', 'weighted-interleave'];

export function validatePolicy(value: unknown, what: string): void {
  const { mode, flag, balancing, nodes } = row(value, what);
  if (!MODES.includes(mode as string)) fail(`${what} is '${String(mode)}'`, `Choose one of ${MODES.join(', ')}.`);
  if (flag !== undefined && flag !== 'static' && flag !== 'relative')
    fail(`${what} has the flag ${JSON.stringify(flag)}`, 'Choose static or relative, or none.');
  if (balancing !== undefined && typeof balancing !== 'boolean')
    fail(`${what} balances ${JSON.stringify(balancing)}`, BROKEN);
  numbers(nodes, `the nodes of ${what}`);
}

/** What may be named at fixed times. */
export interface Named {
  readonly processes: number;
  readonly cpusets: number;
  readonly mounts: number;
}

/** Whether the action is one of these; what is wrong with it is thrown. Unknown nodes are the kernel's to refuse. */
export function validatePlacementAction(action: Row, { processes, cpusets, mounts }: Named): boolean {
  switch (action['kind']) {
    case 'cpuset': {
      indexIn(action['cpuset'], 'a cpuset of the timeline', cpusets);
      const name = text(action['name'], 'the name of a cpuset’s file');
      if (action['nodes'] !== undefined) numbers(action['nodes'], `'${name}' of the timeline`);
      else values({ [name]: action['value'] }, 'cpuset', 'the timeline');
      return true;
    }
    case 'attach':
      indexIn(action['process'], 'a process of the timeline', processes);
      indexIn(action['cpuset'], 'a cpuset of the timeline', cpusets);
      return true;
    case 'node':
      integerIn(action['node'], 'a node of the timeline', 0, MAX_NODES - 1);
      if (typeof action['online'] !== 'boolean') fail('a node of the timeline goes neither online nor offline', BROKEN);
      return true;
    case 'remount':
      indexIn(action['mount'], 'a mount of the timeline', mounts);
      if (action['mpol'] !== undefined) text(action['mpol'], 'the policy of a remount');
      return true;
    default:
      return false;
  }
}
