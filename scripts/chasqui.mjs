import { endWithNpm } from './end-with-npm.mjs';
import { setUp } from './setup.mjs';

/** `npm run chasqui -- help`: the gateway's command line from a clone. */
await setUp('gateway');
endWithNpm();
await import('../server/dist/src/cli.js');
