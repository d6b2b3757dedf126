import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import { freePort } from '../support/processes.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it.runIf(process.platform !== 'win32').each(['SIGTERM', 'SIGKILL'] as const)('npm that ends by %s takes the program it runs along', { timeout: 60_000 }, async signal => {
  const port = await freePort();
  const npm = spawn('npm', ['run', '--silent', 'simulator'], { cwd: root, env: { ...process.env, SIMULATOR_PORT: String(port) }, stdio: 'ignore' });
  const answers = async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.ok === true;
  await until('the simulator answers', answers, 40_000);
  npm.kill(signal);
  await until('it has ended', async () => !await answers());
});
