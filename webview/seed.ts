/** What a reader typed as a seed. */
export function parseSeed(typed: string): number | 'none' | 'bad' {
  const text = typed.replace(/[\s_,]/g, '');
  if (text === '') return 'none';
  if (!/^\d+$/.test(text)) return 'bad';
  const seed = Number(text);
  return Number.isSafeInteger(seed) ? seed : 'bad';
}
