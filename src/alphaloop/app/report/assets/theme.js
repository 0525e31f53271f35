/* Theme: ?theme=dark|light, else what was chosen before, else what the system prefers. */
(function () {
  'use strict';
  var root = document.documentElement;
  var asked = /[?&]theme=(dark|light)/.exec(window.location.search);
  var system = window.matchMedia('(prefers-color-scheme: dark)');
  var stored = null;
  try { stored = window.localStorage.getItem('alphaloop-theme'); } catch (e) { stored = null; }
  function apply(name) {
    root.setAttribute('data-theme', name);
    var label = document.getElementById('theme-name');
    if (label) label.textContent = name === 'dark' ? 'Dark' : 'Light';
    window.dispatchEvent(new Event('themechange'));
  }
  function wanted() { return (asked && asked[1]) || (stored === 'dark' || stored === 'light' ? stored : system.matches ? 'dark' : 'light'); }
  apply(wanted());
  system.addEventListener('change', function () { apply(wanted()); });
  var button = document.getElementById('theme');
  if (button) button.addEventListener('click', function () {
    stored = root.getAttribute('data-theme') === 'dark' ? 'light' : 'dark';
    asked = null;
    try { window.localStorage.setItem('alphaloop-theme', stored); } catch (e) { /* a page from disk may not store */ }
    apply(stored);
  });
  var before = null;
  window.addEventListener('beforeprint', function () { before = root.getAttribute('data-theme'); apply('light'); });
  window.addEventListener('afterprint', function () { if (before) apply(before); });
}());
