/** The parts of Chart.js that we draw with, registered one by one so that the bundle holds nothing else. Charts come from here only. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
} from 'chart.js';
import { annotationsPlugin } from './annotations.ts';
import { crosshairPlugin } from './crosshair.ts';
import { longLinesPlugin } from './long-lines.ts';
import { markersPlugin } from './markers.ts';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  annotationsPlugin,
  longLinesPlugin,
  markersPlugin,
  crosshairPlugin,
);

export { Chart };
