const list = (words) => words.map((word) => JSON.stringify(word)).join(', ');

const dictionary = (name, values) => `[dictionaries.${name}]\nvalues = [${list(values)}]\n`;

/** Nine calls in ten are about something that is there, until an earlier call has deleted it. */
const operations = (beginning, parameter, name) => `[[operations]]
include-path-regex = "^/api/v1/${beginning}/\\\\{"
parameters = { "path.${parameter}" = { dictionary = "${name}", probability = 0.9 } }
`;

/**
 * What schemathesis reads. The key stands in the environment and not on a command line, where every process could read
 * it. A run whose calls are not let in, or that is slowed down, proves nothing and is a failure.
 */
export function configuration(ids) {
  return [
    'headers = { Authorization = "Bearer ${CLAVIGER_KEY}" }\n',
    '[warnings]\nfail-on = ["missing_auth", "rate_limited", "base_url_mismatch", "unresolvable_reference"]\n',
    ...Object.entries(ids).map(([name, values]) => dictionary(name, values)),
    ...Object.keys(ids).map((name) => operations(name, 'id', name)),
    dictionary('kinds', ['reminder', 'mfa_required', 'test']),
    operations('mail-texts', 'kind', 'kinds'),
  ].join('\n');
}
