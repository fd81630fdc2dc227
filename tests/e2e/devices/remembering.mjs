import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const CODE = 'Verification code: ';

/** A group that asks for the code once in an hour (S8.13b), with carol, who signs in by key, before and after. */
export async function remembering(scene, step, people) {
  const { api, employees, logins, machine } = scene;
  const { alice, carol } = people;
  const [host] = (await machine.sh('ip -4 -o address show dev eth0')).match(/(?<=inet )[\d.]+/);
  const other = host.replace(/\d+$/, '77');
  const byKey = (more) => logins.rounds({ user: 'carol', key: carol.key, host, ...more });
  const withCode = async (more) => byKey({ codes: [await employees.code(carol)], ...more });
  const asks = (seen) => seen.rounds.flat().includes(CODE);
  const isIn = (seen, person) => assert.equal(seen.printed, person.username, JSON.stringify(seen));
  const remembered = () => api.do('GET', `/users/${carol.id}/remembered`);
  let group;

  const once = async (hours) => {
    await api.do('PUT', `/device-groups/${group}/ask-once`, { hours });
    await scene.catchUp();
  };

  await step('in a group that asks once in an hour a code spares the next one, for the same key and address', async () => {
    await machine.sh(`ip address add ${other}/24 dev eth0`);
    group = (await api.do('POST', '/device-groups', { name: 'Asks once' })).id;
    await api.do('PUT', `/device-groups/${group}/devices/${scene.device}`);
    assert.equal(asks(await byKey()), true, 'every time, at first');
    await once(1);
    const first = await withCode();
    assert.deepEqual([first.printed, asks(first)], ['carol', true], JSON.stringify(first));
    const second = await byKey();
    assert.deepEqual([second.printed, second.rounds.flat()], ['carol', []], JSON.stringify(second));
    const [login] = await remembered();
    assert.deepEqual([login.from, login.device_group_name], [host, 'Asks once']);
    const print = await machine.sh(`ssh-keygen -l -f ${carol.key}.pub`);
    assert.ok(print.includes(login.key), `${print} ${login.key}`);
    const [noted] = await scene.events('device.login.remembered');
    assert.deepEqual([noted.target_id, noted.details.from, noted.details.key], [carol.id, host, login.key]);
  });

  await step('another address, this machine itself, and a password are asked as ever', async () => {
    assert.equal(asks(await byKey({ source: other })), true);
    assert.equal(asks(await byKey({ host: '127.0.0.1' })), true);
    const password = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.code(alice)], host });
    isIn(password, alice);
    assert.equal(asks(await logins.rounds({ user: 'alice', password: alice.password, host })), true);
  });

  await step('while the server can’t be reached the code is asked for, and checked here', async () => {
    await machine.cut();
    try {
      assert.equal(asks(await byKey()), true);
      isIn(await byKey({ codes: [await employees.codeOffline(carol)] }), carol);
    } finally {
      await machine.restore();
    }
    await scene.catchUp();
    await until('the device asking the server again', async () => !asks(await byKey()), 30);
  });

  await step('revoked for the user, it is over at once; a code begins it anew', async () => {
    await api.do('DELETE', `/users/${carol.id}/remembered`);
    assert.equal(asks(await byKey()), true);
    isIn(await withCode(), carol);
    isIn(await byKey(), carol);
    await api.do('DELETE', `/device-groups/${group}/remembered`);
    assert.equal(asks(await byKey()), true);
  });

  await step('after the hour, and with the group gone, the code is asked for', async () => {
    isIn(await withCode(), carol);
    isIn(await byKey(), carol);
    scene.world.clock.advance({ hours: 1 });
    assert.equal(asks(await byKey()), true);
    await scene.catchUp();
    isIn(await withCode(), carol);
    await api.do('DELETE', `/device-groups/${group}`);
    assert.equal(asks(await byKey()), true);
    assert.deepEqual(await remembered(), []);
    await scene.catchUp();
    await machine.sh(`ip address del ${other}/24 dev eth0`);
  });
}
