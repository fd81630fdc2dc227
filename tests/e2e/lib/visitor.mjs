const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", '#38': '&', '#60': '<', '#62': '>', '#34': '"' };

export const decode = (html) => html.replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name.toLowerCase()] ?? whole);

const words = (match) => match && decode(match[1]);

/** A browser without a screen: keeps cookies, follows nothing by itself. */
export class Visitor {
  #secrets;
  #cookies = new Map();

  constructor(url, secrets) {
    this.url = url;
    this.#secrets = secrets;
  }

  get cookies() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(path) {
    return this.send('GET', path);
  }

  /** Sends a form; `fields` is an object, a list of pairs, or a body as it is. A header that is null is left out. */
  post(path, fields = {}, headers = {}) {
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
    return this.send('POST', path, body, {
      'content-type': 'application/x-www-form-urlencoded',
      origin: this.url,
      'sec-fetch-site': 'same-origin',
      ...headers,
    });
  }

  /** Sends a form with a file. */
  upload(path, fields, name, text) {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.set(field, value);
    form.set('file', new Blob([text], { type: 'text/csv' }), name);
    return this.send('POST', path, form, { origin: this.url, 'sec-fetch-site': 'same-origin' });
  }

  async send(method, path, body, headers = {}) {
    const sent = Object.entries({ accept: 'text/html', cookie: this.cookies, ...headers }).filter(([, value]) => value !== null);
    const answer = await fetch(new URL(path, this.url), { method, body, redirect: 'manual', headers: sent });
    this.#keepCookies(answer.headers.getSetCookie());
    const location = answer.headers.get('location');
    return {
      status: answer.status,
      headers: answer.headers,
      location: location && new URL(location, this.url).pathname,
      html: await answer.text(),
    };
  }

  #keepCookies(lines) {
    for (const line of lines) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      const ends = /max-age=0\b/i.test(line) || value === '';
      if (ends) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
      if (value.length >= 20) this.#secrets.add('session cookie', value);
    }
  }
}

/** The message beside a field of a page. */
export const errorAt = (page, field) =>
  words(page.html.match(new RegExp(`id="${field}-error"[^>]*>.*?<span>(.*?)</span>`, 's')));

/** The messages that stand above the fields. */
export const alerts = (page) =>
  [...page.html.matchAll(/role="alert"[^>]*>.*?<(?:p|span)>(.*?)<\/(?:p|span)>/gs)].map(words);

export const headingOf = (page) => words(page.html.match(/<h1[^>]*>(.*?)<\/h1>/s));
