/**
 * Builds every bundle from one list: `node esbuild.mjs` (all), `node esbuild.mjs cli renderer` (some), `--dev` (readable, with source maps),
 * `--watch`. Fails when a bundle outgrows its budget. Bundles whose entry does not exist yet are an error, never skipped silently.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { context } from 'esbuild';

const node = { platform: 'node', target: 'node22', format: 'cjs' };
const web = { platform: 'browser', target: 'es2022' };
/** The toolkit asks for React only from a wrapper that is never used; langium's optional parts stay out by tree shaking. */
const shared = {
  bundle: true,
  legalComments: 'none',
  loader: { '.css': 'text', '.md': 'text' },
  logLevel: 'warning',
  treeShaking: true,
};

/** name → options, and the budget in kB (1000 bytes) that fails the build. */
const bundles = {
  extension: { ...node, in: 'extension/extension.node.ts', out: 'extension.cjs', external: ['vscode'], budget: 400 },
  // the language client apart: it is half of what the extension loads, and nobody waits for it
  client: { ...node, in: 'extension/client/client.node.ts', out: 'client.cjs', external: ['vscode'], budget: 500 },
  'extension.web': {
    ...web,
    format: 'cjs',
    in: 'extension/extension.web.ts',
    out: 'extension.web.cjs',
    external: ['vscode'],
    budget: 1000,
  },
  server: { ...node, in: 'language-server/server.node.ts', out: 'server.cjs', budget: 1200 },
  'server.web': { ...web, format: 'iife', in: 'language-server/server.web.ts', out: 'server.web.js', budget: 1200 },
  renderer: { ...web, format: 'esm', in: 'webview/renderer.ts', out: 'renderer.js', budget: 400 },
  panel: { ...web, format: 'iife', in: 'webview/panel.ts', out: 'panel.js', budget: 700 },
  'sim-worker': { ...node, in: 'extension/worker/sim-worker.node.ts', out: 'sim-worker.cjs', budget: 650 },
  'sim-worker.web': {
    ...web,
    format: 'iife',
    in: 'extension/worker/sim-worker.web.ts',
    out: 'sim-worker.web.js',
    budget: 650,
  },
  // language and writers apart from the extension: building the parser and writing reports take too long for the extension host's thread
  'compile-worker': {
    ...node,
    in: 'extension/program/compile-worker.node.ts',
    out: 'compile-worker.cjs',
    budget: 1100,
  },
  'compile-worker.web': {
    ...web,
    format: 'iife',
    in: 'extension/program/compile-worker.web.ts',
    out: 'compile-worker.web.js',
    budget: 1100,
  },
  // in pieces: Node compiles what a command needs, not the parser for a replay; half the start
  cli: { ...node, format: 'esm', in: 'cli/main.ts', out: 'cli.mjs', budget: 1600, banner: true, splitting: true },
};

const args = process.argv.slice(2);
const dev = args.includes('--dev');
const watch = args.includes('--watch');
const wanted = args.filter((a) => !a.startsWith('--'));
const unknown = wanted.filter((name) => !(name in bundles));
if (unknown.length > 0) {
  console.error(`esbuild.mjs: no bundle ${unknown.join(', ')}; there are ${Object.keys(bundles).join(', ')}`);
  process.exit(2);
}

/** CommonJS dependencies inside an ES module still call `require`. */
const banner = {
  js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/** What the extension may read of its own recordings: in a browser it cannot list them. */
const recordings = readdirSync('samples/recordings', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) =>
    path.relative('samples/recordings', path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
  )
  .sort();
mkdirSync('dist', { recursive: true });
/** Pieces of an earlier build have other names. */
const removePieces = (name) => {
  for (const file of readdirSync('dist'))
    if (file.startsWith(`${name}-`) && file.endsWith('.mjs')) rmSync(`dist/${file}`);
};
let failed = false;
await Promise.all(
  Object.entries(bundles)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(async ([name, { in: entry, out, budget, banner: wantsBanner, ...options }]) => {
      const builder = await context({
        ...shared,
        ...options,
        ...(wantsBanner ? { banner } : {}),
        entryPoints: [entry],
        ...(options.splitting
          ? { outdir: 'dist', outExtension: { '.js': '.mjs' }, entryNames: name, chunkNames: `${name}-[name]-[hash]` }
          : { outfile: `dist/${out}` }),
        minify: !dev,
        keepNames: false,
        sourcemap: dev ? 'linked' : false,
        metafile: true,
        define: {
          REFAULT_VERSION: JSON.stringify(version),
          ...(name.startsWith('extension') ? { REFAULT_RECORDINGS: JSON.stringify(recordings) } : {}),
          'process.env.NODE_ENV': '"production"',
        },
      });
      if (watch) return builder.watch();
      try {
        if (options.splitting) removePieces(name);
        const { metafile } = await builder.rebuild();
        writeFileSync(`dist/${out}.meta.json`, JSON.stringify(metafile));
        const kilobytes = Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
        if (!dev && kilobytes > budget) {
          console.error(`esbuild.mjs: dist/${out} has ${kilobytes.toFixed(0)} kB; its budget is ${budget} kB`);
          failed = true;
        }
      } catch (error) {
        if (!(error instanceof Error && 'errors' in error)) throw error;
        failed = true; // esbuild has printed what is wrong
      } finally {
        await builder.dispose();
      }
    }),
);
if (failed) process.exitCode = 1;
