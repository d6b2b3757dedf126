// The gateway as it would be if sessions were stored in plain: a control, and nothing to run otherwise.
import { register } from 'node:module';

register('./support/without-seal.mjs', import.meta.url);
await import('../server/dist/src/main.js');
