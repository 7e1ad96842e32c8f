/**
 * A chart before it is drawn: plain columns with names, units and styles. Canvas, SVG, terminal and table all draw from this one model, so they
 * can't disagree. Values are in the report's units; `Axis.scale` says how to show them.
 */
import type { Scale } from './format.ts';

export type ChartKind = 'line' | 'area' | 'bars' | 'histogram' | 'heatmap' | 'timeline' | 'graph' | 'flow' | 'table';

export type Marker = 'circle' | 'triangle' | 'square' | 'diamond' | 'plus' | 'cross' | 'star';

/** How a series looks. `slot` picks the colour; dash and marker tell it apart without colour. */
export interface SeriesStyle {
  /** 0 … 6: a hue of the theme's chart palette. −1: neutral, for rulers that are bounds rather than candidates. */
  readonly slot: number;
  readonly dash: readonly number[];
  readonly marker: Marker;
}

export const COLOUR_SLOTS = 7;
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [10, 3, 2, 3], [4, 2]];
const MARKERS: readonly Marker[] = ['circle', 'triangle', 'square', 'diamond', 'plus', 'cross', 'star'];

/** Hue, dash and marker repeat with different periods, so that 35 series stay distinct. */
export function styleOf(index: number, ruler = false): SeriesStyle {
  if (ruler)
    return { slot: -1, dash: index % 2 === 0 ? [1, 3] : [6, 3, 1, 3], marker: MARKERS[index % MARKERS.length] };
  return {
    slot: index % COLOUR_SLOTS,
    dash: DASHES[index % DASHES.length],
    marker: MARKERS[index % MARKERS.length],
  };
}

export interface AxisModel {
  readonly title: string;
  readonly unit: string;
  readonly scale: Scale;
  /** Set for categories: x values are then indices into it. */
  readonly labels?: readonly string[];
  /** Exact places for ticks (swept values); absent: round numbers. */
  readonly ticks?: readonly number[];
  readonly min: number;
  readonly max: number;
}

export interface SeriesModel {
  /** Stable identity: hiding a variant hides it in every chart of an output. */
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly style: SeriesStyle;
  readonly x: Float64Array;
  /** NaN where there is no value. */
  readonly y: Float64Array;
  /** Upper ends, for histograms (bucket edges) and timelines (span ends). */
  readonly x2?: Float64Array;
  /** In a timeline: what could be otherwise without anything ending otherwise. */
  readonly faint?: true;
  /** `only`: markers without a line between them; `none`: a line without markers. Absent: both. */
  readonly points?: 'only' | 'none';
  /** In a stack: a line over it (a limit), no part of it. */
  readonly overlay?: true;
}

/** Something to be said about a place on the x axis; variants may reach it at different times. */
export interface Annotation {
  readonly label: string;
  readonly tone: 'phase' | 'event' | 'alarm';
  readonly at: readonly { readonly series: string; readonly x: number }[];
}

/** A dimension of the experiment that this chart shows one value of at a time. */
export interface Pick {
  readonly axis: string;
  readonly labels: readonly string[];
  readonly selected: number;
}

export interface HeatmapModel {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What rows are, over their names in the table. */
  readonly rowTitle?: string;
  /** Row by row; NaN where there is no point. */
  readonly values: Float64Array;
  /** Too many cells to read one by one: a picture of shades, with figures only in the table. */
  readonly dense?: true;
}

/** Who waits for whom: first a cycle, in the order of waiting, then those who wait for it from outside. */
export interface GraphModel {
  /** Length of the cycle. */
  readonly cycle: number;
  readonly nodes: readonly GraphNode[];
}

export interface GraphNode {
  readonly label: string;
  readonly kind: 'process' | 'daemon' | 'kernel' | 'resource';
  /** `a free page`, or beginning with “to”: `to be resumed`. */
  readonly waitsFor: string;
  /** Empty: nothing that anybody waits for. */
  readonly holds: string;
  /** Index of the node it waits for. */
  readonly on: number;
}

/** What went from where to where. */
export interface FlowModel {
  readonly flows: readonly {
    readonly from: string;
    readonly to: string;
    /** Colour of where it came from. */
    readonly slot: number;
    readonly pages: number;
    /** What it was, and why. */
    readonly label: string;
  }[];
}

/** `waits for a free page`, `waits to be resumed`. */
export const waitsText = ({ waitsFor }: { readonly waitsFor: string }): string =>
  waitsFor.startsWith('to ') ? `waits ${waitsFor}` : `waits for ${waitsFor}`;

export interface ChartModel {
  /** Stable within a report: `plot.panel`. */
  readonly id: string;
  readonly kind: ChartKind;
  /** `Active file pages over time`. */
  readonly title: string;
  /** Kernel or kebab-case names of what is drawn. */
  readonly names: readonly string[];
  /** What the quantities mean, and where the kernel shows them. */
  readonly doc: string;
  /** What was fixed: `server.memory 64 MiB`. Empty when nothing was. */
  readonly subtitle: string;
  readonly stacked: boolean;
  /** Values hold until the next one (gauges, histograms). */
  readonly stepped: boolean;
  readonly x: AxisModel;
  readonly y: AxisModel;
  readonly series: readonly SeriesModel[];
  readonly annotations: readonly Annotation[];
  readonly picks: readonly Pick[];
  readonly heatmap?: HeatmapModel;
  readonly graph?: GraphModel;
  readonly flow?: FlowModel;
  /** The data as rows, where they are not those of the series. */
  readonly table?: DataTable;
  /** What could not be drawn, and why. */
  readonly notes: readonly string[];
  /** One sentence that says what the picture shows. */
  readonly sentence: string;
}

/** Values of a chart as rows: what the table view, CSV and tests read. Numbers are in the report's units. */
export interface DataTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly (number | string | null)[])[];
}

export interface TableColumn {
  readonly title: string;
  readonly unit: string;
}
