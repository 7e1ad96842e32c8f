/**
 * A network card that faults on the memory it reaches (on-demand paging): it asks the host for the page itself, and who sent the request tries again. A
 * responder answers "receiver not ready"; after so many tries the connection is in error.
 */
import type { Nanoseconds } from '../units.ts';
import type { Announce, HostSide, World } from './host-side.ts';
import type { Launch } from './launch.ts';
import { HOST, REMOTE, UNPOPULATED, WRITE, type PageMap } from './page-map.ts';
import type { DeviceParameters } from './parameters.ts';
import * as tally from './tally.ts';

/** The device that the card is. */
export interface Requester {
  readonly parameters: DeviceParameters;
  readonly counts: Float64Array;
  /** Its page table. */
  readonly table: Uint8Array;
  /** Accesses that were made. */
  spent: number;
  /** Whose memory a page is charged to. */
  cgroupOf(page: number): number;
  retry(launch: Launch, word: number, now: Nanoseconds): void;
}

export class NetworkCard {
  private readonly device: Requester;
  private readonly map: PageMap;
  private readonly host: HostSide;
  private readonly world: World;
  private readonly announce: Announce;

  constructor(device: Requester, map: PageMap, host: HostSide, world: World, announce: Announce) {
    this.device = device;
    this.map = map;
    this.host = host;
    this.world = world;
    this.announce = announce;
  }

  fault(launch: Launch, page: number, word: number, store: boolean): void {
    const { device, map, host, world } = this;
    const { parameters, counts } = device;
    const { odp } = parameters;
    const now = launch.clock;
    counts[tally.FAULTS]++;
    const there = host.isResident(page) ? now : host.faultIn(page, store, device.cgroupOf(page), now);
    if (there < 0) {
      launch.free++;
      launch.missed(page);
      counts[tally.FAILED]++;
      return;
    }
    if (map.home[page] === UNPOPULATED) map.home[page] = HOST;
    const ready = Math.max(there, now) + odp.fault;
    let again = ready;
    if (odp.responder) {
      const tries = Math.max(1, Math.ceil((ready - now) / odp.rnrTimer));
      again = now + tries * odp.rnrTimer;
      if (tries > odp.retries && odp.retries < 7) {
        this.announce(
          'connection',
          `${parameters.name}: receiver not ready ${odp.retries} times over, the connection is in error`,
          now + odp.retries * odp.rnrTimer,
        );
        counts[tally.FAILED]++;
        launch.free++;
        launch.missed(page);
        launch.abort(now + odp.retries * odp.rnrTimer);
        return;
      }
    }
    world.at(ready, () => {
      if (host.isResident(page)) device.table[page] |= REMOTE | WRITE;
    });
    world.at(again, (time) => device.retry(launch, word, time));
    if (odp.damming && launch.at < launch.end) {
      // The request right behind is lost, though it was sent beyond what may be under way.
      const lost = launch.lot[launch.at++];
      launch.free--;
      device.spent++;
      world.at(now + odp.timeout, (time) => device.retry(launch, lost, time));
    }
  }
}
