/**
 * Recordings of real kernels that come with the extension, for runs that compare with them: read from its own folder, unpacked in the compile
 * worker, kept while the window lives.
 */
import * as vscode from 'vscode';
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { Services } from '../services.ts';

/** Files of samples/recordings, `folder/file`, written in by the build: a browser cannot list a folder of an installed extension. */
declare const REFAULT_RECORDINGS: readonly string[];

/** Said to the user as it is. */
export class RecordingUnreadableError extends Error {
  override readonly name = 'RecordingUnreadableError';
}

/** The folder whose access sequences others use. */
const SEQUENCES = 'reclaim';

const kept = new Map<string, Promise<RecordedFiles>>();

/** What a plan needs of them; nothing for a plan that compares nothing. */
export async function loadRecordings(
  plan: Plan,
  services: Pick<Services, 'compiler' | 'context'>,
): Promise<readonly RecordedFiles[]> {
  if (plan.fidelity === undefined) return [];
  const folders = new Set(plan.fidelity.map(({ area }) => area));
  if ([...folders].some((name) => name.startsWith(SEQUENCES))) folders.add(SEQUENCES);
  return Promise.all(
    [...folders].map((name) => {
      const known = kept.get(name);
      if (known) return known;
      const read = readFolder(name, services);
      kept.set(name, read);
      read.catch(() => kept.delete(name));
      return read;
    }),
  );
}

async function readFolder(
  name: string,
  { compiler, context }: Pick<Services, 'compiler' | 'context'>,
): Promise<RecordedFiles> {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'samples', 'recordings');
  const paths = REFAULT_RECORDINGS.filter((path) => path.startsWith(`${name}/`));
  const files = await Promise.all(
    paths.map(async (path) => {
      try {
        const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, path));
        return { name: path.slice(name.length + 1), bytes };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new RecordingUnreadableError(
          `the recording ${path}, which comes with Refault, can't be read (${reason}); install Refault again`,
        );
      }
    }),
  );
  return { name, files: await compiler.unpack(files) };
}
