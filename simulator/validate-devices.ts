/** Checks of devices, of phases that run on them, and of what the timeline does to them. */
import { BROKEN, fail, indexIn, list, row, text, values, type Row } from './plan-values.ts';
import { MAX_DEVICES } from './device/page-map.ts';
import { CHUNK, deviceMemory, deviceParts } from './tables/device-knobs.ts';

/** Returns how many there are. */
export function validateDevices(content: Row): number {
  if (content['devices'] === undefined) return 0;
  const devices = list(content['devices'], 'the list of devices');
  if (devices.length > MAX_DEVICES)
    fail(`there are ${devices.length} devices, more than ${MAX_DEVICES}`, 'Use fewer devices.');
  for (const device of devices) {
    const given = row(device, 'a device');
    const label = `device '${text(given['name'], 'the name of a device')}'`;
    values(given['values'], 'device', label);
    for (const part of deviceParts) values(given[part], part, `'${part}' of ${label}`);
    const memory = row(given['values'], `the values of ${label}`)[deviceMemory.name] ?? deviceMemory.default;
    if (typeof memory === 'number' && memory % CHUNK !== 0)
      fail(`the memory of ${label} is ${memory} bytes`, 'Give it a whole number of chunks of 2 MiB.');
  }
  return devices.length;
}

export function validatePhaseDevice(phase: Row, label: string, devices: number): void {
  if (phase['device'] !== undefined) indexIn(phase['device'], `the device of a phase of ${label}`, devices);
}

/** Whether it is an action on a device; whatever is wrong with it is said. */
export function validateDeviceAction(action: Row, devices: number): boolean {
  if (action['kind'] !== 'device') return false;
  indexIn(action['device'], 'a device of the timeline', devices);
  if (action['state'] !== 'reset' && action['state'] !== 'die')
    fail(`the timeline does '${String(action['state'])}' to a device`, BROKEN);
  const { pages } = action;
  if (pages !== undefined && pages !== 'give-back' && pages !== 'lose')
    fail('the pages of a device are neither given back nor lost', BROKEN);
  return true;
}
