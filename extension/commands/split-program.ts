/** A `.refault` file as cells: cut after each `run`, and before its first; comments stay with what follows them. Nothing is lost but blank lines. */
export function splitProgram(text: string): string[] {
  const cells: string[][] = [[]];
  let depth = 0;
  let inRun = false;
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const bare = line.replace(/"[^"]*"?/g, '""').replace(/#.*$/, '');
    if (depth === 0 && /^\s*run\b/.test(bare)) {
      const last = cells.at(-1)!;
      // comments right above a run are about it
      let comments = last.length;
      while (comments > 0 && /^\s*#/.test(last[comments - 1])) comments--;
      cells.push(last.splice(comments));
      inRun = true;
    }
    cells.at(-1)!.push(line);
    depth = Math.max(0, depth + count(bare, '{') - count(bare, '}'));
    if (inRun && depth === 0) {
      cells.push([]);
      inRun = false;
    }
  }
  return cells
    .map((lines) =>
      lines
        .join('\n')
        .replace(/^\s*\n/, '')
        .trimEnd(),
    )
    .filter((cell) => cell !== '');
}

const count = (text: string, what: string): number => text.split(what).length - 1;
