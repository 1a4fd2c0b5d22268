'use strict';
(() => {
  const root = document.documentElement;

  // The filter is an addition: without this script everything is in the page.
  function filter() {
    const form = document.getElementById('filter');
    if (!form) return;
    form.hidden = false;
    const spaces = [...document.querySelectorAll('details.ns')].map((details) => ({
      details,
      name: details.dataset.n.toLowerCase(),
      rows: [...details.querySelectorAll('.chunk')].map((chunk) => ({
        chunk,
        rows: [...chunk.querySelectorAll('tbody tr')].map((row) => ({ row, text: null })),
      })),
      open: details.open,
    }));
    const count = document.getElementById('count');
    const total = spaces.reduce((n, s) => n + s.rows.reduce((m, c) => m + c.rows.length, 0), 0);
    const say = (n) => n.toLocaleString('en');
    const openAtMost = 20;
    let filtered = false;

    function apply() {
      const want = Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, v.trim()]));
      const namespace = want.namespace.toLowerCase();
      const text = want.text.toLowerCase();
      const any = Object.values(want).some((v) => v !== '');
      let shown = 0;
      let opened = 0;
      for (const space of spaces) {
        let here = 0;
        const candidate = space.name.includes(namespace);
        for (const part of space.rows) {
          let inPart = 0;
          for (const entry of part.rows) {
            const { row } = entry;
            let fits = candidate &&
              (!want.verdict || row.dataset.v === want.verdict) &&
              (!want.code || (row.dataset.c || '').split(' ').includes(want.code));
            if (fits && text) {
              entry.text ??= (space.name + '/' + row.textContent).toLowerCase();
              fits = entry.text.includes(text);
            }
            row.hidden = !fits;
            if (fits) inPart++;
          }
          part.chunk.hidden = inPart === 0;
          here += inPart;
        }
        space.details.hidden = here === 0;
        shown += here;
        if (any) {
          space.details.open = here > 0 && here <= 500 && opened++ < openAtMost;
        } else if (filtered) {
          space.details.open = space.open;
        }
      }
      filtered = any;
      count.textContent = any ? say(shown) + ' of ' + say(total) + ' Ingresses' : say(total) + ' Ingresses';
    }

    // Typing into twenty thousand rows: one pass after the last key, not one each.
    let timer;
    const soon = () => { clearTimeout(timer); timer = setTimeout(apply, 120); };
    form.addEventListener('input', soon);
    form.addEventListener('reset', () => setTimeout(apply));
    form.addEventListener('submit', (event) => { event.preventDefault(); apply(); });
    const fold = (open) => () => { for (const s of spaces) if (!s.details.hidden) s.details.open = open; };
    document.getElementById('open').addEventListener('click', fold(true));
    document.getElementById('close').addEventListener('click', fold(false));
    apply();
    return form;
  }

  // A live page replaces what it shows, and keeps what its reader chose.
  function follow() {
    if (!root.dataset.live) return;
    const light = document.getElementById('live');
    const events = new EventSource('events');
    events.onopen = () => { light.textContent = 'live'; light.className = 'pill good'; };
    events.onerror = () => { light.textContent = 'connection lost'; light.className = 'pill bad'; };
    events.onmessage = async (event) => {
      const [version, looked] = event.data.split(' ');
      const time = document.querySelector('.when time');
      time.dateTime = looked;
      time.textContent = looked.replace('T', ' ').replace('Z', ' UTC');
      if (version === root.dataset.live) return;
      const answer = await fetch('.', { cache: 'no-store' });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!next.documentElement.dataset.live) return;
      root.dataset.live = next.documentElement.dataset.live;
      const key = (details) => details.dataset.n ?? details.className;
      const open = new Map([...document.querySelectorAll('details')].map((d) => [key(d), d.open]));
      const form = document.getElementById('filter');
      const values = form ? [...new FormData(form)] : [];
      const focused = document.activeElement && document.activeElement.name;
      for (const part of ['h1', '.when', 'nav']) {
        document.querySelector('header ' + part).replaceChildren(...next.querySelector('header ' + part).childNodes);
      }
      for (const details of next.querySelectorAll('details')) {
        details.open = open.get(key(details)) ?? details.open;
      }
      document.getElementById('main').replaceChildren(...next.getElementById('main').childNodes);
      const fresh = document.getElementById('filter');
      if (fresh) {
        for (const [name, value] of values) fresh.elements[name].value = value;
        filter();
        if (focused && fresh.elements[focused]) fresh.elements[focused].focus();
      }
    };
  }

  filter();
  follow();
})();
