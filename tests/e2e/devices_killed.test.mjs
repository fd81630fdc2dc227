import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Killing } from './devices/killing.mjs';
import { Scene } from './devices/scene.mjs';

const KILLS = Number(process.env.CLAVIGER_DEVICE_KILLS ?? 200);
const NAMES = ['alice', 'carol', 'erin', 'frank', 'grace', 'heidi'];

test(`the agent is killed ${KILLS} times in the middle of logins: nobody is in without a code, none is stuck, no code counts twice`, async (t) => {
  const scene = await Scene.open('sqlite');
  t.after(() => scene.close());
  await scene.enrollDevice();
  const people = [];
  for (const name of NAMES) people.push(await scene.employees.hire(name, { enrolled: true }));
  for (const person of people) await scene.bind(person);
  await scene.setMfa({ enabled: true, ssh_first_factors: 'both' });
  await scene.mfaIs('on');
  for (const person of people) await scene.synced(person);
  const killing = new Killing(scene, people);
  for (let kill = 1; kill <= KILLS; kill += 1) await killing.happens(kill);
  await killing.ends();
  t.diagnostic(killing.summary);
  assert.ok(killing.entered > KILLS / 4, `too few got in: ${killing.summary}`);
  assert.ok(killing.cutOff > KILLS / 4, `too few were cut off: ${killing.summary}`);
});
