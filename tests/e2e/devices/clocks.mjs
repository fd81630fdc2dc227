import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const FILE = '/run/claviger-clock';

/** What libfaketime needs to give the agent another wall clock; the one that nobody can set stays. */
const environment = async (machine) => {
  const library = (await machine.sh('ls /usr/lib/*/faketime/libfaketime.so.1')).trim();
  return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: FILE, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
};

/** A device whose wall clock jumps, with and without a network (S8.5). */
export async function clocks(scene, step, people) {
  const { machine, logins, employees } = scene;
  const { carol, erin } = people;
  const set = (offset) => machine.sh(`echo '${offset}' > ${FILE}.new; chmod 644 ${FILE}.new; mv ${FILE}.new ${FILE}`);
  const byKey = ({ person, code }) => logins.pam({ user: person.username, key: true, codes: [code] });
  const ofCarol = async (code) => ({ person: carol, code: await code });
  let used;

  await step('a wall clock that jumps while the device is off its network changes nothing', async () => {
    await set('+0');
    await scene.agent.restart(await environment(machine));
    for (const person of [carol, erin]) await scene.synced(person);
    await employees.letTimePass();
    await machine.cut();
    for (const [person, offset] of [[carol, '-3d'], [erin, '+3d'], [carol, '+400d'], [erin, '-20y']]) {
      await set(offset);
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
    await set('+3d');
    await machine.restore();
    await scene.catchUp();
    used = await ofCarol(employees.code(carol));
    assert.equal((await byKey(used)).result, 0);
    assert.notEqual((await byKey(used)).result, 0);
  });

  await step('a clock that is corrected locks nobody out', async () => {
    await set('+0');
    await scene.agent.restart();
    await until('a code being taken', async () => (await byKey(await ofCarol(employees.code(carol)))).result === 0);
  });
}
