/** What the server needs of files that are not open: a port, so that Node and a web worker are alike. */
export interface FileSystem {
  /** `null`: there is none. */
  read(uri: string): Promise<string | null>;
  /** Uris of `.refault` files below a folder, a bounded number. */
  list(folder: string): Promise<readonly string[]>;
}

/** Request to the client: the text of a file that only the editor can reach (virtual workspaces, the browser). */
export const READ_FILE = 'refault/readFile';

/** Asks the client; one that does not know the request has no such files. */
export async function readThroughClient(
  connection: { sendRequest(method: string, params: unknown): Promise<unknown> },
  uri: string,
): Promise<string | null> {
  const text = await connection.sendRequest(READ_FILE, { uri }).catch(() => null);
  return typeof text === 'string' ? text : null;
}

/** Files beyond this number are not looked at for names used across files. */
export const MAX_FILES = 500;

export async function pathToKnownFiles(files: FileSystem, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const uri of await files.list(folder)) if (found.length < MAX_FILES) found.push(uri);
  }
  return found;
}
