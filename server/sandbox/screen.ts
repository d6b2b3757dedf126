import { join } from 'node:path';
import { toFile } from 'qrcode';
import { CONTACT, INSTANCE, PHONE } from './demonstration.js';
import { nextSteps, type NextStep } from './next-steps.js';

interface Addresses { gatewayUrl: string; apiKey: string; simulatorUrl: string; dataDir: string; print: (line: string) => void }

/** Where everything is: rows of a name and what there is to say. */
export function printWelcome(what: string, rows: readonly [name: string, text: string][], print: (line: string) => void): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  print('');
  print(`Chasqui ${what}`);
  print('');
  for (const [name, text] of rows) print(`  ${name.padEnd(width)}  ${text}`);
  print('');
  print('The conversation, as the gateway reports it to a webhook (every signature is verified)');
  print('');
}

/** What to try while it runs. Makes the picture that one of the commands sends. */
export async function printNextSteps({ gatewayUrl, apiKey, simulatorUrl, dataDir, print, more = [] }: Addresses & { more?: readonly NextStep[] }): Promise<void> {
  const picture = join(dataDir, 'picture.png');
  await toFile(picture, `${gatewayUrl}/docs`);
  print('');
  print('What to try next, in another terminal (what happens shows up below)');
  for (const { title, commands, beside } of [...nextSteps({ gatewayUrl, apiKey, simulatorUrl, picture, instanceId: INSTANCE, phone: PHONE }), ...more]) {
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
