import assert from 'node:assert/strict';
import { etc } from './installing.mjs';

// Accounts stay (S8.12), and so do their lines.
const ACCOUNTS = /\.\/(passwd|shadow|group|gshadow|subuid|subgid)$/;
/** What is listed of everything but accounts. */
export const others = (listed) => listed.split('\n').filter((line) => line && !ACCOUNTS.test(line.split(' ').filter(Boolean).at(-1)) && !ACCOUNTS.test(line.split(' ')[0]));

/** The way back (S8.13). */
export async function uninstalling(scene, step, people) {
  const { machine, logins, api } = scene;

  await step('uninstalling puts every file back byte for byte, and the device leaves the list', async () => {
    await machine.do('claviger-agent', ['uninstall']);
    await scene.agent.stop();
    await machine.do('dpkg', ['--purge', 'claviger-agent']);
    const after = await etc(machine);
    assert.deepEqual(others(after.files), others(scene.before.files));
    assert.deepEqual(others(after.rights), others(scene.before.rights));
    assert.deepEqual((await api.do('GET', '/devices')).items, []);
    const left = await machine.sh('find / -xdev -name "*claviger*" -not -path "/proc/*" -not -path "/share/*" -not -path "/home/*" | sort');
    assert.equal(left, '');
  });

  await step('people sign in as before the agent, and accounts and homes are still there', async () => {
    assert.equal((await logins.rounds({ user: 'lena', password: 'pw-of-lena' })).printed, 'lena');
    assert.equal((await logins.rounds({ user: 'alice', password: people.alice.password })).printed, 'alice');
    await machine.sh('test -d /home/carol; ! getent group claviger-mfa');
  });
}
