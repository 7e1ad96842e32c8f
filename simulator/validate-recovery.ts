/** What a plan says of a crash and the way back: names that exist, values within their range, nothing that contradicts itself. */
import { fail, indexIn, list, row, values, type Row } from './plan-values.ts';
import { RECOVERY_BLOCKS } from './tables/exit-knobs.ts';

export function validateRecovery(content: Row, processes: number): void {
  for (const process of list(content['processes'], 'the processes of a recovery'))
    indexIn(process, 'a process of a recovery', processes);
  values(content['values'], 'recovery', 'the recovery');
  for (const block of RECOVERY_BLOCKS) values(content[block], block, `'${block}' of the recovery`);
  const given = row(content['values'], 'the values of the recovery');
  if (given['budget'] === 0) fail('the budget of the recovery is nothing', 'Give it more than nothing, such as 30 s.');
  if (given['crash'] === 'kernel' && given['reboot'] === 'none')
    fail('a kernel that has crashed serves nobody', 'Reboot by kexec or firmware, or let the process crash.');
}
