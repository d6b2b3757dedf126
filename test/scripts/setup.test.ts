import { expect, it } from 'vitest';
import { STEPS } from '../../scripts/setup.mjs';

it('the gateway is built anew when what was generated for it has changed, such as a migration', () => {
  expect(STEPS.server.inputs).toEqual(expect.arrayContaining(STEPS.prisma.inputs));
});
