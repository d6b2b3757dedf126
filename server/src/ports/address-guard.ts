/** What the gateway may call on somebody's word: media addresses, and receivers of events. */
export interface AddressGuard {
  /**
   * Judges what the URL alone tells: an address in it, in whatever spelling. What a host name stands for is judged when it is called.
   * @throws DomainError `address_not_allowed`
   */
  check(url: string): void;
}
