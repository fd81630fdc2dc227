// Sends the browser on to an application. Who comes back through the history stays and has the button.
const [navigation] = performance.getEntriesByType('navigation');
if (navigation?.type !== 'back_forward') {
  for (const target of document.querySelectorAll('[data-forward]')) {
    if (target instanceof HTMLFormElement) target.requestSubmit();
    else location.replace(target.href);
  }
}
