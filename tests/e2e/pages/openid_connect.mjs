import { refused, sending } from './visit.mjs';

const REDIRECT = 'https://board.example/callback';
/** RFC 7636 appendix B. */
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** An application that speaks OpenID Connect and that a group has. */
export async function settleBoard({ api, group }) {
  const { application } = await api.do('POST', '/applications/oidc', {
    name: 'Board', description: 'Who does what', client: 'confidential', redirect_uris: [REDIRECT],
    post_logout_redirect_uris: ['https://board.example/'], scopes: ['profile', 'email', 'groups'], refresh: 'rotating',
    claims: [{ name: 'login', source: 'username' }], start: 'https://board.example/start',
  });
  await api.do('PUT', `/applications/${application.id}/groups/${group.id}`);
  return application.id;
}

export const boardAdministered = (board, users) => [
  ['an application by OpenID Connect', '/admin/applications/new/oidc'],
  ['an application by OpenID Connect with mistakes', '/admin/applications/new/oidc', refused('Add application', {
    Name: '', 'Start page': 'board', 'Redirect URIs': 'http://board.example', 'Log-out URIs': 'board', 'More claims': 'sub = email',
  })],
  ['a client secret that is shown once', '/admin/applications/new/oidc', sending('Add application', {
    Name: 'Shop', 'Redirect URIs': 'https://shop.example/callback',
  })],
  ['an application that speaks OpenID Connect', `/admin/applications/${board}`, undefined, { '1440 light': 'application-oidc.png' }],
  ['what an application would be told by OpenID Connect', `/admin/applications/${board}`, sending('Show', { 'E-mail or username': users.Alice.email })],
  ['a client secret that took the place of another', `/admin/applications/${board}`, sending('Replace secret')],
];

const asked = (board, changes = {}) => `/oidc/authorize?${new URLSearchParams({
  response_type: 'code', client_id: board, redirect_uri: REDIRECT, scope: 'openid', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...changes,
})}`;

export const boardOpened = (board) => [
  ['the question before a log-out that an application asks for', '/oidc/log-out'],
  ['a log-out to an unknown address', `/oidc/log-out?${new URLSearchParams({ client_id: board, post_logout_redirect_uri: 'https://evil.example/' })}`],
  ['a request with an unknown address', asked(board, { redirect_uri: 'https://evil.example/' })],
  ['the question for a code that a request asks for', asked(board, { prompt: 'login' })],
  ['an unknown application', asked('nobody')],
];
