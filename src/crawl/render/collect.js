// What the page looks like now, as one piece of HTML: the document, then open shadow roots and frames of its own origin.
// Runs in a world of its own: nothing that the page redefined is used here. LIMIT is put in before.
(() => {
  const parts = [];
  let left = LIMIT, cut = false, shadows = 0, frames = 0, seen = 0;
  const add = (text) => {
    if (text.length > left) { text = text.slice(0, left); cut = true; }
    left -= text.length;
    parts.push(text);
  };
  const walk = (root, depth) => {
    const nested = [];
    for (const element of root.querySelectorAll('*')) {
      if (++seen > 200000 || shadows + frames > 200) { cut = true; break; }
      if (element.shadowRoot) { shadows++; nested.push(['shadow', element.shadowRoot]); }
      if (element.localName === 'iframe' || element.localName === 'frame') {
        let inner = null;
        try { inner = element.contentDocument; } catch { /* another origin */ }
        if (inner && inner.body) { frames++; nested.push(['frame', inner.body]); }
      }
    }
    for (const [kind, inner] of nested) {
      if (depth >= 8 || left <= 0) { cut = true; return; }
      add('\n<div data-jianzheng="' + kind + '">' + inner.innerHTML + '</div>\n');
      walk(inner, depth + 1);
    }
  };
  const whole = document.documentElement ? document.documentElement.outerHTML : '';
  const doctype = document.doctype ? '<!DOCTYPE html>\n' : '';
  add(doctype + whole.replace(/<\/body>\s*<\/html>\s*$/i, ''));
  if (document.documentElement) walk(document, 0);
  const entry = performance.getEntriesByType('navigation')[0];
  return {
    html: parts.join('') + '</body></html>',
    cut,
    shadows,
    frames,
    status: entry && entry.responseStatus || 0,
    url: document.URL.slice(0, 8192),
  };
})()
