import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../server/dist/simulator/main.js', import.meta.url));

describe('whatsapp-simulator', () => {
  it('says where it is, serves, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [main], { env: { ...process.env, SIMULATOR_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      let controlUrl: string | undefined;
      for await (const line of createInterface(child.stdout)) {
        ({ controlUrl } = JSON.parse(line) as { controlUrl?: string });
        if (controlUrl) break;
      }
      const trust = (await (await fetch(`${controlUrl}/trust`)).json()) as Record<string, string>;
      expect(trust).toEqual({
        webSocketUrl: `${controlUrl?.replace('http', 'ws')}/ws/chat`,
        rootPublicKey: expect.stringMatching(/^[0-9a-f]{64}$/),
        mediaCa: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  });

  it('refuses a port that is none', async () => {
    const child = spawn(process.execPath, [main], { env: { ...process.env, SIMULATOR_PORT: 'http' }, stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});
