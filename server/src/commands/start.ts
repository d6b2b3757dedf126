import { parseArgs } from 'node:util';
import { readConfig } from '../config.js';
import { packageVersion } from '../package-version.js';
import { onceAskedToStop } from '../stop-signals.js';
import { explain, type Command } from './command.js';

/** The gateway as a process: configuration, start, signals. */
export const start: Command = {
  name: 'start',
  summary: 'start the gateway; what it does without a command',
  usage: 'start\n\nIt is configured by environment variables (docs/configuration.md). SIGTERM or Ctrl-C ends it.',
  async run(args, { env, print, complain }) {
    parseArgs({ args, options: {} });
    try {
      await startUp(env, print);
      return null;
    } catch (error) {
      complain(`chasqui could not start: ${explain(error)}`);
      return 1;
    }
  },
};

async function startUp(env: NodeJS.ProcessEnv, print: (line: string) => void): Promise<void> {
  // Here and not above: the other commands need none of it, and loading it takes longer than they do.
  const [{ pino, stdTimeFunctions }, { quietConsole }, { startGateway }] = await Promise.all([import('pino'), import('../adapters/baileys/quiet-console.js'), import('../app.js')]);
  const config = readConfig(env);
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
  if (gateway.firstKey) print(`\nYour API key, shown this once: ${gateway.firstKey}\n`);
  logger.info({ url: gateway.url, ...(gateway.nodeId ? { nodeId: gateway.nodeId } : { dataDir: config.dataDir }), network: config.network.kind }, 'the gateway is ready');
}
