/** Records of the NUMA recorder, one JSON object a line: what is common to all kinds. Masks are integers or, beyond 53 bits, texts. */
import type { MempolicyFlags, MempolicyMode, ShownPolicy } from '../numa/mempolicy.ts';
import { UnusableRecording, type RecordedFolder } from './sets.ts';

export type NumaRecord = Readonly<Record<string, unknown>>;

const errnos: Readonly<Record<string, number>> = {
  EPERM: 1,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EINVAL: 22,
  ENOSPC: 28,
};

/** Linux number of an error's name; 0 for none. */
export const errnoOf = (name: string | null): number => (name === null ? 0 : (errnos[name] ?? -1));

/** The records of a file. Throws `UnusableRecording` where a line is no record. */
export function readRecords(folder: RecordedFolder, file: string): NumaRecord[] {
  const lines = folder.text(file).split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as NumaRecord];
    } catch {
      throw new UnusableRecording(`${folder.name}/${file}, line ${i + 1} is not JSON (truncated?)`);
    }
  });
}

export function modeOf(name: string): MempolicyMode | null {
  const mode = name.replaceAll('_', '-') as MempolicyMode;
  return ['default', 'local', 'preferred', 'preferred-many', 'bind', 'interleave', 'weighted-interleave'].includes(mode)
    ? mode
    : null;
}

/** `none`, `static`, `relative`, `static|relative`, `numab`. */
export function flagsOf(text: string): MempolicyFlags {
  const parts = text.split('|');
  return {
    static: parts.includes('static'),
    relative: parts.includes('relative'),
    balancing: parts.includes('numab'),
  };
}

/** As the recorder writes a policy that get_mempolicy showed; it leaves the balancing flag out. */
export const shownText = (shown: ShownPolicy): string =>
  `${shown.mode.replaceAll('-', '_')}${shown.static ? '=static' : shown.relative ? '=relative' : ''}`;

export const bitsOf = (value: unknown): bigint => BigInt(value as number | string);

/** A text or a number, as a text; empty where there is none. */
export function textOf(record: NumaRecord, key: string): string {
  const value = record[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export const numberOf = (record: NumaRecord, key: string): number => Number(record[key] ?? 0);
export const arrayOf = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);

export interface RecordedPhase {
  readonly pol: string;
  readonly mask: unknown;
  readonly mems: unknown;
  readonly old?: readonly number[];
  readonly new: readonly number[];
  readonly seq?: string;
}

/** Phases `ph0`, `ph1`, … as far as they were recorded; a task that was killed has fewer. */
export function phasesOf(record: NumaRecord): RecordedPhase[] {
  const phases: RecordedPhase[] = [];
  for (let i = 0; ; i++) {
    const phase = record[`ph${i}`] as RecordedPhase | undefined;
    if (phase === undefined || !Array.isArray(phase.new)) return phases;
    phases.push(phase);
  }
}
