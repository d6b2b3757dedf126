/**
 * ESLint for the gateway, the simulator, the tests and the scripts. The node pack has its own configuration, eslint.config.mjs, which n8n's
 * strict mode wants unchanged, and is linted by `npm run lint:nodes`; hence `--config` here (scripts/lint.mjs).
 *
 * Few rules, each an error: what TypeScript does not catch and reviews should not have to.
 */
import tseslint from 'typescript-eslint';

const NO_CONSOLE = { selector: "CallExpression[callee.object.name='console']", message: 'The gateway and the simulator write to their logger.' };
const NO_LEFT_OUT_TESTS = { selector: 'MemberExpression[property.name=/^(only|skip|todo|fails)$/]', message: 'Every test runs, everywhere: one that is left out proves nothing.' };

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', 'server/src/generated/**', 'nodes/**', 'credentials/**', '.setup/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,mts,mjs,js}'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser },
    rules: {
      eqeqeq: ['error', 'always'],
      'max-lines': ['error', 400],
      'no-debugger': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
    },
  },
  {
    files: ['server/{src,simulator,sandbox}/**/*.ts', 'test/**/*.ts'],
    languageOptions: { parserOptions: { project: ['server/tsconfig.json', 'test/tsconfig.json', 'test/n8n/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A promise that nobody waits for fails where nobody sees it. `void` says that it is meant.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  // The sandbox is not among them: it prints for people.
  { files: ['server/{src,simulator}/**/*.ts'], rules: { 'no-restricted-syntax': ['error', NO_CONSOLE] } },
  { files: ['test/**/*.ts'], rules: { 'no-restricted-syntax': ['error', NO_LEFT_OUT_TESTS] } },
);
