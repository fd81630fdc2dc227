import { test } from 'node:test';
import { between } from './devices/between.mjs';
import { inviting } from './devices/inviting.mjs';
import { openWhenDown } from './devices/open_when_down.mjs';
import { proving } from './devices/proving.mjs';
import { remembering } from './devices/remembering.mjs';
import { Scene } from './devices/scene.mjs';
import { window } from './devices/window.mjs';
import { stepsOf } from './lib/steps.mjs';

const KEYS = { alice: false, carol: true };

/** A device with MFA in force after a password and after a key, and somebody who isn't enrolled. */
async function inForce(scene) {
  const { machine, employees } = scene;
  await scene.enrollDevice();
  await machine.sh('useradd -m -s /bin/bash lena; echo lena:pw-of-lena | chpasswd');
  const people = {};
  for (const [name, key] of Object.entries(KEYS)) people[name] = await employees.hire(name, { key, enrolled: true });
  people.bob = await employees.hire('bob');
  for (const person of Object.values(people)) await scene.bind(person);
  await scene.setMfa({ enabled: true, ssh_first_factors: 'both' });
  await scene.mfaIs('on');
  for (const name of Object.keys(KEYS)) await scene.synced(people[name]);
  // The host's own hash of a password is made when it is given for the first time.
  for (const name of ['alice', 'bob']) await scene.logins.pam({ user: name, password: people[name].password });
  return people;
}

test('a Linux device whose agent, server, network or time is not as it should be', async (t) => {
  const scene = await Scene.open('sqlite');
  t.after(() => scene.close());
  const step = stepsOf(t, scene);
  const people = await inForce(scene);
  await remembering(scene, step, people);
  await inviting(scene, step, people);
  await between(scene, step, people);
  await openWhenDown(scene, step, people);
  await proving(scene, step, people);
  await window(scene, step, people);
});
