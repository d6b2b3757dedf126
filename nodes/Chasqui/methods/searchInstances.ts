import type { IDataObject, ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { gatewayList } from '../transport/request';

const STATUS_LABELS: Record<string, string> = {
  CONNECTED: 'Connected',
  CONNECTING: 'Connecting',
  QR_READY: 'Waiting for Scan',
  DISCONNECTED: 'Disconnected',
  LOGGED_OUT: 'Logged Out',
};

/** The gateway's instances for the list of the field Instance, with name and status. */
export async function searchInstances(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
  const instances = await gatewayList.call(this, { method: 'GET', path: '/instances' }, 'instances');
  const wanted = (filter ?? '').trim().toLowerCase();
  const results = instances
    .map(instance => ({ name: label(instance), value: String(instance.instanceId) }))
    .filter(entry => wanted === '' || `${entry.name} ${entry.value}`.toLowerCase().includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
  return { results };
}

function label(instance: IDataObject): string {
  const id = String(instance.instanceId);
  const name = typeof instance.name === 'string' && instance.name !== '' && instance.name !== id ? `${instance.name} (${id})` : id;
  const status = String(instance.status);
  return `${name} – ${STATUS_LABELS[status] ?? status}`;
}
