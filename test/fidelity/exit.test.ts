/** The measured cost set against Linux 6.18.44: processor time of exits by kind of memory, fits over 64 to 1024 MiB. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordedFolder } from '../../cli/recorded-folder.ts';
import { exitArea } from '../../simulator/fidelity/exit.ts';

const folder = recordedFolder(join(import.meta.dirname, '../../samples/recordings/exit'));
const sets = [...exitArea.compare(folder)];

test('every kind of memory costs at SIGKILL what was measured relative to a 4 KiB page, within 10 % (6.18)', () => {
  const kinds = sets.filter(({ name }) => name.endsWith(' kill'));
  assert.equal(kinds.length, 11);
  for (const { name, simulated, kernel, errors } of kinds) {
    assert.ok(
      Math.abs(simulated['ratio_permille'] / kernel['ratio_permille'] - 1) <= 0.1,
      `${name}: ${simulated['ratio_permille']} against ${kernel['ratio_permille']}`,
    );
    assert.ok(Math.abs(errors['ns_per_4k']) <= 0.1, name);
  }
});

test('exit() instead of SIGKILL is the same within 20 %, but for the noisy huge and small figures (6.18)', () => {
  const kinds = sets.filter(({ name }) => name.endsWith(' exit'));
  assert.equal(kinds.length, 11);
  for (const { name, simulated, kernel } of kinds.filter(({ name: n }) => /^(a4k|shm|filew)/.test(n)))
    assert.ok(
      Math.abs(simulated['ratio_permille'] / kernel['ratio_permille'] - 1) <= 0.2,
      `${name}: ${simulated['ratio_permille']} against ${kernel['ratio_permille']}`,
    );
});

test('several processes at once: each page costs what was measured within 10 %, same locked memory file included (6.18)', () => {
  const chosen = sets.filter(({ name }) => /^(a4k|a4k_lock|shm|shm_lock|shmown) ×[24]/.test(name));
  assert.ok(chosen.length >= 8);
  for (const { name, simulated, kernel } of chosen)
    assert.ok(
      Math.abs(simulated['times'] / kernel['times'] - 1) <= 0.1,
      `${name}: ${simulated['times']} against ${kernel['times']}`,
    );
});
