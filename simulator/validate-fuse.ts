/** The parts of a plan that are about FUSE mounts and their daemons. */
import { BROKEN, fail, indexIn, list, row, text, values, type Row } from './plan-values.ts';

const MAX_MOUNTS = 256;

/** FUSE mounts, and whatever names one by its index: files, steps and actions of the timeline. */
export function validateFuse(content: Row): void {
  const mounts = content['fuse'] === undefined ? [] : list(content['fuse'], 'the list of FUSE mounts');
  if (mounts.length > MAX_MOUNTS) fail(`there are ${mounts.length} FUSE mounts`, `Use at most ${MAX_MOUNTS}.`);
  let reserved = 0;
  for (const mount of mounts) {
    const { name, values: given, daemon } = row(mount, 'a FUSE mount');
    const label = `FUSE mount '${text(name, 'the name of a FUSE mount')}'`;
    values(given, 'fuse', label);
    values(daemon, 'daemon', `the daemon of ${label}`);
    const { min_ratio: min, max_ratio: max } = row(given, 'values');
    const least = Number(min ?? 0);
    if (least > Number(max ?? 10_000))
      fail(`min_ratio of ${label} is above its max_ratio`, 'Let min_ratio be at most max_ratio (1% unless given).');
    reserved += least;
  }
  if (reserved >= 1_000_000)
    fail('the min_ratio of all FUSE mounts add up to 100 % or more', 'Let them add up to less.');
  const named = (index: unknown, what: string) => {
    if (index !== undefined) indexIn(index, what, mounts.length);
  };
  for (const object of list(content['objects'], 'the list of objects'))
    named(row(object, 'an object')['fuse'], 'a file');
  for (const process of list(content['processes'], 'the list of processes'))
    for (const phase of list(row(process, 'a process')['phases'], 'the phases of a process'))
      for (const one of list(row(phase, 'a phase')['steps'], 'the steps of a process'))
        named(row(one, 'a step')['fuse'], 'a sync');
  for (const entry of list(content['timeline'], 'the timeline'))
    for (const action of list(row(entry, 'an entry of the timeline')['actions'], 'the actions of the timeline'))
      named(row(action, 'an action of the timeline')['fuse'], 'an action of the timeline');
}

/** Actions of the timeline on mounts and daemons; their mounts are checked by validateFuse. */
export function isFuseAction(action: Row): boolean {
  switch (action['kind']) {
    case 'daemon':
      if (!['stall', 'resume', 'die'].includes(action['state'] as string))
        fail(`the timeline makes a daemon '${String(action['state'])}'`, BROKEN);
      if (action['fuse'] === undefined) fail('an action of the timeline names no mount', BROKEN);
      return true;
    case 'fuse': {
      const scope = action['scope'];
      if (scope !== 'fuse' && scope !== 'daemon') return fail('an action of the timeline is on no mount', BROKEN);
      if (action['fuse'] === undefined) fail('an action of the timeline names no mount', BROKEN);
      values({ [text(action['name'], 'the name of a property')]: action['value'] }, scope, 'the timeline');
      return true;
    }
    default:
      return false;
  }
}
