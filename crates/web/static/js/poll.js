// A part of the page that goes on changing is fetched again until it says that it is done.
async function again(part) {
  try {
    const answer = await fetch(window.location.href, { credentials: 'same-origin' });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!fresh) return;
    if (!fresh.dataset.poll) {
      window.location.reload();
      return;
    }
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
  } catch {
    // The server is not there at the moment; the next try may find it.
  }
  setTimeout(() => again(part), Number(part.dataset.poll));
}

for (const part of document.querySelectorAll('[data-poll]')) {
  setTimeout(() => again(part), Number(part.dataset.poll));
}
