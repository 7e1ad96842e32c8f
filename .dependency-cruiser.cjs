/** Dependencies point one way: text → Plan → Report → picture. See ARCHITECTURE.md, "Rooms". */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(simulator|language-server|extension|webview|cli|test|tools)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    only('the simulator imports no other room', '^simulator/', '^simulator/'),
    only(
      'the language knows only the simulator',
      '^language-server/language/',
      '^(language-server/language|simulator)/',
    ),
    only('the server knows its language', '^language-server/(?!language/)', '^(language-server|simulator)/'),
    only(
      'the extension knows language and simulator',
      '^extension/',
      '^(extension|language-server/language|simulator)/',
    ),
    only('pictures are drawn from the simulator’s types', '^webview/', '^(webview|simulator)/'),
    only('the CLI knows language and simulator', '^cli/', '^(cli|language-server/language|simulator)/'),
    {
      name: 'the core touches no host API',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only @noble/hashes from npm in the core',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@noble/hashes' },
    },
    {
      name: 'no cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.base.json' },
    exclude: { path: 'language-server/language/generated' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
