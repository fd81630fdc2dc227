import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from './lib/world.mjs';
import { adminPages } from './pages/admin_portal.mjs';
import { openScene } from './pages/scene.mjs';

test('the Admin Portal of an organization with people', async (t) => {
  const world = await World.open({ clock: { days: -22 } });
  t.after(() => world.close());
  const scene = await openScene(world);
  await adminPages(t, scene);
  assert.deepEqual(world.complaints(), []);
  assert.deepEqual(world.secrets.in(world.server.logs), []);
});
