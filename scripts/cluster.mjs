import { endWithNpm } from './end-with-npm.mjs';
import { setUp } from './setup.mjs';

await setUp('gateway');
endWithNpm();
await import('../server/dist/sandbox/cluster/main.js');
