import type { IDataObject, ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { gatewayList } from '../transport/request';

const STATUS_LABELS: Record<string, string> = {
  CONNECTED: 'Connected',
  CONNECTING: 'Connecting',
  QR_READY: 'Waiting for Scan',
  DISCONNECTED: 'Disconnected',
  LOGGED_OUT: 'Logged Out',
};

/**
 * The gateway's instances for the list of the field Instance. n8n keeps the name of what was chosen in the workflow, so the status, which
 * changes, is a description beside it.
 */
export async function searchInstances(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
  const instances = await gatewayList.call(this, { method: 'GET', path: '/instances' }, 'instances');
  const wanted = (filter ?? '').trim().toLowerCase();
  const results = instances
    .map(instance => ({ name: label(instance), value: String(instance.instanceId), description: status(instance) }))
    .filter(entry => wanted === '' || `${entry.name} ${entry.value}`.toLowerCase().includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
  return { results };
}

function label({ instanceId, name }: IDataObject): string {
  const id = String(instanceId);
  return typeof name === 'string' && name !== '' && name !== id ? `${name} (${id})` : id;
}

function status(instance: IDataObject): string {
  const known = String(instance.status);
  return STATUS_LABELS[known] ?? known;
}
