import { setUp } from './setup.mjs';

setUp('gateway');
await import('../server/dist/sandbox/main.js');
