/** Figures of machines with devices, and what can be drawn of them beside figures: one row each. Other machines have none. */
import { counter, type Counter } from './define.ts';
import type { Measure } from './measures.ts';

/** Figures of some span of a run, of all devices together or of one, by the names of the rows below. */
export type DeviceFigures = Readonly<Record<string, number>>;

const own = { kind: 'derived', where: 'docs/models/device.md' } as const;

const row = (name: string, title: string, unit: Measure['unit'], doc: string, level = false): Measure => ({
  ...counter({ name, title, kind: 'measure', unit, doc, source: own }),
  of: (i) => i.devices?.()[name] ?? NaN,
  needs: [],
  ...(level ? { level: true } : {}),
});

export const deviceMeasures: readonly Measure[] = [
  row(
    'device-faults',
    'Device faults',
    'events',
    'Entries that devices put into their fault buffers, duplicates included.',
  ),
  row(
    'host-faults',
    'Host faults on device pages',
    'events',
    'Faults of processors on pages in a device’s memory, which bring them back.',
  ),
  row(
    'duplicate-faults',
    'Duplicate faults',
    'events',
    'Device faults that brought nothing new: coalesced in their batch, served by an earlier one, or flushed and raised again.',
  ),
  row('fault-batches', 'Fault batches', 'events', 'Batches that the fault service fetched.'),
  row('batch-size', 'Faults in a batch', 'events', 'Faults by batches: the mean, or the whole distribution.'),
  row('h2d.bytes', 'Bytes to devices', 'bytes', 'All that went over the link from host to device.'),
  row('h2d.demand', 'Bytes to devices, demand', 'bytes', 'Pages that were faulted, or moved by a counter.'),
  row('h2d.prefetch', 'Bytes to devices, prefetch', 'bytes', 'Pages that moved along with faulted ones.'),
  row(
    'h2d.remote',
    'Bytes to devices, remote access',
    'bytes',
    'What devices read from the host’s memory without moving it.',
  ),
  row('d2h.bytes', 'Bytes from devices', 'bytes', 'All that went over the link from device to host.'),
  row('d2h.demand', 'Bytes from devices, demand', 'bytes', 'Pages that processors or other devices wanted back.'),
  row('d2h.eviction', 'Bytes from devices, eviction', 'bytes', 'Pages that had to leave a full device.'),
  row(
    'd2h.remote',
    'Bytes from devices, remote access',
    'bytes',
    'What devices wrote to the host’s memory, or processors reached of a device’s, without moving it.',
  ),
  row(
    'prefetch-accuracy',
    'Prefetch accuracy',
    'ratio',
    'Share of the prefetched pages that the device used before they left.',
  ),
  row('device-evictions', 'Chunks evicted', 'events', 'Chunks of 2 MiB that had to leave a full device.'),
  row('device-moves', 'Pages moved', 'pages', 'Pages copied to devices or back.'),
  row(
    'thrash-rate',
    'Thrash rate',
    'ratio',
    'Share of the moves that moved a page again within the window (`thrash { window }`) after its last move, evictions included.',
  ),
  row('thrash-throttle-time', 'Throttled time', 'ns', 'Time for which accesses to thrashing pages were made to wait.'),
  row(
    'thrash-pin-time',
    'Pinned time',
    'ns',
    'Time for which thrashing pages were to stay where all can reach them, added up over pages.',
  ),
  row('thrash-pins', 'Pages pinned', 'events', 'Thrashing pages pinned.'),
  row('device-stall', 'Device stalls', 'ns', 'Time for which a kernel on a device had all its streams waiting.'),
  row('local-accesses', 'Local accesses', 'events', 'Page-sized accesses of devices to their own memory.'),
  row('remote-accesses', 'Remote accesses', 'events', 'Page-sized accesses of devices over the link.'),
  row(
    'link.utilisation',
    'Link utilisation',
    'ratio',
    'Share of the time for which the busier direction of the link was in use.',
  ),
  row(
    'link.h2d',
    'Link utilisation, to the device',
    'ratio',
    'Share of the time for which the link was in use from host to device.',
  ),
  row(
    'link.d2h',
    'Link utilisation, from the device',
    'ratio',
    'Share of the time for which the link was in use from device to host.',
  ),
  row(
    'link.queue-delay',
    'Queue delay on the link',
    'ns',
    'How long transfers waited for their direction to be free: the 99th percentile, or the whole distribution.',
    true,
  ),
  row('link.queue', 'Transfers queued on the link', 'events', 'Transfers waiting or under way, both directions.', true),
  row(
    'nr_device_private',
    'Pages on devices',
    'pages',
    'Pages whose only copy is on a device. The host’s page tables hold special entries for them, as if they were swapped out, but they take no swap slot.',
    true,
  ),
  row(
    'nr_swap_entries',
    'Entries that look swapped out',
    'pages',
    'Page-table entries that hold no page: of pages in swap and of pages on devices.',
    true,
  ),
  row('nr_device_chunks', 'Chunks in use', 'events', 'Chunks of 2 MiB in use on devices.', true),
  row('failed-accesses', 'Failed accesses', 'events', 'Accesses of devices that could not be had.'),
  row('device-lost-pages', 'Lost pages', 'pages', 'Pages that were on a device when it was lost.'),
  row(
    'bounced-pages',
    'Bounced pages',
    'pages',
    'Pages copied once more on the host, because the device does not see all of its memory.',
  ),
  row(
    'reuse',
    'Reuse',
    'factor',
    'Uses of each byte for each time it came to a device; of what never moved, for each byte that was used at all. Access by access, page by page the mean.',
  ),
  row(
    'break-even-reuse',
    'Break-even reuse',
    'factor',
    'Uses of each byte from which on moving it costs less than reaching over the link, from this run’s own costs: fault, batch, unit moved, evictions.',
  ),
  row(
    'reuse-margin',
    'Reuse by break-even',
    'factor',
    'Measured reuse by break-even reuse: above 1 moving pays, below it does not.',
  ),
  row(
    'speedup',
    'Speedup over remote',
    'factor',
    'Time that the same work takes with all devices under policy `remote`, by the time it took.',
  ),
];

export const RESIDENCY = 'residency';
export const BREAK_EVEN = 'break-even';

export const devicePictures: readonly Counter[] = [
  counter({
    name: RESIDENCY,
    title: 'Residency',
    kind: 'gauge',
    unit: 'ratio',
    doc: 'Share of each part of a region that is in a device’s memory, over time; as a line, of the whole region.',
    source: own,
  }),
  counter({
    name: BREAK_EVEN,
    title: 'Break-even',
    kind: 'measure',
    unit: 'ns',
    doc: 'What a page costs, moved and reached over the link, by how often it is used: the closed form as lines, simulation as points, and where this workload is.',
    source: own,
  }),
];

export const isDevicePicture = (name: string): boolean => devicePictures.some((picture) => picture.name === name);
