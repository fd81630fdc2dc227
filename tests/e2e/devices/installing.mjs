import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

// The name service and the package manager keep copies and lists of their own.
const ETC = 'cd /etc && find . -type f ! -name "*-" ! -name ".pwd.lock" ! -path "./claviger-agent/*" -print0 | sort -z | xargs -0 sha256sum';
const MODES = 'cd /etc && find . ! -name "*-" ! -name ".pwd.lock" ! -path "./claviger-agent*" -printf "%p %y %m %u %g %l\\n" | sort';

/** What lies in /etc, every byte and every right of it. */
export const etc = async (machine) => ({ files: await machine.sh(ETC), rights: await machine.sh(MODES) });

/** From a bare machine to a device that the server knows. */
export async function installing(scene, step) {
  const { machine, api } = scene;

  await step('the package changes no file of anybody else (S8.13)', async () => {
    scene.before = await etc(machine);
    await scene.agent.install();
    await machine.sh('cd /etc && grep -vE " ./(passwd|shadow|group|gshadow)$" | sha256sum --check --quiet', { input: scene.before.files });
  });

  await step('a certificate that nobody vouches for is not talked to (S14.1a)', async () => {
    const refused = await machine.run('claviger-agent', ['enroll', '--server', scene.url, '--key', await scene.connectKey()]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /certificate/i);
    const plain = await machine.run('claviger-agent', ['enroll', '--server', scene.url.replace('https', 'http'), '--key', await scene.connectKey()]);
    assert.notEqual(plain.code, 0);
    assert.match(plain.stderr, /https/);
    assert.deepEqual((await api.do('GET', '/devices')).items, []);
  });

  await step('a connect key enrolls the device, and tells of it on the list (S8.1, S8.2)', async () => {
    const key = await scene.connectKey();
    scene.usedUp = key;
    const enrolled = await scene.agent.enroll(scene.url, key, scene.authority);
    assert.equal(enrolled.code, 0, enrolled.stdout + enrolled.stderr);
    const { items } = await api.do('GET', '/devices');
    assert.equal(items.length, 1);
    scene.device = items[0].id;
    await scene.agent.start();
    const about = await until('the first report', async () => {
      const found = await scene.about();
      return found.ssh_server === 'present' && found;
    });
    assert.deepEqual([about.hostname, about.platform, about.online, about.mfa.status], ['device', 'linux', true, 'off']);
    assert.match(about.system, /Debian/);
  });

  await step('a connect key that is used up, revoked, another server\'s or nobody\'s enrolls nobody, and says why', async () => {
    const revoked = await api.do('POST', '/connect-keys', { name: 'revoked', uses: 1 });
    await api.do('POST', `/connect-keys/${revoked.key.id}/revoke`);
    const usedUp = scene.usedUp;
    const [token, fingerprint] = usedUp.split('.');
    const attempts = [
      [usedUp, /has enrolled as many devices as it may. Make a new one/], [revoked.secret, /was revoked. Make a new one/],
      [`${token}.${'A'.repeat(fingerprint.length)}`, /another server|not the one that made/i], [`clvk_${'a'.repeat(43)}.${fingerprint}`, /not known|unknown|copy/i], ['nonsense', /connect key/i],
    ];
    for (const [key, words] of attempts) {
      const again = await machine.run('claviger-agent', ['enroll', '--server', scene.url, '--key', key, '--ca', '/share/ca.pem', '--folder', '/run/other']);
      assert.notEqual(again.code, 0);
      assert.match(again.stderr, words);
      assert.equal(again.stderr.trim().split('\n').length, 1, again.stderr);
    }
    assert.equal((await api.do('GET', '/devices')).items.length, 1);
    assert.notEqual((await machine.run('test', ['-e', '/run/other'])).code, 0);
  });
}
