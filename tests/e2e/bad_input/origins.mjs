import assert from 'node:assert/strict';
import { anyone, changingNothing } from './scene.mjs';

const FOREIGN = {
  'another site': { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
  'another site, in an old browser': { origin: 'https://evil.test', 'sec-fetch-site': null },
  'a page without an origin': { origin: 'null', 'sec-fetch-site': 'cross-site' },
  'a neighbor under the same domain': { origin: 'http://evil.localhost', 'sec-fetch-site': 'same-site' },
  'another port': { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
};

const changes = ({ enrolled, waiting }) => [
  ['/admin/users/new', anyone()],
  [`${waiting.path}/delete`, {}],
  [`${waiting.path}/suspend`, {}],
  [`${enrolled.path}/mfa/reset`, { enrollment_days: '7', reason: 'because' }],
  ['/admin/mfa/totp/disable', { organization: 'Acme' }],
  ['/admin/settings/email', { enabled: '' }],
  ['/admin/sign-out', {}],
];

/** Forms that another site sends through an administrator's browser. */
export async function origins(t, scene) {
  const { visitor } = scene.ada;
  for (const [who, headers] of Object.entries(FOREIGN)) {
    await t.test(`what ${who} sends is refused and changes nothing`, () =>
      changingNothing(scene, async () => {
        for (const [path, fields] of changes(scene)) {
          const { status } = await visitor.post(path, fields, headers);
          assert.equal(status, 403, path);
        }
        assert.equal((await visitor.get('/admin')).status, 200, 'still signed in');
      }));
  }

  await t.test('a session cookie goes to this site only, and no script reads it', async () => {
    const page = await scene.world.visitor().post('/sign-in', { identifier: scene.enrolled.email, password: scene.enrolled.password });
    const [cookie] = page.headers.getSetCookie();
    assert.match(cookie, /; *HttpOnly/i);
    assert.match(cookie, /; *SameSite=(Lax|Strict)/i);
    assert.doesNotMatch(cookie, /Domain=/i);
  });

  await t.test('every page forbids frames, foreign scripts and guessing of types', async () => {
    for (const path of ['/sign-in', '/admin', '/nowhere', '/api/v1/users']) {
      const { headers } = await visitor.get(path);
      assert.match(headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
  });
}
