/** What a timeline does to mounts while a run goes on: their daemons stall, resume and die, some of their settings change. */
import { pagesText } from '../fuse/lockup.ts';
import type { SourceSpan, TimelineAction } from '../plan.ts';
import * as rules from '../tables/engine-rules.ts';
import * as fuseKnobs from '../tables/fuse-knobs.ts';
import type { Nanoseconds } from '../units.ts';
import type { Dirtier } from '../writeback/page-writeback.ts';
import type { TimelineHandlers } from './engine.ts';
import type { Writers } from './writers.ts';

export const fuseActions = (writers: Writers): TimelineHandlers => ({
  daemon: (action, time, source) => daemonAction(writers, action, time, source),
  fuse: (action, time, source) => fuseAction(writers, action, time, source),
});

function daemonAction(
  writers: Writers,
  action: TimelineAction,
  time: Nanoseconds,
  source: SourceSpan | undefined,
): void {
  if (action.kind !== 'daemon') return;
  const daemon = writers.daemons[action.fuse];
  const { mount } = daemon;
  const { recorder } = writers.engine;
  switch (action.state) {
    case 'stall':
      daemon.stall();
      recorder.event(time, rules.DAEMON_STALL, daemon.name, `${daemon.name} stops answering`, source);
      return;
    case 'resume':
      daemon.resume(time);
      recorder.event(time, rules.DAEMON_RESUME, daemon.name, `${daemon.name} goes on`, source);
      return;
    case 'die': {
      const pages = mount.bdi.temps + mount.bdi.underWriteback;
      const waiting = mount.abort(time, daemon.die());
      const text = `${daemon.name} dies: ${pagesText(pages)} on their way to it are lost`;
      recorder.event(time, rules.DAEMON_DIE, daemon.name, text, source);
      for (const writer of waiting) writers.answer(writer, time);
      writers.targetOf(mount.bdi).flusher.kick(time);
      writers.syncs.wake(time);
    }
  }
}

function fuseAction(writers: Writers, action: TimelineAction, time: Nanoseconds, source: SourceSpan | undefined): void {
  if (action.kind !== 'fuse') return;
  const daemon = writers.daemons[action.fuse];
  const { mount } = daemon;
  const { limits } = mount.bdi;
  const { name, value } = action;
  const { recorder } = writers.engine;
  if (action.scope === 'fuse' && name === fuseKnobs.fuseMaxRatio.name) {
    limits.maxRatio = Number(value);
    limits.minRatio = Math.min(limits.minRatio, limits.maxRatio);
  } else if (action.scope === 'fuse' && name === fuseKnobs.fuseMinRatio.name)
    limits.minRatio = Math.min(limits.maxRatio, Number(value));
  else if (action.scope === 'fuse' && name === fuseKnobs.fuseStrictlimit.name) limits.strictlimit = value === true;
  else if (action.scope === 'fuse' && name === fuseKnobs.maxBackground.name) {
    mount.maxBackground = Number(value);
    daemon.wake(time);
  } else if (action.scope === 'daemon' && name === fuseKnobs.daemonBandwidth.name) daemon.bandwidth = Number(value);
  else if (action.scope === 'daemon' && name === fuseKnobs.daemonFlag.name)
    for (const { dirtier } of daemon.threads) dirtier.flag = value as Dirtier['flag'];
  else {
    recorder.warn(`'${name}' of ${mount.bdi.name} can't be changed while a run goes on: it stays as it was`);
    return;
  }
  recorder.event(time, rules.FUSE_SET, mount.bdi.name, `${name} = ${String(value)}`, source);
}
