import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const SOCKET = '/run/claviger-agent/login.sock';

/** A device that was told to open while its agent can't be asked (S8.14). */
export async function openWhenDown(scene, step, people) {
  const { machine, logins, employees } = scene;
  const { alice, bob, carol } = people;
  const profile = (name) => until(`the profile ${name}`, async () => (await machine.sh('cat /etc/pam.d/common-auth')).includes(name), 30);

  await step('a device set to open lets enrolled people in without a code while its agent is away, loudly', async () => {
    await scene.change({ when_down: 'open' });
    await profile('pam_claviger.so fail_open');
    await scene.mfaIs('on');
    const asked = await logins.pam({ user: 'carol', key: true });
    assert.deepEqual([asked.result === 0, asked.prompts.length > 0], [false, true], JSON.stringify(asked));
    await scene.agent.stop();
    await machine.sh(`rm -f ${SOCKET}`);
    const byKey = await logins.rounds({ user: 'carol', key: carol.key });
    assert.equal(byKey.printed, 'carol', JSON.stringify(byKey));
    const byPassword = await logins.rounds({ user: 'alice', password: alice.password });
    assert.equal(byPassword.printed, 'alice', JSON.stringify(byPassword));
    assert.equal((await logins.rounds({ user: 'alice', password: 'not hers' })).in, false);
    assert.equal((await logins.rounds({ user: 'bob', password: bob.password })).printed, 'bob');
    assert.match(await scene.agent.journal(), /"carol" LET IN WITHOUT A CODE: the agent can't be asked .* fail_open is set/);
  });

  await step('with the agent back the server hears of each of them once', async () => {
    await scene.agent.start();
    const letIn = () => scene.events('device.login.let_in');
    await until('who was let in', async () => (await letIn()).length >= 2, 30);
    await scene.catchUp();
    const told = (await letIn()).map((entry) => [entry.target_id, entry.details.service]);
    assert.deepEqual(told.sort(), [alice, carol].map(({ id }) => [id, 'sshd']).sort(), JSON.stringify(told));
    assert.equal(await machine.sh('find /var/lib/claviger-agent-tasks/let-in -type f | wc -l').then((text) => text.trim()), '0');
  });

  await step('codes are asked for again, and closed means closed again', async () => {
    assert.notEqual((await logins.pam({ user: 'carol', key: true })).result, 0);
    assert.equal((await logins.pam({ user: 'carol', key: true, codes: [await employees.code(carol)] })).result, 0);
    await scene.change({ when_down: 'closed' });
    await until('the profile that refuses', async () => !(await machine.sh('cat /etc/pam.d/common-auth')).includes('fail_open'), 30);
    await scene.agent.stop();
    await machine.sh(`rm -f ${SOCKET}`);
    assert.notEqual((await logins.pam({ user: 'carol', key: true, codes: ['123456'] })).result, 0);
    assert.match(await scene.agent.journal(), /"carol" refused: the agent can't be asked .* See systemctl status claviger-agent/);
    await scene.agent.start();
    await scene.catchUp();
  });
}
