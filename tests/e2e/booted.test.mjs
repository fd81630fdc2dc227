import { test } from 'node:test';
import { idle } from './booted/idle.mjs';
import { leaving } from './booted/leaving.mjs';
import { Booted } from './booted/machine.mjs';
import { orders } from './booted/orders.mjs';
import { Service } from './booted/service.mjs';
import { limits, lives, starting } from './booted/units.mjs';
import { Scene } from './devices/scene.mjs';
import { stepsOf } from './lib/steps.mjs';

test('the agent as systemd runs it, from the package to its removal', async (t) => {
  const scene = await Scene.open('sqlite', { machine: Booted, agent: Service });
  t.after(() => scene.close());
  const step = stepsOf(t, scene);
  const tell = (line) => t.diagnostic(line);
  await starting(scene, step);
  await limits(scene, step, tell);
  await lives(scene, step);
  await orders(scene, step);
  await idle(scene, step, tell);
  await leaving(scene, step);
});
