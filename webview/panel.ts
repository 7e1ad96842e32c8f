/** The results panel's page: the history of runs, run again with another seed, exports, and the same charts as in notebooks. */
import type { HostAbility, HostMessage, OutputFacts, PageMessage, SavedFile } from '../simulator/host-protocol.ts';
import { decodeReport, reportToJson } from '../simulator/report-codec.ts';
import type { Report } from '../simulator/report.ts';
import { fromBase64 } from '../simulator/text/base64.ts';
import { reportToMarkdown } from '../simulator/text/markdown.ts';
import { reportsToCsv } from '../simulator/text/points-csv.ts';
import { h, setText } from './dom.ts';
import { ReportView } from './report-view.ts';
import { download, fileStem } from './save.ts';
import { parseSeed } from './seed.ts';
import { button, dropdown, installControls, progressRing, textField } from './ui/controls.ts';
import { StateStore, type ViewState } from './view-state.ts';

interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const EXPORTS: Readonly<Record<string, (report: Report) => SavedFile>> = {
  JSON: (report) => text(report, 'json', 'application/json', JSON.stringify(reportToJson(report), null, 2) + '\n'),
  CSV: (report) => text(report, 'csv', 'text/csv', reportsToCsv([report])),
  Markdown: (report) => text(report, 'md', 'text/markdown', reportToMarkdown(report) + '\n'),
};

const text = (report: Report, ending: string, mime: string, data: string): SavedFile => ({
  name: `${fileStem(report.title)}.${ending}`,
  mime,
  data,
  encoding: 'utf8',
});

const api = acquireVsCodeApi();
const root = document.getElementById('refault') ?? document.body.appendChild(h('div', { id: 'refault' }));
start(root);

function start(page: HTMLElement): void {
  const stored = api.getState() as { views?: unknown } | undefined;
  const store = new StateStore(stored?.views, (views: Record<string, ViewState>) => api.setState({ views }));
  let abilities: readonly HostAbility[] = [];
  let running = false;
  const can = (ability: HostAbility) => abilities.includes(ability);
  const save = (file: SavedFile) => (can('save') ? api.postMessage({ type: 'save', file }) : download(file));

  const runs = dropdown('Run shown', (run) => api.postMessage({ type: 'select', run }));
  const seed = textField('Seed', 10, () => runAgain());
  const again = button('Run again', 'primary', () => (running ? api.postMessage({ type: 'interrupt' }) : runAgain()));
  const exports = Object.entries(EXPORTS).map(([name, make]) =>
    button(name, 'secondary', () => view.report && save(make(view.report))),
  );
  const ring = progressRing('Running');
  const status = h('span', { class: 'status muted', role: 'status' });
  const failure = h('p', { class: 'problem', role: 'alert', hidden: true });
  const output = h('div');
  const empty = h('p', { class: 'empty' }, 'No results yet. Run a scenario with “Refault: Run Scenario”.');

  const bar = h(
    'div',
    { class: 'bar', role: 'group', 'aria-label': 'Run' },
    h('label', {}, h('span', { 'aria-hidden': 'true' }, 'Run'), runs.element),
    h('label', {}, h('span', { 'aria-hidden': 'true' }, 'Seed'), seed.element),
    again.element,
    ring,
    status,
    h('span', { class: 'spring' }),
    h('span', { class: 'exports', role: 'group', 'aria-label': 'Export' }, 'Export', ...exports.map((e) => e.element)),
  );
  const frame = h('main', { class: 'refault refault-panel' }, bar, failure, empty, output);
  const view = new ReportView(output, {
    save,
    stateChanged: (state) => view.report && store.set(stateKey(view.report), state),
    get reveal() {
      return can('reveal')
        ? (source: NonNullable<Report['source']>) => api.postMessage({ type: 'reveal', source })
        : undefined;
    },
    get numbers() {
      return can('numbers') ? () => api.postMessage({ type: 'numbers' }) : undefined;
    },
  });
  page.replaceChildren(frame);
  installControls(frame);
  enable();

  function runAgain(): void {
    const typed = parseSeed(seed.value);
    if (typed === 'bad') return fail('The seed is a whole number from 0 to 9 007 199 254 740 991.');
    fail('');
    api.postMessage(typed === 'none' ? { type: 'run' } : { type: 'run', seed: typed });
  }

  function fail(message: string): void {
    failure.hidden = message === '';
    setText(failure, message);
  }

  function enable(): void {
    const shown = view.report !== null;
    output.hidden = !shown;
    empty.hidden = shown || running;
    again.setEnabled(shown || running);
    again.element.textContent = running ? 'Stop' : 'Run again';
    seed.setEnabled(!running);
    for (const one of exports) one.setEnabled(shown);
    ring.hidden = !running;
  }

  function show(bytes: string, facts: OutputFacts): void {
    try {
      const report = decodeReport(fromBase64(bytes));
      view.update(report, facts, store.get(stateKey(report)));
      seed.value = String(report.seed);
      fail('');
    } catch (error) {
      fail(`This result can't be drawn: ${error instanceof Error ? error.message : String(error)}`);
    }
    enable();
  }

  addEventListener('message', ({ data }: MessageEvent<HostMessage>) => {
    switch (data.type) {
      case 'host':
        abilities = data.abilities;
        view.refreshActions();
        break;
      case 'runs':
        runs.fill(
          data.runs.map((run) => ({
            value: run.id,
            label: `${run.title} — ${run.origin}, seed ${run.seed}, ${clock(run.when)}`,
          })),
          data.selected,
        );
        break;
      case 'report':
        show(data.report, data.facts);
        break;
      case 'progress':
        running = data.running;
        setText(status, progressText(data));
        if (running) fail('');
        enable();
        break;
      case 'failure':
        running = false;
        setText(status, '');
        fail(data.text);
        enable();
        break;
    }
  });
  api.postMessage({ type: 'ready' });
}

const stateKey = (report: Report): string => [report.title, ...report.axes.map((axis) => axis.name)].join('\n');

const clock = (when: number): string =>
  new Date(when).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function progressText(message: Extract<HostMessage, { type: 'progress' }>): string {
  if (!message.running) return '';
  const share = message.fraction === undefined ? '' : `${Math.floor(message.fraction * 100)} %`;
  return [share, message.text ?? ''].filter((part) => part !== '').join(', ');
}
