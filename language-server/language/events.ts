/** Events that `expect` can ask for: rule ids, and their first words (`oom` is any of `oom.kill` and `oom.panic`). */
import { deviceRules } from '../../simulator/tables/device-rules.ts';
import { engineRules } from '../../simulator/tables/engine-rules.ts';
import { numaEvents } from '../../simulator/tables/placement-rules.ts';

let known: readonly string[] | undefined;

export const rules = (): readonly string[] =>
  (known ??= [...new Set([...engineRules, ...deviceRules, ...numaEvents].flatMap(({ id }) => [id.split('.')[0], id]))]);
