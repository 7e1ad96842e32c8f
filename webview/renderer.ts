/**
 * Notebook renderer `refault-charts`: bytes of a report in, charts out. VS Code calls it again for the same element when an output changes; the
 * view is then updated, never rebuilt. Works without messaging (exports, diff views); with it, saving and jumping to the source go through the host.
 */
import type { ActivationFunction, OutputItem } from 'vscode-notebook-renderer';
import type { HostAbility, HostMessage, OutputFacts, PageMessage } from '../simulator/host-protocol.ts';
import { decodeReport } from '../simulator/report-codec.ts';
import type { Report } from '../simulator/report.ts';
import { h } from './dom.ts';
import { ReportView } from './report-view.ts';
import { download } from './save.ts';
import { installStyles } from './styles.ts';
import { StateStore, type ViewState } from './view-state.ts';

interface Stored {
  readonly views: Readonly<Record<string, ViewState>>;
}

export const activate: ActivationFunction<Stored> = (context) => {
  const views = new Map<string, { element: HTMLElement; view: ReportView }>();
  const store = new StateStore(context.getState?.()?.views, (all) => context.setState?.({ views: all }));
  const post = context.postMessage && ((message: PageMessage) => context.postMessage!(message));
  let abilities: readonly HostAbility[] = [];
  const can = (ability: HostAbility) => post !== undefined && abilities.includes(ability);

  context.onDidReceiveMessage?.((message: HostMessage) => {
    if (message.type !== 'host') return;
    abilities = message.abilities;
    for (const { view } of views.values()) view.refreshActions();
  });
  post?.({ type: 'ready' });

  const forget = (id: string) => {
    views.get(id)?.view.dispose();
    views.delete(id);
  };

  function viewFor(id: string, element: HTMLElement): ReportView {
    const known = views.get(id);
    if (known?.element === element && element.contains(known.view.root)) return known.view;
    forget(id);
    const view = new ReportView(element, {
      save: (file) => (can('save') ? post!({ type: 'save', file }) : download(file)),
      stateChanged: (state) => view.report && store.set(stateKey(view.report), state),
      get reveal() {
        return can('reveal') ? (source: NonNullable<Report['source']>) => post!({ type: 'reveal', source }) : undefined;
      },
      get numbers() {
        return can('numbers') ? () => post!({ type: 'numbers' }) : undefined;
      },
      get openPanel() {
        return can('open-panel') ? ({ plan, title }: Report) => post!({ type: 'open-panel', plan, title }) : undefined;
      },
    });
    views.set(id, { element, view });
    return view;
  }

  return {
    renderOutputItem(item: OutputItem, element: HTMLElement) {
      let report: Report;
      try {
        report = decodeReport(item.data());
      } catch (error) {
        forget(item.id);
        showProblem(element, error);
        return;
      }
      viewFor(item.id, element).update(report, factsOf(item.metadata), store.get(stateKey(report)));
    },
    disposeOutputItem(id?: string) {
      if (id !== undefined) forget(id);
      else for (const known of [...views.keys()]) forget(known);
    },
  };
};

/** A re-run of an edited program is still the same figure to its reader: its title and axes identify it, not its plan. */
const stateKey = (report: Report): string => [report.title, ...report.axes.map((axis) => axis.name)].join('\n');

function factsOf(metadata: unknown): OutputFacts {
  if (typeof metadata !== 'object' || metadata === null) return {};
  return { cached: (metadata as { cached?: unknown }).cached === true };
}

function showProblem(element: HTMLElement, error: unknown): void {
  installStyles();
  const text = error instanceof Error ? error.message : String(error);
  element.replaceChildren(
    h(
      'section',
      { class: 'refault' },
      h(
        'p',
        { class: 'problem' },
        `This output can't be drawn: ${text}. Run the cell again; the Markdown view of the output may still have its numbers.`,
      ),
    ),
  );
}
