import { createRequire } from 'node:module';

/**
 * n8n's own libraries, loaded as n8n and the built pack load them (CommonJS): `import` would give a second copy, whose
 * classes are not the pack's.
 */
const load = createRequire(import.meta.url);
export const workflowLibrary = load('n8n-workflow') as typeof import('n8n-workflow');
export const core = load('n8n-core') as typeof import('n8n-core');
