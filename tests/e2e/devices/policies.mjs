import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const MOTD = '/etc/motd';

/** Policies are laid down, looked after and taken back; commands run once and tell what they printed (S9). */
export async function policies(scene, step) {
  const { api, machine, device } = scene;
  const standing = async (policy) => (await api.do('GET', `/devices/${device}/policies`)).find(({ id }) => id === policy.id);
  const stands = (policy, status) => until(`${policy.name} being ${status}`, async () => (await standing(policy))?.status === status, 90);
  const bind = (policy) => api.do('PUT', `/policies/${policy.id}/devices/${device}`);
  const motd = { name: 'Message of the day', template: 'file', path: MOTD, content: 'Everything here is logged.\n' };
  let policy;
  let before;

  await step('a policy is applied at once', async () => {
    before = await machine.sh(`stat -c '%a %u:%g' ${MOTD} 2>/dev/null && sha256sum ${MOTD} || echo none`);
    policy = await api.do('POST', '/policies', motd);
    await bind(policy);
    await stands(policy, 'applied');
    assert.equal(await machine.sh(`cat ${MOTD}`), motd.content);
    await api.do('PUT', `/policies/${policy.id}`, { ...motd, content: 'Changed.\n' });
    await until('the change', async () => (await machine.sh(`cat ${MOTD}`)) === 'Changed.\n', 20);
  });

  await step('what is changed by hand is put right within a cycle, and that is told', async () => {
    await stands(policy, 'applied');
    await machine.sh(`echo drift > ${MOTD}`);
    await stands(policy, 'corrected');
    assert.equal(await machine.sh(`cat ${MOTD}`), 'Changed.\n');
    assert.equal((await standing(policy)).corrected, 1);
    assert.equal((await scene.events('device.policy.corrected')).length, 1);
  });

  await step('of two policies that want one file otherwise neither is applied, and both are named', async () => {
    const other = await api.do('POST', '/policies', { ...motd, name: 'Another message', content: 'Other.\n' });
    await bind(other);
    await stands(other, 'failed');
    await stands(policy, 'failed');
    assert.match((await standing(policy)).detail, /Another message/);
    assert.match((await standing(other)).detail, /Message of the day/);
    await api.do('DELETE', `/policies/${other.id}`);
    // What was counted of this revision still stands.
    await stands(policy, 'corrected');
  });

  await step('settings of sshd are in force beside MFA, and one that sshd refuses fails alone', async () => {
    const settings = (name, keyword, value) => api.do('POST', '/policies', { name, template: 'sshd', settings: [{ keyword, value }] });
    const [good, bad] = [await settings('Few tries', 'MaxAuthTries', '3'), await settings('No ciphers', 'Ciphers', 'no-such-cipher')];
    await bind(good);
    await stands(good, 'applied');
    assert.match(await machine.sh('sshd -T'), /^maxauthtries 3$/m);
    await bind(bad);
    await stands(bad, 'failed');
    await stands(good, 'applied');
    assert.equal((await scene.about()).mfa.status, 'on');
    for (const { id } of [good, bad]) await api.do('DELETE', `/policies/${id}`);
    await until('sshd as it was', async () => !/^maxauthtries 3$/m.test(await machine.sh('sshd -T')), 20);
  });

  await step('a policy that goes leaves every byte as it was', async () => {
    await api.do('DELETE', `/policies/${policy.id}/devices/${device}`);
    await until('the file as it was', async () => (await machine.sh(`stat -c '%a %u:%g' ${MOTD} 2>/dev/null && sha256sum ${MOTD} || echo none`)) === before, 20);
    await api.do('DELETE', `/policies/${policy.id}`);
  });

  const command = async (name, script, more = {}) => {
    const made = await api.do('POST', '/commands', { name, shell: 'shell', script, ...more });
    await api.do('PUT', `/commands/${made.id}/devices/${device}`);
    return made;
  };
  const run = ({ id }) => api.do('POST', `/commands/${id}/run`, {});
  const result = ({ id }) => api.do('GET', `/command-runs/${id}/devices/${device}`);
  const becomes = async (asked, state, patience = 30) => {
    await until(`a run being ${state}`, async () => (await result(asked)).state === state, patience);
    return result(asked);
  };

  await step('no command runs until the organization says so', async () => {
    const hello = await command('Hello', 'echo ran >> /root/ran; id -u; echo wrong >&2; exit 3');
    const refused = await api.call('POST', `/commands/${hello.id}/run`, {});
    assert.equal(refused.status, 409);
    await api.do('PATCH', '/organization', { commands: true });
    const ended = await becomes(await run(hello), 'exited');
    assert.equal(ended.exit_code, 3);
    assert.equal(ended.output, '0\nwrong\n');
    assert.equal((await scene.events('command.run')).length, 1);
  });

  await step('neither a restart nor an old state makes a command run twice', async () => {
    await machine.sh(`cp ${scene.agent.state} /run/old-state`);
    await scene.agent.restart();
    await scene.catchUp();
    await scene.agent.stop();
    await machine.sh(`cat /run/old-state > ${scene.agent.state}`);
    await scene.agent.start();
    await scene.catchUp();
    assert.equal(await machine.sh('cat /root/ran'), 'ran\n');
  });

  await step('a gigabyte of output is cut, and its beginning and end are kept', async () => {
    const ended = await becomes(await run(await command('Noise', "echo first; head -c 1073741824 /dev/zero | tr '\\0' x; echo; echo last")), 'exited', 120);
    assert.ok(ended.output.length < 70_000);
    assert.match(ended.output, /^first\nx+\n… \d+ bytes are left out here …\nx+\nlast\n$/);
  });

  await step('what takes too long is ended, and so is what is canceled', async () => {
    assert.equal((await becomes(await run(await command('Slow', 'echo begun; sleep 600', { timeout_seconds: 2 })), 'timed_out')).output, 'begun\n');
    const asked = await run(await command('Canceled', 'sleep 601'));
    await becomes(asked, 'running');
    await api.do('POST', `/command-runs/${asked.id}/cancel`);
    await becomes(asked, 'stopped');
    assert.equal((await machine.run('pgrep', ['-r', 'D,R,S', '-x', 'sleep'])).stdout, '');
  });

  await step('a device that was away takes a command up when it is back, unless it is too late', async () => {
    const hello = await command('Back', 'echo back');
    const late = await command('Late', 'echo late >> /root/late');
    await machine.cut();
    const asked = await run(hello);
    await machine.restore();
    assert.equal((await becomes(asked, 'exited', 120)).output, 'back\n');
    // An answer that is on its way already tells of a run before it was canceled: nobody waits for one here.
    await scene.agent.stop();
    const canceled = await run(late);
    await api.do('POST', `/command-runs/${canceled.id}/cancel`);
    await scene.agent.start();
    await becomes(canceled, 'not_started', 120);
    assert.equal((await machine.run('test', ['-e', '/root/late'])).code, 1);
    await api.do('PATCH', '/organization', { commands: false });
  });
}
