#!/usr/bin/env node
import { createCommandHost } from './commands/command-host.js';
import { runCommandLine } from './commands/run-command-line.js';

/** The program `chasqui`. */
const exitCode = await runCommandLine(process.argv.slice(2), createCommandHost(process.env));
if (exitCode !== null) process.exit(exitCode);
