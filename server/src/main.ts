#!/usr/bin/env node
import { createCommandHost } from './commands/command-host.js';
import { start } from './commands/start.js';

/** The gateway as a process: what `chasqui start` does, without a command line. */
const exitCode = await start.run([], createCommandHost(process.env));
if (exitCode !== null) process.exit(exitCode);
