import { test } from 'node:test';
import { schemathesis } from './contract/schemathesis.mjs';
import { seed } from './contract/seed.mjs';
import { World } from './lib/world.mjs';

test('whatever the description of the API allows is answered as the description says', { timeout: 240_000 }, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  t.diagnostic(await schemathesis(world, await seed(world)));
});
