/** What a command may do to the outside: print, and notice that the user wants it to stop. Tests pass their own. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Colour only on a terminal, and never with NO_COLOR. */
  readonly color: boolean;
  /** Whether stderr is a terminal: progress is shown only there. */
  readonly isTty: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
}

/** Exit statuses, as documented in docs/cli.md. */
export const EXIT = { done: 0, expectationFailed: 1, programErrors: 2, unreadable: 3, interrupted: 130 } as const;

/** Something the user can put right; printed without a stack. */
export class CliError extends Error {
  readonly status: number;
  constructor(message: string, status: number = EXIT.programErrors) {
    super(message);
    this.status = status;
  }
}
