import process from 'node:process';

/** Milliseconds of processor time that this process has had: what else runs on the machine does not count. */
export const cpuTime = (): number => process.cpuUsage().user / 1000;
