import tseslint from 'typescript-eslint';

/** Typed lint for every room; the controls adapter is the only file that may import the webview toolkit. */
export default tseslint.config(
  { ignores: ['dist/', 'out/', 'test-results/', 'language-server/language/generated/', '.vscode-host/', '**/*.cjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@vscode/webview-ui-toolkit',
              message: 'Import webview/ui/controls.ts instead: it is the only adapter.',
            },
          ],
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['webview/ui/controls.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['cli/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['simulator/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Date', 'performance', 'process', 'setTimeout', 'fetch', 'globalThis'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'The core is deterministic: use the seeded generator.' },
        ...[
          'sin',
          'cos',
          'tan',
          'exp',
          'log',
          'log2',
          'log10',
          'pow',
          'cbrt',
          'sinh',
          'cosh',
          'tanh',
          'asin',
          'acos',
          'atan',
          'atan2',
          'expm1',
          'log1p',
          'hypot',
        ].map((property) => ({ object: 'Math', property, message: 'Engine-dependent: use simulator/math.ts.' })),
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "BinaryExpression[operator='**']", message: 'Engine-dependent: use simulator/math.ts.' },
      ],
    },
  },
);
