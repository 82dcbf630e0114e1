// What a number rests on, beside the number; sections that open for links and for paper.

function openAround(target) {
  for (let at = target; at !== null; at = at.parentElement)
    if (at.tagName === 'DETAILS') at.open = true;
}

function showEvidence(target) {
  const dialog = document.getElementById('evidence-dialog');
  const close = element('button', {type: 'button'}, 'close');
  close.addEventListener('click', () => dialog.close());
  const title = element('p', {}, element('strong', {}, target.querySelector('summary').textContent));
  const body = target.querySelector('dl').cloneNode(true);
  dialog.replaceChildren(title, body, close);
  dialog.showModal();
}

function prepareEvidence() {
  document.body.append(element('dialog', {id: 'evidence-dialog', 'aria-label': 'what a number rests on'}));
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link === null) return;
    const target = document.getElementById(link.getAttribute('href').slice(1));
    if (target === null) return;
    const dialog = document.getElementById('evidence-dialog');
    if (link.classList.contains('ev') && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      showEvidence(target);
    } else {
      if (dialog.open) dialog.close();
      openAround(target);
    }
  });
  const arrive = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target === null) return;
    openAround(target);
    target.scrollIntoView();
  };
  addEventListener('hashchange', arrive);
  if (location.hash !== '') arrive();
}

function prepareSections() {
  const sections = [...document.querySelectorAll('details.section')];
  const all = document.getElementById('open-all');
  if (all !== null) {
    for (const [text, open] of [['open all', true], ['close all', false]]) {
      const button = element('button', {type: 'button'}, text);
      button.addEventListener('click', () => sections.forEach((section) => { section.open = open; }));
      all.append(button);
    }
  }
  let before = [];
  addEventListener('beforeprint', () => {
    before = sections.map((section) => section.open);
    sections.forEach((section) => { section.open = true; });
  });
  addEventListener('afterprint', () => sections.forEach((section, i) => { section.open = before[i]; }));
}
