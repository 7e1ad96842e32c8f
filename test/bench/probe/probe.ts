/**
 * An extension for the benchmark alone, loaded beside ours into the same extension host: does what it is told over HTTP on this machine, and says for
 * how long the host's thread was busy at a stretch meanwhile. The processor time of the thread is what counts: what else the machine does, does not.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Session, type Profiler } from 'node:inspector';
import * as vscode from 'vscode';
import type { RefaultApi } from '../../../extension/activate.ts';
import { whileBusy } from './busy.ts';
import type { Answer, Order } from './orders.ts';

export function activate(): void {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      obey(JSON.parse(body) as Order).then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
      );
    });
  });
  server.listen(0, '127.0.0.1', () => {
    writeFileSync(process.env['REFAULT_PROBE']!, String((server.address() as AddressInfo).port));
  });
}

async function obey(order: Order): Promise<Answer> {
  const profile = order.profile === undefined ? undefined : startProfile();
  const { busy, value } = await whileBusy(() => act(order));
  if (profile) writeFileSync(order.profile!, JSON.stringify(await profile()));
  return { ...value, busy };
}

/** When it began and ended, in milliseconds since the epoch. */
async function act(order: Order): Promise<Omit<Answer, 'busy'>> {
  const begun = Date.now();
  switch (order.do) {
    case 'settle':
      await idle();
      return { begun, ended: Date.now() };
    case 'open': {
      await vscode.commands.executeCommand('vscode.open', inWorkspace(order.file));
      await until(() => vscode.window.activeNotebookEditor?.notebook.uri.path.endsWith(order.file) === true);
      return { begun, ended: Date.now() };
    }
    case 'run': {
      const cell = cellNumber(order.cell);
      // What is not on the screen is not drawn.
      const range = new vscode.NotebookRange(cell.index, cell.index + 1);
      vscode.window.activeNotebookEditor!.revealRange(range, vscode.NotebookEditorRevealType.AtTop);
      const order0 = cell.executionSummary?.executionOrder;
      if (order.replace) await replace(cell.document, ...order.replace);
      void vscode.commands.executeCommand('notebook.cell.execute', {
        ranges: [{ start: cell.index, end: cell.index + 1 }],
        document: cell.notebook.uri,
      });
      if (order.interrupt === undefined) {
        await until(() => settled(cell, order0));
        await quiet();
        return {
          begun,
          ended: cell.executionSummary!.timing!.endTime,
          failed: cell.executionSummary!.success !== true,
        };
      }
      await until(() => running(cell, order0));
      await new Promise((resolve) => setTimeout(resolve, order.interrupt));
      const asked = Date.now();
      await vscode.commands.executeCommand('notebook.cell.cancelExecution', {
        ranges: [{ start: cell.index, end: cell.index + 1 }],
        document: cell.notebook.uri,
      });
      await until(() => settled(cell, order0));
      return { begun: asked, ended: cell.executionSummary!.timing!.endTime };
    }
    case 'export': {
      const target = inWorkspace(`export.${order.format}`);
      await vscode.commands.executeCommand('refault.exportResults', undefined, { format: order.format, target });
      return { begun, ended: Date.now() };
    }
    case 'type': {
      // As a keystroke does: one character into a cell.
      const { document } = cellNumber(order.cell);
      await replace(document, ...order.replace);
      await quiet();
      return { begun, ended: Date.now() };
    }
    case 'close':
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await quiet();
      return { begun, ended: Date.now() };
    case 'ready': {
      const api = await vscode.extensions.getExtension<RefaultApi>('refault.refault')!.activate();
      await api.whenReady();
      await quiet();
      return { begun, ended: Date.now(), activation: api.activationTime };
    }
  }
}

const inWorkspace = (name: string): vscode.Uri => vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0].uri, name);

/** Code cells count from 1. */
function cellNumber(number: number): vscode.NotebookCell {
  const cells = vscode.window.activeNotebookEditor!.notebook.getCells();
  return cells.filter(({ kind }) => kind === vscode.NotebookCellKind.Code)[number - 1];
}

async function replace(document: vscode.TextDocument, what: string, by: string): Promise<void> {
  const at = document.getText().indexOf(what);
  if (at < 0) throw new Error(`'${what}' is not in: ${document.getText()}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(at), document.positionAt(at + what.length)), by);
  await vscode.workspace.applyEdit(edit);
}

const running = ({ executionSummary }: vscode.NotebookCell, before: number | undefined): boolean =>
  executionSummary?.executionOrder !== undefined &&
  executionSummary.executionOrder !== before &&
  executionSummary.success === undefined;

const settled = ({ executionSummary }: vscode.NotebookCell, before: number | undefined): boolean =>
  executionSummary?.executionOrder !== undefined &&
  executionSummary.executionOrder !== before &&
  executionSummary.success !== undefined &&
  executionSummary.timing?.endTime !== undefined;

async function until(holds: () => boolean): Promise<void> {
  const start = Date.now();
  while (!holds()) {
    if (Date.now() - start > 60_000) throw new Error(`waited in vain for ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function idle(): Promise<void> {
  for (let calm = 0; calm < 10;) {
    const { busy } = await whileBusy(() => new Promise<void>((resolve) => setTimeout(resolve, 100)));
    calm = busy.longest < 5 ? calm + 1 : 0;
  }
}

/** What an action leaves to be done afterwards is part of it. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));

function startProfile(): () => Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 200 });
  session.post('Profiler.start');
  return () =>
    new Promise((resolve, reject) => {
      session.post('Profiler.stop', (error, { profile }) => {
        session.disconnect();
        if (error) reject(error);
        else resolve(profile);
      });
    });
}
