/**
 * The results panel: a webview beside the editor with the same charts as a notebook output, the history of what was run into it, and controls
 * to run again with another seed. One panel per window; runs follow one another.
 */
import * as vscode from 'vscode';
import type { HostMessage, PageMessage, RunEntry } from '../../simulator/host-protocol.ts';
import type { Report } from '../../simulator/report.ts';
import { nameOf, type ScenarioRun } from '../commands/scenario.ts';
import type { RunDiagnostics } from '../notebook/run-diagnostics.ts';
import { executePlan } from '../run/execute-plan.ts';
import type { RunRecord } from '../run/results.ts';
import { loadTraces } from '../run/traces.ts';
import type { Services } from '../services.ts';
import { panelPage } from './page.ts';
import { reveal, saveFile, showNumbers } from './page-requests.ts';

export const PANEL_TYPE = 'refault.results';

/** The panel has more room than a cell, and sends one report at a time. */
const PANEL_LIMIT = 4 * 1024 * 1024;
const HISTORY = 20;
const PROGRESS_MS = 100;
const STREAM_MS = 500;

interface Shown {
  readonly entry: RunEntry;
  readonly report: Report;
  readonly cached: boolean;
  readonly document: vscode.Uri;
  /** How to run it again. */
  readonly scenario: ScenarioRun;
}

export class ResultsPanel implements vscode.Disposable {
  private readonly services: Services;
  private readonly diagnostics: RunDiagnostics;
  private readonly subscriptions: vscode.Disposable[] = [];
  private panel: vscode.WebviewPanel | undefined;
  /** Messages wait until the page's script runs. */
  private page: { ready: boolean; waiting: HostMessage[] } = { ready: false, waiting: [] };
  private history: Shown[] = [];
  private selected: string | undefined;
  private abort: AbortController | undefined;
  private nextId = 1;

  constructor(services: Services, diagnostics: RunDiagnostics) {
    this.services = services;
    this.diagnostics = diagnostics;
    this.subscriptions.push(
      vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, {
        deserializeWebviewPanel: (panel) => {
          // results are not kept over a restart of the window: an empty panel would only puzzle
          panel.dispose();
          return Promise.resolve();
        },
      }),
    );
  }

  /** Opens the panel and runs what is asked for, one after the other. Resolves with the reports. */
  async run(scenarios: readonly ScenarioRun[], seed?: number): Promise<Report[]> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.open();
    for (const { document } of scenarios) this.diagnostics.clear(document);
    const reports: Report[] = [];
    try {
      for (const scenario of scenarios) {
        if (abort.signal.aborted) break;
        const report = await this.runOne(scenario, seed, abort.signal);
        if (report) reports.push(report);
      }
    } finally {
      if (this.abort === abort) {
        this.abort = undefined;
        this.post({ type: 'progress', running: false });
      }
    }
    return reports;
  }

  /** Shows what a notebook output shows, with more room. */
  async showResult({ plan, hash, report, cached, document: uri }: RunRecord): Promise<void> {
    const document = vscode.Uri.parse(uri, true);
    const scenario = { compiled: { plan, hash }, document, origin: nameOf(document) };
    this.open();
    await this.show({ entry: this.entry(report, scenario.origin), report, cached, document, scenario });
  }

  private async runOne(
    scenario: ScenarioRun,
    seed: number | undefined,
    signal: AbortSignal,
  ): Promise<Report | undefined> {
    const { services } = this;
    const engine = await services.engine();
    const seeded = seed === undefined ? scenario.compiled.plan : { ...scenario.compiled.plan, seed };
    const title = seeded.title || 'Run';
    this.post({ type: 'progress', running: true, fraction: 0, text: title });
    let told = 0;
    let streamed = performance.now();
    let over = false;
    const entry = this.entry({ title, seed: seeded.seed }, scenario.origin);
    try {
      const { plan, hash, traces, recordings } = await loadTraces(
        { plan: seeded, hash: engine.hashPlan(seeded) },
        scenario.document,
        services,
      );
      const outcome = await executePlan({ plan, hash }, services.execute, {
        signal,
        traces,
        recordings,
        reuse: !this.history.some(({ report }) => report.plan === hash),
        onProgress: (fraction) => {
          const now = performance.now();
          if (now - told < PROGRESS_MS) return;
          told = now;
          this.post({ type: 'progress', running: true, fraction, text: title });
        },
        onPartial: (merge) => {
          const now = performance.now();
          if (now - streamed < STREAM_MS || signal.aborted) return;
          streamed = now;
          services.compiler.write<'page'>({ as: 'page', report: merge(), limit: PANEL_LIMIT }).then(
            (report) => !over && this.post({ type: 'report', run: entry.id, report, facts: {} }),
            () => undefined, // what is shown last says what is wrong
          );
        },
      });
      over = true;
      if (!outcome.report) {
        this.post({ type: 'failure', text: `${title} was interrupted before there was anything to show.` });
        return undefined;
      }
      const { report, cached, elapsed } = outcome;
      const place = scenario.compiled.plan.source?.uri ?? scenario.document.toString();
      services.results.set(`panel:${place}:${title}`, [
        { document: scenario.document.toString(), place, hash, plan, report, cached, elapsed },
      ]);
      this.diagnostics.add(scenario.document, report);
      await this.show({ entry, report, cached, document: scenario.document, scenario });
      return report;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      services.log.error(error instanceof Error ? error : text);
      this.post({ type: 'failure', text: `${title}: ${text}` });
      return undefined;
    }
  }

  private entry({ title, seed }: Pick<Report, 'title' | 'seed'>, origin: string): RunEntry {
    return { id: String(this.nextId++), title: title || 'Run', seed, origin, when: Date.now() };
  }

  private async show(shown: Shown): Promise<void> {
    this.history = [shown, ...this.history].slice(0, HISTORY);
    await this.select(shown.entry.id);
  }

  private async select(id: string): Promise<void> {
    const shown = this.history.find(({ entry }) => entry.id === id);
    if (!shown) return;
    this.selected = id;
    const page = await this.services.compiler.write<'page'>({ as: 'page', report: shown.report, limit: PANEL_LIMIT });
    if (this.selected !== id) return; // another one has been chosen meanwhile
    this.post({ type: 'runs', runs: this.history.map(({ entry }) => entry), selected: id });
    this.post({ type: 'report', run: id, report: page, facts: { cached: shown.cached } });
  }

  private open(): void {
    if (this.panel) {
      this.panel.reveal(undefined, true);
      return;
    }
    const { extensionUri } = this.services.context;
    const panel = vscode.window.createWebviewPanel(
      PANEL_TYPE,
      'Refault Results',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      {
        enableScripts: true,
        // redrawing many charts on every switch of tabs is slower than keeping the page
        retainContextWhenHidden: true,
        localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist')],
      },
    );
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'extension', 'media', 'icon.png');
    this.page = { ready: false, waiting: [] };
    panel.webview.onDidReceiveMessage((message: PageMessage) => void this.receive(message));
    panel.onDidDispose(() => {
      this.abort?.abort();
      this.panel = undefined;
      this.history = [];
      this.selected = undefined;
    });
    this.panel = panel;
    panel.webview.html = panelPage(panel.webview, extensionUri);
  }

  private post(message: HostMessage): void {
    if (!this.panel) return;
    if (this.page.ready) void this.panel.webview.postMessage(message);
    else this.page.waiting.push(message);
  }

  private async receive(message: PageMessage): Promise<void> {
    const current = this.history.find(({ entry }) => entry.id === this.selected);
    try {
      switch (message.type) {
        case 'ready': {
          const { waiting } = this.page;
          this.page = { ready: true, waiting: [] };
          this.post({ type: 'host', abilities: ['save', 'reveal', 'numbers'] });
          waiting.forEach((one) => this.post(one));
          return;
        }
        case 'save':
          return await saveFile(message.file, current?.document);
        case 'reveal':
          return await reveal(message.source);
        case 'numbers':
          return await showNumbers();
        case 'run':
          if (current) await this.run([current.scenario], message.seed);
          return;
        case 'interrupt':
          this.abort?.abort();
          return;
        case 'select':
          return await this.select(message.run);
        case 'open-panel':
          return;
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(`Refault: ${text}`);
    }
  }

  dispose(): void {
    this.panel?.dispose();
    this.subscriptions.forEach((one) => void one.dispose());
  }
}
