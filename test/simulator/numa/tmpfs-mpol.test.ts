import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstNodes, formatNodelist, nodemask } from '../../../simulator/numa/nodemask.ts';
import {
  filePolicy,
  parseMpol,
  remountPolicy,
  showMpol,
  splitTmpfsOptions,
} from '../../../simulator/numa/tmpfs-mpol.ts';

const FOUR = firstNodes(4);

const options = [
  ['default', ''],
  ['local', 'local'],
  ['local:1', 'EINVAL nodes-on-local'],
  ['local=static', 'EINVAL flag-on-local'],
  ['default:1', 'EINVAL nodes-on-default'],
  ['bind', 'EINVAL no-nodes'],
  ['bind:', 'EINVAL no-nodes'],
  ['bind:0-1', 'bind:0-1'],
  ['bind=static:0-1', 'bind=static:0-1'],
  ['bind=relative:0-1', 'bind=relative:0-1'],
  ['bind=relative', 'EINVAL no-nodes'],
  ['bind:7', 'EINVAL node-without-memory'],
  ['bind:1-', 'EINVAL nodelist-syntax'],
  ['bind=foo:0', 'EINVAL unknown-flag'],
  ['interleave', 'interleave:0-3'],
  ['interleave:0,3', 'interleave:0,3'],
  ['prefer', 'local'],
  ['prefer=static', 'EINVAL flag-without-nodes'],
  ['prefer:2', 'prefer:2'],
  ['prefer:1-2', 'EINVAL one-node-only'],
  ['prefer=relative:3', 'prefer=relative:3'],
  ['prefer (many):1-2', 'prefer (many):1-2'],
  ['weighted:0-1', 'EINVAL unknown-mode'],
  ['preferred:1', 'EINVAL unknown-mode'],
  ['bogus', 'EINVAL unknown-mode'],
  // the first `=` and the first `:` count, wherever they are (mpol_parse_str)
  ['bind:0-1=static', 'bind=static:0-1'],
  ['default=anything', ''],
] as const;

for (const [text, expected] of options) {
  test(`mpol=${text} is ${expected === '' ? 'no policy' : expected} (kernel 6.1, rule T1)`, () => {
    const parsed = parseMpol(text, FOUR);
    assert.equal(parsed.ok ? showMpol(parsed.policy) : `${parsed.errno} ${parsed.reason}`, expected);
  });
}

test('a node that is offline now is one without memory: bind:1-2 is refused, interleave takes the others (kernel 6.1, rules T1 and H4)', () => {
  const memory = nodemask([0, 1, 3]);
  assert.equal(parseMpol('bind:1-2', memory).ok, false);
  const all = parseMpol('interleave', memory);
  assert.equal(all.ok && showMpol(all.policy), 'interleave:0-1,3');
});

const mountOf = (text: string) => {
  const parsed = parseMpol(text, FOUR);
  if (!parsed.ok) throw new Error(text);
  return parsed.policy;
};
const fileIn = (text: string, ...mems: number[]): string => {
  const policy = filePolicy(mountOf(text), { mems: nodemask(mems), memory: FOUR });
  return policy === null ? 'none' : formatNodelist(policy.nodes);
};

test('a file’s mask is the mount’s in its creator’s mems: bind=relative:0-1 in 2-3 is 2-3 (TC9; kernel 6.1, rule T2)', () => {
  assert.equal(fileIn('bind=relative:0-1', 2, 3), '2-3');
  assert.equal(fileIn('bind:0-1', 1, 2), '1');
  assert.equal(fileIn('interleave', 0, 3), '0,3');
});

test('where no node is left of it, a file silently has no policy (kernel 6.1, rule T2)', () => {
  assert.equal(fileIn('bind:0-1', 2), 'none');
  assert.equal(fileIn('prefer:2', 0, 3), 'none');
});

test('remount: nothing given and default keep the mount’s policy, local replaces it, nonsense changes nothing (kernel 6.1, rule T4)', () => {
  const before = mountOf('bind:0-1');
  const after = (text?: string): string => {
    const result = remountPolicy(before, text, FOUR);
    return result.ok ? showMpol(result.policy) : result.errno;
  };
  assert.equal(after(), 'bind:0-1');
  assert.equal(after('default'), 'bind:0-1');
  assert.equal(after('local'), 'local');
  assert.equal(after('prefer:3'), 'prefer:3');
  assert.equal(after('bind:9'), 'EINVAL');
});

test('options are parted at commas, but those of a node list stay (shmem_parse_options)', () => {
  assert.deepEqual(splitTmpfsOptions('size=200m,mpol=interleave=static:0,3,huge=never'), {
    mpol: 'interleave=static:0,3',
    others: ['size=200m', 'huge=never'],
  });
  assert.deepEqual(splitTmpfsOptions('size=1g'), { others: ['size=1g'] });
});
