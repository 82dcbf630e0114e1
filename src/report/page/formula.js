// Numbers of the report at other prices, by the program's own formulas; nothing here touches the page.

const page = JSON.parse(document.getElementById('page-data').textContent);

const kOperators = {
  '+': (x, y) => x + y, '-': (x, y) => x - y, '*': (x, y) => x * y, '/': (x, y) => x / y,
  min: Math.min, max: Math.max,
};
const kFunctions = {neg: (x) => -x, abs: Math.abs, ln: Math.log, exp: Math.exp, sqrt: Math.sqrt};

// A formula in postfix order, "$0" being the first of `worth`; null where it has no finite value.
function evaluate(postfix, worth) {
  const stack = [];
  for (const token of postfix) {
    if (token in kOperators) {
      const right = stack.pop();
      stack.push(kOperators[token](stack.pop(), right));
    } else if (token in kFunctions) {
      stack.push(kFunctions[token](stack.pop()));
    } else {
      stack.push(token[0] === '$' ? worth[Number(token.slice(1))] : Number(token));
    }
  }
  return Number.isFinite(stack[0]) ? stack[0] : null;
}

// A name is worth a number and hours of devices times what an hour of each costs.
function worthAt(name, dollars) {
  return name.hours.reduce((sum, hours, device) => sum + hours * dollars[device], name.fixed);
}

// Mean over the row's seeds; null where none has the quantity.
function valueAt(formula, row, dollars) {
  const values = formula.rows[row]
      .map((seed) => evaluate(formula.postfix, seed.map((name) => worthAt(name, dollars))))
      .filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const formulaOf = (id) => page.prices.formulas.find((formula) => formula.id === id);

// What the paper's own hours come to: the saving of a row is a straight line in the ratio.
function paperAt(row, dollars) {
  const line = page.prices.rows[row].paper;
  if (line === null || page.prices.ratio === null) return null;
  const ratio = ratioOf(dollars);
  const full = line.full_hours * dollars[page.prices.ratio.high];
  const saving = line.a - line.b * ratio;
  return {full, method: full * (1 - saving), saving};
}

function ratioOf(dollars) {
  return dollars[page.prices.ratio.low] / dollars[page.prices.ratio.high];
}

// Where a ratio lies among the stops, which are evenly spaced in its logarithm.
function stopOf(ratio) {
  const {first, stops_a_decade: dense} = page.prices.judged;
  const stop = Math.log10(ratio / first) * dense;
  return Math.abs(stop - Math.round(stop)) < 1e-6 ? Math.round(stop) : stop;
}

// What may be said of the judged number at these prices; null where the program has not said it.
function isJudgedAt(dollars) {
  const judged = page.prices.judged;
  if (judged === null) return false;
  const {high} = page.prices.ratio;
  if (judged.at_high_price_only && dollars[high] !== page.prices.devices[high].dollars) return false;
  const stop = stopOf(ratioOf(dollars));
  return stop >= 0 && stop <= judged.stops - 1;
}

function endAt(ends, stop) {
  const below = Math.floor(stop), above = Math.ceil(stop);
  if (ends[below] === null || ends[above] === null) return null;
  return ends[below] + (stop - below) * (ends[above] - ends[below]);
}

// {low, high}, either null where it has no end; null where there is no interval.
function rangeAt(row, dollars) {
  if (!isJudgedAt(dollars)) return null;
  const own = page.prices.judged.rows[row];
  const stop = stopOf(ratioOf(dollars));
  if (!own.has_range[Math.round(stop)]) return null;
  return {low: endAt(own.low, stop), high: endAt(own.high, stop)};
}

// {text, tone, reason} of the row's judged number.
function verdictAt(row, dollars) {
  if (!isJudgedAt(dollars)) return null;
  const ratio = ratioOf(dollars);
  return page.prices.judged.rows[row].verdicts.filter((one) => one.from <= ratio).at(-1);
}

// As the program prints numbers.
function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}
function significant(value, digits = 3) {
  if (value === 0) return '0';
  const before = Math.floor(Math.log10(Math.abs(value))) + 1;
  if (before > digits && before > 3) return Math.round(value).toLocaleString('en-US');
  return fixed(value, Math.min(Math.max(digits - before, 0), 9));
}
function percentRange(value, range) {
  const whole = (part) => fixed(100 * part, 0);
  if (range === null) return `${whole(value)} %`;
  if (range.low === null && range.high === null) return `${whole(value)} %`;
  if (range.low === null) return `< ${whole(range.high)} %`;
  if (range.high === null) return `> ${whole(range.low)} %`;
  return `${whole(value)} % (${whole(range.low)} to ${whole(range.high)})`;
}
function unitText(value, unit) {
  if (unit === 'USD') return significant(value * page.prices.money.factor);
  if (unit === '%') return `${fixed(100 * value, 0)} %`;
  if (unit === 'x') return `${significant(value)}x`;
  return significant(value, 4);
}
