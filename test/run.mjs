/**
 * `npm test`: everything there is, counted truly. `npm test -- unit types` runs some stages, `npm test -- unit workingset` some files.
 * The last line is `N passed, N failed`, and the exit status 0 only when nothing failed.
 */
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `Refault's tests need the Node that comes with its dependencies; this is ${process.version}. Run: npm test`,
  );
  process.exit(2);
}
const { main } = await import('./runner/main.ts');
process.exitCode = await main(process.argv.slice(2));
