import ipaddr from 'ipaddr.js';

/**
 * Where an address leads:
 * - `public`: to the internet;
 * - `internal`: to this machine, or to a network of its owner's;
 * - `special`: to nothing that serves HTTP to others (link-local, multicast, reserved, documentation, tunnels);
 * - `metadata`: to what a cloud tells its machines, credentials included.
 */
export type AddressKind = 'public' | 'internal' | 'special' | 'metadata';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [network: ipaddr.IPv6, prefixLength: number];

/** As the clouds document them. Each is link-local, private or public by its range, and the same on every machine of that cloud. */
const METADATA = new Set([
  '169.254.169.254', // AWS, Azure, Google Cloud, OpenStack, DigitalOcean, Oracle, Hetzner and most others
  '169.254.170.2', // AWS ECS: credentials of the task
  '169.254.170.23', // AWS EKS: credentials of the pod
  '169.254.0.23', // Tencent Cloud
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure: the platform's own server, at a public address
  '192.0.0.192', // Oracle Cloud Classic
  'fd00:ec2::254', // AWS, IPv6
  'fd00:ec2::23', // AWS EKS, IPv6
  'fd20:ce::254', // Google Cloud, IPv6
].map(address => ipaddr.parse(address).toString()));

const INTERNAL: ReadonlySet<string> = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']);
/** IPv6 unicast that was given out to anybody (RFC 4291, section 2.4; the IANA registry of unicast addresses). ipaddr.js takes the rest for unicast, too. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3') as Range;
/** RFC 6052, section 2.1: the last 32 bits are the IPv4 address that a translator calls. Networks with IPv6 alone reach the internet through it. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96') as Range;

/** Reads an address as `net` and `dns` spell it, with or without a zone; null for what is none. An IPv4-mapped one is its IPv4 address. */
export function readAddress(text: string): Address | null {
  const [unzoned = ''] = text.split('%');
  // ipaddr.js takes ::1.2.3.4 for ::ffff:1.2.3.4; in hexadecimal digits it does not.
  const bare = unzoned.includes(':') ? unzoned.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_match, ...parts: string[]) => inHex(parts.slice(0, 4).map(Number))) : unzoned;
  // Four decimal parts and nothing else: URLs have brought other spellings into this form already.
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(bare) && !bare.includes(':')) return null;
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}

function inHex([a = 0, b = 0, c = 0, d = 0]: number[]): string {
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

export function kindOf(address: Address): AddressKind {
  const called = embedded(address) ?? address;
  if (METADATA.has(called.toString())) return 'metadata';
  // What a translator at some other place calls is not ours to know; where it hides an address of ours, that one counts.
  if (address instanceof ipaddr.IPv6 && called !== address && !address.match(NAT64)) return 'special';
  const range = called.range();
  if (INTERNAL.has(range)) return 'internal';
  if (range !== 'unicast') return 'special';
  return called instanceof ipaddr.IPv6 && !called.match(GLOBAL_UNICAST) ? 'special' : 'public';
}

/** The IPv4 address that is called in the end: NAT64 (RFC 6052), 6to4 (RFC 3056), stateless translation (RFC 6145), IPv4-compatible (RFC 4291, section 2.5.5.1). */
function embedded(address: Address): ipaddr.IPv4 | null {
  if (address instanceof ipaddr.IPv4) return null;
  const bytes = address.toByteArray();
  const at = (index: number) => new ipaddr.IPv4(bytes.slice(index, index + 4));
  switch (address.range()) {
    case 'rfc6052':
    case 'rfc6145': return at(12);
    case '6to4': return at(2);
    default: return bytes.slice(0, 12).every(byte => byte === 0) && address.range() === 'unicast' ? at(12) : null;
  }
}
