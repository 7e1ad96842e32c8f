/** Recorded folders as plain data: what a host reads once and hands to whatever compares them, in another thread if it likes. */
import { UnusableRecording, type RecordedFolder } from './sets.ts';

export interface RecordedFiles {
  readonly name: string;
  /** By path in the folder, unpacked (`.gz` off their names): text of those that `isRecordedText`, bytes of others. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

export const isRecordedText = (file: string): boolean => /\.(jsonl?|txt|md)$/.test(file);

export function foldersOf(recordings: readonly RecordedFiles[]): RecordedFolder[] {
  const folders: RecordedFolder[] = [];
  for (const one of recordings) folders.push(folderOf(one, (name) => folders.find((folder) => folder.name === name)));
  return folders;
}

function folderOf({ name, files }: RecordedFiles, sibling: RecordedFolder['sibling']): RecordedFolder {
  const read = (file: string): string | Uint8Array => {
    const content = Object.hasOwn(files, file) ? files[file] : undefined;
    if (content === undefined) throw new UnusableRecording(`${name}/${file} is missing`);
    return content;
  };
  return {
    name,
    files: Object.keys(files).sort(),
    text: (file) => {
      const content = read(file);
      if (typeof content !== 'string') throw new UnusableRecording(`${name}/${file} is no text`);
      return content;
    },
    bytes: (file) => {
      const content = read(file);
      if (typeof content === 'string') throw new UnusableRecording(`${name}/${file} is text`);
      return content;
    },
    sibling,
  };
}
