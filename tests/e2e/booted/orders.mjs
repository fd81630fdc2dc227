import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { SERVICES } from './service.mjs';

const DROP_IN = '/etc/ssh/sshd_config.d/01-claviger-policies.conf';
const MOTD = "cat /etc/motd 2>/dev/null || echo none";

/** Policies under the limits of the root half's unit, and commands outside of them (S9). */
export async function orders(scene, step) {
  const { api, machine, agent, device } = scene;

  await step('policies are applied and taken back under the limits of the unit', async () => {
    const before = await machine.sh(MOTD);
    const policies = [];
    for (const body of [
      { name: 'Message', template: 'file', path: '/etc/motd', content: 'Logged.\n', mode: '0644' },
      { name: 'Few tries', template: 'sshd', settings: [{ keyword: 'MaxAuthTries', value: '4' }] },
    ]) {
      const policy = await api.do('POST', '/policies', body);
      policies.push(policy);
      await api.do('PUT', `/policies/${policy.id}/devices/${device}`);
    }
    const standings = async () => (await api.do('GET', `/devices/${device}/policies`)).map(({ status }) => status);
    await until('both policies being applied', async () => (await standings()).join() === 'applied,applied', 60);
    assert.equal(await machine.sh('cat /etc/motd'), 'Logged.\n');
    assert.match(await machine.sh('sshd -T'), /^maxauthtries 4$/m);
    for (const { id } of policies) await api.do('DELETE', `/policies/${id}`);
    await until('everything as it was', async () => (await machine.run('test', ['-e', DROP_IN])).code === 1 && (await machine.sh(MOTD)) === before, 30);
  });

  const run = async (name, script, more = {}) => {
    const { id } = await api.do('POST', '/commands', { name, shell: 'shell', script, ...more });
    await api.do('PUT', `/commands/${id}/devices/${device}`);
    return api.do('POST', `/commands/${id}/run`, {});
  };
  const becomes = async ({ id }, state) => {
    const result = () => api.do('GET', `/command-runs/${id}/devices/${device}`);
    await until(`a run being ${state}`, async () => (await result()).state === state, 60);
    return result();
  };
  const noSleep = () => until('the end of all that it started', async () => (await machine.run('pgrep', ['-r', 'D,R,S', '-x', 'sleep'])).stdout === '', 10);

  await step('a command runs as a unit of its own, with all that root may', async () => {
    await api.do('PATCH', '/organization', { commands: true });
    const told = 'id -u; grep CapBnd /proc/self/status; grep NoNewPrivs /proc/self/status; grep -m1 claviger /proc/self/cgroup; touch /usr/ran && rm /usr/ran; exit 5';
    const ended = await becomes(await run('Who', told), 'exited');
    assert.equal(ended.exit_code, 5, ended.output);
    const all = (await machine.sh('grep CapBnd /proc/1/status')).trim();
    const [uid, capabilities, privileges, group, ...rest] = ended.output.trim().split('\n');
    assert.deepEqual([uid, capabilities, rest], ['0', all, []], ended.output);
    assert.match(privileges, /\b0$/);
    assert.match(group, /\/claviger-run-[0-9a-f-]+\.service$/);
  });

  await step('one that takes too long ends with all that it started', async () => {
    const ended = await becomes(await run('Long', 'echo begun; setsid sleep 600 & sleep 601', { timeout_seconds: 2 }), 'timed_out');
    assert.equal(ended.output, 'begun\n');
    await noSleep();
  });

  await step('one that goes on while the root half is killed is ended, called interrupted, and not run again', async () => {
    const asked = await run('Cut off', 'echo ran >> /root/ran; sleep 602');
    await becomes(asked, 'running');
    await until('the script', async () => (await machine.run('pgrep', ['-r', 'D,R,S', '-x', 'sleep'])).code === 0, 10);
    await agent.kill(SERVICES[0]);
    await becomes(asked, 'interrupted');
    await noSleep();
    assert.equal(await machine.sh('cat /root/ran'), 'ran\n');
    assert.equal(await machine.do('systemctl', ['list-units', '--all', '--no-legend', '--plain', 'claviger-run-*']), '');
    await api.do('PATCH', '/organization', { commands: false });
  });
}
