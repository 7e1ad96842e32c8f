/** Expectations and the values of metrics, read off a finished PointReport: what a table shows and what an `expect` judges is the same number. */
import type { Comparison, ExpectCondition, ExpectSpec, MetricExpression, MetricRef, Plan } from '../plan.ts';
import type { ExpectationResult, PhaseReport, PointReport } from '../report.ts';
import { measureByName, type MeasureInput } from '../tables/measures.ts';
import type { Gauges } from '../machine/memory.ts';

/** NaN when the report does not know. */
export function metricValue(point: PointReport, metric: MetricRef): number {
  if (metric.object !== undefined) return objectValue(point, metric.object, metric.name);
  if (metric.phase !== undefined)
    return phasesValue(
      point.phases.filter((phase) => phase.name === metric.phase),
      metric.name,
    );
  return point.counters[metric.name] ?? point.gauges?.[metric.name] ?? point.measures[metric.name] ?? NaN;
}

function objectValue(point: PointReport, name: string, metric: string): number {
  const object = point.objects?.find((candidate) => candidate.name === name);
  if (!object) return NaN;
  if (metric === 'resident') return object.resident;
  const own = object.values?.[metric];
  if (own !== undefined) return own;
  const { accesses, hits, misses } = object;
  const input: MeasureInput = { accesses, hits, misses, elapsed: NaN, counter: () => NaN };
  return measureByName(metric)?.of(input) ?? NaN;
}

/** One phase, or the phases of that name of several processes together. */
export function phasesValue(phases: readonly PhaseReport[], name: string): number {
  if (phases.length === 0) return NaN;
  const last = phases.reduce((a, b) => (b.end > a.end ? b : a));
  if (phases.length === 1) return last.counters[name] ?? last.gauges?.[name] ?? last.measures?.[name] ?? NaN;
  const sum = (of: (phase: PhaseReport) => number) => phases.reduce((n, phase) => n + of(phase), 0);
  if (name in last.counters) return sum((phase) => phase.counters[name]);
  if (last.gauges && name in last.gauges) return last.gauges[name];
  const measure = measureByName(name);
  if (!measure) return NaN;
  if (measure.level) return last.measures?.[name] ?? NaN;
  const start = Math.min(...phases.map((phase) => phase.start));
  return measure.of({
    accesses: sum((phase) => phase.accesses),
    hits: sum((phase) => phase.hits),
    misses: sum((phase) => phase.misses),
    elapsed: last.end - start,
    counter: (counter) => sum((phase) => phase.counters[counter]),
    gauges: (last.gauges ?? {}) as unknown as Gauges,
    passes: last.passes,
  });
}

function expressionValue(point: PointReport, expression: MetricExpression): number {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'metric':
      return metricValue(point, expression.metric);
    case 'binary': {
      const left = expressionValue(point, expression.left);
      const right = expressionValue(point, expression.right);
      switch (expression.op) {
        case '+':
          return left + right;
        case '-':
          return left - right;
        case '*':
          return left * right;
        case '/':
          return left / right;
      }
    }
  }
}

function compare(op: Comparison, left: number, right: number): boolean {
  switch (op) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>=':
      return left >= right;
    case '>':
      return left > right;
  }
}

/** Whether an expectation says anything about this point. */
function applies(plan: Plan, expect: ExpectSpec, point: PointReport): boolean {
  const labels = plan.axes.flatMap((axis, i) =>
    axis.kind === 'compare' ? [axis.values[point.coordinates[i]].label] : [],
  );
  if (expect.variants.length > 0 && !expect.variants.some((label) => labels.includes(label))) return false;
  return expect.where.every(({ axis, op, value }) => axis in point.at && compare(op, point.at[axis], value));
}

type Verdict = Pick<ExpectationResult, 'holds' | 'left' | 'right'> & { violated?: number };

function judge(condition: ExpectCondition, point: PointReport): Verdict {
  if (condition.kind === 'compare') {
    if (!point.complete) return { holds: false, left: null, right: null };
    const left = expressionValue(point, condition.left);
    const right = expressionValue(point, condition.right);
    if (Number.isNaN(left) || Number.isNaN(right))
      return { holds: false, left: Number.isNaN(left) ? null : left, right: Number.isNaN(right) ? null : right };
    return { holds: compare(condition.op, left, right), left, right };
  }
  const { event, absent, before } = condition;
  const found = point.events.filter(
    (e) => (e.rule === event || e.rule.startsWith(`${event}.`)) && (before === undefined || e.time < before),
  );
  const first = found.at(0)?.time;
  if (first === undefined && !point.complete) return { holds: false, left: null, right: null };
  const count = { left: found.length, right: absent ? 0 : 1 };
  if (!absent) return { holds: first !== undefined, ...count };
  return first === undefined ? { holds: true, ...count } : { holds: false, ...count, violated: first };
}

export const evaluateExpectations = (plan: Plan, point: PointReport): ExpectationResult[] =>
  plan.expects
    .filter((expect) => applies(plan, expect, point))
    .map((expect) => ({
      text: expect.text,
      ...judge(expect.condition, point),
      ...(expect.source ? { source: expect.source } : {}),
    }));
