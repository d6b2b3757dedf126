import { API_KEY, startGateway } from './processes.mjs';
import { createRest } from './rest.mjs';
import { until } from './until.mjs';

/** A running gateway with a REST client. */
export async function openGateway(options) {
  const gateway = await startGateway(options);
  const rest = createRest(gateway.url, { 'x-api-key': API_KEY });
  return {
    ...gateway,
    rest,
    /** Resolves when so many sessions are CONNECTED, with the time (performance.now()). */
    async connected(count) {
      await until(`${count} sessions are CONNECTED`, async () => (await rest.get('/health')).activeSessions >= count, { everyMs: 50, timeoutMs: 120_000 });
      return performance.now();
    },
    async stop() {
      await rest.close();
      await gateway.stop();
    },
  };
}

/** Makes an instance and links it with a phone of this number; resolves when it is CONNECTED. */
export async function pairInstance({ rest }, control, instanceId, number) {
  await rest.post('/instances', { instanceId });
  const { qr } = await rest.post(`/instances/${instanceId}/connect`);
  await control.post('/phones', { number });
  await control.post(`/phones/${number}/scan`, { qr });
  await untilConnected({ rest }, instanceId);
}

export function untilConnected({ rest }, instanceId) {
  return until(`${instanceId} is CONNECTED`, async () => (await rest.get(`/instances/${instanceId}/status`)).status === 'CONNECTED');
}

/** Links `count` instances, a few at a time. */
export async function pairInstances(gateway, control, count) {
  const waiting = Array.from({ length: count }, (_, index) => index);
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      await pairInstance(gateway, control, `idle-${index}`, String(15_552_000_000 + index));
    }
  }));
}
