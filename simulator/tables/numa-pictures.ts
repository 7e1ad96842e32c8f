/** What can be plotted of a machine with several nodes beside figures: pictures and tables of where pages are. One row each. */
import { counter, type Counter } from './define.ts';

const own = { kind: 'derived', where: 'counted by the simulator' } as const;

export const PLACEMENT = 'placement';
export const MIGRATIONS = 'migrations';
export const WHY_HERE = 'why-here';
export const NUMASTAT = 'numastat';

export const numaPictures: readonly Counter[] = [
  counter({
    name: PLACEMENT,
    title: 'Placement',
    kind: 'gauge',
    unit: 'pages',
    doc: 'Pages in memory by file or region and node, over time; with it what moved between nodes, and why pages are where they are.',
    kernel: '/proc/*/numa_maps',
    source: own,
  }),
  counter({
    name: MIGRATIONS,
    title: 'Migrations',
    kind: 'counter',
    unit: 'pages',
    doc: 'Pages that went from one node to another, by what moved them.',
    source: own,
  }),
  counter({
    name: WHY_HERE,
    title: 'Why pages are where they are',
    kind: 'gauge',
    unit: 'pages',
    doc: 'The rules that placed the pages of each file or region: whose policy, which nodes were in force, which the cpuset allowed.',
    source: own,
  }),
  counter({
    name: NUMASTAT,
    title: 'numastat',
    kind: 'counter',
    unit: 'pages',
    doc: 'What each node gave and was asked for.',
    kernel: '/sys/devices/system/node/node*/numastat',
    source: own,
  }),
];

export const isNumaPicture = (name: string): boolean => numaPictures.some((row) => row.name === name);
