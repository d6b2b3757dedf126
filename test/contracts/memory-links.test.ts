import { createMemoryNetwork } from '../support/memory-links';
import { describeNodeLinkContract } from './node-link.contract';

describeNodeLinkContract('in one process, for tests of what runs on it', async logger => {
  const network = createMemoryNetwork(logger);
  return { node: async nodeId => network.link(nodeId), close: async () => undefined };
});
