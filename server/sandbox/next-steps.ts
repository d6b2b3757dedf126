export interface NextStepsOptions {
  gatewayUrl: string;
  apiKey: string;
  simulatorUrl: string;
  /** A PNG file to send. */
  picture: string;
  /** An instance that is connected, and the number of its phone. */
  instanceId: string;
  phone: string;
}

export interface NextStep {
  title: string;
  /** Lines for a POSIX shell. */
  commands: string[];
  /** A line for a second terminal, to be run before them; it does not end by itself. */
  beside?: string;
}

const SECOND = 'second';
const SECOND_PHONE = '15550004444';
const CONTACT = '15550003333';
const RECEIVER_PORT = 9000;
const RECEIVER = `require("http").createServer((q, s) => q.on("data", d => console.log(q.headers, String(d))).on("end", () => s.end())).listen(${RECEIVER_PORT}, "127.0.0.1")`;

/** What to try while the sandbox runs: every command works as it stands, in this order. */
export function nextSteps({ gatewayUrl, apiKey, simulatorUrl, picture, instanceId, phone }: NextStepsOptions): NextStep[] {
  const key = `-H ${quoted(`X-API-Key: ${apiKey}`)}`;
  const json = (body: object) => `-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  const gateway = (path: string, rest = '') => `curl -sS -w '\\n' ${key}${rest && ` ${rest}`} ${gatewayUrl}${path}`;
  const simulator = (path: string, rest = '') => `curl -sS -w '\\n'${rest && ` ${rest}`} ${simulatorUrl}${path}`;
  const second = `/instances/${SECOND}`;

  return [
    { title: 'Make a second instance and connect it', commands: [gateway('/instances', json({ instanceId: SECOND })), gateway(`${second}/connect`, '-X POST')] },
    { title: 'Look at its QR code in a browser: the answer holds a link that needs no key', commands: [gateway(`${second}/qr-link`, '-X POST')] },
    {
      title: `Scan it with a simulated phone, ${SECOND_PHONE}`,
      commands: [
        simulator('/phones', json({ number: SECOND_PHONE })),
        `curl -sS ${key} ${gatewayUrl}${second}/qr | ${simulator(`/phones/${SECOND_PHONE}/scan`, '-H \'Content-Type: application/json\' -d @-')}`,
        gateway(`${second}/status`),
      ],
    },
    { title: 'Send a text and a picture, and see what the contact decrypted', commands: [
      gateway(`/instances/${instanceId}/messages/text`, json({ to: `+${CONTACT}`, text: 'Hello from curl' })),
      gateway(`/instances/${instanceId}/messages/image`, `-F to=${CONTACT} -F caption=Chasqui -F ${quoted(`file=@${picture};type=image/png`)}`),
      simulator(`/contacts/${CONTACT}/messages`),
    ] },
    { title: `Let a contact write to ${instanceId}: it shows in the conversation`, commands: [simulator(`/contacts/${CONTACT}/messages`, json({ to: phone, text: 'Hello from a contact' }))] },
    { title: 'Let WhatsApp refuse the next message: the answer says so', commands: [
      simulator('/faults', json({ kind: 'ack-error', code: 463, count: 1, phone })),
      gateway(`/instances/${instanceId}/messages/text`, json({ to: CONTACT, text: 'This one is refused' })),
    ] },
    {
      title: 'Receive events yourself, signed',
      beside: `node -e ${quoted(RECEIVER)}`,
      commands: [gateway(`/instances/${instanceId}/webhooks`, json({ url: `http://127.0.0.1:${RECEIVER_PORT}/`, events: ['message.received', 'message.ack'] }))],
    },
  ];
}

/** One word for a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}
