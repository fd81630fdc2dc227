import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { until } from '../lib/wait.mjs';
import { PROGRAM } from './agent.mjs';
import { KEYS } from './machine.mjs';

const LIBRARY = ['Program Files', 'Claviger', 'claviger_credprov.dll'];
const ALL = [true, true, true, true];
const SYSTEM = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
const ARSO = 'DisableAutomaticRestartSignOn';

/** From a bare Windows to a device that the server knows. */
export async function installing(scene, step) {
  const { machine, agent, logins, api } = scene;

  await step('the MSI brings the service, the provider and its keys', async () => {
    for (const key of KEYS) assert.equal(await machine.hasKey(key), false, key);
    await agent.install();
    for (const key of KEYS) assert.equal(await machine.hasKey(key), true, key);
    assert.ok(machine.exists(...LIBRARY) && machine.exists('Program Files', 'Claviger', 'claviger-agent.exe'));
    const server = await machine.value(`${KEYS[0]}\\InprocServer32`);
    assert.equal(server, `C:\\${LIBRARY.join('\\')}`);
    assert.equal(await machine.value(`${KEYS[0]}\\InprocServer32`, 'ThreadingModel'), 'Apartment');
  });

  await step('the library exports exactly two functions, and needs nothing that Windows does not bring', async () => {
    const told = execFileSync('x86_64-w64-mingw32-objdump', ['-p', machine.at(...LIBRARY)], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    const exported = told.slice(told.indexOf('[Ordinal/Name Pointer] Table')).match(/^\t\[ *\d+\] \S+$/gm).map((line) => line.split(' ').at(-1));
    assert.deepEqual(exported.sort(), ['DllCanUnloadNow', 'DllGetClassObject']);
    const needed = [...told.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name.toLowerCase());
    assert.deepEqual(needed.filter((name) => /gcc|winpthread|stdc/.test(name)), []);
    const found = await logins.try({ do: 'exports', path: `C:\\${LIBRARY.join('\\')}` });
    assert.deepEqual([found.found, found.unknown_class], [[true, true, false], true], JSON.stringify(found));
  });

  await step('before anything is laid down Windows has its own ways in, and no tile of ours', async () => {
    const seen = await logins.try({ user: 'alice', password: 'x' });
    assert.deepEqual([seen.allowed, seen.offered], [ALL, false], JSON.stringify(seen));
  });

  await step('a certificate that nobody vouches for is not talked to (S14.1a)', async () => {
    const refused = await machine.run(PROGRAM, ['enroll', '--server', scene.url, '--key', '-'], { input: await scene.connectKey() });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /certificate/i);
    const other = await agent.enroll(scene.url, 'clvk_nonsense', scene.authority);
    assert.match(other.stderr, /connect key is not whole/);
    assert.deepEqual((await api.do('GET', '/devices')).items, []);
  });

  await step('a connect key enrolls the device, and the list tells what it is (S8.1, S8.2)', async () => {
    const enrolled = await agent.enroll(scene.url, await scene.connectKey(), scene.authority);
    assert.equal(enrolled.code, 0, enrolled.stdout + enrolled.stderr);
    const { items } = await api.do('GET', '/devices');
    scene.device = items[0].id;
    const about = await until('the first report', async () => {
      const found = await scene.about();
      return found.online && found.agent_version && found;
    });
    assert.deepEqual([about.platform, about.mfa.status], ['windows', 'off'], JSON.stringify(about));
    assert.match(about.system, /Windows/);
    const again = await agent.enroll(scene.url, await scene.connectKey(), scene.authority);
    assert.match(again.stderr, /enrolled already/);
  });

  await step('the key is sealed for this machine, and says nothing as it lies there', async () => {
    const key = machine.read('ProgramData', 'Claviger', 'key');
    assert.ok(key.length > 100 && !/^[\w-]{43}\s*$/.test(key));
  });
}

/** Windows as it was before. */
export async function removing(scene, step) {
  const { machine, agent, logins, api } = scene;

  await step('uninstalling shows the other ways in again, takes policies back, and tells the server', async () => {
    const policy = await api.do('POST', '/policies', { name: 'Until the end', template: 'disable_arso' });
    await api.do('PUT', `/policies/${policy.id}/devices/${scene.device}`);
    await until('the policy', async () => (await machine.value(SYSTEM, ARSO)) === '0x1', 30);
    const gone = await machine.run(PROGRAM, ['uninstall']);
    assert.equal(gone.code, 0, gone.stdout + gone.stderr);
    assert.deepEqual((await api.do('GET', '/devices')).items, []);
    const seen = await logins.try({ user: 'alice', password: 'x' });
    assert.deepEqual([seen.allowed, seen.offered], [ALL, false]);
    assert.equal(machine.exists('ProgramData', 'Claviger', 'key'), false);
    assert.equal(await machine.value(SYSTEM, ARSO), null);
  });

  await step('removing the MSI leaves neither files nor keys nor service', async () => {
    logins.stop();
    await agent.remove();
    for (const key of KEYS) assert.equal(await machine.hasKey(key), false, key);
    assert.equal(machine.exists(...LIBRARY), false);
    assert.equal(await agent.state(), null);
    assert.equal(await machine.value(SYSTEM, 'HideFastUserSwitching'), null);
  });
}
