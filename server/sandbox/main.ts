import { runAsProcess } from './run-as-process.js';
import { runSandbox } from './sandbox.js';
import { readSettings } from './settings.js';

/** `npm run sandbox`. */
await runAsProcess('sandbox', process.env, readSettings, runSandbox);
