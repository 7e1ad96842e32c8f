/**
 * Which cells a cell needs: those that declare what it names, and so on; for a `run` that names no processes also those since the previous
 * run, and the nearest machine before it. Told from words alone, so that it works on text with errors, too. It only decides which
 * declaration cells get their tick together with a run: what a run computes is decided by the compiler, which always sees all cells.
 */

/** Keyword of a declaration → whether naming it is what makes a cell depend on it. */
const DECLARES =
  /(?:^|[\n;{])[ \t]*(machine|file|anon|process|cgroup|trace|swap|let|tmpfs|device|fuse|cpuset)[ \t]+([A-Za-z_][\w.-]*)/g;
/** Statements that hold for everything after them, named or not. */
const GLOBAL = /(?:^|\n)[ \t]*(sysctl|seed|import|swap|at|recovery)\b/;
const RUN = /(?:^|[\n;])[ \t]*run\b([^\n{]*)/;

export interface CellFacts {
  readonly declares: ReadonlySet<string>;
  readonly machine: boolean;
  readonly process: boolean;
  readonly global: boolean;
  readonly runs: boolean;
  /** `run … of a, b`: names its processes, so that others do not matter. */
  readonly chooses: boolean;
  readonly words: ReadonlySet<string>;
}

export function factsOf(text: string): CellFacts {
  const code = text.replace(/#[^\n]*/g, '').replace(/"[^"\n]*"?/g, '""');
  const declares = new Set<string>();
  let machine = false;
  let process = false;
  for (const [, keyword, name] of code.matchAll(DECLARES)) {
    declares.add(name);
    machine ||= keyword === 'machine';
    process ||= keyword === 'process';
  }
  // a comparison with recordings needs no process and leaves those before it to the next run
  const run = /(?:^|[\n;{])[ \t]*fidelity\b/.test(code) ? null : RUN.exec(code);
  return {
    declares,
    machine,
    process,
    global: GLOBAL.test(code),
    runs: run !== null,
    chooses: run !== null && /\bof\b/.test(run[1]),
    // `server.memory` names server, `cold-scan` is one name
    words: new Set((code.match(/[A-Za-z_][\w-]*/g) ?? []).filter((word) => !declares.has(word))),
  };
}

/** Indices of the cells that cell `index` needs, ascending, itself not among them. */
export function dependenciesOf(cells: readonly CellFacts[], index: number): number[] {
  const needed = new Set<number>();
  const queue = [index];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const other of directDependencies(cells, at)) {
      if (other === index || needed.has(other)) continue;
      needed.add(other);
      queue.push(other);
    }
  }
  return [...needed].sort((a, b) => a - b);
}

function directDependencies(cells: readonly CellFacts[], index: number): number[] {
  const cell = cells[index];
  const found: number[] = [];
  cells.forEach((other, i) => {
    if (i !== index && [...cell.words].some((word) => other.declares.has(word))) found.push(i);
  });
  if (!cell.runs) return found;
  let machine = cell.machine;
  let sinceRun = true;
  for (let i = index - 1; i >= 0; i--) {
    const other = cells[i];
    if (other.runs) sinceRun = false;
    if (other.global) found.push(i);
    if (other.machine && !machine) {
      machine = true;
      found.push(i);
    }
    if (other.process && sinceRun && !cell.chooses) found.push(i);
  }
  return found;
}
