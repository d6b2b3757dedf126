import { randomBytes } from 'node:crypto';
import { CommandError } from './gateway/command-error.js';
import { createGatewayCommand, COMMON_OPTIONS, type Call } from './gateway/gateway-command.js';

interface Rotation { dataKey: number; resealed: number; newMasterKey?: string; next: string[] }

/** It reads and writes all sessions; whoever gives up waiting changes nothing about that. */
const ROTATION_MS = 3_600_000;
const NEW_KEY = 'CHASQUI_NEW_ENCRYPTION_KEY';

/** Changes the keys that sessions and secrets are encrypted with, while the gateway runs. */
export const rotateKey = createGatewayCommand({
  name: 'rotate-key',
  summary: 'change the encryption keys, without a stop',
  usage: `rotate-key [--master | --finish]

Asks the gateway to make a new data key, and to seal everything anew under it.

  --master  changes the master key as well. Where that is a file in the data directory, a new one is made and the gateway replaces the file.
            Where it is CHASQUI_ENCRYPTION_KEY, put the new one into ${NEW_KEY} for this command (openssl rand -base64 32)
  --finish  ends a change of the master key, when every node runs under the new one: the old one opens nothing any more
${COMMON_OPTIONS}`,
  actions: [{
    names: [],
    options: { master: { type: 'boolean' }, finish: { type: 'boolean' } },
    async run(call) {
      const { gateway, values } = call;
      if (values['finish'] === true) {
        const answer = await gateway.call<{ removedMasterKeys: string[] }>('POST', '/encryption/finish');
        return { json: answer, lines: [answer.removedMasterKeys.length > 0 ? 'The old master key opens nothing any more.' : 'There was nothing to end.'] };
      }
      const newMasterKey = values['master'] === true ? await masterKeyFor(call) : undefined;
      const answer = await gateway.call<Rotation>('POST', '/encryption/rotate', newMasterKey === undefined ? {} : { newMasterKey }, ROTATION_MS);
      const master = answer.newMasterKey === undefined ? '' : `, and the master key changed (fingerprint ${answer.newMasterKey})`;
      return { json: answer, lines: [`Data key ${answer.dataKey} seals everything now: ${answer.resealed} values were sealed anew${master}.`, ...answer.next] };
    },
  }],
});

/** By the environment and not by an option: the list of processes is open to everybody. */
async function masterKeyFor({ gateway, host }: Call): Promise<string> {
  const given = host.env[NEW_KEY];
  if (given) return given;
  const { keyFrom } = await gateway.call<{ keyFrom: string }>('GET', '/encryption');
  if (keyFrom === 'file') return randomBytes(32).toString('base64');
  throw new CommandError(`The gateway's master key is CHASQUI_ENCRYPTION_KEY, which is yours to keep: put a new one into ${NEW_KEY} (openssl rand -base64 32), and keep it.`);
}
