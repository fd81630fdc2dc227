import { test } from 'node:test';
import { policies } from './devices/policies.mjs';
import { Scene } from './devices/scene.mjs';
import { stepsOf } from './lib/steps.mjs';
import { MacAgent } from './macos/agent.mjs';
import { asking } from './macos/asking.mjs';
import { away } from './macos/away.mjs';
import { installing, removing } from './macos/installing.mjs';
import { LoginWindow } from './macos/login_window.mjs';
import { Mac } from './macos/machine.mjs';

test('a Mac that is played, from the package to its removal', async (t) => {
  const scene = await Scene.open('sqlite', { machine: Mac, agent: MacAgent, logins: LoginWindow });
  t.after(() => scene.close());
  const step = stepsOf(t, scene);
  await installing(scene, step);
  const people = await asking(scene, step);
  await policies(scene, step);
  await away(scene, step, people);
  await removing(scene, step, people);
});
