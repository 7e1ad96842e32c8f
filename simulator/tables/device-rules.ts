/** Why something happened with devices: ids that events carry. */
import { rule } from './define.ts';

export const DEVICE_RESET = rule({
  id: 'device.reset',
  doc: 'The timeline reset a device: its kernels are aborted, and its memory is empty afterwards.',
});
export const DEVICE_DIE = rule({
  id: 'device.die',
  doc: 'The timeline took a device away: its kernels are aborted, and no more run on it.',
});
export const DEVICE_GIVE_BACK = rule({
  id: 'device.give-back',
  doc: 'All pages of a device that was reset or died are back on the host.',
});
export const DEVICE_LOST = rule({
  id: 'device.lost',
  doc: 'A process touched a page that was lost with a device, and is killed.',
  kernel: 'VM_FAULT_SIGBUS from migrate_to_ram',
});
export const DEVICE_GONE = rule({
  id: 'device.gone',
  doc: 'A phase was to run on a device that is dead: its accesses are left out.',
});
export const DEVICE_FAILED = rule({
  id: 'device.failed',
  doc: 'A device could not reach a page: beyond what it sees of memory, or no frame for it. The first such access of each device is told.',
});
export const DEVICE_CONNECTION = rule({
  id: 'device.connection',
  doc: 'A connection of a network card is in error: the other side was not ready too often.',
});

export const deviceRules = [
  DEVICE_RESET,
  DEVICE_DIE,
  DEVICE_GIVE_BACK,
  DEVICE_LOST,
  DEVICE_GONE,
  DEVICE_FAILED,
  DEVICE_CONNECTION,
] as const;
