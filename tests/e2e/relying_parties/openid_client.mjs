import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { fill, press } from '../lib/forms.mjs';
import { giveCode } from '../lib/sign_in.mjs';

const SCOPE = 'openid profile email groups offline_access';
/** Of our clock and that of this process. */
const APART = 600;

const find = (scene, { id, secret }, by) => oidc.discovery(
  new URL(scene.world.server.url), id, { [oidc.clockTolerance]: APART }, secret ? by(secret) : oidc.None(),
  { execute: [oidc.allowInsecureRequests] },
);

const refusedWith = (error) => (thrown) => thrown.error === error || assert.fail(`${error} was expected, not ${thrown.error ?? thrown}`);

class Visit {
  constructor(scene, config) {
    Object.assign(this, { scene, config, redirect: `${scene.callback.url}/cb` });
  }

  async address(more = {}) {
    this.verifier = oidc.randomPKCECodeVerifier();
    this.state = oidc.randomState();
    this.nonce = oidc.randomNonce();
    return oidc.buildAuthorizationUrl(this.config, {
      redirect_uri: this.redirect,
      scope: SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
      state: this.state,
      nonce: this.nonce,
      ...more,
    });
  }

  redeem(arrival = this.scene.callback.arrival()) {
    this.arrival = arrival;
    return oidc.authorizationCodeGrant(this.config, arrival, {
      pkceCodeVerifier: this.verifier, expectedState: this.state, expectedNonce: this.nonce, idTokenExpected: true,
    });
  }
}

/** From the application by password and code back to it, on with refresh tokens, and out. */
export async function story(scene, step, name, client, by = oidc.ClientSecretBasic) {
  const { alice, world } = scene;
  const { page } = alice;
  const application = await scene.application(name, client);
  const config = await find(scene, application, by);
  const visit = new Visit(scene, config);
  let tokens;

  await step(`${name}: password and code lead to it, and its library takes the tokens`, async () => {
    await page.goto((await visit.address()).href);
    await page.waitForURL(`${world.server.url}/sign-in`);
    await fill(page, { 'E-mail or username': alice.email, Password: alice.password });
    await press(page, 'Sign in');
    await giveCode(alice);
    await page.waitForURL(`${scene.callback.url}/**`);
    tokens = await visit.redeem();
    const claims = tokens.claims();
    assert.deepEqual(claims.amr, ['pwd', 'otp', 'mfa']);
    assert.equal(claims.acr, 'https://refeds.org/profile/mfa');
    assert.deepEqual([claims.email, claims.groups, claims.login], [alice.email, ['R&D <Staff>'], 'alice']);
    for (const secret of [tokens.access_token, tokens.refresh_token]) world.secrets.add('token', secret);
  });

  await step(`${name}: it learns who it is, now and after a refresh`, async () => {
    const { sub } = tokens.claims();
    assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, sub)).email, alice.email);
    const next = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    world.secrets.add('token', next.refresh_token);
    assert.equal(next.claims().sub, sub);
    assert.equal((await oidc.fetchUserInfo(config, next.access_token, sub)).sub, sub);
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refusedWith('invalid_grant'));
    await assert.rejects(oidc.refreshTokenGrant(config, next.refresh_token), refusedWith('invalid_grant'));
  });

  await step(`${name}: whoever is in already isn't asked, not even behind a silent request`, async () => {
    await page.goto((await visit.address({ prompt: 'none' })).href);
    tokens = await visit.redeem();
    const { arrival } = visit;
    await assert.rejects(visit.redeem(arrival), refusedWith('invalid_grant'));
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refusedWith('invalid_grant'));
    await page.goto((await visit.address({ prompt: 'none' })).href);
    tokens = await visit.redeem();
  });

  await step(`${name}: an answer of somebody else is not taken by its library`, async () => {
    await page.goto((await visit.address({ prompt: 'none' })).href);
    const arrival = scene.callback.arrival();
    arrival.searchParams.set('iss', 'https://evil.example');
    await assert.rejects(visit.redeem(arrival));
  });

  await step(`${name}: signing out there signs out here`, async () => {
    const out = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: `${scene.callback.url}/bye`, state: 's',
    });
    await page.goto(out.href);
    await page.waitForURL(`${scene.callback.url}/bye?state=s`);
    scene.callback.arrival();
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), refusedWith('invalid_grant'));
    await page.goto((await visit.address({ prompt: 'none' })).href);
    await assert.rejects(visit.redeem(), refusedWith('login_required'));
  });
}
