import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { WallClock } from './wall_clock.mjs';

/** A device whose wall clock jumps, with and without a network (S8.5). */
export async function clocks(scene, step, people) {
  const { machine, logins, employees } = scene;
  const { carol, erin } = people;
  const clock = new WallClock(scene);
  const byKey = ({ person, code }) => logins.pam({ user: person.username, key: true, codes: [code] });
  const ofCarol = async (code) => ({ person: carol, code: await code });
  let used;

  await step('a wall clock that jumps while the device is off its network changes nothing', async () => {
    await clock.begin();
    for (const person of [carol, erin]) await scene.synced(person);
    await employees.letTimePass();
    await machine.cut();
    for (const [person, offset] of [[carol, '-3d'], [erin, '+3d'], [carol, '+400d'], [erin, '-20y']]) {
      await clock.set(offset);
      used = { person, code: await employees.codeOffline(person) };
      assert.equal((await byKey(used)).result, 0, offset);
      assert.notEqual((await byKey(used)).result, 0, offset);
    }
  });

  await step('nor does it while the agent starts anew', async () => {
    await scene.agent.kill();
    assert.notEqual((await byKey(used)).result, 0);
    assert.equal((await byKey(await ofCarol(employees.codeOffline(carol)))).result, 0);
  });

  await step('back on the network with a wall clock that is days off, codes are taken, and changes arrive', async () => {
    await clock.set('+3d');
    await machine.restore();
    await scene.catchUp();
    used = await ofCarol(employees.code(carol));
    assert.equal((await byKey(used)).result, 0);
    assert.notEqual((await byKey(used)).result, 0);
  });

  await step('a clock that is corrected locks nobody out', async () => {
    await clock.end();
    await until('a code being taken', async () => (await byKey(await ofCarol(employees.code(carol)))).result === 0);
  });
}
