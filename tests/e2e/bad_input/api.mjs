import assert from 'node:assert/strict';
import { Api } from '../lib/api.mjs';
import { anyone, changingNothing } from './scene.mjs';

const NOBODY = '/users/00000000-0000-7000-8000-000000000000';

const bodies = ({ enrolled, waiting }) => [
  ['text that is no JSON', 'POST', '/users', '{"username":', 400],
  ['an empty body', 'POST', '/users', '', 400],
  ['a list for an object', 'POST', '/users', [], 422],
  ['a number for a name', 'POST', '/users', { ...anyone(), first_name: 7 }, 422],
  ['null for an e-mail', 'POST', '/users', { ...anyone(), email: null }, 422],
  ['a missing username', 'POST', '/users', { ...anyone(), username: undefined }, 422],
  ['a field nobody knows', 'POST', '/users', { ...anyone(), is_admin: true }, 422],
  ['a word for a switch', 'PUT', '/organization/mfa/totp', { enabled: 'yes' }, 422],
  ['0 days', 'PUT', `/users/${waiting.id}/mfa/requirement`, { enrollment_days: 0 }, 422],
  ['366 days', 'PUT', `/users/${waiting.id}/mfa/requirement`, { enrollment_days: 366 }, 422],
  ['days in letters', 'PUT', `/users/${waiting.id}/mfa/requirement`, { enrollment_days: 'abc' }, 422],
  ['days in a string', 'PUT', `/users/${waiting.id}/mfa/requirement`, { enrollment_days: '7' }, 422],
  ['half a day', 'POST', `/users/${waiting.id}/mfa/extend`, { enrollment_days: 0.5 }, 422],
  ['more days than a number holds', 'POST', `/users/${waiting.id}/mfa/extend`, '{"enrollment_days":1e99}', 422],
  ['a reset without a reason', 'POST', `/users/${enrolled.id}/mfa/reset`, { enrollment_days: 7 }, 422],
  ['a code of 5 digits', 'POST', `/users/${enrolled.id}/mfa/verify`, { code: '12345' }, 422],
  ['a code of 7 digits', 'POST', `/users/${enrolled.id}/mfa/verify`, { code: '1234567' }, 422],
  ['a code with letters', 'POST', `/users/${enrolled.id}/mfa/verify`, { code: '12a456' }, 422],
  ['a code that is a number', 'POST', `/users/${enrolled.id}/mfa/verify`, { code: 123456 }, 422],
  ['a change of nobody', 'PATCH', NOBODY, { first_name: 'N' }, 404],
  ['an id that is none', 'GET', '/users/nobody', undefined, 404],
  ['an unknown status in a filter', 'GET', '/users?mfa_status=asleep', undefined, [400, 422]],
  ['an unknown cursor', 'GET', '/users?cursor=%25', undefined, [400, 422]],
  ['a search for a zero byte and an unknown word beside it', 'GET', '/users?search=%00&color=red', undefined, [400, 422]],
  ['a zero byte in a reason', 'POST', `/users/${enrolled.id}/mfa/reset`, { enrollment_days: 7, reason: 'a\0b' }, 422],
  ['a zero byte in a name', 'PATCH', `/users/${waiting.id}`, { last_name: 'a\0b' }, 422],
  ['a limit of minus one', 'GET', '/users?limit=-1', undefined, [400, 422]],
  ['a path that leads nowhere', 'GET', '/nowhere', undefined, 404],
  ['a method that is not offered', 'DELETE', '/organization', undefined, 405],
];

function assertProblem(answer, statuses) {
  assert.ok([statuses].flat().includes(answer.status), `${answer.status} ${JSON.stringify(answer.body)}`);
  assert.match(answer.type, /^application\/problem\+json/);
  assert.equal(answer.body.status, answer.status);
  assert.ok(answer.body.title, 'a title');
}

/** Programs that send what can't be taken. */
export async function apiBodies(t, scene) {
  const { api, enrolled } = scene;

  for (const [what, method, path, body, status] of bodies(scene)) {
    await t.test(`${what} gets a problem document and changes nothing`, () =>
      changingNothing(scene, async () => assertProblem(await api.call(method, path, body), status)));
  }

  await t.test('a body of another type and one that is too large are refused', async () => {
    assertProblem(await api.call('POST', '/users', 'a=b', { 'content-type': 'text/plain' }), 415);
    assertProblem(await api.call('POST', '/users', { ...anyone(), first_name: 'a'.repeat(100_000) }), 413);
  });

  await t.test('without a key, with a made-up one, or with one in another place nothing is told', async () => {
    for (const headers of [{ authorization: '' }, { authorization: 'Bearer clv_made-up' }, { authorization: 'Basic Y2x2Og==' }]) {
      const answer = await api.call('GET', '/users', undefined, headers);
      assertProblem(answer, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
    const session = new Api(scene.world.server.url, 'none');
    assertProblem(await session.call('GET', '/users', undefined, { authorization: '', cookie: scene.ada.visitor.cookies }), 401);
  });

  await t.test('odd searches are no failure', async () => {
    for (const search of ['%00', '%25', '%27%20OR%201=1', 'a'.repeat(5_000)]) {
      assert.ok((await api.call('GET', `/users?search=${search}`)).status < 500, search.slice(0, 20));
    }
  });

  await t.test('the description of the API is open, and says how to sign in and what is refused', async () => {
    const { status, body } = await api.call('GET', '/openapi.json', undefined, { authorization: '' });
    assert.equal(status, 200);
    assert.match(body.openapi, /^3\.1\./);
    for (const path of ['/users', '/users/{id}', '/users/{id}/mfa/verify', '/organization']) {
      assert.ok(body.paths[`/api/v1${path}`], path);
    }
    assert.ok('422' in body.paths['/api/v1/users'].post.responses);
  });

  await t.test('a code is accepted once, whoever asks', async () => {
    const code = enrolled.freshCode();
    const verify = () => api.do('POST', `/users/${enrolled.id}/mfa/verify`, { code });
    assert.deepEqual([await verify(), await verify()], [{ result: 'accepted' }, { result: 'already_used' }]);
    const wrong = await api.do('POST', `/users/${enrolled.id}/mfa/verify`, { code: enrolled.badCode() });
    assert.deepEqual(wrong, { result: 'wrong' });
  });
}
