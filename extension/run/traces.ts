/**
 * The traces that a plan replays: read by VS Code (so from wherever the program itself lives), decoded in the compile worker, kept while the
 * file stays as it is. What a trace holds becomes part of the plan's hash.
 */
import * as vscode from 'vscode';
import type { Plan, TraceRef } from '../../simulator/plan.ts';
import type { CompiledPlan, Trace } from '../program/protocol.ts';
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Services } from '../services.ts';
import { loadRecordings } from './recordings.ts';

export interface LoadedPlan extends CompiledPlan {
  /** By index of `plan.traces`; empty for those that nothing replays. */
  readonly traces: readonly Uint32Array[];
  /** What it compares with. */
  readonly recordings: readonly RecordedFiles[];
}

/** Said to the user as it is. */
export class TraceUnreadableError extends Error {
  override readonly name = 'TraceUnreadableError';
}

const KEPT = 4;
const decoded = new Map<string, Promise<Trace>>();

/** `document` is the file or notebook that the program stands in: paths are relative to it. */
export async function loadTraces(
  compiled: CompiledPlan,
  document: vscode.Uri,
  services: Pick<Services, 'compiler' | 'engine' | 'context'>,
): Promise<LoadedPlan> {
  const { plan, hash } = compiled;
  const used = replayed(plan);
  const recordings = await loadRecordings(plan, services);
  if (used.size === 0) return { plan, hash, traces: [], recordings };
  const loaded = await Promise.all(
    plan.traces.map((ref, i) => (used.has(i) ? loadTrace(ref, document, services) : Promise.resolve(undefined))),
  );
  const traces = plan.traces.map((ref, i): TraceRef => {
    const trace = loaded[i];
    return trace ? { ...ref, records: trace.words.length, pages: trace.pages, hash: trace.hash } : ref;
  });
  const { hashPlan } = await services.engine();
  const whole = { ...plan, traces };
  const words = loaded.map((trace) => trace?.words ?? new Uint32Array());
  return { plan: whole, hash: hashPlan(whole), traces: words, recordings };
}

function replayed(plan: Plan): Set<number> {
  const used = new Set<number>();
  for (const { scenario } of plan.points) {
    for (const { phases } of scenario.processes) {
      for (const { steps } of phases) for (const step of steps) if (step.kind === 'replay') used.add(step.trace);
    }
  }
  return used;
}

async function loadTrace(
  ref: TraceRef,
  document: vscode.Uri,
  { compiler }: Pick<Services, 'compiler'>,
): Promise<Trace> {
  const uri = locate(ref, document);
  try {
    const { mtime, size } = await vscode.workspace.fs.stat(uri);
    const key = `${uri.toString()} ${ref.format} ${mtime} ${size}`;
    const known = decoded.get(key);
    if (known) return await known;
    const read = async () => compiler.decodeTrace(ref.path, ref.format, await vscode.workspace.fs.readFile(uri));
    const trace = read();
    decoded.set(key, trace);
    trace.catch(() => decoded.delete(key));
    if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value!);
    return await trace;
  } catch (error) {
    if (error instanceof TraceUnreadableError) throw error;
    const missing = error instanceof vscode.FileSystemError && error.code === 'FileNotFound';
    const reason = missing ? 'there is no such file' : error instanceof Error ? error.message : String(error);
    throw new TraceUnreadableError(
      `trace '${ref.name}', ${uri.scheme === 'file' ? uri.fsPath : uri.toString()}: ${reason}`,
    );
  }
}

function locate(ref: TraceRef, document: vscode.Uri): vscode.Uri {
  const said = ref.source && vscode.Uri.parse(ref.source.uri);
  // a cell and a fenced block stand in the document itself; an imported file is a place of its own
  const base =
    said && said.scheme !== 'vscode-notebook-cell' && !/^block\d+$/.test(said.fragment) && said.scheme !== 'untitled'
      ? said
      : document;
  const absolute = /^(\/|[A-Za-z]:[\\/])/.test(ref.path);
  if (base.scheme !== 'untitled')
    return absolute ? base.with({ path: ref.path, fragment: '' }) : vscode.Uri.joinPath(base, '..', ref.path);
  if (absolute) return vscode.Uri.file(ref.path);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder) return vscode.Uri.joinPath(folder, ref.path);
  throw new TraceUnreadableError(
    `trace '${ref.name}': '${ref.path}' is relative to this program's folder, and it has none yet. Save it first.`,
  );
}
