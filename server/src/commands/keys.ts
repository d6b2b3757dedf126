import { createGatewayCommand, COMMON_OPTIONS, type Action } from './gateway/gateway-command.js';
import { table } from './gateway/table.js';

interface Key { id: string; name: string; scopes: string[]; instances?: string[]; createdAt: string; lastUsedAt?: string; revokedAt?: string }

const list: Action = {
  name: 'list', names: [],
  async run({ gateway }) {
    const answer = await gateway.call<{ keys: Key[] }>('GET', '/keys');
    const rows = answer.keys.map(key => [key.id, key.name, key.scopes.join(','), key.instances?.join(',') ?? 'all', key.revokedAt ? 'revoked' : key.lastUsedAt ?? 'never used']);
    return { json: answer, lines: table(['ID', 'NAME', 'SCOPES', 'INSTANCES', 'LAST USED'], rows, 'There are no keys.') };
  },
};

const create: Action = {
  name: 'create', names: ['<name>'],
  options: { scope: { type: 'string', multiple: true }, instance: { type: 'string', multiple: true } },
  async run({ gateway, words: [name], values }) {
    const scopes = listOf(values['scope']);
    const instances = listOf(values['instance']);
    const answer = await gateway.call<Key & { key: string }>('POST', '/keys', { name, scopes: scopes.length > 0 ? scopes : ['admin'], ...(instances.length > 0 ? { instances } : {}) });
    return { json: answer, lines: [`The key ${answer.id} (${answer.scopes.join(', ')}), shown this once:`, '', answer.key, ''] };
  },
};

const revoke: Action = {
  name: 'revoke', names: ['<keyId>'],
  async run({ gateway, words: [keyId = ''] }) {
    const answer = await gateway.call('DELETE', `/keys/${encodeURIComponent(keyId)}`);
    return { json: answer, lines: [`The key ${keyId} works no more.`] };
  },
};

function listOf(value: string | boolean | (string | boolean)[] | undefined): string[] {
  return [value ?? []].flat().flatMap(one => String(one).split(',')).filter(Boolean);
}

/** API keys of a running gateway. */
export const keys = createGatewayCommand({
  name: 'keys',
  summary: 'list, create and revoke API keys',
  usage: `keys list | create <name> | revoke <keyId>

  create  --scope     what it permits: admin (default), instances:read, instances:write, messages:send, messages:read, webhooks:write, cleanup;
                      several with commas, or each with its own --scope
          --instance  binds it to an instance, or to several; default: all

${COMMON_OPTIONS}`,
  actions: [list, create, revoke],
});
