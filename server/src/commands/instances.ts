import { connectInstance } from './gateway/connect-instance.js';
import { createGatewayCommand, COMMON_OPTIONS, type Action, type Call } from './gateway/gateway-command.js';
import { table } from './gateway/table.js';

interface Instance { instanceId: string; name: string; status: string; reason: string; message: string; phoneNumber?: string; deletedAt?: string }

const pathOf = ({ words: [instanceId = ''] }: Pick<Call, 'words'>) => `/instances/${encodeURIComponent(instanceId)}`;

const list: Action = {
  name: 'list', names: [], options: { all: { type: 'boolean' } },
  async run({ gateway, values }) {
    const answer = await gateway.call<{ instances: Instance[] }>('GET', `/instances${values['all'] === true ? '?includeDeleted=true' : ''}`);
    const rows = answer.instances.map(one => [one.instanceId, one.name, one.deletedAt ? 'DELETED' : one.status, one.reason, one.phoneNumber ?? '']);
    return { json: answer, lines: table(['ID', 'NAME', 'STATUS', 'REASON', 'ACCOUNT'], rows, 'There are no instances. Make one with: chasqui instances create <id>') };
  },
};

const create: Action = {
  name: 'create', names: ['<instanceId>'], options: { name: { type: 'string' } },
  async run({ gateway, words: [instanceId = ''], values }) {
    const answer = await gateway.call('POST', '/instances', { instanceId, ...(values['name'] === undefined ? {} : { name: values['name'] }) });
    return { json: answer, lines: [`Made the instance ${instanceId}. Link an account with: chasqui instances connect ${instanceId}`] };
  },
};

const status: Action = {
  name: 'status', names: ['<instanceId>'],
  async run(call) {
    const answer = await call.gateway.call<Instance & { queue: Record<string, number> }>('GET', `${pathOf(call)}/status`);
    const queue = Object.entries(answer.queue).map(([name, count]) => `${name} ${count}`).join(', ');
    return { json: answer, lines: [`${answer.instanceId}: ${answer.status} (${answer.reason})${answer.phoneNumber ? `, ${answer.phoneNumber}` : ''}`, answer.message, `Messages: ${queue}`] };
  },
};

/** A verb without a body, which answers with the instance. */
function verb(name: string, path = name): Action {
  return {
    name, names: ['<instanceId>'],
    async run(call) {
      const answer = await call.gateway.call<Instance>('POST', `${pathOf(call)}/${path}`);
      return { json: answer, lines: [`${call.words[0]}: ${answer.status} (${answer.reason})`, answer.message] };
    },
  };
}

const remove: Action = {
  name: 'delete', names: ['<instanceId>'], options: { purge: { type: 'boolean' } },
  async run(call) {
    const purge = call.values['purge'] === true;
    const answer = await call.gateway.call('DELETE', `${pathOf(call)}${purge ? '?purge=true' : ''}`);
    return { json: answer, lines: [purge ? `${call.words[0]} is gone for good.` : `${call.words[0]} is deleted; it comes back with: chasqui instances restore ${call.words[0]}`] };
  },
};

/** Accounts of a running gateway. */
export const instances = createGatewayCommand({
  name: 'instances',
  summary: 'list, create, connect and end accounts',
  usage: `instances list | create <id> | connect <id> | status <id> | restart <id> | disconnect <id> | logout <id> | delete <id> | restore <id>

  list     --all      the deleted ones, too
  create   --name     a name for people
  connect  shows the QR code, and waits until it is scanned (--no-wait: only shows it)
  delete   can be undone by restore (--purge: it cannot, and leaves nothing)

${COMMON_OPTIONS}`,
  actions: [list, create, connectInstance, status, verb('restart'), verb('disconnect'), verb('logout'), remove, verb('restore')],
});
