import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const CODE = 'Verification code: ';
const METHODS = { password: 'keyboard-interactive:pam', public_key: 'publickey,keyboard-interactive:pam' };
METHODS.both = `${METHODS.public_key} ${METHODS.password}`;

const effective = async (machine, user) =>
  (await machine.sh(`/usr/sbin/sshd -T -C user=${user},host=client,addr=127.0.0.1`)).match(/^authenticationmethods (.*)$/m)[1];

/** Waits until sshd asks an enrolled user for what the device was told. */
export async function sshAsksFor(scene, first) {
  await until(`sshd asking for ${first}`, async () => (await effective(scene.machine, 'alice')) === METHODS[first], 30);
  assert.equal(await effective(scene.machine, 'bob'), 'any');
}

const prompts = (seen) => seen.rounds.flat();

/** SSH in its three shapes (S8.9, S8.10), with MFA on and password first at the beginning. */
export async function shells(scene, step, people) {
  const { logins, machine, employees } = scene;
  const { alice, bob, carol, dave } = people;

  await step('password first: an enrolled user gives password and code, everybody else the password alone', async () => {
    await sshAsksFor(scene, 'password');
    const seen = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.code(alice)] });
    assert.equal(seen.printed, 'alice', JSON.stringify(seen));
    assert.deepEqual(prompts(seen), ['Password: ', CODE]);
    const others = [['bob', bob.password], ['lena', 'pw-of-lena']];
    for (const [user, password] of others) {
      const other = await logins.rounds({ user, password });
      assert.deepEqual([other.printed, prompts(other).includes(CODE)], [user, false], JSON.stringify(other));
    }
  });

  await step('a wrong password is answered no earlier and no differently than a right one with a wrong code', async () => {
    const seen = await logins.rounds({ user: 'alice', password: 'not hers', codes: [await employees.code(alice)] });
    assert.deepEqual([seen.in, prompts(seen).slice(0, 1)], [false, ['Password: ']]);
  });

  await step('a person with OpenSSH answers two questions, and programs that ask nobody are refused', async () => {
    const seen = await logins.ssh({ password: alice.password, codes: [await employees.code(alice)] }, 'alice');
    assert.equal(seen.stdout.trim(), 'alice', seen.stderr);
    assert.deepEqual(seen.asked.map((asked) => asked.replace(/^\(.*?\) /, '').trim()), ['Password:', CODE.trim()]);
    const batch = await logins.batch(carol.key, 'carol');
    assert.match(batch.stderr, /Permission denied/);
  });

  await step('key first: an enrolled user gives key and code, and no password lets them in', async () => {
    await scene.change({ ssh_first_factors: 'public_key' });
    await sshAsksFor(scene, 'public_key');
    const seen = await logins.rounds({ user: 'carol', key: carol.key, codes: [await employees.code(carol)] });
    assert.deepEqual([seen.printed, prompts(seen)], ['carol', [CODE]], JSON.stringify(seen));
    const alone = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.code(alice)] });
    assert.equal(alone.in, false, JSON.stringify(alone));
    assert.equal((await logins.batch(dave.key, 'dave')).stdout.trim(), 'dave');
  });

  await step('both: each is followed by the code, and neither asks the others anything', async () => {
    await scene.change({ ssh_first_factors: 'both' });
    await sshAsksFor(scene, 'both');
    const byKey = await logins.rounds({ user: 'carol', key: carol.key, codes: [await employees.code(carol)] });
    assert.deepEqual([byKey.printed, prompts(byKey)], ['carol', [CODE]], JSON.stringify(byKey));
    const byPassword = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.code(alice)] });
    assert.equal(byPassword.printed, 'alice', JSON.stringify(byPassword));
    const keyAlone = await logins.rounds({ user: 'carol', key: carol.key });
    assert.equal(keyAlone.in, false);
    assert.equal((await logins.rounds({ user: 'bob', password: bob.password })).printed, 'bob');
  });

  await step("scp, sftp -b, rsync and ansible's way go on working for who isn't enrolled (S8.10)", async () => {
    await machine.sh('head -c 100000 /dev/urandom > /tmp/sent; chmod 644 /tmp/sent; printf "put /tmp/sent /home/dave/by-sftp\\n" > /tmp/batch');
    const done = [
      await logins.batch(dave.key, 'dave'),
      await logins.batch(dave.key, 'dave', 'scp', ['/tmp/sent', 'dave@127.0.0.1:by-scp']),
      await logins.batch(dave.key, 'dave', 'sftp', ['-b', '/tmp/batch', 'dave@127.0.0.1']),
      await machine.run('rsync', ['-e', `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -i ${dave.key}`, '/tmp/sent', 'dave@127.0.0.1:by-rsync']),
    ];
    for (const { code, stderr } of done) assert.equal(code, 0, stderr);
    await machine.sh('for way in scp sftp rsync; do cmp /tmp/sent /home/dave/by-$way; done');
  });

  await step('scp and sftp ask an enrolled user for the code, and take it', async () => {
    const copied = await logins.openssh('scp', { key: carol.key, codes: [await employees.code(carol)] }, ['/tmp/sent', 'carol@127.0.0.1:by-scp']);
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal(copied.asked.length, 1);
    await machine.sh('cmp /tmp/sent /home/carol/by-scp');
    const refused = await logins.batch(carol.key, 'carol', 'scp', ['/tmp/sent', 'carol@127.0.0.1:again']);
    assert.notEqual(refused.code, 0);
  });

  await step('sshpass, which knows one answer, still lets in who has one to give', async () => {
    const words = ['-p', bob.password, 'ssh', '-o', 'StrictHostKeyChecking=no', '-o', 'PubkeyAuthentication=no', 'bob@127.0.0.1', 'id -un'];
    const done = await machine.run('sshpass', words);
    assert.equal(done.stdout.trim(), 'bob', done.stderr);
  });
}
