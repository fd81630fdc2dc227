import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { FOLDER } from './agent.mjs';

const FOREIGN = '<string>JumpCloudAuth:mfa</string>';
const NEIGHBOUR = '<string>loginwindow:success</string>';

/** From a bare Mac to a device that the server knows. */
export async function installing(scene, step) {
  const { machine, agent, api } = scene;

  await step('the package asks first whether the login window has room, and names who is in the way (S8.18)', async () => {
    await agent.install();
    const check = () => machine.run('claviger-agent', ['check-login-window']);
    assert.deepEqual((await check()).code, 0);
    await machine.changeRight(NEIGHBOUR, `${NEIGHBOUR}${FOREIGN}`);
    const refused = await check();
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /mechanisms of others: JumpCloudAuth:mfa/);
    await machine.changeRight(`${NEIGHBOUR}${FOREIGN}`, NEIGHBOUR);
  });

  await step('a connect key enrolls the device, and the list tells what it is (S8.1, S8.2)', async () => {
    const unknown = await agent.enroll(scene.url, 'clvk_nonsense', scene.authority);
    assert.match(unknown.stderr, /connect key is not whole/);
    const enrolled = await agent.enroll(scene.url, await scene.connectKey(), scene.authority);
    assert.equal(enrolled.code, 0, enrolled.stdout + enrolled.stderr);
    scene.device = (await api.do('GET', '/devices')).items[0].id;
    await agent.start();
    const about = await until('the first report', async () => {
      const found = await scene.about();
      return found.online && found.agent_version && found;
    });
    assert.deepEqual([about.platform, about.system, about.hostname, about.mfa.status], ['macos', 'macOS 14.6.1', "Ada's MacBook", 'off'], JSON.stringify(about));
    const again = await agent.enroll(scene.url, await scene.connectKey(), scene.authority);
    assert.match(again.stderr, /enrolled already/);
  });

  await step('the key is sealed, and says nothing as it lies there', async () => {
    const key = await machine.sh(`base64 -w0 ${FOLDER}/etc/key; stat -c %a ${FOLDER}/etc/key`);
    assert.match(key, /^[\w+/=]{80,}600\n$/);
    assert.doesNotMatch(Buffer.from(key.slice(0, -4), 'base64').toString('latin1'), /^[\w-]{43}\s*$/);
  });

  await step('as long as nobody is bound the login window is left alone', async () => {
    assert.deepEqual((await machine.mechanisms()).filter((name) => name.startsWith('Claviger')), []);
    assert.equal((await scene.logins.try({ user: 'root', password: 'x' })).ended_at, 'builtin:authenticate,privileged');
  });
}

/** The Mac as it was before. */
export async function removing(scene, step, { alice }) {
  const { machine, api } = scene;

  await step('uninstalling puts every byte back, takes policies back, and tells the server', async () => {
    const policy = await api.do('POST', '/policies', { name: 'Until the end', template: 'banner', text: 'Acme only.' });
    await api.do('PUT', `/policies/${policy.id}/devices/${scene.device}`);
    await until('the banner', async () => (await machine.run('test', ['-e', '/Library/Security/PolicyBanner.txt'])).code === 0, 30);
    const gone = await machine.run('claviger-agent', ['uninstall']);
    assert.equal(gone.code, 0, gone.stdout + gone.stderr);
    assert.deepEqual((await api.do('GET', '/devices')).items, []);
    assert.equal(await machine.right(), await machine.sh('cat /share/fresh.plist'));
    const left = await machine.sh(`find ${FOLDER} /Library/Security/PolicyBanner.txt /etc/sudoers.d/claviger -type f 2>/dev/null || true`);
    assert.equal(left.trim(), `${FOLDER}/claviger-agent`);
    const seen = await scene.logins.enter(alice);
    assert.deepEqual([seen.in, seen.pages], [true, []], 'accounts stay, and macOS alone looks at passwords');
  });
}
