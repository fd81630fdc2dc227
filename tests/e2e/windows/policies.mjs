import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const SYSTEM = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
const ARSO = 'DisableAutomaticRestartSignOn';
const ACME = 'HKLM\\SOFTWARE\\Acme';
const OTHER = 'HKLM\\SOFTWARE\\Other';

/** Policies are laid down, looked after and taken back (S9.1). */
export async function policies(scene, step) {
  const { api, machine, device } = scene;
  const standing = async (policy) => (await api.do('GET', `/devices/${device}/policies`)).find(({ id }) => id === policy.id);
  const stands = (policy, status) => until(`${policy.name} being ${status}`, async () => (await standing(policy))?.status === status, 90);
  const bind = (policy) => api.do('PUT', `/policies/${policy.id}/devices/${device}`);
  let policy;

  await step('Disable ARSO is applied at once (S8.17)', async () => {
    assert.equal(await machine.value(SYSTEM, ARSO), null);
    policy = await api.do('POST', '/policies', { name: 'No ARSO', template: 'disable_arso' });
    await bind(policy);
    await stands(policy, 'applied');
    assert.equal(await machine.value(SYSTEM, ARSO), '0x1');
  });

  await step('what is changed by hand is put right within a cycle, and that is told', async () => {
    await machine.do('reg', ['add', SYSTEM, '/v', ARSO, '/t', 'REG_DWORD', '/d', '0', '/f']);
    await stands(policy, 'corrected');
    assert.equal(await machine.value(SYSTEM, ARSO), '0x1');
    assert.equal((await standing(policy)).corrected, 1);
  });

  await step('values of each type are laid down, and go with the key that was made for them', async () => {
    const values = [
      { location: 'SOFTWARE\\Acme\\Deep', name: 'Number', type: 'dword', data: '0x10' },
      { location: 'SOFTWARE\\Acme\\Deep', name: 'Large', type: 'qword', data: '18446744073709551615' },
      { location: 'SOFTWARE\\Acme', name: '', type: 'sz', data: 'here' },
      { location: 'SOFTWARE\\Acme', name: 'Folder', type: 'expand_sz', data: '%SystemRoot%' },
      { location: 'SOFTWARE\\Acme', name: 'List', type: 'multi_sz', data: 'a\nb' },
    ];
    const all = await api.do('POST', '/policies', { name: 'Values', template: 'registry', values });
    await bind(all);
    await stands(all, 'applied');
    assert.equal(await machine.value(`${ACME}\\Deep`, 'Number'), '0x10');
    assert.equal(await machine.value(ACME, ''), 'here');
    assert.equal(await machine.value(ACME, 'List'), 'a\\0b');
    await api.do('DELETE', `/policies/${all.id}`);
    await until('the end of the key', async () => !(await machine.hasKey(ACME)), 30);
  });

  await step('what was there before comes back with its type, whoever changed it in between', async () => {
    const add = (name, type, data) => machine.do('reg', ['add', OTHER, '/v', name, '/t', type, '/d', data, '/f']);
    await add('Odd', 'REG_BINARY', '00ff10');
    await add('Path', 'REG_EXPAND_SZ', '%SystemRoot%\\x');
    const all = () => machine.do('reg', ['query', OTHER]);
    const before = await all();
    const values = ['Odd', 'Path', 'New'].map((name) => ({ location: 'SOFTWARE\\Other', name, type: 'dword', data: '7' }));
    const over = await api.do('POST', '/policies', { name: 'Over', template: 'registry', values });
    await bind(over);
    await stands(over, 'applied');
    for (const name of ['Odd', 'Path', 'New']) assert.equal(await machine.value(OTHER, name), '0x7');
    await machine.do('reg', ['delete', OTHER, '/v', 'Path', '/f']);
    await stands(over, 'corrected');
    assert.equal(await machine.value(OTHER, 'Path'), '0x7');
    await api.do('DELETE', `/policies/${over.id}`);
    await until('everything as it was', async () => (await all()) === before, 30);
    await machine.do('reg', ['delete', OTHER, '/f']);
  });

  await step('what is the agent\'s own is no policy\'s', async () => {
    const values = [{ location: SYSTEM, name: 'HideFastUserSwitching', type: 'dword', data: '0' }];
    await assert.rejects(api.do('POST', '/policies', { name: 'Switching', template: 'registry', values }), /decides who gets in/);
    assert.equal(await machine.value(SYSTEM, 'HideFastUserSwitching'), '0x1');
  });

  await step('a policy that goes leaves everything as it was', async () => {
    await api.do('DELETE', `/policies/${policy.id}`);
    await until('the value being gone', async () => (await machine.value(SYSTEM, ARSO)) === null, 30);
  });
}
