/** What a real n8n in the tests is made of. Change a version here and the next run installs it beside the old one. */

/** n8n itself. 2.41.3 asks for a package that the registry lacks. */
export const N8N_VERSION = '2.41.1';

/** The Node that n8n runs on (n8n >= 2.38 needs 24), taken from npm when the running Node is older. */
export const NODE_VERSION = '24.21.0';
export const NODE_MAJOR = 24;

/** linkedom's newest release breaks n8n's own import of it. */
export const OVERRIDES = { linkedom: '0.18.13' };

/** Packages of n8n that must be compiled on this machine; the other install scripts are not needed, and some fail. */
export const NATIVE_PACKAGES = ['sqlite3', 'isolated-vm'];
