/* Charts: one function per picture, (data, colours) -> ECharts option. No DOM, no state. */
var Charts = (function () {
  'use strict';
  var f = {
    pct: function (x, d) { return x === null || x === undefined ? '–' : (100 * x).toFixed(d === undefined ? 2 : d) + ' %'; },
    signed: function (x, d) { return x === null || x === undefined ? '–' : (x > 0 ? '+' : '') + f.pct(x, d); },
    num: function (x, d) { return x === null || x === undefined ? '–' : x.toLocaleString('en', { minimumFractionDigits: d, maximumFractionDigits: d }); },
    money: function (x) { return x === null || x === undefined ? '–' : x.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }); },
    price: function (x) { return x === null || x === undefined ? '–' : x.toLocaleString('en', { maximumSignificantDigits: 7 }); },
    compact: function (x) { return x.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 4 }); },
    time: function (ms) { return ms === null || ms === undefined ? '–' : new Date(ms).toISOString().slice(0, 16).replace('T', ' '); },
    day: function (ms) { return ms === null || ms === undefined ? '–' : new Date(ms).toISOString().slice(0, 10); },
    html: function (s) { return String(s).replace(/[&<>"']/g, function (c) { return '&#' + c.charCodeAt(0) + ';'; }); }
  };

  function colours() {
    var style = getComputedStyle(document.documentElement);
    var names = ['ink', 'muted', 'line', 'soft', 'card', 'accent', 'up', 'down', 'bench', 'up-rgb', 'down-rgb'];
    return names.reduce(function (all, name) { all[name] = style.getPropertyValue('--' + name).trim(); return all; }, {});
  }

  function points(curve) { return curve[0].map(function (x, i) { return [x, curve[1][i]]; }); }

  function base(c) {
    return {
      animation: false, useUTC: true, backgroundColor: 'transparent', aria: { enabled: true },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: c.ink },
      tooltip: {
        trigger: 'axis', confine: true, backgroundColor: c.card, borderColor: c.line, borderWidth: 1, padding: [8, 12],
        textStyle: { color: c.ink, fontSize: 12 }, extraCssText: 'box-shadow:0 4px 16px rgba(0,0,0,.12);font-variant-numeric:tabular-nums;max-width:320px;white-space:normal',
        axisPointer: { type: 'line', lineStyle: { color: c.muted, type: 'solid', width: 1, opacity: .5 } }
      },
      grid: { left: 58, right: 14, top: 14, bottom: 28, outerBoundsMode: 'none' }
    };
  }

  function timeAxis(c, more) {
    return Object.assign({
      type: 'time', axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false }, splitLine: { show: false },
      axisLabel: { color: c.muted, fontSize: 11, hideOverlap: true, formatter: { year: '{yyyy}', month: '{MMM}', day: '{d} {MMM}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' } }
    }, more || {});
  }

  function valueAxis(c, format, more) {
    return Object.assign({
      type: 'value', scale: true, splitNumber: 4, axisLine: { show: false }, axisTick: { show: false },
      splitLine: { lineStyle: { color: c.line, width: 1 } }, axisLabel: { color: c.muted, fontSize: 11, formatter: format }
    }, more || {});
  }

  function line(name, curve, color, more) {
    return Object.assign({ name: name, type: 'line', data: points(curve), showSymbol: false, symbol: 'none', lineStyle: { color: color, width: 1.6 }, itemStyle: { color: color } }, more || {});
  }

  function legend(c, names) {
    return { top: 0, left: 'center', itemWidth: 16, itemHeight: 3, icon: 'roundRect', itemGap: 18, textStyle: { color: c.muted, fontSize: 12 }, inactiveColor: c.line, data: names };
  }

  function tip(format) {
    return function (items) {
      var rows = items.map(function (p) { return '<tr><td style="padding:0 14px 0 0;border:0;text-align:left">' + p.marker + f.html(p.seriesName) + '</td><td style="padding:0;border:0;text-align:right"><b>' + format(p) + '</b></td></tr>'; });
      return '<div style="opacity:.75">' + f.time(items[0].axisValue) + '</div><table style="width:auto;font-size:12px">' + rows.join('') + '</table>';
    };
  }

  function zoom(c, axes, from) {
    return [
      { type: 'inside', xAxisIndex: axes, start: from || 0, end: 100, zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false, preventDefaultMouseMove: false },
      { type: 'slider', xAxisIndex: axes, start: from || 0, end: 100, height: 18, bottom: 4, left: 58, right: 14, borderColor: 'transparent', backgroundColor: c.soft, fillerColor: 'rgba(' + c['up-rgb'] + ',.14)',
        showDataShadow: false, showDetail: false, brushSelect: false, handleSize: '110%', handleStyle: { color: c.card, borderColor: c.muted }, moveHandleSize: 0 }
    ];
  }

  /* Round numbers for a logarithmic axis: 1-2-5 steps, or even steps where the range is narrow. */
  function logTicks(low, high) {
    var ticks = [], unit, step, x;
    if (high / low > 4) {
      for (unit = Math.pow(10, Math.floor(Math.log10(low))); unit <= high; unit *= 10) [1, 2, 5].forEach(function (n) { if (n * unit >= low && n * unit <= high) ticks.push(n * unit); });
      return ticks;
    }
    unit = Math.pow(10, Math.floor(Math.log10((high - low) / 4 || low)));
    step = [1, 2, 2.5, 5, 10].filter(function (n) { return (high - low) / (n * unit) <= 6; })[0] * unit;
    for (x = Math.ceil(low / step) * step; x <= high; x += step) ticks.push(x);
    return ticks;
  }

  function logAxis(c, series) {
    var all = [].concat.apply([], series).filter(function (x) { return x !== null && x > 0; });
    var low = all.reduce(function (a, b) { return Math.min(a, b); }) * .98, high = all.reduce(function (a, b) { return Math.max(a, b); }) * 1.02, ticks = logTicks(low, high);
    return { type: 'log', min: low, max: high, axisTick: { show: false, customValues: ticks }, axisLabel: { color: c.muted, fontSize: 11, formatter: f.compact, customValues: ticks } };
  }

  function equity(d, c, log) {
    var s = d.series.lines, t = s.times, ends = { min: t[0], max: t[t.length - 1] }, min = s.drawdown.reduce(function (a, b) { return Math.min(a, b); }, 0);
    var series = [line(d.title, [t, s.equity], c.accent, { z: 3 })];
    if (s.benchmark) series.push(line('Buy and hold', [t, s.benchmark], c.bench, { lineStyle: { color: c.bench, width: 1.3 } }));
    var names = series.map(function (x) { return x.name; });
    series.push(line('Drawdown', [t, s.drawdown], c.down, { xAxisIndex: 1, yAxisIndex: 1, lineStyle: { color: c.down, width: 1 }, areaStyle: { color: 'rgba(' + c['down-rgb'] + ',.18)', origin: 0 } }));
    return Object.assign(base(c), {
      legend: legend(c, names), axisPointer: { link: [{ xAxisIndex: 'all' }] },
      grid: [{ left: 58, right: 14, top: 34, height: '54%', outerBoundsMode: 'none' }, { left: 58, right: 14, top: '70%', bottom: 52, outerBoundsMode: 'none' }],
      xAxis: [timeAxis(c, { axisLabel: { show: false }, min: ends.min, max: ends.max }), timeAxis(c, { gridIndex: 1, min: ends.min, max: ends.max, position: 'bottom', axisLine: { onZero: false, lineStyle: { color: c.line } } })],
      yAxis: [valueAxis(c, f.compact, log ? logAxis(c, s.benchmark ? [s.equity, s.benchmark] : [s.equity]) : {}), valueAxis(c, function (x) { return f.pct(x, Math.abs(min) < .04 ? 1 : 0); }, { gridIndex: 1, splitNumber: 2, max: 0, min: min < 0 ? undefined : -.01 })],
      dataZoom: zoom(c, [0, 1]), series: series,
      tooltip: Object.assign(base(c).tooltip, { formatter: tip(function (p) { return p.seriesName === 'Drawdown' ? f.pct(p.value[1]) : f.money(p.value[1]); }) })
    });
  }

  function trade(row) {
    return { entry: row[0], exit: row[1], entry_price: row[2], exit_price: row[3], net: row[4], quantity: row[5], gain: row[6], side: row[7], entry_reason: row[8], exit_reason: row[9] };
  }

  function marks(trades, side, kind) {
    return trades.filter(function (t) { return t.side === side && t[kind] !== null; }).map(function (t) {
      return { value: [t[kind], t[kind + '_price']], trade: t };
    });
  }

  function tradeTip(p) {
    var t = p.data.trade, entry = p.seriesIndex < 3;
    var rows = [[t.side > 0 ? 'Long' : 'Short', f.price(t.quantity)], ['Entry', f.price(t.entry_price) + ' (' + f.html(t.entry_reason) + ')'], [t.exit === null ? 'Mark' : 'Exit', f.price(t.exit_price) + ' (' + f.html(t.exit_reason) + ')'], ['Net', f.money(t.net) + ' (' + f.signed(t.gain) + ')']];
    return '<div style="opacity:.75">' + (entry ? 'Entry ' : 'Exit ') + f.time(p.value[0]) + '</div>' + rows.map(function (r) { return '<div style="display:flex;justify-content:space-between;gap:16px"><span>' + r[0] + '</span><b>' + r[1] + '</b></div>'; }).join('');
  }

  function price(symbol, c, narrow) {
    var k = symbol.candles, rows = k[0].map(function (x, i) { return [x, k[1][i], k[4][i], k[3][i], k[2][i]]; });
    var trades = symbol.trades.map(trade), from = 0, crowd = 90;
    if (trades.length > crowd && k[0].length > 1) {
      var first = k[0][0], end = k[0][k[0].length - 1];
      from = Math.max(0, Math.min(95, 100 * (trades[trades.length - crowd].entry - first) / (end - first)));
    }
    function scatter(name, data, shape, color, solid, shift) { // an entry stands beside its price: a turn leaves and enters at the same one
      return { name: name, type: 'scatter', data: data, symbol: shape, symbolOffset: [0, shift], symbolSize: (solid ? 11 : 8) - (narrow ? 2 : 0), z: solid ? 6 : 5, cursor: 'default', tooltip: { trigger: 'item', formatter: tradeTip },
        itemStyle: { color: solid ? color : c.card, borderColor: solid ? c.card : color, borderWidth: solid ? 1 : 2 } };
    }
    return Object.assign(base(c), {
      legend: Object.assign(legend(c, ['Long in', 'Short in', 'Long out', 'Short out']), { icon: undefined, itemHeight: 10, itemWidth: 10, itemGap: 14, selectedMode: true }),
      grid: { left: 58, right: 14, top: 34, bottom: 52, outerBoundsMode: 'none' }, xAxis: timeAxis(c), yAxis: valueAxis(c, f.price, { splitNumber: 5 }), dataZoom: zoom(c, [0], from),
      tooltip: Object.assign(base(c).tooltip, { trigger: 'axis', formatter: function (items) {
        var p = (Array.isArray(items) ? items : [items]).filter(function (i) { return i.seriesType === 'candlestick'; })[0];
        if (!p) return '';
        return '<div style="opacity:.75">' + f.time(p.value[0]) + ' · ' + symbol.candle + '</div>' + ['Open', 'Close', 'Low', 'High'].map(function (n, i) { return '<div style="display:flex;justify-content:space-between;gap:16px"><span>' + n + '</span><b>' + f.price(p.value[i + 1]) + '</b></div>'; }).join('');
      } }),
      series: [
        { name: 'Price', type: 'candlestick', data: rows, dimensions: ['t', 'open', 'close', 'low', 'high'], encode: { x: 't', y: ['open', 'close', 'low', 'high'] }, itemStyle: { color: c.card, color0: c.bench, borderColor: c.bench, borderColor0: c.bench, borderWidth: 1 }, barMaxWidth: 9 },
        scatter('Long in', marks(trades, 1, 'entry'), 'triangle', c.up, true, 11), scatter('Short in', marks(trades, -1, 'entry'), 'path://M0,0L10,0L5,9Z', c.down, true, -11),
        scatter('Long out', marks(trades, 1, 'exit'), 'circle', c.up, false, 0), scatter('Short out', marks(trades, -1, 'exit'), 'circle', c.down, false, 0)
      ]
    });
  }

  function exposure(d, c) {
    var s = d.series;
    return Object.assign(base(c), {
      legend: legend(c, ['Gross', 'Net']), grid: { left: 58, right: 14, top: 34, bottom: 28, outerBoundsMode: 'none' }, xAxis: timeAxis(c, { axisLine: { onZero: false, lineStyle: { color: c.line } } }), yAxis: valueAxis(c, function (x) { return f.pct(x, 0); }, { scale: false }),
      tooltip: Object.assign(base(c).tooltip, { formatter: tip(function (p) { return f.pct(p.value[1], 1); }) }),
      series: [line('Gross', s.gross, c.bench, { lineStyle: { color: c.bench, width: 1.2 } }), line('Net', s.net, c.accent, { lineStyle: { color: c.accent, width: 1.4 } })]
    });
  }

  function costs(d, c) {
    var m = d.metrics, steps = [['Gross', m.gross_pnl, true], ['Fees', 0 - m.fees], ['Slippage', 0 - m.slippage], ['Funding', 0 - m.funding]];
    if (m.shortfall) steps.push(['Shortfall', m.shortfall]);
    steps.push(['Net', m.net_pnl, true]);
    var family = getComputedStyle(document.body).fontFamily, at = 0, rows = steps.map(function (s, i) { var from = s[2] ? 0 : at; at = s[2] ? s[1] : at + s[1]; return [i, from, at, s[1], s[2] ? 1 : 0]; });
    return Object.assign(base(c), {
      grid: { left: 58, right: 14, top: 26, bottom: 28, outerBoundsMode: 'none' },
      xAxis: { type: 'category', data: steps.map(function (s) { return s[0]; }), axisTick: { show: false }, axisLine: { onZero: false, lineStyle: { color: c.line } }, axisLabel: { color: c.muted, fontSize: 11, interval: 0 } },
      yAxis: valueAxis(c, f.compact, { scale: false, boundaryGap: [rows.some(function (r) { return Math.min(r[1], r[2]) < 0; }) ? '8%' : 0, '10%'] }),
      tooltip: Object.assign(base(c).tooltip, { trigger: 'item', formatter: function (p) { return f.html(p.name) + ' <b>' + f.money(p.value[3]) + '</b> · ' + f.signed(p.value[3] / m.start_equity) + ' of start'; } }),
      series: [{ name: 'Costs', type: 'custom', encode: { x: 0, y: [1, 2] }, data: rows, renderItem: function (params, api) {
        var a = api.coord([api.value(0), api.value(1)]), b = api.coord([api.value(0), api.value(2)]), width = Math.min(64, api.size([1, 0])[0] * .62), amount = api.value(3);
        var top = Math.min(a[1], b[1]), color = api.value(4) ? (amount >= 0 ? c.accent : c.down) : amount <= 0 ? c.down : c.up;
        return { type: 'group', children: [
          { type: 'rect', shape: { x: a[0] - width / 2, y: top, width: width, height: Math.max(1.5, Math.abs(a[1] - b[1])), r: 2 }, style: { fill: color, opacity: api.value(4) ? 1 : .75 } },
          { type: 'text', style: { text: f.compact(amount), x: a[0], y: top - 5, align: 'center', verticalAlign: 'bottom', fill: c.ink, fontSize: 11, fontFamily: family } }] };
      } }]
    });
  }

  function sharpe(d, c) {
    return Object.assign(base(c), {
      xAxis: timeAxis(c, { axisLine: { onZero: false, lineStyle: { color: c.line } } }), yAxis: valueAxis(c, function (x) { return x.toFixed(1); }, { scale: false }),
      tooltip: Object.assign(base(c).tooltip, { formatter: tip(function (p) { return f.num(p.value[1], 2); }) }),
      series: [line('Sharpe', [d.series.rolling_sharpe.times, d.series.rolling_sharpe.values], c.accent, { markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: c.muted, type: 'solid', width: 1, opacity: .6 }, data: [{ yAxis: 0 }] } })]
    });
  }

  function returns(d, c) {
    var h = d.series.returns, width = h.edges.length > 1 ? h.edges[1] - h.edges[0] : 1, digits = width < .002 ? 2 : 1;
    var rows = h.counts.map(function (n, i) { return [h.edges[i], h.edges[i + 1], n]; });
    return Object.assign(base(c), {
      xAxis: { type: 'value', min: h.edges[0], max: h.edges[h.edges.length - 1], splitLine: { show: false }, axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.muted, fontSize: 11, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: function (x) { return f.pct(x, digits); } } },
      yAxis: valueAxis(c, function (x) { return x; }, { scale: false, minInterval: 1 }),
      tooltip: Object.assign(base(c).tooltip, { trigger: 'item', formatter: function (p) { return f.pct(p.value[0]) + ' to ' + f.pct(p.value[1]) + ': <b>' + p.value[2] + '</b>'; } }),
      series: [{ name: 'Periods', type: 'custom', encode: { x: [0, 1], y: 2 }, data: rows, renderItem: function (params, api) {
        var top = api.coord([api.value(0), api.value(2)]), foot = api.coord([api.value(1), 0]);
        return { type: 'rect', shape: { x: top[0] + .5, y: top[1], width: Math.max(1, foot[0] - top[0] - 1), height: foot[1] - top[1] }, style: { fill: api.value(0) + width / 2 < 0 ? c.down : c.up, opacity: .85 } };
      } }]
    });
  }

  function oracle(d, c) {
    var s = d.oracle.lines;
    return Object.assign(base(c), {
      legend: legend(c, ['Oracle', 'This run']), grid: { left: 64, right: 14, top: 34, bottom: 28, outerBoundsMode: 'none' },
      xAxis: timeAxis(c, { axisLine: { onZero: false, lineStyle: { color: c.line } } }), yAxis: valueAxis(c, function (x) { return f.compact(100 * x) + ' %'; }, { scale: false }),
      tooltip: Object.assign(base(c).tooltip, { formatter: tip(function (p) { return f.signed(p.value[1]); }) }),
      series: [line('Oracle', [s.times, s.oracle], c.bench, { lineStyle: { color: c.bench, width: 1.4 } }), line('This run', [s.times, s.own], c.accent, { z: 3 })]
    });
  }

  function excursions(trips, name, c) {
    var rows = trips.map(function (t) { return [t[name], t.value, t.symbol, t.entry]; });
    var percent = function (x) { return f.pct(x, Math.abs(x) < .1 && x !== 0 ? 1 : 0); };
    return Object.assign(base(c), {
      grid: { left: 58, right: 18, top: 14, bottom: 42, outerBoundsMode: 'none' },
      xAxis: valueAxis(c, percent, { scale: false, name: name, nameLocation: 'middle', nameGap: 26, nameTextStyle: { color: c.muted, fontSize: 11 }, splitLine: { show: false }, axisLine: { show: true, onZero: false, lineStyle: { color: c.line } } }),
      yAxis: valueAxis(c, percent, { scale: false }),
      tooltip: Object.assign(base(c).tooltip, { trigger: 'item', formatter: function (p) { return f.html(p.value[2]) + ' ' + f.time(p.value[3]) + '<br>' + name + ' <b>' + f.pct(p.value[0]) + '</b> · return <b>' + f.signed(p.value[1]) + '</b>'; } }),
      series: [{ name: 'Trades', type: 'scatter', data: rows, symbolSize: 6, itemStyle: { opacity: .6, color: function (p) { return p.value[1] >= 0 ? c.up : c.down; } },
        markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: c.muted, type: 'solid', width: 1, opacity: .6 }, data: [{ yAxis: 0 }] } }]
    });
  }

  return { f: f, colours: colours, base: base, timeAxis: timeAxis, valueAxis: valueAxis, zoom: zoom, equity: equity, price: price, exposure: exposure, costs: costs, sharpe: sharpe, returns: returns, oracle: oracle, excursions: excursions };
}());
