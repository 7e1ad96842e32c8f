/** Names of debates that later versions simulate: they are told from spelling mistakes, and never ignored. */
export interface LaterName {
  readonly name: string;
  readonly kind: 'property' | 'target' | 'metric' | 'event';
  /** What it belongs to, for the message. */
  readonly of: string;
}

const of = (topic: string, kind: LaterName['kind'], names: string): LaterName[] =>
  names.split(' ').map((name) => ({ name, kind, of: topic }));

export const laterNames: readonly LaterName[] = [
  ...of('coprocessor faults', 'target', 'policy'),
  ...of('coprocessor faults', 'metric', 'speedup link.utilisation residency'),
];

export const laterName = (name: string, kind: LaterName['kind']): LaterName | undefined =>
  laterNames.find(
    (row) => row.kind === kind && (row.name === name || (kind === 'target' && name.endsWith(`.${row.name}`))),
  );
