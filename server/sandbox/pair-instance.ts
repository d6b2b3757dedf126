import type { Api } from './api.js';
import { until } from './until.js';

const PAIR_WITHIN_MS = 60_000;

interface Connection { status: string; qr?: string }

export interface PairOptions {
  instanceId: string;
  /** The number of a simulated phone that exists. */
  phone: string;
  gateway: Api;
  simulator: Api;
  signal: AbortSignal;
  onScanned: () => void;
}

/**
 * Connects an instance; where it shows a QR code, because it is new or because the network that it was paired with is gone, the
 * phone scans it. Resolves when it is CONNECTED.
 */
export async function pairInstance({ instanceId, phone, gateway, simulator, signal, onScanned }: PairOptions): Promise<void> {
  const patience = { withinMs: PAIR_WITHIN_MS, signal };
  const connect = () => gateway.post<Connection>(`/instances/${instanceId}/connect`);
  const status = async () => (await gateway.get<Connection>(`/instances/${instanceId}/status`)).status;

  await until(`${instanceId} is connected`, async () => {
    const { status: reached, qr } = await connect();
    if (qr !== undefined) {
      await simulator.post(`/phones/${phone}/scan`, { qr });
      onScanned();
    }
    // Connecting anew would break off what is under way.
    const underWay = qr === undefined ? ['CONNECTING'] : ['CONNECTING', 'QR_READY'];
    await until(`${instanceId} is connected`, async () => !underWay.includes(await status()), patience);
    return reached === 'CONNECTED';
  }, patience);
}
