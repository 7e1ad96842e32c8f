/** What each row of the table of diagnostics says. Its code is its key. */
export interface Complaint {
  readonly severity: 'error' | 'warning' | 'hint';
  readonly title: string;
  readonly message: string;
  /** Why it is so, for the page. */
  readonly doc: string;
  readonly wrong: string;
  readonly right: string;
}

const complaint =
  (severity: Complaint['severity']) =>
  (title: string, message: string, doc: string, wrong: string, right: string): Complaint => ({
    severity,
    title,
    message,
    doc,
    wrong,
    right,
  });

export const error = complaint('error');
export const warning = complaint('warning');
export const hint = complaint('hint');

/** What examples of runs run. */
export const PROGRAM = 'file db 96 MiB\nprocess p { read db zipf 1.0, 1M times }\nrun';
