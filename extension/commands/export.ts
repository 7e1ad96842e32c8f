/** Refault: Export Results. What was computed, whole, in a format of one's choice; pictures come from the charts' own menus. */
import * as vscode from 'vscode';
import type { RunRecord } from '../run/results.ts';
import type { Services } from '../services.ts';

interface Format {
  readonly label: string;
  readonly extension: string;
  readonly detail: string;
}

const formats = {
  json: { label: 'JSON', extension: 'json', detail: 'Every number, in the layout of docs/report.md' },
  csv: { label: 'CSV', extension: 'csv', detail: 'One line per point and phase, for spreadsheets and scripts' },
  markdown: { label: 'Markdown', extension: 'md', detail: 'Summary, tables and text charts' },
  html: { label: 'HTML', extension: 'html', detail: 'One page with the interactive charts, readable without VS Code' },
} as const satisfies Record<string, Format>;

export type ExportFormat = keyof typeof formats;

export async function exportResults(
  records: readonly RunRecord[],
  services: Services,
  preset: { readonly format?: ExportFormat; readonly target?: vscode.Uri } = {},
): Promise<vscode.Uri | undefined> {
  const format = preset.format ?? (await pickFormat());
  if (!format) return undefined;
  const source = vscode.Uri.parse(records.at(-1)!.document);
  const { extension, label } = formats[format];
  const target =
    preset.target ??
    (await vscode.window.showSaveDialog({
      defaultUri: suggestion(source, extension),
      filters: { [label]: [extension] },
      title: 'Export Results',
    }));
  if (!target) return undefined;
  await vscode.workspace.fs.writeFile(target, await exportBytes(format, records, services));
  if (!preset.target) void offerToOpen(target);
  return target;
}

async function pickFormat(): Promise<ExportFormat | undefined> {
  const items = Object.entries(formats).map(([id, { label, detail }]) => ({ id: id as ExportFormat, label, detail }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Format of the export', matchOnDetail: true }))?.id;
}

async function exportBytes(
  format: ExportFormat,
  records: readonly RunRecord[],
  services: Services,
): Promise<Uint8Array> {
  const { compiler } = services;
  const [first, ...others] = records.map(({ report }) => report);
  if (!first) throw new Error('there is no result to export');
  const reports = [first, ...others] as const;
  if (format !== 'html') return compiler.write<typeof format>({ as: format, reports });
  const bundle = vscode.Uri.joinPath(services.context.extensionUri, 'dist', 'renderer.js');
  const renderer = new TextDecoder().decode(await vscode.workspace.fs.readFile(bundle));
  const { path } = vscode.Uri.parse(records.at(-1)!.document);
  return compiler.write<'html'>({ as: 'html', reports, title: path.slice(path.lastIndexOf('/') + 1), renderer });
}

function suggestion(source: vscode.Uri, extension: string): vscode.Uri {
  const name = source.path.slice(source.path.lastIndexOf('/') + 1).replace(/(\.refault)?(\.md|\.refault)?$/, '');
  const folder =
    source.scheme === 'untitled' ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.joinPath(source, '..');
  const file = `${name || 'results'}.results.${extension}`;
  return folder ? vscode.Uri.joinPath(folder, file) : vscode.Uri.file(file);
}

async function offerToOpen(target: vscode.Uri): Promise<void> {
  const name = target.path.slice(target.path.lastIndexOf('/') + 1);
  const open = 'Open';
  if ((await vscode.window.showInformationMessage(`Exported to ${name}.`, open)) === open) {
    await vscode.commands.executeCommand('vscode.open', target);
  }
}
