/** The reports of this window's runs: what export, counters, the panel and tests look at. The newest of each place is kept. */
import * as vscode from 'vscode';
import type { Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';

export interface RunRecord {
  /** The file or notebook that the run stands in. */
  readonly document: string;
  /** The cell, or the file once more. */
  readonly place: string;
  readonly hash: string;
  readonly plan: Plan;
  readonly report: Report;
  readonly cached: boolean;
  readonly elapsed: number;
}

export interface Results extends vscode.Disposable {
  readonly onDidChange: vscode.Event<RunRecord>;
  /** Replaces what `place` had. */
  set(place: string, records: readonly RunRecord[]): void;
  forget(document: string): void;
  /** In the order they were run, newest last. */
  all(): readonly RunRecord[];
  of(place: string): readonly RunRecord[];
  ofDocument(document: string): readonly RunRecord[];
}

/** Reports are big; a window that runs hundreds of scenarios keeps the last ones. */
const KEPT_PLACES = 64;

export function createResults(): Results {
  const places = new Map<string, readonly RunRecord[]>();
  const changed = new vscode.EventEmitter<RunRecord>();
  return {
    onDidChange: changed.event,
    set(place, records) {
      places.delete(place);
      if (records.length > 0) places.set(place, records);
      if (places.size > KEPT_PLACES) places.delete(places.keys().next().value!);
      const last = records.at(-1);
      if (last) changed.fire(last);
    },
    forget(document) {
      for (const [place, records] of places) if (records[0]?.document === document) places.delete(place);
    },
    all: () => [...places.values()].flat(),
    of: (place) => places.get(place) ?? [],
    ofDocument: (document) => [...places.values()].flat().filter((record) => record.document === document),
    dispose: () => changed.dispose(),
  };
}
