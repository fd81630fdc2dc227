import assert from 'node:assert/strict';

/** RFC 4648 Base32 as bytes. */
function fromBase32(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** Every way in which a secret could be written, as hex of the bytes to look for. */
function forms(secret) {
  const raw = fromBase32(secret);
  const texts = [secret, secret.toLowerCase(), raw.toString('hex'), raw.toString('hex').toUpperCase(), raw.toString('base64').slice(0, 26)];
  return [raw.toString('hex'), ...texts.map((text) => Buffer.from(text).toString('hex'))];
}

/** Root on the device looks for what must not be there (S8.6). */
export async function nothingKept(scene, step, people) {
  const { machine } = scene;
  const search = async (needles) => (await machine.do('python3', ['/share/search.py'], { input: needles.join('\n') })).split('\n').filter(Boolean);

  await step('the search finds what is there: a file, the memory of a process, and of the agent', async () => {
    const planted = Buffer.from(`planted-${Date.now()}`).toString('hex');
    await machine.do('python3', ['-c', `open('/var/tmp/planted','wb').write(bytes.fromhex('${planted}'))`]);
    const holder = machine.start('python3', ['-c', `import time; x = bytes.fromhex('${planted}'); time.sleep(60)`]);
    await machine.sh('sleep 0.5');
    const found = await search([planted]);
    holder.kill();
    await machine.sh('rm /var/tmp/planted');
    assert.ok(found.includes('file /var/tmp/planted'), found.join());
    assert.ok(found.some((line) => line.startsWith('process python')), found.join());
    const device = await search([Buffer.from(scene.device).toString('hex')]);
    assert.ok(device.includes('process claviger-agent'), device.join());
  });

  await step('no TOTP secret is on the disk or in the memory of a fully synced device (S8.6)', async () => {
    for (const person of [people.alice, people.carol]) await scene.synced(person);
    const needles = [people.alice, people.carol].flatMap((person) => forms(person.secret));
    assert.deepEqual(await search(needles), []);
  });

  await step('no secret is in what the agent and the server told their journals', async () => {
    assert.deepEqual(scene.world.secrets.in(await scene.agent.journal()), []);
    assert.deepEqual(scene.world.secrets.in(scene.world.server.logs), []);
    assert.match(await scene.world.server.command('audit', 'verify'), /^The log is whole/);
  });
}
