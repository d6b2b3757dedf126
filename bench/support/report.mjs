import { availableParallelism, cpus, loadavg } from 'node:os';

const HEADERS = ['', 'gateway', 'bare Baileys', 'ratio', 'target', ''];

/**
 * A line of the table.
 * @typedef {object} ResultRow
 * @property {string} title
 * @property {string} unit `/s` for a rate
 * @property {number} gateway
 * @property {number} bare the control
 * @property {number} ratio
 * @property {Target} [target]
 * @typedef {{ text: string, met: boolean }} Target
 */

/** @returns {Target} */
export function atLeast(limit, value, text = `>= ${limit}`) {
  return { text, met: value >= limit };
}

/** @returns {Target} */
export function atMost(limit, value, text = `<= ${limit}`) {
  return { text, met: value <= limit };
}

/** @param {{ rows: ResultRow[] }} result */
export function missedRows({ rows }) {
  return rows.filter(({ target }) => target && !target.met);
}

/** When, on what, and how busy it was before: without these no figure means anything. */
export function describeMachine() {
  const [load = 0] = loadavg();
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), load before ${load.toFixed(1)}`;
}

/** @param {ResultRow[]} rows */
export function table(rows) {
  const cells = [HEADERS, ...rows.map(row => [
    row.title, amount(row.gateway, row.unit), amount(row.bare, row.unit), row.ratio.toFixed(2), row.target?.text ?? '', row.target ? row.target.met ? 'met' : 'MISSED' : '',
  ])];
  const widths = HEADERS.map((_, column) => Math.max(...cells.map(line => line[column].length)));
  return cells.map(line => line.map((cell, column) => (column === 0 || column >= 4 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd()).join('\n');
}

function amount(value, unit) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return unit.startsWith('/') ? `${value.toFixed(digits)}${unit}` : `${value.toFixed(digits)} ${unit}`;
}
