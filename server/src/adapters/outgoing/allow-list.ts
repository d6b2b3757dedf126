import ipaddr from 'ipaddr.js';
import { readAddress } from './address-kind.js';

/** What may be called although the rules would refuse it. */
export interface AllowList {
  hasHost(hostname: string): boolean;
  /** Whether the address itself, or a range that it is in, is listed. */
  hasAddress(address: ipaddr.IPv4 | ipaddr.IPv6): boolean;
  /** Whether the address itself is listed: a range does not do. */
  names(address: ipaddr.IPv4 | ipaddr.IPv6): boolean;
}

/** @param entries host names (`files.lan`; `*.lan` for all below), addresses, and ranges (`10.0.0.0/8`), as `config.ts` checked them */
export function createAllowList(entries: readonly string[]): AllowList {
  const addresses = new Set<string>();
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  const hosts = new Set<string>();
  const parents: string[] = [];
  for (const entry of entries.map(text => text.trim().toLowerCase())) {
    const address = readAddress(entry);
    if (address) addresses.add(address.toString());
    else if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry));
    else if (entry.startsWith('*.')) parents.push(entry.slice(1));
    else hosts.add(entry);
  }
  return {
    hasHost(hostname) {
      const name = hostname.toLowerCase().replace(/\.$/, '');
      return hosts.has(name) || parents.some(parent => name.endsWith(parent));
    },
    hasAddress: address => addresses.has(address.toString())
      || ranges.some(([network, length]) => network.kind() === address.kind() && address.match([network, length] as [never, number])),
    names: address => addresses.has(address.toString()),
  };
}
