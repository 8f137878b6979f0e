import { fileURLToPath } from 'node:url';
import { defineExploration, transaction } from '../../src/index.js';
import { newShop, shopActivities, type Shop } from './shop.js';

/** An order with an undo that does not ask whether its step happened. */
export default defineExploration<Shop>('parallelOrder', {
  workflowsPath: fileURLToPath(new URL('./exploration-workflows.ts', import.meta.url)),
  args: ['o1'],
  state: newShop,
  activities: { ...shopActivities, refund: transaction((shop: Shop) => void (shop.charged -= 1)) },
  invariant: ({ state: { reserved, charged, shipped } }) => (charged >= 0 ? undefined : `${reserved} reserved, ${charged} charged, ${shipped} shipped`),
});
