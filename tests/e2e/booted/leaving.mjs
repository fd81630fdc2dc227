import assert from 'node:assert/strict';
import { etc } from '../devices/installing.mjs';
import { others } from '../devices/uninstalling.mjs';

/** The way back by the package manager alone (S8.13). */
export async function leaving(scene, step) {
  const { machine, logins } = scene;

  await step('purging the package puts /etc back byte for byte, and leaves no unit and no file', async () => {
    await machine.do('apt-get', ['purge', '--yes', 'claviger-agent']);
    const after = await etc(machine);
    assert.deepEqual(others(after.files), others(scene.before.files));
    assert.deepEqual(others(after.rights), others(scene.before.rights));
    for (const list of [['list-units', '--all'], ['list-unit-files']]) {
      assert.equal((await machine.run('systemctl', [...list, '--no-legend', '--plain', 'claviger*'])).stdout, '');
    }
    const left = await machine.sh('find / -xdev -name "*claviger*" -not -path "/proc/*" -not -path "/share/*" -not -path "/home/*" | sort');
    assert.equal(left, '');
    assert.equal((await machine.run('pgrep', ['-f', 'claviger-agent'])).code, 1);
  });

  await step('people sign in with their passwords alone', async () => {
    const { alice } = scene.people;
    assert.equal((await logins.rounds({ user: 'alice', password: alice.password })).printed, 'alice');
  });
}
