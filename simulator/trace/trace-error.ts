/** Why a trace could not be read: the place in it (`record 12`, `line 3`) and the reason, for a person to act on. */
export class TraceError extends Error {
  readonly place: string;
  readonly reason: string;

  constructor(place: string, reason: string) {
    super(place === '' ? reason : `${place}: ${reason}`);
    this.place = place;
    this.reason = reason;
  }
}
