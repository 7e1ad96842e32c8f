/** The server as a process of its own: over IPC when VS Code starts it, over stdio (`--stdio`) for any other client. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './connection.ts';
import { MAX_FILES, readThroughClient, type FileSystem } from './file-system.ts';

const SKIPPED = new Set(['node_modules', '.git', 'dist', 'out']);
const MAX_DEPTH = 6;

async function find(folder: string, depth: number, found: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (found.length >= MAX_FILES) return;
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < MAX_DEPTH && !SKIPPED.has(entry.name)) await find(name, depth + 1, found);
    } else if (entry.name.endsWith('.refault')) found.push(pathToFileURL(name).href);
  }
}

const connection = createConnection(ProposedFeatures.all);

const files: FileSystem = {
  async read(uri) {
    if (uri.startsWith('file:')) return readFile(fileURLToPath(uri), 'utf8').catch(() => null);
    return readThroughClient(connection, uri);
  },
  async list(folder) {
    const found: string[] = [];
    if (folder.startsWith('file:')) await find(fileURLToPath(folder), 0, found);
    return found.sort();
  },
};

serve(connection, files);
