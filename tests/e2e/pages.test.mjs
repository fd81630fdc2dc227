import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from './lib/world.mjs';
import { applicationPages } from './pages/applications.mjs';
import { components } from './pages/components.mjs';
import { devicePages } from './pages/devices.mjs';
import { freshPages } from './pages/fresh.mjs';
import { byKeyboard } from './pages/keyboard.mjs';
import { openScene } from './pages/scene.mjs';
import { signInPages } from './pages/signing_in.mjs';
import { theme } from './pages/theme.mjs';
import { userPages } from './pages/user_portal.mjs';
import { withoutScript } from './pages/without_script.mjs';

test('the pages of a fresh installation', async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  await components(t, world);
  await freshPages(t, world);
});

test('the pages of an organization with people', async (t) => {
  const world = await World.open({ clock: { days: -22 } });
  t.after(() => world.close());
  const scene = await openScene(world);
  await t.test('on the way in', (part) => signInPages(part, scene));
  await t.test('the User Portal', (part) => userPages(part, scene));
  await t.test('applications', (part) => applicationPages(part, scene));
  await t.test('devices', (part) => devicePages(part, scene));
  await t.test('by keyboard', (part) => byKeyboard(part, scene));
  await t.test('without script', (part) => withoutScript(part, scene));
  await t.test('the theme', (part) => theme(part, scene));
  assert.deepEqual(world.complaints(), []);
  assert.deepEqual(world.secrets.in(world.server.logs), []);
});
