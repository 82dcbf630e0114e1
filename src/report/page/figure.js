// The figure: curves of one cell against steps, time, dollars or FLOPs, with the target and where it
// was met. Drawn by dygraphs, which this page holds whole.

const kMarksAlpha = '44';

const isDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
function themeOf() {
  const style = getComputedStyle(document.documentElement);
  const colours = page.figure.colours[isDark() ? 'dark' : 'light'];
  return {ink: style.getPropertyValue('--ink').trim(), line: style.getPropertyValue('--line').trim(), ...colours};
}

// Paler by its shade, as in the drawn pictures.
function shadeOf(colour, {ground, palest}, shade) {
  const part = palest * (1 - shade);
  const channel = (text, i) => parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => Math.round((1 - part) * channel(colour, i) + part * channel(ground, i)));
  return `rgb(${mixed.join(',')})`;
}

// x of a step of an arm's last phase, or of a recorded point with its own hours.
function xOf(cell, arm, axis, dollars) {
  const work = cell.arms[arm].work;
  const line = (one, step) => one.before + one.each * step;
  if (axis.kind === 'steps') return (step) => axis.factor * step;
  if (axis.kind === 'flops') return (step) => axis.factor * line(work.flops, step);
  if (axis.kind === 'time')
    return (step, hours) => axis.factor * (hours === undefined ? line(work.hours, step) : work.hours.before + hours);
  return (step) => axis.factor * work.devices.reduce((sum, one, device) => sum + line(one, step) * dollars[device], 0);
}

// Trailing means over so many blocks; the first full one first.
function smoothed(values, blocks) {
  const means = [];
  let sum = 0;
  values.forEach((value, i) => {
    sum += value;
    if (i >= blocks) sum -= values[i - blocks];
    means.push(i + 1 < blocks ? null : sum / blocks);
  });
  return means;
}

// The series of the figure: [{label, colour, points: [[x, low, middle, high]]}].
function seriesOf(cell, axis, dollars, steps, theme) {
  const series = [];
  for (const curve of cell.curves) {
    const x = xOf(cell, curve.arm, axis, dollars);
    const stride = curve.steps.length > 1 ? curve.steps.at(-1) - curve.steps.at(-2) : 1;
    const blocks = Math.max(1, Math.min(Math.round(steps / stride), curve.steps.length));
    const [low, middle, high] = [curve.low, curve.middle, curve.high].map((values) => smoothed(values ?? curve.middle, blocks));
    const points = curve.steps.map((step, i) => [x(step, curve.hours[i]), low[i], middle[i], high[i]]);
    series.push({
      label: curve.label,
      colour: shadeOf(theme.curves[cell.arms[curve.arm].colour % theme.curves.length], theme, curve.shade),
      width: curve.baseline ? 2.2 : 1.6,
      points: points.filter((point) => point[2] !== null),
    });
  }
  cell.arms.forEach((arm, index) => {
    const ends = cell.curves.filter((curve) => curve.arm === index && curve.end !== null);
    if (ends.length === 0) return;
    const x = xOf(cell, index, axis, dollars);
    series.push({
      label: `${arm.title} ${page.figure.end_label}`,
      colour: theme.curves[arm.colour % theme.curves.length],
      ends: true,
      points: ends.map((curve) => [x(curve.end_steps), curve.end, curve.end, curve.end]),
    });
  });
  return series;
}

// One table of all series, as dygraphs reads it.
function tableOf(series) {
  const rows = new Map();
  series.forEach((one, index) => {
    for (const [x, low, middle, high] of one.points) {
      if (!rows.has(x)) rows.set(x, [x, ...series.map(() => null)]);
      rows.get(x)[index + 1] = [low, middle, high];
    }
  });
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

// The first fifth of a training falls so fast that it would flatten all the rest.
function lossRange(series, cell) {
  let low = cell.targets.length > 0 ? Math.min(...cell.targets) : Infinity;
  let high = cell.targets.length > 0 ? Math.max(...cell.targets) : -Infinity;
  const end = Math.max(...series.flatMap((one) => one.points.map((point) => point[0])));
  series.forEach((one, index) => {
    for (const [x, least, unused, most] of one.points) {
      low = Math.min(low, least);
      if ((index === 0 && x >= 0.2 * end) || one.ends) high = Math.max(high, most);
    }
  });
  const margin = 0.06 * Math.max(high - low, 1e-3);
  return [low - margin, high + margin];
}

// The last point of a series at or before x.
function pointAt(one, x) {
  const {points} = one;
  if (points.length === 0 || x < points[0][0] || x > points.at(-1)[0] * (1 + 1e-9)) return null;
  let first = 0, last = points.length - 1;
  while (first < last) {
    const middle = Math.ceil((first + last) / 2);
    if (points[middle][0] <= x) first = middle; else last = middle - 1;
  }
  return points[first];
}

function makeFigure(place) {
  const state = {cell: 0, axis: 0, steps: page.figure.window};
  const chart = element('div', {class: 'chart', id: 'chart'});
  const legend = element('div', {class: 'legend', id: 'chart-legend', 'aria-live': 'off'});
  const say = element('p', {id: 'chart-crossing'});
  let graph = null, series = [], range = [0, 1], span = [0, 1];

  const cells = element('select', {'aria-label': 'cell', id: 'chart-cell'});
  page.figure.cells.forEach((cell, i) => cells.append(element('option', {value: i}, cell.title)));
  cells.addEventListener('change', () => { state.cell = Number(cells.value); draw(); });
  const tabs = element('div', {role: 'tablist', 'aria-label': 'against'});
  page.figure.axes.forEach((axis, i) => {
    const tab = element('button', {type: 'button', role: 'tab', id: `tab-${axis.name}`}, axis.against);
    tab.addEventListener('click', () => { state.axis = i; draw(); });
    tabs.append(tab);
  });
  const smooth = element('input', {type: 'range', min: 1, max: 4 * page.figure.window, step: 1, value: state.steps, id: 'chart-smooth', 'aria-label': 'steps that losses are averaged over'});
  const smoothText = element('span');
  smooth.addEventListener('input', () => { state.steps = Number(smooth.value); draw(); });
  const whole = element('button', {type: 'button', id: 'chart-whole'}, 'whole range');
  whole.addEventListener('click', () => graph.updateOptions({dateWindow: span, valueRange: range}));

  function drawUnder(context, area, g) {
    const theme = themeOf(), cell = page.figure.cells[state.cell], axis = page.figure.axes[state.axis];
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    context.font = '12px system-ui, sans-serif';
    const column = (x) => g.toDomXCoord(x), line = (y) => g.toDomYCoord(y);
    if (axis.kind !== 'steps') cell.arms.forEach((arm, index) => {
      if (arm.earlier === '' || !cell.curves.some((curve) => curve.arm === index)) return;
      const from = column(0), until = column(xOf(cell, index, axis, dollarsNow)(0, 0));
      context.fillStyle = theme.curves[arm.colour % theme.curves.length] + '22';
      context.fillRect(from, area.y, until - from, area.h);
      context.fillStyle = theme.ink;
      context.fillText(arm.earlier, from + 6, area.y + 16 + 16 * index);
    });
    context.strokeStyle = context.fillStyle = theme.target;
    for (const target of cell.targets) {
      context.setLineDash([6, 4]);
      context.beginPath();
      context.moveTo(area.x, line(target));
      context.lineTo(area.x + area.w, line(target));
      context.stroke();
    }
    context.setLineDash([]);
    for (const crossing of cell.crossings) {
      const x = xOf(cell, crossing.arm, axis, dollarsNow);
      const from = column(x(crossing.least)), until = column(x(crossing.most));
      context.fillStyle = theme.target + kMarksAlpha;
      context.fillRect(from, area.y, Math.max(until - from, 1), area.h);
      context.beginPath();
      context.arc(column(x(crossing.steps)), line(crossing.loss), 6, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.stroke();
    }
    context.restore();
  }

  function showValues(x) {
    const axis = page.figure.axes[state.axis];
    const parts = [element('span', {}, element('strong', {}, `${significant(x, 4)} ${axis.unit}`))];
    for (const one of series) {
      const point = one.ends ? null : pointAt(one, x);
      if (point === null) continue;
      const spread = point[1] === point[3] ? '' : ` (${fixed(point[1], 3)} to ${fixed(point[3], 3)})`;
      const mark = element('span', {style: `color: ${one.colour}; margin: 0`}, '▬ ');
      parts.push(element('span', {}, mark, `${one.label}: ${fixed(point[2], 4)}${spread}`));
    }
    legend.replaceChildren(...parts);
  }
  function showNames() {
    legend.replaceChildren(...series.map((one) =>
      element('span', {}, element('span', {style: `color: ${one.colour}; margin: 0`}, one.ends ? '● ' : '▬ '), one.label)));
  }

  function sayCrossing(cell, axis) {
    const texts = cell.crossings.map((crossing) => {
      const x = xOf(cell, crossing.arm, axis, dollarsNow);
      const at = (steps) => significant(x(steps));
      return `${cell.arms[crossing.arm].title} meets the target at ${at(crossing.steps)} ${axis.unit} (known between ${at(crossing.least)} and ${at(crossing.most)})`;
    });
    const baseline = cell.curves.find((curve) => curve.baseline);
    if (baseline !== undefined)
      texts.push(`${cell.arms[baseline.arm].title} ends at ${significant(xOf(cell, baseline.arm, axis, dollarsNow)(baseline.end_steps))}`);
    say.textContent = texts.length === 0 ? cell.empty : `${texts.join('; ')}. ${page.figure.note}`;
  }

  function draw() {
    const theme = themeOf(), cell = page.figure.cells[state.cell], axis = page.figure.axes[state.axis];
    [...tabs.children].forEach((tab, i) => tab.setAttribute('aria-selected', String(i === state.axis)));
    smoothText.textContent = `mean over ${state.steps} steps`;
    sayCrossing(cell, axis);
    series = seriesOf(cell, axis, dollarsNow, state.steps, theme);
    if (graph !== null) graph.destroy();
    graph = null;
    if (series.length === 0) return chart.replaceChildren(cell.empty);
    range = lossRange(series, cell);
    span = [0, 1.03 * Math.max(...series.flatMap((one) => one.points.map((point) => point[0])))];
    const options = {};
    for (const one of series)
      options[one.label] = one.ends
          ? {color: one.colour, drawPoints: true, pointSize: 4, strokeWidth: 1, strokePattern: [2, 3]}
          : {color: one.colour, strokeWidth: one.width};
    graph = new Dygraph(chart, tableOf(series), {
      labels: ['x', ...series.map((one) => one.label)], series: options, customBars: true,
      connectSeparatedPoints: true, legend: 'never', fillAlpha: 0.25, valueRange: range,
      dateWindow: span, gridLineColor: theme.grid, axisLineColor: theme.line,
      xlabel: axis.label, ylabel: page.figure.y_label, highlightCircleSize: 4, strokeBorderWidth: 0,
      underlayCallback: drawUnder,
      highlightCallback: (event, x) => showValues(x), unhighlightCallback: showNames,
    });
    showNames();
  }

  place.append(element('div', {class: 'bar'}, cells, tabs),
      element('div', {class: 'bar'}, element('label', {}, smooth), smoothText, whole,
          element('span', {}, 'drag to zoom')), chart, legend, say);
  priceChanges.push(() => { if (page.figure.axes[state.axis].kind === 'dollars') draw(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
  return {state, draw, values: showValues, zoomed: () => graph.xAxisRange().some((end, i) => Math.abs(end - span[i]) > 1e-9), graph: () => graph};
}
