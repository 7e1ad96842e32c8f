/** The result cache's store in VS Code's own storage, which may be a disk, a remote machine or the browser's database. */
import * as vscode from 'vscode';
import type { Store } from './cache.ts';

export function folderStore(folder: vscode.Uri): Store {
  const { fs } = vscode.workspace;
  const at = (name: string) => vscode.Uri.joinPath(folder, name);
  let made: Promise<void> | undefined;
  return {
    read: async (name) => {
      try {
        return await fs.readFile(at(name));
      } catch {
        return undefined;
      }
    },
    write: async (name, bytes) => {
      made ??= Promise.resolve(fs.createDirectory(folder));
      await made;
      await fs.writeFile(at(name), bytes);
    },
    remove: async (name) => {
      await fs.delete(at(name), { useTrash: false });
    },
    list: async () => {
      let entries: [string, vscode.FileType][];
      try {
        entries = await fs.readDirectory(folder);
      } catch {
        return [];
      }
      const files = entries.filter(([, type]) => (type & vscode.FileType.File) !== 0);
      const found = await Promise.all(
        files.map(async ([name]) => {
          try {
            const { size, mtime } = await fs.stat(at(name));
            return [{ name, bytes: size, modified: mtime }];
          } catch {
            return []; // another window removed it
          }
        }),
      );
      return found.flat();
    },
  };
}
