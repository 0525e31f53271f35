/* The plot page: candles over regime bands, levels, events; strips of label, trend and volatility. */
(function () {
  'use strict';
  var d = JSON.parse(document.getElementById('data').textContent), f = Charts.f, k = d.candles;
  var $ = function (id) { return document.getElementById(id); };
  var PALETTE = { light: ['#c2304f', '#0b62b0', '#7d4cc2', '#c7641a', '#13877b', '#5d8a1e', '#c3cad2'], dark: ['#ff7a93', '#63b3f4', '#b99af5', '#f5a45d', '#4fd0c0', '#a8d368', '#3a4653'] };
  var QUIET = 5, CROWD = 300, WORDS = { trend: { '1': 'up', '0': 'sideways', '-1': 'down' }, strength: ['', 'weak', 'medium', 'strong'], volatility: { '1': 'high', '0': 'normal', '-1': 'low' } };
  var name = function (label) { return label.replace(/_/g, ' '); };
  function palette() { return PALETTE[document.documentElement.getAttribute('data-theme') === 'dark' ? 'dark' : 'light']; }
  function el(tag, text, className) { var node = document.createElement(tag); if (text !== undefined && text !== null) node.textContent = text; if (className) node.className = className; return node; }

  /* [from ms, to ms, code] of neighbouring candles with the same code; unknown ones are left out. */
  function runs(codes) {
    var found = [];
    codes.forEach(function (code, i) {
      if (code === null || code === -1 && codes === d.label) return;
      var last = found[found.length - 1], from = k[0][i];
      if (last && last[2] === code && last[1] === from) last[1] = from + d.step;
      else found.push([from, from + d.step, code]);
    });
    return found;
  }

  function rects(title, axis, data, fill, opacity, z) {
    data = data.map(function (r) { return [r[0], r[1], r[2], 0]; });
    return {
      name: title, type: 'custom', xAxisIndex: axis, yAxisIndex: axis, silent: true, z: z, clip: true, encode: { x: [0, 1], y: 3 }, tooltip: { show: false },
      data: data, renderItem: function (params, api) {
        var a = api.coord([api.value(0), 0])[0], b = api.coord([api.value(1), 0])[0], box = params.coordSys;
        var from = Math.max(a, box.x), to = Math.min(b, box.x + box.width);
        if (to <= from) return null;
        return { type: 'rect', shape: { x: from, y: box.y, width: Math.max(to - from, .6), height: box.height }, style: { fill: fill(api.value(2)), opacity: opacity } };
      }
    };
  }

  /* A candle's level was known at its close. */
  function level(title, values, color) {
    return { name: title, type: 'line', step: 'end', data: k[0].map(function (x, i) { return [x + d.step, values[i]]; }), showSymbol: false, symbol: 'none', connectNulls: false, z: 3,
      lineStyle: { color: color, width: 1.3, type: 'dashed' }, itemStyle: { color: color } };
  }

  function eventTip(p) { return '<div style="opacity:.75">' + f.time(p.value[0]) + ' · ' + f.html(p.data.event[2]) + '</div><b>' + f.html(p.data.event[1] || 'untitled') + '</b><div style="opacity:.75">' + f.html(p.data.event[3]) + '</div>'; }

  function candleTip(items) {
    var p = (Array.isArray(items) ? items : [items]).filter(function (i) { return i.seriesType === 'candlestick'; })[0];
    if (!p) return '';
    var i = p.dataIndex, trend = d.trend[i];
    var rows = ['Open', 'Close', 'Low', 'High'].map(function (n, j) { return [n, f.price(p.value[j + 1])]; });
    rows.push(['Regime', d.label[i] < 0 ? 'unknown' : name(d.labels[d.label[i]])]);
    rows.push(['Trend ' + d.long, trend === null ? 'unknown' : (trend ? WORDS.strength[d.strength[i]] + ' ' : '') + WORDS.trend[trend]]);
    rows.push(['Resistance', f.price(d.resistance[i])], ['Support', f.price(d.support[i])]);
    rows.push(['Volatility', d.volatility[i] === null ? 'unknown' : WORDS.volatility[d.volatility[i]]]);
    return '<div style="opacity:.75">' + f.time(p.value[0]) + ' · ' + d.candle + '</div>' + rows.map(function (r) { return '<div style="display:flex;justify-content:space-between;gap:16px"><span>' + r[0] + '</span><b>' + f.html(r[1]) + '</b></div>'; }).join('');
  }

  function strip(c, index, last) {
    return Charts.timeAxis(c, { gridIndex: index, min: k[0][0], max: k[0][k[0].length - 1] + d.step, position: 'bottom', axisLine: { show: false }, axisLabel: last ? Charts.timeAxis(c).axisLabel : { show: false }, axisPointer: { label: { show: false } } });
  }

  function option(c, colours) {
    var narrow = $('chart').clientWidth < 560, left = narrow ? 58 : 86, from = k[0].length > CROWD * 4 / 3 ? 100 * (1 - CROWD / k[0].length) : 0, strips = ['Regime', 'Trend', 'Volatility'], bottoms = [102, 80, 58];
    var sides = function (up, flat, down) { return function (code) { return code > 0 ? up : code < 0 ? down : flat; }; };
    var main = { left: left, right: 22, top: 34, bottom: 132, outerBoundsMode: 'none' }, ends = { min: k[0][0], max: k[0][k[0].length - 1] + d.step };
    var grids = [main].concat(bottoms.map(function (bottom) { return { left: left, right: 22, bottom: bottom, height: 16, outerBoundsMode: 'none' }; }), [Object.assign({}, main)]);
    var legend = { top: 0, left: 'center', itemWidth: 16, itemHeight: 8, itemGap: 16, textStyle: { color: c.muted, fontSize: 12 }, inactiveColor: c.line, data: ['Resistance', 'Support'].concat(d.events.length ? ['Events'] : []) };
    var zoom = Charts.zoom(c, [0, 1, 2, 3, 4], from); zoom[1].left = left; zoom[1].right = 22;
    zoom.forEach(function (one) { one.filterMode = 'weakFilter'; });
    var bare = { axisLine: { show: false }, axisTick: { show: false }, axisLabel: { show: false }, splitLine: { show: false } };
    return Object.assign(Charts.base(c), {
      legend: legend, grid: grids, dataZoom: zoom, axisPointer: { link: [{ xAxisIndex: 'all' }] },
      xAxis: [Charts.timeAxis(c, Object.assign({ axisLabel: { show: false } }, ends)), strip(c, 1), strip(c, 2), strip(c, 3, true), strip(c, 4)],
      yAxis: [Charts.valueAxis(c, f.price, { splitNumber: 6 })].concat(strips.map(function (title, i) {
        return Object.assign({ gridIndex: i + 1, type: 'value', min: 0, max: 1, name: title, nameLocation: 'middle', nameRotate: 0, nameGap: 6, nameTextStyle: { color: c.muted, fontSize: narrow ? 10 : 12 } }, bare);
      }), [Object.assign({ gridIndex: 4, type: 'value', min: 0, max: 1 }, bare)]),
      tooltip: Object.assign(Charts.base(c).tooltip, { formatter: candleTip }),
      series: [
        rects('Bands', 4, runs(d.label).filter(function (r) { return r[2] < QUIET; }), function (code) { return colours[code]; }, .22, 0),
        { name: 'Price', type: 'candlestick', z: 2, dimensions: ['t', 'open', 'close', 'low', 'high'], encode: { x: 't', y: ['open', 'close', 'low', 'high'] }, barMaxWidth: 9,
          data: k[0].map(function (x, i) { return [x, k[1][i], k[4][i], k[3][i], k[2][i]]; }), itemStyle: { color: c.card, color0: c.ink, borderColor: c.ink, borderColor0: c.ink, borderWidth: 1 } },
        level('Resistance', d.resistance, c.down), level('Support', d.support, c.up),
        { name: 'Events', type: 'scatter', xAxisIndex: 4, yAxisIndex: 4, z: 5, symbol: 'pin', symbolSize: 18, clip: false, cursor: 'default', itemStyle: { color: c.accent, borderColor: c.card, borderWidth: 1 },
          tooltip: { trigger: 'item', formatter: eventTip }, data: d.events.map(function (e) { return { value: [e[0], 0], event: e }; }) },
        rects('Regime strip', 1, runs(d.label), function (code) { return colours[code]; }, 1, 1),
        rects('Trend strip', 2, runs(d.trend), sides(c.up, c.soft, c.down), 1, 1),
        rects('Volatility strip', 3, runs(d.volatility), sides(colours[2], c.soft, colours[4]), .9, 1)
      ]
    });
  }

  function key(c, colours) {
    var items = d.labels.map(function (label, i) { return [name(label), colours[i]]; });
    items.push(['trend up', c.up], ['trend down', c.down], ['volatility high', colours[2]], ['volatility low', colours[4]]);
    $('key').replaceChildren();
    items.forEach(function (one) { var li = el('li'), dot = el('i'); dot.style.background = one[1]; li.appendChild(dot); li.appendChild(document.createTextNode(one[0])); $('key').appendChild(li); });
  }

  function table(target, caption, columns, rows) {
    var node = $(target), head = el('thead'), line = el('tr'), body = el('tbody');
    node.appendChild(el('caption', caption));
    columns.forEach(function (column) { var th = el('th', column[0], column[2] ? 'text' : ''); th.scope = 'col'; line.appendChild(th); });
    rows.forEach(function (row) { var tr = el('tr'); columns.forEach(function (column, i) { tr.appendChild(el('td', column[1](row[i]), (column[2] ? 'text ' : '') + (column[3] || ''))); }); body.appendChild(tr); });
    head.appendChild(line); node.appendChild(head); node.appendChild(body);
  }

  var chart = null;
  function draw() {
    var c = Charts.colours(), colours = palette(), node = $('chart');
    if (chart) chart.dispose();
    node.setAttribute('aria-label', 'Candles of ' + d.symbol + ' over regime bands, with support, resistance and ' + d.events.length + ' events');
    key(c, colours);
    chart = echarts.init(node, null, { renderer: 'canvas', devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) });
    chart.setOption(option(c, colours));
  }

  $('sub').textContent = d.venue + ' · ' + d.start.slice(0, 16).replace('T', ' ') + ' to ' + d.end.slice(0, 16).replace('T', ' ') + ' UTC';
  [['data', d.data_kind], ['bars', f.num(d.bars, 0)], ['labelled', f.num(d.label_known, 0)], ['events', f.num(d.events_total, 0)]].forEach(function (one) { var li = el('li', one[0] + ' '); li.appendChild(el('b', one[1])); $('chips').appendChild(li); });
  if (d.banner) { $('banner').textContent = d.banner; $('banner').hidden = false; }
  $('note').textContent = d.candle + ' candles' + (d.candle === d.timeframe ? '' : ', each coloured by the label most of its ' + d.timeframe + ' bars have') + '. Bands are regimes (continuation and noise only in the strip below); dashed lines are the nearest turning points of the ' + d.long + ' frame, as known then; drag the bar at the bottom to move through time.';
  $('table-note').textContent = 'Share of the labelled bars.' + (d.interest_known ? '' : ' Without open interest, exhaustion and trap cannot be told from absorption.') + d.unknown.map(function (one) { return ' ' + f.num(one[1], 0) + ' without a label: ' + one[0] + '.'; }).join('');
  table('table', 'Regimes', [['Regime', name, true], ['Bars', function (x) { return f.num(x, 0); }], ['Share', function (x) { return f.pct(x, 1); }], ['Up', function (x) { return f.pct(x, 0); }], ['Down', function (x) { return f.pct(x, 0); }], ['Mean confidence', function (x) { return f.num(x, 2); }]], d.table);
  $('events-card').hidden = d.events.length === 0;
  $('events-note').textContent = 'When each became known' + (d.events_total > d.events.length ? '; the newest ' + d.events.length + ' of ' + d.events_total + '.' : '.');
  var text = function (x) { return x; };
  table('events', 'Events', [['Known', f.time, true], ['Title', text, true, 'wrap'], ['Type', text, true], ['Source', text, true]], d.events.slice().reverse());
  draw();
  window.addEventListener('themechange', draw);
  window.addEventListener('resize', function () { chart.resize(); });
}());
