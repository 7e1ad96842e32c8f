/**
 * Whatever is handed to `createSimulation`, however broken, ends in a PlanError that says what is wrong, never in a crash or a hang. The
 * language checks first and says it better, with the place; this is the last line.
 */
import { MAX_PAGES } from './machine/access.ts';
import { PLAN_VERSION, type Plan } from './plan.ts';
import { BROKEN, fail, indexIn, integerIn, list, numberIn, row, text, values, type Row } from './plan-values.ts';
import { validateDeviceAction, validateDevices, validatePhaseDevice } from './validate-devices.ts';
import { isFuseAction, validateFuse } from './validate-fuse.ts';
import { validateRecovery } from './validate-recovery.ts';
import {
  validateCpusets,
  validateMounts,
  validateNodes,
  validatePlacementAction,
  validatePolicy,
  type Named,
} from './validate-placement.ts';
import { PAGE_SIZE } from './units.ts';
import { MAX_ZIPF_PAGES } from './workload/zipf-table.ts';

export { checkKnob } from './plan-values.ts';

const MAX_ACCESSES = Number.MAX_SAFE_INTEGER;
/** About 104 days: nanoseconds stay exact integers. */
export const MAX_TIME = Number.MAX_SAFE_INTEGER;
export const MAX_POINTS = 10_000;
export const MAX_THREADS = 4096;

export function validatePlan(value: unknown): asserts value is Plan {
  const plan = row(value, 'the plan');
  if (plan['version'] !== PLAN_VERSION)
    fail(`the plan has version ${String(plan['version'])}, this simulator runs version ${PLAN_VERSION}`, BROKEN);
  text(plan['title'], 'the title');
  integerIn(plan['seed'], 'the seed', 0, Number.MAX_SAFE_INTEGER);
  const axes = list(plan['axes'], 'the list of axes').map((axis) => {
    const { kind, name, unit, values: points } = row(axis, 'an axis');
    if (kind !== 'compare' && kind !== 'sweep') fail(`an axis is a '${String(kind)}'`, BROKEN);
    text(name, 'the name of an axis');
    text(unit, 'the unit of an axis');
    const known = list(points, 'the values of an axis');
    for (const point of known) {
      const { label, value: at } = row(point, 'a value of an axis');
      text(label, 'the label of an axis value');
      if (typeof at !== 'string' && typeof at !== 'number') fail('an axis value is neither number nor text', BROKEN);
    }
    return known.length;
  });
  const traces = list(plan['traces'], 'the list of traces');
  for (const trace of traces) text(row(trace, 'a trace')['name'], 'the name of a trace');
  for (const plot of list(plan['plots'], 'the list of plots')) {
    const { metrics, text: caption } = row(plot, 'a plot');
    text(caption, 'the text of a plot');
    for (const metric of list(metrics, 'the metrics of a plot')) metricRef(metric);
  }
  for (const expect of list(plan['expects'], 'the list of expectations')) expectation(expect);
  const points = list(plan['points'], 'the list of points');
  const choices = plan['fidelity'] === undefined ? [] : list(plan['fidelity'], 'the list of recordings');
  for (const choice of choices) {
    const { area, recordings } = row(choice, 'a choice of recordings');
    text(area, 'the name of recordings');
    if (recordings !== undefined)
      for (const name of list(recordings, 'the names of recordings')) text(name, 'the name of a recording');
  }
  if (choices.length > 0 && points.length > 0) fail('the plan has both points and recordings', BROKEN);
  if (points.length === 0 && choices.length === 0) fail('the plan has no points', BROKEN);
  if (points.length > MAX_POINTS)
    fail(
      `the plan has ${points.length} points, more than ${MAX_POINTS}`,
      'Compare or sweep fewer values, or use larger steps.',
    );
  for (const point of points) {
    const { coordinates, scenario: content } = row(point, 'a point');
    const at = list(coordinates, 'the coordinates of a point');
    if (at.length !== axes.length) fail('a point has not one coordinate for each axis', BROKEN);
    at.forEach((coordinate, i) => indexIn(coordinate, 'a coordinate', axes[i]));
    scenario(row(content, 'the scenario of a point'), traces.length);
  }
}

function metricRef(value: unknown): void {
  const { name, phase, object } = row(value, 'a metric');
  text(name, 'the name of a metric');
  if (phase !== undefined) text(phase, 'the phase of a metric');
  if (object !== undefined) text(object, 'the object of a metric');
}

const COMPARISONS = ['<', '<=', '==', '!=', '>=', '>'];

function expectation(value: unknown): void {
  const { text: caption, variants, where, condition } = row(value, 'an expectation');
  text(caption, 'the text of an expectation');
  for (const label of list(variants, 'the variants of an expectation')) text(label, 'a variant of an expectation');
  for (const clause of list(where, 'the conditions of an expectation')) {
    const { axis, op, value: bound } = row(clause, 'a condition of an expectation');
    text(axis, 'the axis of a condition');
    if (!COMPARISONS.includes(op as string)) fail(`'${String(op)}' is no comparison`, BROKEN);
    numberIn(bound, 'the bound of a condition', -Infinity, Infinity);
  }
  const judged = row(condition, 'the condition of an expectation');
  if (judged['kind'] === 'event') {
    text(judged['event'], 'the event of an expectation');
    if (judged['before'] !== undefined) numberIn(judged['before'], 'the time of an expectation', 0, MAX_TIME);
  } else if (judged['kind'] === 'compare') {
    if (!COMPARISONS.includes(judged['op'] as string)) fail(`'${String(judged['op'])}' is no comparison`, BROKEN);
    expression(judged['left'], 0);
    expression(judged['right'], 0);
  } else fail('an expectation neither compares nor asks for an event', BROKEN);
}

function expression(value: unknown, depth: number): void {
  if (depth > 100) fail('an expression is nested more than 100 deep', 'Split it up with `let`.');
  const node = row(value, 'an expression');
  switch (node['kind']) {
    case 'number':
      numberIn(node['value'], 'a number', -Infinity, Infinity);
      return;
    case 'metric':
      metricRef(node['metric']);
      return;
    case 'binary':
      if (!['+', '-', '*', '/'].includes(node['op'] as string)) fail(`'${String(node['op'])}' is no operation`, BROKEN);
      expression(node['left'], depth + 1);
      expression(node['right'], depth + 1);
      return;
    default:
      fail('an expression is of no known kind', BROKEN);
  }
}

function scenario(content: Row, traces: number): void {
  const machine = row(content['machine'], 'the machine');
  text(machine['name'], 'the name of the machine');
  values(machine['values'], 'machine', 'the machine');
  validateNodes(machine);
  values(machine['disk'], 'disk', 'the disk');
  if (machine['exit'] !== undefined) values(machine['exit'], 'exit', 'exit');
  for (const device of list(machine['swap'], 'the list of swap devices'))
    values(row(device, 'a swap device')['values'], 'swap', 'a swap device');
  const cgroups = list(content['cgroups'], 'the list of cgroups');
  if (cgroups.length === 0) fail('there is no root cgroup', BROKEN);
  cgroups.forEach((cgroup, i) => {
    const { name, parent, values: given } = row(cgroup, 'a cgroup');
    text(name, 'the name of a cgroup');
    if (
      i === 0 ? parent !== null : typeof parent !== 'number' || !Number.isInteger(parent) || parent < 0 || parent >= i
    )
      fail(`cgroup '${String(name)}' has no parent before it`, BROKEN);
    values(given, 'cgroup', `cgroup '${String(name)}'`);
  });
  const processes = list(content['processes'], 'the list of processes');
  const cpusets = validateCpusets(content['cpusets']);
  const mounts = validateMounts(content['mounts']);
  const devices = validateDevices(content);
  const sizes = objects(list(content['objects'], 'the list of objects'), processes.length, mounts);
  let threads = 0;
  for (const process of processes) {
    const { name, cgroup, cpuset, policy, values: given, phases } = row(process, 'a process');
    const label = `process '${text(name, 'the name of a process')}'`;
    indexIn(cgroup, `the cgroup of ${label}`, cgroups.length);
    if (cpuset !== undefined) indexIn(cpuset, `the cpuset of ${label}`, cpusets);
    if (policy !== undefined) validatePolicy(policy, `the policy of ${label}`);
    values(given, 'process', label);
    threads += Number(row(given, 'values')['threads'] ?? 1);
    for (const phase of list(phases, `the phases of ${label}`)) {
      const { name: phaseName, steps, duration } = row(phase, `a phase of ${label}`);
      text(phaseName, `the name of a phase of ${label}`);
      validatePhaseDevice(row(phase, 'a phase'), label, devices);
      if (duration !== undefined) integerIn(duration, `the length of a phase of ${label}`, 0, MAX_TIME);
      let accesses = 0;
      for (const one of list(steps, `the steps of ${label}`))
        accesses += step(row(one, 'a step'), label, sizes, traces);
      if (accesses > MAX_ACCESSES)
        fail(`${label} makes more than ${MAX_ACCESSES} accesses`, 'Ask for fewer accesses or passes.');
    }
  }
  if (threads > MAX_THREADS) fail(`there are ${threads} threads, more than ${MAX_THREADS}`, 'Use fewer threads.');
  timeline(
    list(content['timeline'], 'the timeline'),
    cgroups.length,
    { processes: processes.length, cpusets, mounts },
    devices,
  );
  const reclaim = row(content['reclaim'], 'the choice of reclaim');
  text(reclaim['id'], 'the name of the reclaim variant');
  row(reclaim['values'], 'the parameters of the reclaim variant');
  values(content['sysctls'], 'sysctl', 'the sysctls');
  validateFuse(content);
  if (content['duration'] !== undefined) integerIn(content['duration'], 'the length of the run', 0, MAX_TIME);
  if (content['recovery'] !== undefined) validateRecovery(row(content['recovery'], 'the recovery'), processes.length);
}

function objects(content: readonly unknown[], processes: number, mounts: number): number[] {
  if (content.length > 65_535) fail(`there are ${content.length} objects`, 'Use fewer than 65 536 files and regions.');
  let total = 0;
  const sizes = content.map((object) => {
    const { kind, name, pages, process, mount, policy, values: given } = row(object, 'an object');
    if (kind !== 'file' && kind !== 'anon' && kind !== 'tmpfs') fail(`an object is a '${String(kind)}'`, BROKEN);
    const label = `'${text(name, 'the name of an object')}'`;
    const size = integerIn(
      pages,
      `the size of ${label} in pages`,
      1,
      MAX_PAGES,
      'Give it at least one page (4 KiB) and at most 4 TiB.',
    );
    if (process !== undefined) indexIn(process, `the process of ${label}`, processes);
    if (kind === 'tmpfs') indexIn(mount, `the mount of ${label}`, mounts);
    if (policy !== undefined) validatePolicy(policy, `the policy of ${label}`);
    values(given, kind as 'file' | 'anon' | 'tmpfs', label);
    total += size;
    return size;
  });
  if (total > MAX_PAGES)
    fail(
      `files and anonymous regions have ${total} pages together, more than the ${MAX_PAGES} (4 TiB) of one simulation`,
      'Make them smaller, or scale machine and objects down together: hit ratios depend on their proportion.',
    );
  return sizes;
}

/** Returns the accesses it makes, 0 where time decides. */
function step(content: Row, owner: string, sizes: readonly number[], traces: number): number {
  switch (content['kind']) {
    case 'access':
      return amount(content['amount'], access(content, owner, sizes), owner);
    case 'mix': {
      const parts = list(content['parts'], `the parts of a mixture in ${owner}`);
      if (parts.length === 0 || parts.length > 200)
        fail(`a mixture in ${owner} has ${parts.length} parts`, 'Give it between one and 200 parts.');
      let total = 0;
      let pages = 0;
      for (const part of parts) {
        const { weight, access: of } = row(part, 'a part of a mixture');
        total += integerIn(weight, `the weight of a part of a mixture in ${owner}`, 0, 1_000_000_000);
        pages += access(row(of, 'a part of a mixture'), owner, sizes);
      }
      if (total < 1 || total > 1 << 30)
        fail(
          `the weights of a mixture in ${owner} add up to ${total}`,
          'Let them add up to more than nothing, such as 100%.',
        );
      return amount(content['amount'], pages, owner);
    }
    case 'idle':
      integerIn(content['time'], `the idle time of ${owner}`, 0, MAX_TIME);
      return 0;
    case 'replay':
      indexIn(content['trace'], `the trace that ${owner} replays`, traces);
      return 0;
    case 'mlock':
    case 'munlock':
    case 'fsync':
    case 'munmap':
      region(content['target'], owner, sizes);
      return 0;
    case 'volatile':
    case 'nonvolatile':
    case 'madvise': {
      region(content['target'], owner, sizes);
      if (content['each'] !== undefined)
        integerIn(
          content['each'],
          `the length of the ranges of ${owner}`,
          1,
          MAX_PAGES * PAGE_SIZE,
          'Give each range at least one byte.',
        );
      if (
        content['kind'] === 'madvise' &&
        !['free', 'cold', 'pageout', 'dontneed'].includes(content['advice'] as string)
      )
        fail(`${owner} gives the advice '${String(content['advice'])}'`, BROKEN);
      if (content['bytes'] === undefined) return 0;
      const { start, end } = row(content['bytes'], `the bounds of a range of ${owner}`);
      const from = numberIn(
        start,
        `the start of a range of ${owner}`,
        0,
        MAX_PAGES * PAGE_SIZE,
        'Stay within the object.',
      );
      numberIn(end, `the end of a range of ${owner}`, from, MAX_PAGES * PAGE_SIZE, 'Let it end behind its start.');
      return 0;
    }
    case 'fork':
      if (typeof content['process'] !== 'number') fail(`${owner} forks nobody`, BROKEN);
      return 0;
    case 'sync':
      return 0;
    case 'mempolicy':
      validatePolicy(content['policy'], `a policy of ${owner}`);
      if (content['target'] !== undefined) region(content['target'], owner, sizes);
      return 0;
    case 'exit':
      return 0;
    default:
      return fail(`${owner} has a step of no known kind ('${String(content['kind'])}')`, BROKEN);
  }
}

function region(value: unknown, owner: string, sizes: readonly number[]): number {
  const { object, start, pages } = row(value, `a region of ${owner}`);
  const size = sizes[indexIn(object, `a region of ${owner}`, sizes.length)];
  const from = integerIn(start, `the start of a region of ${owner}`, 0, size - 1, 'Stay within the object.');
  return integerIn(
    pages,
    `the length of a region of ${owner} in pages`,
    1,
    size - from,
    'Give the region at least one page and let it end within its object.',
  );
}

/** Returns the pages of one pass. */
function access(content: Row, owner: string, sizes: readonly number[]): number {
  if (!['read', 'write', 'touch'].includes(content['verb'] as string))
    fail(`${owner} has an access that is a '${String(content['verb'])}'`, BROKEN);
  const pages = region(content['target'], owner, sizes);
  if (content['rate'] !== undefined)
    numberIn(
      content['rate'],
      `the rate of an access of ${owner}`,
      1,
      1e15,
      'Give a rate of at least one byte per second.',
    );
  if (content['think'] !== undefined) integerIn(content['think'], `the think time of ${owner}`, 0, MAX_TIME);
  const pattern = row(content['pattern'], `the pattern of an access of ${owner}`);
  switch (pattern['kind']) {
    case 'sequential':
    case 'uniform':
    case 'stream':
      return pages;
    case 'stride':
      return Math.ceil(pages / integerIn(pattern['pages'], `the stride of an access of ${owner}`, 1, MAX_PAGES));
    case 'zipf':
      numberIn(pattern['s'], `the exponent of a zipf pattern of ${owner}`, 0, 100);
      if (pages > MAX_ZIPF_PAGES && pattern['s'] !== 0)
        fail(
          `a zipf pattern of ${owner} spans ${pages} pages, more than ${MAX_ZIPF_PAGES} (256 GiB)`,
          'Use a smaller region and scale the machine down with it, or hot-cold, which needs no table.',
        );
      return pages;
    case 'hot-cold':
      numberIn(pattern['share'], `the share of hot pages of ${owner}`, 0, 1_000_000);
      numberIn(pattern['accesses'], `the share of hot accesses of ${owner}`, 0, 1_000_000);
      return pages;
    case 'gaussian':
      numberIn(pattern['mean'], `the mean of a gaussian pattern of ${owner}`, -1e9, 1e9);
      numberIn(pattern['deviation'], `the deviation of a gaussian pattern of ${owner}`, 0, 1e9);
      return pages;
    default:
      return fail(`${owner} has an access pattern of no known kind ('${String(pattern['kind'])}')`, BROKEN);
  }
}

function amount(value: unknown, pass: number, owner: string): number {
  const content = row(value, `the amount of an access of ${owner}`);
  const fewer = 'Ask for fewer.';
  switch (content['kind']) {
    case 'passes':
      return pass * integerIn(content['count'], `the number of passes of ${owner}`, 0, MAX_ACCESSES / pass, fewer);
    case 'accesses':
      return integerIn(content['count'], `the number of accesses of ${owner}`, 0, MAX_ACCESSES, fewer);
    case 'bytes':
      return numberIn(content['bytes'], `the bytes that ${owner} accesses`, 0, MAX_ACCESSES, fewer) / 4096;
    case 'time':
      integerIn(content['time'], `the time of an access of ${owner}`, 0, MAX_TIME);
      return 0;
    default:
      return fail(`an access of ${owner} has an amount of no known kind`, BROKEN);
  }
}

function timeline(entries: readonly unknown[], cgroups: number, named: Named, devices: number): void {
  let last = 0;
  for (const entry of entries) {
    const { time, actions } = row(entry, 'an entry of the timeline');
    last = integerIn(
      time,
      'a time of the timeline',
      last,
      MAX_TIME,
      'Put the entries of the timeline in order of time.',
    );
    for (const one of list(actions, 'the actions of the timeline')) {
      const action = row(one, 'an action of the timeline');
      switch (action['kind']) {
        case 'sysctl':
          values({ [text(action['name'], 'the name of a sysctl')]: action['value'] }, 'sysctl', 'the timeline');
          break;
        case 'cgroup':
          indexIn(action['cgroup'], 'a cgroup of the timeline', cgroups);
          values({ [text(action['name'], 'the name of a limit')]: action['value'] }, 'cgroup', 'the timeline');
          break;
        case 'kill':
          indexIn(action['process'], 'a process of the timeline', named.processes);
          break;
        default:
          if (validateDeviceAction(action, devices) || isFuseAction(action) || validatePlacementAction(action, named))
            break;
          fail(`the timeline has an action of no known kind ('${String(action['kind'])}')`, BROKEN);
      }
    }
  }
}
