import { until } from './until.mjs';

/** For so long connect takes an earlier try for one that is on its way, and waits for it; with a little room. */
const YOUNG_MS = 2_100;

/**
 * What an earlier try can leave behind, in every way that the simulator can make it.
 * @typedef {object} Leftover
 * @property {{ kind: string, count: number }} [fault] what the earlier try meets
 * @property {boolean} [hangs] connect is called while the earlier call still waits for its answer
 * @property {{ kind: string, code: number, count: number }} [onScan] what the new try meets when it logs in
 */

/** @type {Record<string, Leftover>} */
export const LEFTOVERS = {
  'mute server': { fault: { kind: 'mute', count: 1 }, hangs: true },
  'refused upgrade': { fault: { kind: 'refuse-upgrade', count: 1 } },
  'QR not scanned': {},
  'half-open socket': { fault: { kind: 'hold-upgrade', count: 1 }, hangs: true },
  'login refused once': { onScan: { kind: 'refuse-login', code: 503, count: 1 } },
};

/**
 * Makes an instance and a try that leaves something behind; then connects, scans, and waits until it is CONNECTED. Faults of others are not to be set meanwhile.
 * @param {Leftover} leftover
 * @param {{ rest: import('./rest.mjs').Rest, control: import('./rest.mjs').Rest, instanceId: string, number: string }} parts `rest`: of the gateway, `control`: of the simulator
 * @returns {Promise<{ qrMs: number, connectedMs: number }>} how long connect took to show a QR code, and from the scan to CONNECTED
 * @throws Error when connect shows no QR code, the instance is not CONNECTED in time, or a fault was not met
 */
export async function connectAfter({ fault, hangs, onScan }, { rest, control, instanceId, number }) {
  const path = `/instances/${instanceId}`;
  const faultsAreMet = () => until('the fault is met', async () => (await control.get('/faults')).faults.length === 0, { timeoutMs: 20_000 });

  await rest.post('/instances', { instanceId });
  if (fault) await control.post('/faults', fault);
  const earlier = rest.post(`${path}/connect`).catch(() => null);
  await (hangs ? untilOld(rest, instanceId) : earlier);
  await faultsAreMet();

  const started = performance.now();
  const { qr } = await rest.post(`${path}/connect`);
  if (!qr) throw new Error('no QR code');
  const qrMs = performance.now() - started;

  await control.post('/phones', { number });
  if (onScan) await control.post('/faults', { ...onScan, phone: number });
  const scanned = performance.now();
  await control.post(`/phones/${number}/scan`, { qr });
  await until('CONNECTED', async () => (await rest.get(`${path}/status`)).status === 'CONNECTED', { timeoutMs: 20_000, everyMs: 20 });
  const connectedMs = performance.now() - scanned;
  await earlier;
  await faultsAreMet();
  return { qrMs, connectedMs };
}

function untilOld(rest, instanceId) {
  return until('the earlier try is too old to be waited for', async () => {
    const { sessions } = await rest.get('/sessions');
    const pendingSince = sessions.find(session => session.instanceId === instanceId)?.pendingSince;
    return pendingSince !== undefined && Date.now() - Date.parse(pendingSince) > YOUNG_MS;
  }, { everyMs: 50, timeoutMs: 20_000 });
}
