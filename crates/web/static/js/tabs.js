// On a phone a row of tabs is pushed sideways: it begins where the tab of this page is in sight.
for (const tab of document.querySelectorAll('.tabs [aria-current]')) {
  const row = tab.parentElement;
  row.scrollLeft += tab.getBoundingClientRect().right - row.getBoundingClientRect().right;
}
