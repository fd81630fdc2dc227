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
  const { carol } = people;
  const set = (offset) => machine.sh(`printf '${offset}\\n' > ${FILE}.new; chmod 644 ${FILE}.new; mv ${FILE}.new ${FILE}`);
  const byKey = (...given) => logins.pam({ user: 'carol', key: true, codes: given });
  let used;

  await step('a wall clock that jumps while the device is off its network changes nothing', async () => {
    await set('+0');
    await scene.agent.restart(await environment(machine));
    await scene.catchUp();
    await scene.synced(carol);
    await machine.cut();
    for (const offset of ['-3d', '+3d', '+400d', '-20y']) {
      await set(offset);
      used = await employees.codeOffline(carol);
      assert.equal((await byKey(used)).result, 0, offset);
      assert.notEqual((await byKey(used)).result, 0, offset);
    }
  });

  await step('nor does it while the agent starts anew', async () => {
    await scene.agent.kill();
    assert.notEqual((await byKey(used)).result, 0);
    assert.equal((await byKey(await employees.codeOffline(carol))).result, 0);
  });

  await step('back on the network with a wall clock that is days off, codes are taken, and changes arrive', async () => {
    await set('+3d');
    await machine.restore();
    await scene.catchUp();
    const code = await employees.code(carol);
    assert.equal((await byKey(code)).result, 0);
    assert.notEqual((await byKey(code)).result, 0);
  });

  await step('a clock that is corrected locks nobody out', async () => {
    await set('+0');
    await scene.agent.restart();
    await until('a code being taken', async () => (await byKey(await employees.code(carol))).result === 0);
  });
}
