/**
 * `npm run package`: builds everything and packs it as refault-VERSION.vsix, then looks into the result: is all there that package.json
 * promises, nothing that nobody needs, and is it small? `--out FILE` packs elsewhere; with REFAULT_BUILT set the bundles are taken as they are.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import vsce from '@vscode/vsce';

const root = path.resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const file = path.resolve(root, values.out ?? `${manifest.name}-${manifest.version}.vsix`);

/** In kB (1000 bytes), packed. What a user downloads and every window unpacks. */
const budget = 3500;

if (!process.env.REFAULT_BUILT) execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
mkdirSync(path.dirname(file), { recursive: true });
await vsce.createVSIX({
  cwd: root,
  packagePath: file,
  dependencies: false, // everything is bundled
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});

const packed = readFileSync(file);
const names = namesInZip(packed)
  .filter((name) => name.startsWith('extension/'))
  .map((name) => name.slice('extension/'.length));
const problems = [
  ...promised(manifest)
    .filter((name) => !names.includes(name))
    .map((name) => `${name} is missing`),
  ...names
    .filter((name) => /\.(ts|map|meta\.json)$|^(node_modules|test|tools)\//.test(name))
    .map((name) => `${name} should not be there`),
  ...(packed.length > budget * 1000 ? [`it has ${kilobytes(packed)} kB; its budget is ${budget} kB`] : []),
];
if (problems.length > 0) {
  console.error(`${path.basename(file)}:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  process.exit(1);
}
console.log(`${path.relative(process.cwd(), file)}: ${names.length} files, ${kilobytes(packed)} kB`);

function kilobytes(buffer) {
  return Math.round(buffer.length / 1000);
}

/** Files without which the installed extension would be broken: those its manifest names, the bundles it starts, the papers. */
function promised({ main, browser, icon, contributes }) {
  const named = [main, browser, icon];
  for (const grammar of contributes.grammars) named.push(grammar.path);
  for (const language of contributes.languages)
    named.push(language.configuration, ...Object.values(language.icon ?? {}));
  for (const renderer of contributes.notebookRenderer) named.push(renderer.entrypoint);
  for (const { steps } of contributes.walkthroughs ?? [])
    for (const { media } of steps) named.push(media.markdown ?? media.svg);
  named.push(
    'dist/client.cjs',
    'dist/server.cjs',
    'dist/server.web.js',
    'dist/panel.js',
    'dist/compile-worker.cjs',
    'dist/compile-worker.web.js',
    'dist/sim-worker.cjs',
    'dist/sim-worker.web.js',
  );
  for (const entry of readdirSync(path.join(root, 'samples', 'recordings'), { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      named.push(path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
  named.push('samples/page-cache-reclaim.refault.md', 'package.nls.json');
  named.push('readme.md', 'changelog.md', 'LICENSE.txt'); // the names that the packer gives them
  return named.filter((name) => name !== undefined).map((name) => name.replace(/^\.\//, ''));
}

/** Names from a zip's central directory (the format is fixed: PKWARE APPNOTE 4.3.12), so that no unzip program is needed. */
function namesInZip(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const names = [];
  for (let at = zip.readUInt32LE(end + 16), left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    names.push(zip.toString('utf8', at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names;
}
