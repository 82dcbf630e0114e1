// Prices that the reader sets, and the table that follows from them.

const kStopsADecade = 30;  // of a slider: where the program has as many, its own

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const priceChanges = [];  // called with the dollars of every device
let dollarsNow = page.prices === null ? [] : page.prices.devices.map((device) => device.dollars);

function judgedCell(row, dollars) {
  const formula = formulaOf(page.prices.judged_id);
  const value = valueAt(formula, row, dollars);
  if (value === null) return page.prices.rows[row].missing;
  const {sign} = page.prices.rows[row];
  if (sign !== '') return sign + unitText(value, formula.unit);
  if (formula.unit !== '%') return unitText(value, formula.unit);
  return percentRange(value, rangeAt(row, dollars));
}

function breakEvenCell(row, dollars) {
  const formula = formulaOf(page.prices.break_even_id);
  const ratio = valueAt(formula, row, dollars);
  if (ratio === null) return '-';
  if (ratio <= 0) return 'none';
  return `$${significant(ratio * dollars[page.prices.ratio.high])}`;
}

function verdictCell(row, dollars) {
  const verdict = verdictAt(row, dollars);
  if (verdict === null || verdict === undefined) return 'not said at these prices';
  return element('span', {class: `tone ${verdict.tone}`, title: verdict.reason}, verdict.text);
}

// The columns of the table: a heading and what a row says.
function priceColumns() {
  const prices = page.prices;
  const columns = [{heading: 'cell', left: true, text: (row) => prices.rows[row].title}];
  if (prices.ratio !== null && prices.rows.some((row) => row.paper !== null)) {
    const of = (row, dollars, show) => {
      const paper = paperAt(row, dollars);
      return paper === null ? '-' : show(paper);
    };
    columns.push({heading: "paper's hours: baseline $", text: (row, dollars) => of(row, dollars, (p) => fixed(p.full, 2))});
    columns.push({heading: "paper's hours: method $", text: (row, dollars) => of(row, dollars, (p) => fixed(p.method, 2))});
    columns.push({heading: "paper's hours: saving", text: (row, dollars) => of(row, dollars, (p) => `${fixed(100 * p.saving, 1)} %`)});
  }
  for (const id of prices.shown) {
    const formula = formulaOf(id);
    const unit = formula.unit === 'USD' ? ` ${prices.money.name}` : '';
    columns.push({
      heading: `here: ${formula.title}${unit}`,
      text: (row, dollars) => {
        const value = valueAt(formula, row, dollars);
        return value === null ? '-' : prices.rows[row].sign_of_money[id] + unitText(value, formula.unit);
      },
    });
  }
  columns.push({heading: `here: ${formulaOf(prices.judged_id).title} (range)`, text: judgedCell});
  if (prices.break_even_id !== null && prices.ratio !== null)
    columns.push({heading: `break-even: an hour of ${prices.devices[prices.ratio.low].profile}`, text: breakEvenCell});
  if (prices.judged !== null) columns.push({heading: 'verdict', left: true, text: verdictCell});
  return columns;
}

function fillPrices(table, columns, dollars) {
  const body = element('tbody');
  page.prices.rows.forEach((unused, row) => {
    const line = element('tr');
    for (const column of columns)
      line.append(element('td', {class: column.left ? 'l' : '', 'data-h': column.heading}, column.text(row, dollars)));
    body.append(line);
  });
  table.tBodies[0].replaceWith(body);
}

// "At rtx-4090 $0.35, a100-80g $2.28 an hour: 5 of 6 cells are above 0 here".
function priceSentence(dollars) {
  const formula = formulaOf(page.prices.judged_id);
  const at = page.prices.devices.map((device, i) => `${device.profile} $${significant(dollars[i])}`).join(', ');
  const values = page.prices.rows.map((unused, row) => valueAt(formula, row, dollars)).filter((value) => value !== null);
  const above = values.filter((value) => value > 0).length;
  return `At ${at} an hour the ${formula.title} here is above 0 in ${above} of ${values.length} cells.`;
}

function makePrices(place) {
  const columns = priceColumns();
  const head = element('tr', {}, ...columns.map((column) => element('th', {class: column.left ? 'l' : ''}, column.heading)));
  const table = element('table', {id: 'price-table'}, element('thead', {}, head), element('tbody'));
  const sentence = element('p', {'aria-live': 'polite', id: 'price-sentence'});
  const inputs = page.prices.devices.map((device, i) => {
    const slider = element('input', {type: 'range', min: -kStopsADecade, max: kStopsADecade, step: 1, value: 0, id: `slide-${i}`, 'aria-label': `price of ${device.profile}, slider`});
    const number = element('input', {type: 'number', min: 0, step: 'any', id: `price-${i}`, 'aria-label': `price of ${device.profile}, dollars an hour`});
    place.append(element('label', {}, `${device.profile}, $ an hour`, slider, number));
    slider.addEventListener('input', () => {
      const position = Number(slider.value);
      dollarsNow[i] = device.dollars * 10 ** (position / kStopsADecade);
      number.value = position === 0 ? device.dollars : Number(dollarsNow[i].toPrecision(4));
      update();
    });
    number.addEventListener('input', () => {
      if (!(Number(number.value) > 0)) return;
      dollarsNow[i] = Number(number.value);
      place_slider(i);
      update();
    });
    return {slider, number};
  });
  const place_slider = (i) => {
    const position = Math.round(kStopsADecade * Math.log10(dollarsNow[i] / page.prices.devices[i].dollars));
    inputs[i].slider.value = Math.min(Math.max(position, -kStopsADecade), kStopsADecade);
  };
  const set = (dollars) => {
    dollarsNow = [...dollars];
    inputs.forEach((input, i) => {
      place_slider(i);
      input.number.value = dollars[i];
    });
    update();
  };
  function update() {
    fillPrices(table, columns, dollarsNow);
    sentence.textContent = priceSentence(dollarsNow);
    for (const changed of priceChanges) changed(dollarsNow);
  }
  const bar = element('div', {class: 'bar'});
  const button = (text, dollars) => {
    const made = element('button', {type: 'button'}, text);
    made.addEventListener('click', () => set(dollars));
    bar.append(made);
  };
  button("this report's prices", page.prices.devices.map((device) => device.dollars));
  if (page.prices.paper !== null) button("the paper's prices", page.prices.paper);
  place.append(bar, sentence, element('div', {class: 'scroll'}, table));
  set(dollarsNow);
  return {set};
}
