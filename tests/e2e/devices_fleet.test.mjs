import { test } from 'node:test';
import { fleet } from './devices/fleet.mjs';
import { Scene } from './devices/scene.mjs';
import { stepsOf } from './lib/steps.mjs';

test('three Linux devices at once, in the portal', async (t) => {
  const scene = await Scene.open('postgres');
  t.after(() => scene.close());
  await fleet(scene, stepsOf(t, scene));
});
