// What the page does when it is there; its parts are under `reproPage` for whoever tries them.

document.documentElement.classList.remove('no-script');
prepareSections();
prepareEvidence();
const parts = {page, evaluate, valueAt, paperAt, rangeAt, verdictAt, formulaOf, judgedCell, breakEvenCell};
if (page.figure !== null) parts.figure = makeFigure(document.getElementById('figure'));
if (page.prices !== null) parts.prices = makePrices(document.getElementById('prices'));
globalThis.reproPage = parts;
