/** Files that the language server cannot reach itself (virtual workspaces, the browser) are read for it. */
import * as vscode from 'vscode';

/** As in language-server/file-system.ts. */
export const READ_FILE = 'refault/readFile';

/** `null`: there is none. */
export async function readForServer({ uri }: { readonly uri: string }): Promise<string | null> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.parse(uri, true)));
  } catch {
    return null;
  }
}
