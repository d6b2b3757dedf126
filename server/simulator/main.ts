#!/usr/bin/env node
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { createSimulator } from './index.js';
import { silenceLibsignal } from './signal/quiet.js';

const logger = pino({ name: 'whatsapp-simulator', level: process.env['LOG_LEVEL'] ?? 'info' });
silenceLibsignal();

const simulator = createSimulator({
  port: portFrom('SIMULATOR_PORT', 3001),
  mediaPort: portFrom('SIMULATOR_MEDIA_PORT', 0),
  logger,
});

closeWithGrace({ delay: 5000 }, async ({ err, signal }) => {
  if (err) logger.error({ err }, 'stopping after an error');
  else logger.info({ signal }, 'stopping');
  await simulator.stop();
});

await simulator.start();
logger.info({ controlUrl: simulator.controlUrl, webSocketUrl: simulator.trust.webSocketUrl }, 'WhatsApp simulator is up');

function portFrom(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    logger.fatal({ [name]: value }, `${name} is not a port`);
    process.exit(1);
  }
  return port;
}
