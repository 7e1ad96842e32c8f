/**
 * The few assertions the suite needs. `node:assert` is not there in the web extension host, and one bundle serves all hosts.
 */
export function ok(value: unknown, message: string): asserts value {
  if (!value) throw new Error(message);
}

export function equal<T>(actual: T, expected: T, message = 'not equal'): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${message}: is ${is}, should be ${should}`);
}
