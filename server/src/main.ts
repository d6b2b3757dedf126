#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { pino, stdTimeFunctions } from 'pino';
import { quietConsole } from './adapters/baileys/quiet-console.js';
import { startGateway } from './app.js';
import { ConfigError, readConfig } from './config.js';
import { onceAskedToStop } from './stop-signals.js';

/** The gateway as a process: configuration, start, signals. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const pretty = process.stdout.isTTY ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } } : {};
  const logger = pino({ level: config.logLevel, timestamp: stdTimeFunctions.isoTime, base: { pid: process.pid }, ...pretty });
  quietConsole(logger);

  const gateway = await startGateway({
    config, logger, version: packageVersion(),
    onFatal: err => {
      logger.fatal({ err }, 'the store failed; the process ends so that a new start can recover');
      process.exit(1);
    },
  });
  // A promise that some library forgot is no reason to cut every session off.
  process.on('unhandledRejection', err => logger.error({ err }, 'a rejection was not handled'));
  onceAskedToStop(logger, () => gateway.stop());
  if (gateway.firstKey) {
    process.stdout.write(`\nYour API key, shown this once: ${gateway.firstKey}\n\n`);
  }
  logger.info({ url: gateway.url, dataDir: config.dataDir, network: config.network.kind }, 'the gateway is ready');
}

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

main().catch((error: unknown) => {
  const sentence = error instanceof ConfigError || (error instanceof Error && 'code' in error) ? error.message : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`chasqui could not start: ${sentence}\n`);
  process.exit(1);
});
