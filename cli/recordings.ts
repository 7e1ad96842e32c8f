/** The recordings that come with Refault, read whole: runs that compare with them get them handed in. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRecordedText, type RecordedFiles } from '../simulator/fidelity/recorded-files.ts';
import type { RecordedFolder } from '../simulator/fidelity/sets.ts';
import { recordedFolders } from './recorded-folder.ts';

/** Recordings beside the bundle, or in the checkout. */
export const shippedRecordings = (): string =>
  path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'samples', 'recordings');

/** Throws what reading the directory throws, and `UnusableRecording` for a file that can't be unpacked. */
export const loadRecordings = (dir = shippedRecordings()): RecordedFiles[] => recordedFolders(dir).map(contentsOf);

const contentsOf = (folder: RecordedFolder): RecordedFiles => ({
  name: folder.name,
  files: Object.fromEntries(
    folder.files.map((file) => [file, isRecordedText(file) ? folder.text(file) : folder.bytes(file)]),
  ),
});
