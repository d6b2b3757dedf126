import { setUp } from './setup.mjs';

await setUp('gateway');
await import('../server/dist/src/main.js');
