/** A program that uses the REST API. */
export class Api {
  #key;

  constructor(url, key) {
    this.url = `${url}/api/v1`;
    this.#key = key;
  }

  /** Sends `body` as JSON, or as it is when it is a string. */
  async call(method, path, body, headers = {}) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    const type = answer.headers.get('content-type') ?? '';
    const text = await answer.text();
    return { status: answer.status, type, headers: answer.headers, body: type.includes('json') ? JSON.parse(text) : text };
  }

  /** The same where only success will do. */
  async do(method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
