/** What a scenario numbers: its processes, their children and what they refer to add themselves here. */
import type { ProcessSpec } from '../../simulator/plan.ts';
import type { Cgroup, Cpuset, Device, Trace } from './generated/ast.ts';
import type { ObjectTable } from './objects.ts';
import type { Scope } from './values.ts';

/** What processes of one scenario have in common. */
export interface ScenarioParts {
  readonly objects: ObjectTable;
  /** Index of a cgroup in the scenario. */
  cgroup(scope: Scope, node: Cgroup): number;
  /** Index of a cpuset in the scenario. */
  cpuset(scope: Scope, node: Cpuset): number;
  /** Index of a device in the scenario; `null`: reported. */
  device(scope: Scope, node: Device): number | null;
  /** Adds a child of fork; its index in the scenario. */
  fork(spec: ProcessSpec): number;
  complete(process: number, spec: ProcessSpec): void;
  /** Index of a trace in the plan. */
  trace(scope: Scope, node: Trace): number | null;
}
