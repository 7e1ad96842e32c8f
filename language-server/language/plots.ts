/** `plot`: what a chart shows, over what, in which form. */
import type { MetricRef, PlotSpec } from '../../simulator/plan.ts';
import { isNumaPicture } from '../../simulator/tables/numa-pictures.ts';
import { reportLeftOver } from './complaints.ts';
import type { Plot, PlotMetric, Word } from './generated/ast.ts';
import { isObject, metricRef, namesObject, type RunNames, spaces } from './metrics.ts';
import { isObjectKind } from './objects.ts';
import { spanOfNode } from './spans.ts';
import { aKind } from './program.ts';
import { nearest } from './quantities.ts';
import { textOf } from './syntax.ts';
import { metric } from './tables.ts';
import type { Scope } from './values.ts';

const OVER = ['time', 'pass', 'phase', 'variant', 'node'];

const FORMS = ['line', 'bars', 'area', 'heatmap', 'distribution', 'timeline', 'table'] as const;

export function plotSpec(scope: Scope, names: RunNames, node: Plot): PlotSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  reportLeftOver(program, node.rest, "write 'plot hit-ratio, miss-ratio by pass'");
  const found: { ref: MetricRef; node: PlotMetric }[] = [];
  let over: string | undefined;
  let as: PlotSpec['as'];
  let ofObjects = false;
  for (const part of node.parts) {
    switch (part.$type) {
      case 'PlotMetric': {
        const { name } = part;
        if (!name) break;
        // `placement of scratch, heap`: the list of objects goes on as long as its names are no metrics.
        const last = found.at(-1);
        if (ofObjects && last && !metric(name.text) && namesObject(program, name.text)) {
          if (isObject(scope, name)) found.push({ ref: { ...last.ref, object: name.text }, node: part });
          break;
        }
        ofObjects = false;
        if (name.text === 'timeline' && node.parts.length === 1) {
          as = 'timeline';
          break;
        }
        const next = node.parts[node.parts.indexOf(part) + 1];
        const ref = metricRef(scope, names, name, part.phase, undefined, next?.$type === 'PlotObject');
        if (ref) found.push({ ref: ref.ref, node: part });
        break;
      }
      case 'PlotObject': {
        const last = found.at(-1);
        ofObjects = true;
        if (!part.object)
          program.reporter.report('S07', program.placeAfter(part), {
            what: "'of'",
            part: 'a file or memory',
            example: "'of heap'",
          });
        else if (last && isObject(scope, part.object))
          found[found.length - 1] = { ...last, ref: { ...last.ref, object: part.object.text } };
        break;
      }
      case 'PlotOver': {
        ofObjects = false;
        if (!part.axis) {
          program.reporter.report('S07', program.placeAfter(part), {
            what: `'${part.keyword}'`,
            part: 'an axis',
            example: "'by pass'",
          });
          break;
        }
        over = axisName(scope, names, part.axis);
        break;
      }
      case 'PlotForm': {
        ofObjects = false;
        const form = part.form?.text;
        if (FORMS.includes(form as (typeof FORMS)[number])) as = form as (typeof FORMS)[number];
        else if (part.form) {
          const meant = nearest(form!, FORMS);
          program.reporter.report(
            'N14',
            program.placeOf(part.form),
            {
              name: form!,
              what: 'form of chart',
              remedy: meant ? `did you mean '${meant}'?` : `there are ${FORMS.join(', ')}`,
            },
            meant ? { fixes: [program.replace(part.form, meant)] } : {},
          );
        } else
          program.reporter.report('S07', program.placeAfter(part), {
            what: "'as'",
            part: 'a form',
            example: "'as heatmap'",
          });
        break;
      }
      default:
    }
  }
  for (const { ref, node: at } of found) {
    const symbol = ref.object === undefined ? undefined : program.symbols.get(ref.object);
    if (isNumaPicture(ref.name) && symbol && !isObjectKind(symbol.kind))
      program.reporter.report('N03', program.placeOf(at), {
        name: symbol.name,
        kind: aKind(symbol.kind),
        wanted: 'a file or memory',
        hint: `: it has no pages of its own to show in '${ref.name}'`,
      });
  }
  if (program.reporter.errors > before) return null;
  if (found.length === 0 && as !== 'timeline') {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'plot'",
      part: 'something to plot',
      example: "'plot hit-ratio by pass'",
    });
    return null;
  }
  return {
    metrics: found.map((f) => f.ref),
    ...(over === undefined ? {} : { over }),
    ...(as === undefined ? {} : { as }),
    text: spaces(textOf(node).replace(/^plot/, '')),
    source: spanOfNode(program, node),
  };
}

function axisName(scope: Scope, names: RunNames, word: Word): string | undefined {
  const name = word.text;
  if (OVER.includes(name) || names.dimensionals.some((d) => d.axis.name === name)) return name;
  if (names.incomplete) return undefined;
  const { program } = scope;
  const known = [...OVER, ...names.dimensionals.map((d) => d.axis.name)];
  const meant = nearest(name, known);
  program.reporter.report(
    'N14',
    program.placeOf(word),
    { name, what: 'axis of this run', remedy: meant ? `did you mean '${meant}'?` : `there are ${known.join(', ')}` },
    meant ? { fixes: [program.replace(word, meant)] } : {},
  );
  return undefined;
}
