import { setUp } from './setup.mjs';

await setUp('gateway');
await import('../server/dist/sandbox/main.js');
