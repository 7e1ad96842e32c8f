/**
 * The one place that pins the VS Code used for tests, screenshots and `npm run editor`.
 *
 * npm's `code-server` package carries an unmodified VS Code server and workbench in `lib/vscode`; nothing else of it is used.
 * To move to a newer one: change both fields (`npm view code-server@X dist.integrity`) and run `npm test -- vscode`.
 */
export const codeServer = {
  version: '4.139.1',
  integrity: 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
} as const;

/** Below this the server cannot start (it calls `module.registerHooks`). The project brings such a Node with its dependencies. */
export const oldestNode = 24;

/** Raised when the steps of install.ts change, so that folders made by older steps are made anew. */
export const layout = 1;
