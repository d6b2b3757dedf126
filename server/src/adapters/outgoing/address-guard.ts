import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { DomainError } from '../../domain/errors.js';
import type { AddressGuard } from '../../ports/address-guard.js';
import { kindOf, readAddress, type AddressKind } from './address-kind.js';
import { createAllowList } from './allow-list.js';

export interface GuardRules {
  /** Whether this machine and private networks may be called, too. */
  allowInternal: boolean;
  /** What may be called in any case: see `createAllowList`. */
  allowed: readonly string[];
  /** The setting that `allowed` comes from, for whoever is refused. */
  setting: string;
}

/** Every address of a name, as `dns.lookup` with `all`. */
export type LookUpAll = (hostname: string, options: { all: true; family?: number; hints?: number }, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

export interface ConnectionGuard extends AddressGuard {
  /**
   * A connector for undici that connects to judged addresses alone. It looks the name up once, and the connection goes to one of exactly those
   * addresses: a name that answers differently a moment later changes nothing. Its error is a DomainError `address_not_allowed`.
   * @param options of TLS, such as `ca`
   */
  connector(options?: buildConnector.BuildOptions): buildConnector.connector;
}

/** Decides where the gateway may connect to. A host name that stands for several addresses is refused for a single bad one. */
export function createAddressGuard({ allowInternal, allowed, setting }: GuardRules, lookUp: LookUpAll = systemLookup): ConnectionGuard {
  const list = createAllowList(allowed);

  function mayCall(hostname: string, address: string): boolean {
    const parsed = readAddress(address);
    if (!parsed) return false;
    const kind = kindOf(parsed);
    // A name says nothing about who answers, and a range was hardly meant for this.
    if (kind === 'metadata') return list.names(parsed);
    return isOrdinary(kind) || list.hasHost(hostname) || list.hasAddress(parsed);
  }

  function isOrdinary(kind: AddressKind): boolean {
    return kind === 'public' || (kind === 'internal' && allowInternal);
  }

  function refusal(hostname: string): DomainError {
    return new DomainError('address_not_allowed', `${hostname} is, or stands for, an address that the gateway must not call.`, {
      field: 'url', hint: `The gateway's operator can allow it with ${setting}.`,
    });
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    const { family, hints } = options;
    lookUp(hostname, { all: true, ...(typeof family === 'number' ? { family } : {}), ...(hints === undefined ? {} : { hints }) }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
      if (!addresses.every(({ address }) => mayCall(hostname, address))) return callback(refusal(hostname), '');
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  return {
    check(url) {
      const hostname = URL.canParse(url) ? bare(new URL(url).hostname) : '';
      if (isIP(hostname) !== 0 && !mayCall(hostname, hostname)) throw refusal(hostname);
    },
    connector(options = {}) {
      const connect = buildConnector({ ...options, lookup } as buildConnector.BuildOptions);
      return (target, callback) => {
        const hostname = bare(target.hostname);
        // Nothing is looked up for what is an address already.
        if (isIP(hostname) !== 0 && !mayCall(hostname, hostname)) queueMicrotask(() => callback(refusal(hostname), null));
        else connect(target, callback);
      };
    },
  };
}

/** Without the brackets that an IPv6 address has in a URL. */
function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
