import assert from 'node:assert/strict';
import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';

let count = 0;

/** An organization with an administrator, one enrolled user and one in the period. */
export async function openScene(world) {
  const ada = await setUpQuickly(world);
  await setUpMailQuickly(ada, world.mailbox.port);
  const api = await world.api(ada.email);
  await api.do('PUT', '/organization/mfa/totp', { enabled: true });
  const scene = { world, ada, api };
  scene.enrolled = await newUser(scene, { enrollment_days: 7 });
  await enrollQuickly(scene.enrolled);
  scene.waiting = await newUser(scene, { enrollment_days: 7 });
  return scene;
}

/** What a new user is made of; each time somebody else. */
export function anyone() {
  count += 1;
  return { username: `user${count}`, email: `user${count}@acme.test`, first_name: 'Uma', last_name: `Unger ${count}` };
}

/** Somebody new with a password and a browser. */
export async function newUser({ world, api }, mfa) {
  const form = anyone();
  const { id } = await api.do('POST', '/users', { ...form, activate: true, ...(mfa && { mfa }) });
  const person = await registerQuickly(world, form);
  return Object.assign(person, { id, path: `/admin/users/${id}` });
}

// The time that is left runs on by itself.
const withoutCountdown = (name, value) => (name === 'seconds_left' ? undefined : value);

/** Everything that an attempt with bad input must leave as it was. */
async function written({ api }) {
  const users = await api.do('GET', '/users?limit=200');
  return JSON.stringify([users, await api.do('GET', '/organization')], withoutCountdown, 1);
}

/** Does something that must change nothing. */
export async function changingNothing(scene, action) {
  const before = await written(scene);
  await action();
  assert.equal(await written(scene), before, 'something was written');
}
