/**
 * Loaded before each test file that the runner starts: random tests draw from one seed, so that the same tree always gives the same result.
 * REFAULT_TEST_SEED sets another one; `npm run soak` looks for seeds that fail. A file that Node runs without the runner draws a new seed.
 */
import process from 'node:process';
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['REFAULT_TEST_SEED'] ?? 2013) });
