import { once } from 'node:events';
import { createServer } from 'node:http';

/** Where an application gets people back: it keeps the addresses that they arrive with. */
export class Callback {
  #server = createServer((request, answer) => {
    if (request.url.startsWith('/cb') || request.url.startsWith('/bye')) this.#arrivals.push(new URL(request.url, this.url));
    answer.setHeader('content-type', 'text/html').end('<!doctype html><html lang="en"><title>App</title><main><h1>Welcome back</h1></main>');
  });
  #arrivals = [];

  static async open() {
    const callback = new Callback();
    callback.#server.listen(0, '127.0.0.1');
    await once(callback.#server, 'listening');
    callback.url = `http://localhost:${callback.#server.address().port}`;
    return callback;
  }

  /** The address that somebody arrived with, once. */
  arrival() {
    return this.#arrivals.shift();
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
