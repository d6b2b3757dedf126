import { runAsProcess } from '../run-as-process.js';
import { runCluster } from './cluster.js';
import { readClusterSettings } from './settings.js';

/** `npm run cluster`. */
await runAsProcess('cluster', process.env, readClusterSettings, runCluster);
