/** What is said of policies, by what they came to: never settable, narrowed, folded, lost with a node, too small, and the like. */
import {
  firstNode,
  firstNodes,
  formatNodelist,
  hasNode,
  intersects,
  isSubset,
  NO_NODES,
  nodeBit,
  nodemask,
  nodesOf,
  weight,
  type Nodemask,
} from '../../simulator/numa/nodemask.ts';
import { filePolicy, parseMpol } from '../../simulator/numa/tmpfs-mpol.ts';
import { accessesOf, type MempolicySpec } from '../../simulator/plan.ts';
import { valueOf } from '../../simulator/tables/define.ts';
import type { DiagnosticCode } from '../../simulator/tables/diagnostics.ts';
import { bugFoldZero } from '../../simulator/tables/numa-knobs.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { rewrite, type Fix, type LanguageDiagnostic } from './diagnostics.ts';
import type { Cgroup, Cpuset } from './generated/ast.ts';
import type { PlacementCourse, PolicyState } from './placement-course.ts';
import { isNoted, note } from './placement-notes.ts';
import { listText, nodesText, timeText } from './placement-text.ts';
import { policyText } from './policies.ts';
import type { Subject } from './policy-subjects.ts';
import { propertyNamed } from './properties.ts';
import { exactQuantity } from './quantities.ts';

/** A policy, and what it came to from event to event. */
class FollowedPolicy {
  readonly course: PlacementCourse;
  readonly subject: Subject;
  readonly asked: Nodemask;
  readonly states: readonly PolicyState[];
  /** `'web'`, for messages. */
  readonly who: string;
  /** What its process may use, and the mask in force, once it is set; meaningless if it never is. */
  readonly allowed: Nodemask;
  readonly inForce: Nodemask;

  constructor(course: PlacementCourse, subject: Subject, index: number) {
    const { epochs, scenario } = course;
    this.course = course;
    this.subject = subject;
    this.asked = nodemask(subject.spec.nodes);
    this.states = epochs.map((e) => e.policies[index]);
    this.who = `'${scenario.processes[subject.process].name}'`;
    const set = Math.max(
      0,
      this.states.findIndex((s) => s !== undefined),
    );
    this.allowed = this.mems(set) & epochs[set].memory;
    this.inForce = this.states[set]?.nodes ?? NO_NODES;
  }

  /** What the cpuset of its process allows in an epoch. */
  mems(epoch: number): Nodemask {
    return this.course.epochs[epoch].mems[this.subject.process];
  }

  /** The same with other nodes, or another flag. */
  text(nodes: Nodemask, flag: MempolicySpec['flag'] = this.subject.spec.flag): string {
    const { flag: _flag, ...rest } = this.subject.spec;
    return policyText({ ...rest, ...(flag ? { flag } : {}) }, formatNodelist(nodes));
  }

  /** `Narrow to 'bind:2'`. */
  fix(title: string, text: string, preferred = false): Fix {
    return rewrite(this.subject.place, text, `${title} '${text}'`, preferred);
  }

  report(
    code: DiagnosticCode,
    params: Readonly<Record<string, string | number>>,
    more: Pick<LanguageDiagnostic, 'related' | 'fixes'>,
  ): void {
    const { place, text } = this.subject;
    this.course.program.reporter.report(code, place, { policy: text, who: this.who, ...params }, more);
  }
}

/** Each says what it finds, and whether there is anything. */
type Check = (policy: FollowedPolicy) => boolean;

export function checkPolicies(course: PlacementCourse): void {
  course.subjects.forEach((subject, index) => {
    const { mode, nodes } = subject.spec;
    if (mode === 'default' || mode === 'local' || nodes.length === 0) return;
    const policy = new FollowedPolicy(course, subject, index);
    if (instead.some((check) => check(policy))) return;
    for (const check of besides) check(policy);
  });
}

/** P01: nothing that it names is allowed. */
const neverSet: Check = (policy) => {
  const { asked, states, subject } = policy;
  if (subject.initial ? states[0] !== undefined : states.some((s) => s !== undefined)) return false;
  const mems = policy.mems(0);
  policy.report(
    'P01',
    { mems: listText(mems) },
    {
      fixes: [
        policy.fix('Count within the cpuset:', policy.text(asked, 'relative'), true),
        policy.fix('Change to', policy.text(mems)),
      ],
    },
  );
  return true;
};

/** P06: a node that it names goes offline. */
const lostWithNode: Check = (policy) => {
  const { asked, states, subject, course } = policy;
  const { program, changes, epochs } = course;
  const { spec, place, text } = subject;
  // Static policies are meant to come back with their nodes.
  if (spec.flag !== undefined) return false;
  const i = changes.findIndex(
    ({ action }, k) =>
      action.kind === 'node' &&
      !action.online &&
      hasNode(asked, action.node) &&
      hasNode(epochs[k].memory, action.node) &&
      !hasNode(epochs[k + 1].memory, action.node) &&
      hasNode(policy.mems(k), action.node),
  );
  if (i < 0) return false;
  const { action, time, place: event } = changes[i];
  const { node } = action as typeof action & { kind: 'node' };
  const preferred = spec.mode === 'preferred' || spec.mode === 'preferred-many';
  const back = changes.findIndex(
    ({ action: a }, k) => k > i && a.kind === 'node' && a.online && a.node === node && !hasNode(epochs[k].memory, node),
  );
  const after = maskText(states[i + 1]);
  // Renumbered again by ordinal when the mems grow, which may or may not undo it.
  const then = back < 0 ? after : maskText(states[back + 1]);
  const later = then === after ? 'and stays so when the node is back' : `and ${then} when the node is back`;
  const effect = preferred
    ? 'its neighbours are used until it is back'
    : subject.initial
      ? `it becomes ${after}, ${later}`
      : 'setting it may fail then';
  const params = { policy: text, node, time: timeText(time), effect };
  policy.report('P06', params, {
    related: [{ ...event, message: `node ${node} goes offline here` }],
    fixes: preferred ? [] : [policy.fix('Make it static:', policy.text(asked, 'static'), true)],
  });
  program.reporter.report('P06', event, params, { related: [{ ...place, message: `${text} names node ${node}` }] });
  return true;
};

const maskText = (state: PolicyState): string => (state ? listText(state.nodes) : 'none');

/** P07: the mems come back, the policy does not. */
const lossy: Check = (policy) => {
  const { asked, states, subject, course } = policy;
  const { epochs, changes } = course;
  if (subject.spec.flag !== undefined || !subject.initial) return false;
  for (let i = 0; i < epochs.length; i++) {
    for (let j = i + 2; j < epochs.length; j++) {
      const before = states[i];
      const after = states[j];
      if (!before || !after || !isSubset(policy.mems(i), policy.mems(j)) || before.nodes === after.nodes) continue;
      const mems = epochs.map((_, k) => listText(policy.mems(k)));
      policy.report(
        'P07',
        { path: squeezed(mems.slice(i, j + 1)), masks: squeezed(states.slice(i, j + 1).map(maskText)) },
        {
          related: changes.slice(i, j).map(({ place }, k) => ({ ...place, message: `mems become ${mems[i + k + 1]}` })),
          fixes: [
            policy.fix('Make it static:', policy.text(asked, 'static'), true),
            policy.fix('Make it relative:', policy.text(asked, 'relative')),
          ],
        },
      );
      return true;
    }
  }
  return false;
};

const squeezed = (steps: readonly string[]): string =>
  steps.filter((s, k) => k === 0 || s !== steps[k - 1]).join(' → ');

/** P03: a relative policy counts more nodes than there are. */
const folded: Check = (policy) => {
  const { asked, allowed, inForce, subject } = policy;
  if (subject.spec.flag !== 'relative' || weight(allowed) >= weight(asked)) return false;
  policy.report(
    'P03',
    { asked: weight(asked), count: weight(allowed), mask: listText(inForce) },
    { fixes: [policy.fix('Narrow to', policy.text(firstNodes(weight(allowed))), true)] },
  );
  return true;
};

/** P02: some of its nodes are never allowed. */
const narrowed: Check = (policy) => {
  const { asked, allowed, inForce, subject, course } = policy;
  if (subject.spec.flag === 'relative' || isSubset(asked, allowed)) return false;
  if (course.epochs.some((e, k) => isSubset(asked, policy.mems(k) & e.memory))) return false;
  policy.report(
    'P02',
    { mask: listText(inForce), mems: listText(allowed) },
    { fixes: [policy.fix('Narrow to', policy.text(asked & allowed), true)] },
  );
  return true;
};

/** P12: the preferred node is not allowed. */
const neverPreferred: Check = (policy) => {
  const { states, subject, course } = policy;
  if (subject.spec.mode !== 'preferred') return false;
  const i = states.findIndex((s, k) => s && s.nodes !== NO_NODES && !intersects(s.nodes, policy.mems(k)));
  if (i < 0) return false;
  const node = firstNode(states[i]!.nodes);
  const mems = policy.mems(i);
  const first = [...course.system.zonelists[node]].find((n) => hasNode(mems, n)) ?? firstNode(mems);
  policy.report(
    'P12',
    { node, mems: listText(mems), first },
    {
      related: i > 0 ? [{ ...course.changes[i - 1].place, message: `mems become ${listText(mems)}` }] : [],
      fixes: [policy.fix('Change to', `preferred:${first}`)],
    },
  );
  return true;
};

/** P04: the known bug that needs a cpuset without mems. */
const foldsToZero: Check = (policy) => {
  const { subject, course } = policy;
  const { program, scenario, system } = course;
  const cpuset = scenario.processes[subject.process].cpuset ?? 0;
  const spec = scenario.cpusets?.[cpuset];
  const { flag } = subject.spec;
  if (subject.kind !== 'region' || system.cpusets.version !== 2 || cpuset === 0 || !spec || spec.mems?.length)
    return false;
  if (!valueOf(scenario.machine.values, bugFoldZero) || flag === undefined) return false;
  const symbol = program.symbols.get(spec.name);
  const block = (symbol?.node as Cpuset | undefined)?.block;
  const all = listText(firstNodes(course.count));
  const at = block && program.placeOf(block).range.start;
  const inside = at && { line: at.line, character: at.character + 1 };
  policy.report(
    'P04',
    {
      cpuset: spec.name,
      effect: flag === 'relative' ? 'the kernel divides by zero' : 'its mask comes out empty',
      bug: `${bugFoldZero.name} is on`,
    },
    {
      fixes: inside
        ? [
            rewrite(
              { uri: symbol!.place.uri, range: { start: inside, end: inside } },
              ` mems ${all} `,
              `Set the mems of '${spec.name}' to ${all}`,
              true,
            ),
          ]
        : [],
    },
  );
  return true;
};

/** P09: more is touched than the bound nodes hold. */
const tooMuch: Check = (policy) => {
  const { subject, course, inForce } = policy;
  const { spec, place, pages } = subject;
  if (spec.mode !== 'bind' || inForce === NO_NODES) return false;
  const room = course.room(inForce);
  const needed = pages * PAGE_SIZE;
  if (needed <= room) return false;
  let wider = inForce;
  for (const node of nodesOf(policy.mems(0) & course.epochs[0].memory))
    if (course.room(wider) < needed) wider |= nodeBit(node);
  const many = policyText({ ...spec, mode: 'preferred-many' }, formatNodelist(policy.asked));
  policy.report(
    'P09',
    {
      pages: exactQuantity('bytes', room),
      mask: nodesText(inForce),
      needed: exactQuantity('bytes', needed),
      effect:
        course.scenario.machine.swap.length > 0
          ? 'the rest goes to swap, and then the OOM killer comes'
          : 'without swap the OOM killer comes (CONSTRAINT_MEMORY_POLICY)',
    },
    {
      fixes: [
        ...(course.room(wider) >= needed && spec.flag !== 'relative'
          ? [policy.fix('Widen to', policy.text(wider), true)]
          : []),
        rewrite(place, many, `Change to '${many}', which goes elsewhere when full`),
      ],
    },
  );
  return true;
};

/** Only the first that finds something is said. */
const instead: readonly Check[] = [neverSet, lostWithNode, lossy, folded, narrowed];
/** If none did, all that these find. */
const besides: readonly Check[] = [neverPreferred, foldsToZero, tooMuch];

/** P05: who creates files on a mount decides where they are. */
export function checkCreators(course: PlacementCourse): void {
  const { scenario, program } = course;
  (scenario.mounts ?? []).forEach(({ name, mpol }, m) => {
    if (mpol === undefined) return;
    const parsed = parseMpol(mpol, firstNodes(course.count));
    if (!parsed.ok || !parsed.policy || parsed.policy.flags.static) return;
    const place = course.placeOfMpol(name);
    const masks = new Map<string, string[]>();
    const [{ mems, memory }] = course.epochs;
    scenario.processes.forEach((process, i) => {
      const steps = process.phases.flatMap((p) => [...p.steps]);
      if (!steps.flatMap(accessesOf).some((a) => scenario.objects[a.target.object].mount === m)) return;
      const policy = filePolicy(parsed.policy, { mems: mems[i], memory });
      const mask = policy ? listText(policy.nodes) : 'no policy';
      const cpuset = scenario.cpusets?.[process.cpuset ?? 0]?.name ?? '';
      const where = cpuset === '' ? 'the root cpuset' : `'${cpuset}'`;
      masks.set(mask, [...(masks.get(mask) ?? []), `'${process.name}' in ${where}`]);
    });
    const text = [...masks].map(([mask, who]) => `${mask} for ${who.join(' and ')}`).join(', ');
    if (masks.size > 0 && !isNoted(program, place))
      note(
        program,
        place,
        [...masks.keys()].join(' or '),
        `Of a file that is created at the start: ${text}.\n\nThe mask is read when a file is created, in the cpuset of whoever creates it, and stays with the file.`,
      );
    if (masks.size < 2) return;
    const colon = mpol.indexOf(':');
    const [mode] = mpol.split(/[=:]/);
    const fixed = `${mode}=static${colon < 0 ? '' : mpol.slice(colon)}`;
    program.reporter.report(
      'P05',
      place,
      { policy: mpol, mount: name, creators: text },
      { fixes: [rewrite(place, fixed, `Make it static: '${fixed}'`, true)] },
    );
  });
}

/** P13: a limit in bytes, blind to nodes. */
export function checkLimits(course: PlacementCourse): void {
  const { scenario, program, subjects, epochs } = course;
  subjects.forEach(({ kind, spec, process, text, place }, i) => {
    if (kind !== 'task' || spec.mode !== 'bind') return;
    const cgroup = scenario.cgroups[scenario.processes[process].cgroup];
    const limit = cgroup?.values['memory.max'];
    const mask = epochs[0].policies[i]?.nodes ?? NO_NODES;
    const fits = course.room(mask);
    if (typeof limit !== 'number' || mask === NO_NODES || limit <= fits) return;
    const node = program.symbols.get(cgroup.name)?.node as Cgroup | undefined;
    const value = propertyNamed(node?.block, 'memory.max')?.values[0];
    const pages = exactQuantity('bytes', fits);
    program.reporter.report(
      'P13',
      value ? program.placeOf(value) : place,
      { cgroup: cgroup.name, limit: exactQuantity('bytes', limit), policy: text, pages, mask: nodesText(mask) },
      {
        related: [{ ...place, message: `bound to ${nodesText(mask)} here` }],
        fixes: value ? [program.replace(value, pages, `Limit to ${pages}`)] : [],
      },
    );
  });
}
