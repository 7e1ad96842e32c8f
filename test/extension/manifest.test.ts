import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

interface Manifest {
  readonly main: string;
  readonly browser: string;
  readonly icon: string;
  readonly contributes: {
    readonly commands: readonly { command: string }[];
    readonly menus: Readonly<Record<string, readonly { command: string }[]>>;
    readonly keybindings: readonly { command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { default: unknown }>> };
    readonly walkthroughs: readonly { steps: readonly { id: string; completionEvents?: readonly string[] }[] }[];
    readonly notebooks: readonly { type: string; selector: readonly { filenamePattern: string }[] }[];
    readonly notebookRenderer: readonly { id: string; mimeTypes: readonly string[] }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { supported: boolean }; readonly virtualWorkspaces: boolean };
}
const text = read('package.json');
const manifest = JSON.parse(text) as Manifest;
const { contributes } = manifest;
const sources = globSync('extension/**/*.ts', { cwd: root }).map(read).join('\n');
const commands = contributes.commands.map(({ command }) => command);

test('every text the manifest takes from package.nls.json is there, and none is left over', () => {
  const used = [...text.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key);
  const known = Object.keys(JSON.parse(read('package.nls.json')) as object);
  assert.deepEqual([...new Set(used)].sort(), known.sort());
});

test('every file the manifest names is there, but for what the build makes', () => {
  const named = [...text.matchAll(/"(?:\.\/)?((?:extension|samples)\/[\w./-]+\.\w+)"/g)].map(([, path]) => path);
  assert.ok(named.length >= 10);
  assert.deepEqual(
    named.filter((path) => !existsSync(new URL(path, root))),
    [],
  );
  const build = read('esbuild.mjs');
  for (const bundle of [manifest.main, manifest.browser, './dist/renderer.js']) {
    assert.ok(build.includes(`'${bundle.replace('./dist/', '')}'`), `${bundle} is not built`);
  }
});

test('commands are registered exactly as declared', () => {
  const registered = [...sources.matchAll(/register\(\s*'(refault\.\w+)'/g)].map(([, id]) => id);
  assert.deepEqual([...registered].sort(), [...commands].sort());
});

test('menus, keys and the walkthrough name only commands that exist', () => {
  const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(({ command }) => command);
  const events = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap((step) => step.completionEvents ?? []));
  const awaited = events.flatMap((event) => /^onCommand:(refault\..*)$/.exec(event)?.[1] ?? []);
  assert.ok(awaited.length > 0);
  assert.deepEqual(
    [...named, ...awaited].filter((command) => !commands.includes(command)),
    [],
  );
});

test('every step of the walkthrough can be completed: its context is set somewhere', () => {
  for (const { steps } of contributes.walkthroughs) {
    assert.ok(steps.length >= 5 && steps.length <= 6);
    for (const { id, completionEvents } of steps) {
      assert.ok(completionEvents && completionEvents.length > 0, `${id} is never done`);
      for (const event of completionEvents) {
        const context = /^onContext:(.*)$/.exec(event)?.[1];
        if (context) assert.ok(sources.includes(`'${context}'`), `nobody sets ${context}`);
      }
    }
  }
});

test('settings that the code reads are declared, and declared ones are read', () => {
  const used = [...sources.matchAll(/setting\('([\w.]+)'/g)].map(([, name]) => `refault.${name}`);
  // the language client reads this one by itself
  const declared = Object.keys(contributes.configuration.properties).filter((name) => name !== 'refault.trace.server');
  assert.deepEqual([...new Set(used)].sort(), declared.sort());
});

test('the extension says that it works in Restricted Mode and in virtual workspaces', () => {
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, true);
  assert.equal(manifest.capabilities.virtualWorkspaces, true);
});

test('the renderer takes a private MIME type, so that no other notebook is drawn by it', () => {
  assert.deepEqual(
    contributes.notebookRenderer.map(({ id, mimeTypes }) => [id, mimeTypes]),
    [['refault-charts', ['application/vnd.refault.report']]],
  );
});
