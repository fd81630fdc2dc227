import assert from 'node:assert/strict';

/** The people of the device: who is enrolled and who isn't, with passwords and with keys. */
export async function accounts(scene, step) {
  const { machine, employees, logins } = scene;
  const people = {};

  await step('bound users get accounts with their keys, and others are left alone (S8.12)', async () => {
    await machine.sh('useradd -m -s /bin/bash lena; echo lena:pw-of-lena | chpasswd');
    people.alice = await employees.hire('alice', { enrolled: true });
    people.carol = await employees.hire('carol', { key: true, enrolled: true });
    people.erin = await employees.hire('erin', { enrolled: true });
    people.bob = await employees.hire('bob');
    people.dave = await employees.hire('dave', { key: true });
    const lena = await machine.sh('getent passwd lena; getent shadow lena');
    await scene.bind(people.alice, 'with_password');
    for (const name of ['carol', 'erin', 'bob', 'dave']) await scene.bind(people[name]);
    assert.match(await machine.sh('getent passwd alice'), /^alice:x:\d{4,}:\d{4,}:alice Unger:\/home\/alice:\/bin\/bash/);
    assert.equal(await machine.sh('getent passwd lena; getent shadow lena'), lena);
  });

  await step("a local account of a user's name is taken over only when an administrator says so (S8.12)", async () => {
    await machine.sh('useradd -m -s /bin/bash mona; echo mona:pw-of-mona | chpasswd');
    const before = await machine.sh('getent passwd mona; getent shadow mona');
    const mona = await employees.hire('mona');
    await scene.api.do('PUT', `/devices/${scene.device}/users/${mona.id}`, {});
    await scene.accountIs(mona, 'needs_take_over');
    assert.equal(await machine.sh('getent passwd mona; getent shadow mona'), before);
    await scene.api.do('POST', `/devices/${scene.device}/users/${mona.id}/take-over`);
    await scene.accountIs(mona, 'ready');
    assert.match(await machine.sh('getent passwd mona'), /mona Unger/);
  });

  await step('without MFA the first factor is enough: the password of the directory, or a key', async () => {
    for (const name of ['alice', 'bob']) {
      const seen = await logins.rounds({ user: name, password: people[name].password });
      assert.equal(seen.printed, name, JSON.stringify(seen));
    }
    for (const name of ['carol', 'dave']) {
      const seen = await logins.batch(people[name].key, name);
      assert.equal(seen.stdout.trim(), name, seen.stderr);
    }
    assert.equal((await logins.rounds({ user: 'alice', password: 'not hers' })).in, false);
    assert.equal((await logins.rounds({ user: 'lena', password: 'pw-of-lena' })).printed, 'lena');
  });

  await step('what the device holds as a hash is its own (S8.12)', async () => {
    const shadow = await machine.sh('getent shadow alice | cut -d: -f2');
    assert.match(shadow, /^\$y\$/);
  });

  return people;
}
