import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';
import { signInAt } from './without_screen.mjs';

const AT_ONCE = 4;

/** People who sign in at the provider without a break, until `count` have and `isOver` says so. */
async function stream(scene, provider, { count, isOver }) {
  let [begun, done] = [0, 0];
  const one = async () => {
    while (begun < count || !isOver()) {
      begun += 1;
      const page = await signInAt(provider, scene.alice.visitor, '/private/', scene.world.secrets);
      assert.equal(page.status, 200, `sign-in ${begun}: ${page.status} ${page.html.slice(0, 1_000)}`);
      assert.match(page.html, /<p id="email">alice@acme\.test<\/p>/, `sign-in ${begun}`);
      done += 1;
    }
  };
  return { done: () => done, ended: Promise.all(Array.from({ length: AT_ONCE }, one)) };
}

const certificates = (api, id) => api.do('GET', `/applications/${id}/certificates`);

/** Whether the provider has fetched metadata with that certificate, or without it. */
function follows({ folder }, { pem }) {
  const file = join(folder, 'followed.xml');
  return existsSync(file) && readFileSync(file, 'utf8').replace(/\s/g, '').includes(pem.replace(/-----[^-]+-----|\s/g, ''));
}

/** Next, switch, remove, as the docs say, each when the provider knows of it. */
async function rollOver({ api }, provider, done) {
  const at = `/applications/${provider.id}/certificates`;
  const [old] = await certificates(api, provider.id);
  await api.do('POST', at);
  const next = (await certificates(api, provider.id)).find((one) => one.stage === 'next');
  await until('the next certificate at the provider', () => follows(provider, next), 60);
  const before = done();
  await api.do('POST', `${at}/${next.id}/switch`);
  await until('sign-ins with the new key', () => done() >= before + 50, 60);
  await api.do('DELETE', `${at}/${old.id}`);
  await until('the end of the old certificate at the provider', () => !follows(provider, old), 60);
  assert.deepEqual((await certificates(api, provider.id)).map(({ id, stage }) => [id, stage]), [[next.id, 'current']]);
}

/** Rolls the key over so many times while people sign in, and gives how many did. */
export async function rollovers(scene, provider, { count, times }) {
  let isOver = false;
  const signIns = await stream(scene, provider, { count, isOver: () => isOver });
  const rolled = (async () => {
    try {
      for (let time = 1; time <= times; time += 1) {
        await until(`the sign-ins before rollover ${time}`, () => signIns.done() >= (count * time) / (times + 1), 300);
        await rollOver(scene, provider, signIns.done);
      }
    } finally {
      isOver = true;
    }
  })();
  await Promise.all([signIns.ended, rolled]);
  return signIns.done();
}
