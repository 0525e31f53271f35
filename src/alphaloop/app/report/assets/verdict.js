/* The pictures of a verdict: equity beside what it is held against, windows, deciles. Text is static. */
(function () {
  'use strict';
  var d = JSON.parse(document.getElementById('data').textContent), f = Charts.f, charts = {};
  var $ = function (id) { return document.getElementById(id); };
  var rivals = d.windows.some(function (w) { return w.active !== 0; });

  function draw(id, label, option, why) {
    var node = $(id);
    if (charts[id]) { charts[id].dispose(); delete charts[id]; }
    node.setAttribute('aria-label', label);
    node.classList.toggle('empty', !option);
    node.textContent = option ? '' : why;
    if (!option) return;
    charts[id] = echarts.init(node, null, { renderer: 'canvas', devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) });
    charts[id].setOption(option);
  }

  function equity(c) {
    var s = d.curves, option = Charts.equity({ title: 'Candidate', series: { lines: s } }, c, false);
    if (s.active) {
      option.series.splice(1, 0, { name: 'Active', type: 'line', data: s.times.map(function (x, i) { return [x, s.active[i]]; }), showSymbol: false, symbol: 'none', lineStyle: { color: c.ink, width: 1.2, type: 'dashed' }, itemStyle: { color: c.ink } });
      option.legend.data.splice(1, 0, 'Active');
    }
    return option;
  }

  function bars(c, names, series, title) {
    return Object.assign(Charts.base(c), {
      grid: { left: 58, right: 14, top: series.length > 1 ? 34 : 14, bottom: 28, outerBoundsMode: 'none' },
      legend: series.length > 1 ? { top: 0, left: 'center', itemWidth: 12, itemHeight: 12, itemGap: 18, textStyle: { color: c.muted, fontSize: 12 }, data: series.map(function (one) { return one.name; }) } : undefined,
      xAxis: { type: 'category', data: names, axisTick: { show: false }, axisLine: { onZero: false, lineStyle: { color: c.line } }, axisLabel: { color: c.muted, fontSize: 11, hideOverlap: true } },
      yAxis: Charts.valueAxis(c, function (x) { return f.pct(x, Math.abs(x) < .01 && x !== 0 ? 2 : 0); }, { scale: false }),
      tooltip: Object.assign(Charts.base(c).tooltip, { axisPointer: { type: 'shadow', shadowStyle: { color: c.soft, opacity: .6 } }, formatter: function (items) {
        return '<div style="opacity:.75">' + f.html(title(items[0].dataIndex)) + '</div>' + items.map(function (p) { return p.marker + f.html(p.seriesName) + ' <b>' + f.signed(p.value) + '</b>'; }).join('<br>');
      } }),
      series: series
    });
  }

  function signed(c, values, name) {
    return { name: name, type: 'bar', barMaxWidth: 34, itemStyle: { color: c.accent }, data: values.map(function (x) { return { value: x, itemStyle: { color: x >= 0 ? c.up : c.down } }; }) };
  }

  function windows(c) {
    var own = signed(c, d.windows.map(function (w) { return w.candidate; }), 'Candidate'), series = [own];
    if (rivals) series.push({ name: 'Active', type: 'bar', barMaxWidth: 34, itemStyle: { color: c.bench }, data: d.windows.map(function (w) { return w.active; }) });
    return bars(c, d.windows.map(function (w) { return f.day(w.end); }), series, function (i) { return f.day(d.windows[i].start) + ' to ' + f.day(d.windows[i].end); });
  }

  function drawAll() {
    var c = Charts.colours();
    draw('chart-equity', 'Growth of one unit out of sample, with buying and holding and the drawdown', d.curves ? equity(c) : null, 'The series behind these figures was not kept.');
    draw('chart-windows', 'Net return of each window', d.windows.length ? windows(c) : null, 'No windows were measured.');
    if (d.deciles) draw('chart-deciles', 'Mean outcome of each tenth of the predictions', bars(c, d.deciles.map(function (x, i) { return String(i + 1); }), [signed(c, d.deciles, 'Mean outcome')], function (i) { return 'Tenth ' + (i + 1) + ' of the predictions'; }));
  }

  $('deciles-card').hidden = !d.deciles;
  $('windows-note').textContent = 'Net return of each stretch of the sample' + (rivals ? ', beside ' + d.active + ', which is active now.' : '; held against ' + (d.active || 'nothing') + '.');
  drawAll();
  window.addEventListener('themechange', drawAll);
  window.addEventListener('resize', function () { Object.keys(charts).forEach(function (id) { charts[id].resize(); }); });
}());
