import { setUp } from './setup.mjs';

setUp('gateway');
await import('../server/dist/src/main.js');
