import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPromtool } from '../../../scripts/services/promtool.mjs';

export const RULES = fileURLToPath(new URL('../../../deploy/prometheus/chasqui.rules.yaml', import.meta.url));

/** @throws Error that says how to get it, where there is none */
export function promtool(...args: string[]): { ok: boolean; output: string } {
  const program = findPromtool();
  if (program === undefined) throw new Error('There is no promtool: node scripts/services/promtool.mjs fetches it.');
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  return { ok: status === 0, output: stdout + stderr };
}

export interface Series { series: string; values: string }

/** The names of the alerts that fire at that minute, of series with a sample every 30 seconds. */
export async function firing(input: Series[], atMinute: number, alerts: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'chasqui-rules-'));
  try {
    const file = join(folder, 'incident.json');
    // JSON is YAML. Each alert is said to be silent: those that are complained of fire.
    await writeFile(file, JSON.stringify({
      rule_files: [RULES], evaluation_interval: '30s',
      tests: [{ interval: '30s', input_series: input, alert_rule_test: alerts.map(alertname => ({ eval_time: `${atMinute}m`, alertname, exp_alerts: [] })) }],
    }));
    const { ok, output } = promtool('test', 'rules', file);
    const found = alerts.filter(alertname => new RegExp(`alertname: ${alertname}\\b`).test(output));
    if (!ok && found.length === 0) throw new Error(output);
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
