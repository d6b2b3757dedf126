/** The value below which `share` (0 to 1) of the sorted numbers lie; the nearest one, never an interpolation. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

export function median(numbers) {
  return percentile(numbers, 0.5);
}
