import assert from 'node:assert/strict';
import { readTerminalQr } from '../lib/otp.mjs';

const PICTURE = /^[█▀▄ ]*[█▀▄][█▀▄ ]*$/;

/** Bob has to set MFA up within days, and sees in his terminal how (S8.13b). */
export async function inviting(scene, step, people) {
  const { logins, machine, world } = scene;
  const { bob } = people;
  const link = `${world.server.url}/enroll`;
  const sshpass = (program, words) =>
    machine.run('sshpass', ['-p', bob.password, program, '-o', 'StrictHostKeyChecking=no', '-o', 'PubkeyAuthentication=no', '-o', 'LogLevel=ERROR', ...words]);

  await step('a terminal shows whoever has to set MFA up the days left, the link and a code to scan', async () => {
    assert.equal((await logins.shell('bob', bob.password)).includes(link), false, 'not before somebody wants it');
    await scene.change({ invites: true });
    await scene.catchUp();
    const seen = await logins.shell('bob', bob.password);
    assert.match(seen, /Set up MFA within [1-7] days:/, seen);
    assert.ok(seen.includes(link), seen);
    assert.equal(readTerminalQr(seen.split('\n').filter((line) => PICTURE.test(line))), link, seen);
  });

  await step('what programs send stays as they sent it', async () => {
    await machine.sh('head -c 100000 /dev/urandom > /tmp/clean; chmod 644 /tmp/clean; printf "put /tmp/clean by-sftp\\n" > /tmp/clean.batch');
    const command = await sshpass('ssh', ['bob@127.0.0.1', 'id -un']);
    assert.deepEqual([command.stdout, command.stderr], ['bob\n', '']);
    const onTerminal = await sshpass('ssh', ['-tt', 'bob@127.0.0.1', 'id -un']);
    assert.equal(onTerminal.stdout.includes(link), false, onTerminal.stdout);
    const done = [
      await sshpass('scp', ['/tmp/clean', 'bob@127.0.0.1:by-scp']),
      await sshpass('sftp', ['-o', 'BatchMode=no', '-b', '/tmp/clean.batch', 'bob@127.0.0.1']),
      await machine.run('sshpass', ['-p', bob.password, 'rsync', '-e', 'ssh -o StrictHostKeyChecking=no -o PubkeyAuthentication=no', '/tmp/clean', 'bob@127.0.0.1:by-rsync']),
    ];
    for (const { code, stderr } of done) assert.equal(code, 0, stderr);
    await machine.sh('for way in scp sftp rsync; do cmp /tmp/clean /home/bob/by-$way; done');
  });

  await step('nobody else is shown it, and nobody once it is switched off', async () => {
    assert.equal((await logins.shell('lena', 'pw-of-lena')).includes(link), false);
    await scene.change({ invites: false });
    await scene.catchUp();
    assert.equal((await logins.shell('bob', bob.password)).includes(link), false);
  });
}
