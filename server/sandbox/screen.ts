import { join } from 'node:path';
import { toFile } from 'qrcode';
import { CONTACT, INSTANCE, PHONE } from './demonstration.js';
import { nextSteps } from './next-steps.js';

interface Addresses { gatewayUrl: string; apiKey: string; simulatorUrl: string; dataDir: string; print: (line: string) => void }

/** Where everything is. */
export function printWelcome({ gatewayUrl, apiKey, simulatorUrl, dataDir, logs, print }: Addresses & { logs: string }): void {
  print('');
  print('Chasqui sandbox');
  print('');
  print(`  gateway    ${gatewayUrl}   API key: ${apiKey}`);
  print(`  API docs   ${gatewayUrl}/docs`);
  print(`  simulator  ${simulatorUrl}   its control API`);
  print(`  data       ${dataDir}`);
  print(`  logs       ${logs}`);
  print('');
  print('The conversation, as the gateway reports it to a webhook (every signature is verified)');
  print('');
}

/** What to try while it runs. Makes the picture that one of the commands sends. */
export async function printNextSteps({ gatewayUrl, apiKey, simulatorUrl, dataDir, print }: Addresses): Promise<void> {
  const picture = join(dataDir, 'picture.png');
  await toFile(picture, `${gatewayUrl}/docs`);
  print('');
  print('What to try next, in another terminal (what happens shows up below)');
  for (const { title, commands, beside } of nextSteps({ gatewayUrl, apiKey, simulatorUrl, picture, instanceId: INSTANCE, phone: PHONE })) {
    print('');
    print(`  ${title}`);
    for (const command of beside === undefined ? commands : [beside, ...commands]) print(`    ${command}`);
  }
  print('');
  print(`  In n8n: credential with base URL ${gatewayUrl} and the API key, then Chasqui and Chasqui Trigger.`);
  print(`  Mind that ${CONTACT} answers everything: let a workflow that replies talk with another number.`);
  print('');
  print('Serving until Ctrl-C.');
  print('');
}
