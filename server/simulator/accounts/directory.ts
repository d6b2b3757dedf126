import { createAccount, type Account } from './account.js';

/** All numbers of the network. An account is made when its number is first used, and lives as long as the process. */
export interface Directory {
  /** The account of a number, made if need be. */
  get(number: string): Account;
  /** The account of a number if it has been used before. */
  peek(number: string): Account | undefined;
  phones(): Account[];
  all(): IterableIterator<Account>;
  readonly size: number;
}

/** @param onError told about work of an account that failed */
export function createDirectory(onError: (number: string, error: unknown) => void): Directory {
  const accounts = new Map<string, Account>();
  return {
    get(number) {
      let account = accounts.get(number);
      if (!account) {
        account = createAccount(number, `Contact ${number}`, (error) => onError(number, error));
        accounts.set(number, account);
      }
      return account;
    },
    peek: (number) => accounts.get(number),
    phones: () => [...accounts.values()].filter((account) => account.isPhone),
    all: () => accounts.values(),
    get size() {
      return accounts.size;
    },
  };
}
