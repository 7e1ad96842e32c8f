/** What the server needs of files that are not open: a port, so that Node and a web worker are alike. */
export interface FileSystem {
  /** `null`: there is none. */
  read(uri: string): Promise<string | null>;
  /** Uris of `.refault` files below a folder, a bounded number. */
  list(folder: string): Promise<readonly string[]>;
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
