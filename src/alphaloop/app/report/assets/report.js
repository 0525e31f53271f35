/* The page: reads the JSON it carries, fills the tables (text nodes only), draws the charts. */
(function () {
  'use strict';
  var d = JSON.parse(document.getElementById('data').textContent), m = d.metrics, f = Charts.f;
  var $ = function (id) { return document.getElementById(id); };

  function el(tag, text, className) {
    var node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  function tone(x) { return x > 0 ? 'up' : x < 0 ? 'down' : ''; }

  function header() {
    $('sub').textContent = d.symbols.join(', ') + ' · ' + d.timeframe + ' · ' + d.start.slice(0, 16).replace('T', ' ') + ' to ' + d.end.slice(0, 16).replace('T', ' ') + ' UTC';
    var facts = [['policy', d.policy], ['data', d.data_kind], ['bars', f.num(m.bars, 0)], ['days', f.num(m.days, m.days < 10 ? 1 : 0)]];
    facts.concat(Object.keys(d.costs).map(function (k) { return [k, d.costs[k]]; })).forEach(function (one) {
      var li = el('li', one[0] + ' '); li.appendChild(el('b', one[1])); $('chips').appendChild(li);
    });
    if (d.banner) { $('banner').textContent = d.banner; $('banner').hidden = false; }
  }

  function kpis() {
    var held = m.benchmark_return, lasts = m.max_drawdown_recovery_us === null && m.max_drawdown > 0 ? ', not recovered' : '';
    [
      ['Total return', f.signed(m.total_return), held === null ? '' : 'buy and hold ' + f.signed(held), tone(m.total_return)],
      ['Annual return', f.signed(m.annual_return), m.annual_return === null ? 'window too short' : 'volatility ' + f.pct(m.volatility, 1), tone(m.annual_return)],
      ['Sharpe', f.num(m.sharpe, 2), 'Sortino ' + f.num(m.sortino, 2)],
      ['Max drawdown', f.pct(m.max_drawdown), f.num(m.max_drawdown_days, 0) + ' days' + lasts],
      ['Calmar', f.num(m.calmar, 2), 'CVaR 95 ' + f.pct(m.cvar_95) + ' a ' + (d.period === '1d' ? 'day' : 'period')],
      ['Win rate', f.pct(m.win_rate, 1), 'profit factor ' + f.num(m.profit_factor, 2)],
      ['Trades', f.num(m.trades, 0), f.num(m.open_trades, 0) + ' open · turnover ' + f.num(m.turnover, 1) + '×'],
      ['Costs', f.pct(m.costs_fraction), 'of start equity · ' + f.money(m.costs)]
    ].forEach(function (k) {
      var box = el('div', null, 'kpi');
      box.appendChild(el('div', k[0], 'name')); box.appendChild(el('div', k[1], 'value ' + (k[3] || ''))); box.appendChild(el('div', k[2], 'more'));
      $('kpis').appendChild(box);
    });
  }

  function table(target, caption, columns, rows, sortable) {
    var node = $(target), head = el('thead'), line = el('tr'), body = el('tbody');
    node.appendChild(el('caption', caption));
    columns.forEach(function (column, index) {
      var th = el('th', sortable ? null : column.name, column.text ? 'text' : ''); th.scope = 'col';
      if (sortable) {
        var button = el('button', column.name); button.type = 'button';
        button.addEventListener('click', function () { sort(th, index); }); th.appendChild(button);
      }
      line.appendChild(th);
    });
    head.appendChild(line); node.appendChild(head); node.appendChild(body);
    function fill(list) {
      body.replaceChildren();
      list.forEach(function (row) {
        var tr = el('tr');
        columns.forEach(function (column, index) {
          var value = row[index], td = el('td', column.format ? column.format(value) : value === null || value === undefined ? '–' : value, (column.text ? 'text ' : '') + (column.wrap ? 'wrap ' : '') + (column.tone ? tone(value) : ''));
          tr.appendChild(td);
        });
        body.appendChild(tr);
      });
    }
    function sort(th, index) {
      var up = th.getAttribute('aria-sort') === 'descending';
      Array.prototype.forEach.call(line.children, function (other) { other.removeAttribute('aria-sort'); });
      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      fill(rows.slice().sort(function (a, b) {
        var x = a[index], y = b[index];
        if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
        return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
      }));
    }
    fill(rows);
  }

  function months() {
    var node = $('months'), head = el('tr'), body = el('tbody'), thead = el('thead');
    node.appendChild(el('caption', 'Return of each calendar month, UTC'));
    ['', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Year'].forEach(function (name) { var th = el('th', name); th.scope = 'col'; head.appendChild(th); });
    thead.appendChild(head); node.appendChild(thead); node.appendChild(body);
    var most = d.months.reduce(function (a, y) { return y.months.reduce(function (b, x) { return Math.max(b, Math.abs(x || 0)); }, a); }, .001);
    d.months.forEach(function (year) {
      var tr = el('tr'), th = el('th', String(year.year)); th.scope = 'row'; tr.appendChild(th);
      year.months.concat([year.total]).forEach(function (x, i) {
        var td = el('td', x === null ? '' : (100 * x).toFixed(Math.abs(x) < .0995 ? 2 : 1).replace(/^-(0\.0+)$/, '$1'), i === 12 ? 'total ' + tone(x) : '');
        if (x !== null && i < 12) td.style.background = 'rgba(var(' + (x >= 0 ? '--up-rgb' : '--down-rgb') + '),' + (.08 + .37 * Math.min(1, Math.abs(x) / most)).toFixed(3) + ')';
        tr.appendChild(td);
      });
      body.appendChild(tr);
    });
  }

  var hours = function (x) { return x === null ? '–' : x < 1 ? f.num(x * 60, 0) + ' min' : x < 72 ? f.num(x, 1) + ' h' : f.num(x / 24, 1) + ' d'; };
  var pct = function (x) { return f.pct(x); }, pct1 = function (x) { return f.pct(x, 1); }, two = function (x) { return f.num(x, 2); }, whole = function (x) { return f.num(x, 0); }, times = function (x) { return x === null ? '–' : f.num(x, 1) + '×'; };
  var instant = function (us) { return us === null ? '–' : f.time(us / 1000); };
  var GROUPS = [
    ['Growth', [['Start equity', 'start_equity', f.money], ['Final equity', 'final_equity', f.money], ['Total return', 'total_return', pct], ['Annual return', 'annual_return', pct], ['Buy and hold', 'benchmark_return', pct], ['Excess over buy and hold', 'excess_return', pct], ['Buy and hold, annual', 'benchmark_annual_return', pct]]],
    ['Risk', [['Volatility, annual', 'volatility', pct], ['Sharpe', 'sharpe', two], ['Sharpe of buy and hold', 'benchmark_sharpe', two], ['Sortino', 'sortino', two], ['Calmar', 'calmar', two], ['VaR 95', 'var_95', pct], ['CVaR 95', 'cvar_95', pct], ['Skew', 'skew', two], ['Excess kurtosis', 'kurtosis', two], ['Best period', 'best_period', pct], ['Worst period', 'worst_period', pct]]],
    ['Drawdown', [['Max drawdown', 'max_drawdown', pct], ['From', 'max_drawdown_start_us', instant], ['Trough', 'max_drawdown_trough_us', instant], ['Recovered', 'max_drawdown_recovery_us', instant], ['Bars', 'max_drawdown_bars', whole], ['Days', 'max_drawdown_days', function (x) { return f.num(x, 1); }]]],
    ['Trades', [['Closed trades', 'trades', whole], ['Open trades', 'open_trades', whole], ['Fills', 'fills', whole], ['Win rate', 'win_rate', pct], ['Profit factor', 'profit_factor', two], ['Payoff ratio', 'payoff_ratio', two], ['Mean net result', 'mean_trade_pnl', f.money], ['Best trade', 'best_trade', pct], ['Worst trade', 'worst_trade', pct], ['Mean holding', 'mean_holding_hours', hours], ['Median holding', 'median_holding_hours', hours]]],
    ['Exposure', [['Gross, mean', 'gross_exposure', pct], ['Gross, highest', 'max_gross_exposure', pct], ['Net, mean', 'net_exposure', pct], ['Time in market', 'time_in_market', pct], ['Turnover', 'turnover', times], ['Turnover a year', 'annual_turnover', times]]],
    ['Costs', [['Gross result', 'gross_pnl', f.money], ['Fees', 'fees', f.money], ['Slippage', 'slippage', f.money], ['Funding', 'funding', f.money], ['Costs', 'costs', f.money], ['Net result', 'net_pnl', f.money], ['Costs of start equity', 'costs_fraction', pct]]]
  ];
  function metrics() {
    GROUPS.forEach(function (group) {
      var box = el('div'), list = el('dl');
      box.appendChild(el('h3', group[0]));
      group[1].forEach(function (one) { var row = el('div', null, 'row'); row.appendChild(el('dt', one[0])); row.appendChild(el('dd', m[one[1]] === undefined ? '–' : one[2](m[one[1]]))); list.appendChild(row); });
      box.appendChild(list); $('metrics').appendChild(box);
    });
  }

  function show(id, rows) { $(id).hidden = rows.length === 0; return rows.length > 0; }

  function tables() {
    if (show('drawdowns-card', d.drawdowns)) table('drawdowns', 'Deepest drawdowns', [{ name: 'Depth', format: pct }, { name: 'Peak', format: f.time }, { name: 'Trough', format: f.time }, { name: 'Recovered', format: f.time }, { name: 'Days', format: function (x) { return f.num(x, 1); } }],
      d.drawdowns.map(function (r) { return [r.depth, r.start, r.trough, r.recovery, r.days]; }));
    if (show('trades-card', d.trades.rows)) table('trades', 'Trades, newest first', [{ name: 'Symbol', text: true }, { name: 'Side', text: true, format: function (x) { return x > 0 ? 'long' : x < 0 ? 'short' : '–'; } }, { name: 'Entry', format: f.time }, { name: 'Exit', format: f.time }, { name: 'Quantity', format: f.price }, { name: 'Entry price', format: f.price }, { name: 'Exit price', format: f.price }, { name: 'Costs', format: two }, { name: 'Net', format: f.money, tone: true }, { name: 'Return', format: pct, tone: true }, { name: 'MAE', format: pct }, { name: 'MFE', format: pct }, { name: 'Held', format: hours }, { name: 'Reason', text: true }], d.trades.rows, true);
    $('trades-note').textContent = 'The last ' + d.trades.rows.length + ' of ' + d.trades.total + ', newest first; all of them are in trades.csv. A row is one position from flat to flat; open ones are valued at their last mark.';
    if (show('cuts-card', d.cuts)) table('cuts', 'Risk cuts', [{ name: 'Rule', text: true }, { name: 'Symbol', text: true }, { name: 'What', text: true }, { name: 'Count', format: whole }, { name: 'First', format: f.time }, { name: 'Last', format: f.time }, { name: 'Before', format: f.price }, { name: 'After', format: f.price }, { name: 'Reason', text: true, wrap: true }],
      d.cuts.map(function (r) { return [r.rule, r.symbol, r.what, r.count, r.first, r.last, r.before, r.after, r.reason]; }));
    if (show('audit-card', d.audit)) audit();
    if (show('reproduce-card', d.reproduce)) d.reproduce.forEach(function (r) { $('reproduce').appendChild(el('dt', r[0])); $('reproduce').appendChild(el('dd', r[1])); });
  }

  function audit() {
    var wanted = ['table', 'venue', 'symbol', 'timeframe', 'start', 'end', 'expected', 'present', 'real', 'derived', 'synthetic', 'duplicates', 'late', 'gaps', 'gap_buckets', 'largest_gap_buckets', 'coverage'];
    var keys = wanted.filter(function (k) { return d.audit.some(function (r) { return k in r; }); });
    var words = ['table', 'venue', 'symbol', 'timeframe'];
    function cell(key) {
      if (key === 'coverage') return pct;
      if (key === 'start' || key === 'end') return function (x) { return typeof x === 'number' ? f.day(x / 1000) : x === null || x === undefined ? '–' : String(x).slice(0, 16).replace('T', ' '); };
      return words.indexOf(key) < 0 ? function (x) { return typeof x === 'number' ? f.num(x, 0) : x === null || x === undefined ? '–' : x; } : undefined;
    }
    table('audit', 'Data audit', keys.map(function (k) { return { name: k.replace(/_/g, ' '), text: words.indexOf(k) >= 0, format: cell(k) }; }), d.audit.map(function (r) { return keys.map(function (k) { return r[k]; }); }));
  }

  function groups() {
    var some = d.groups.filter(function (g) { return g.rows.length > 0; });
    $('groups-card').hidden = some.length === 0;
    some.forEach(function (g, i) {
      var region = el('div', null, 'scroll'), node = el('table');
      region.tabIndex = 0; region.setAttribute('role', 'region'); region.setAttribute('aria-label', g.title + ', scrollable');
      node.id = 'group-' + i; region.appendChild(node); $('groups').appendChild(region);
      table(node.id, 'Trades by ' + g.title, [{ name: g.title, text: true, format: function (x) { return x.replace(/_/g, ' '); } }, { name: 'Trades', format: whole }, { name: 'Win rate', format: pct1 }, { name: 'Gross', format: f.money, tone: true }, { name: 'Costs', format: f.money }, { name: 'Net', format: f.money, tone: true }, { name: 'Mean return', format: pct, tone: true }, { name: 'Mean held', format: hours }, { name: 'MAE', format: pct }, { name: 'MFE', format: pct }], g.rows);
    });
  }

  function oracle() {
    var o = d.oracle, start = m.start_equity;
    $('oracle-card').hidden = !o;
    if (!o) return;
    $('oracle-note').textContent = 'The best that positions no larger than the run\'s largest (or an equal share of the start, if that is more) could have earned on the same bars, at the same costs, knowing every bar beforehand, each symbol on its own. An upper bound for market orders, not a goal: what nobody could know is in it too.';
    [['Oracle', f.signed(o.profit / start)], ['This run', f.signed(o.own / start)], ['Regret', f.pct(o.regret / start)], ['Captured', o.captured === null ? '–' : f.pct(o.captured)]].forEach(function (one) {
      var box = el('div'); box.appendChild(el('div', one[0], 'name')); box.appendChild(el('div', one[1], 'value')); $('oracle-facts').appendChild(box);
    });
    table('oracle-symbols', 'Share of the oracle by symbol', [{ name: 'Symbol', text: true }, { name: 'Allowed position', format: f.price }, { name: 'Oracle', format: f.money }, { name: 'Own', format: f.money, tone: true }, { name: 'Captured', format: pct }], o.symbols);
    table('oracle-worst', 'Costliest bars', [{ name: 'Costliest bars', format: f.time }, { name: 'Given away', format: f.money }, { name: 'Of start', format: pct }], o.worst.map(function (r) { return [r[0], r[1], r[1] / start]; }));
  }

  var charts = {}, log = false, chosen = 0;
  function draw(id, label, option, why) {
    var node = $(id);
    node.setAttribute('aria-label', label);
    if (charts[id]) { charts[id].dispose(); delete charts[id]; }
    node.classList.toggle('empty', !option);
    if (!option) { node.textContent = why; return; }
    node.textContent = '';
    charts[id] = echarts.init(node, null, { renderer: 'canvas', devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) });
    charts[id].setOption(option);
  }
  function drawPrice() {
    var p = d.prices[chosen], some = p && p.candles[0].length > 0;
    $('price-note').textContent = !p ? '' : p.candle + ' candles. ' + (p.trades.length ? 'Triangles are entries, rings are exits; drag the bar below to move through time.' : 'No trades in this symbol.') + (p.left_out ? ' The oldest ' + p.left_out + ' trades are not drawn.' : '');
    draw('chart-price', p ? 'Candles of ' + p.symbol + ' with ' + p.trades.length + ' trades' : 'No prices', some ? Charts.price(p, Charts.colours(), $('chart-price').clientWidth < 560) : null, 'No bars of this symbol in the window.');
  }
  function drawEquity() {
    var positive = d.series.lines.equity.every(function (x) { return x > 0; });
    $('log').disabled = !positive;
    draw('chart-equity', 'Equity from ' + f.money(m.start_equity) + ' to ' + f.money(m.final_equity) + ', deepest drawdown ' + f.pct(m.max_drawdown), Charts.equity(d, Charts.colours(), log && positive));
  }
  function drawAll() {
    var c = Charts.colours(), rolling = d.series.rolling_sharpe;
    drawEquity();
    draw('chart-exposure', 'Gross and net exposure over time, mean gross ' + f.pct(m.gross_exposure), Charts.exposure(d, c));
    draw('chart-costs', 'Gross ' + f.money(m.gross_pnl) + ', fees ' + f.money(m.fees) + ', slippage ' + f.money(m.slippage) + ', funding ' + f.money(m.funding) + ', net ' + f.money(m.net_pnl), m.fills || m.net_pnl ? Charts.costs(d, c) : null, 'Nothing was traded.');
    var some = rolling.values.filter(function (x) { return x !== null; }).length > 1;
    draw('chart-sharpe', 'Sharpe of the last ' + rolling.window + ' periods over time', some ? Charts.sharpe(d, c) : null, 'Needs more than ' + rolling.window + ' periods that vary.');
    draw('chart-returns', 'Histogram of returns', d.series.returns.counts.length > 1 ? Charts.returns(d, c) : null, 'Too few periods.');
    if (d.oracle) draw('chart-oracle', 'Profit of the oracle and of the run over time, the oracle ' + f.pct(d.oracle.profit / m.start_equity) + ' of the start', Charts.oracle(d, c));
    if (trips.length) {
      draw('chart-mae', 'Return of each trade against its largest adverse excursion', Charts.excursions(trips, 'MAE', c));
      draw('chart-mfe', 'Return of each trade against its largest favourable excursion', Charts.excursions(trips, 'MFE', c));
    }
    drawPrice();
  }

  /* Return, MAE and MFE of each listed trade. */
  var at = function (name) { return d.trades.columns.indexOf(name); };
  var trips = d.trades.rows.filter(function (r) { return r[at('mae')] !== null; }).map(function (r) { return { symbol: r[at('symbol')], entry: r[at('entry_time')], value: r[at('return')], MAE: r[at('mae')], MFE: r[at('mfe')] }; });
  $('excursions-card').hidden = trips.length === 0;
  $('excursions-note').textContent = 'Net return of the last ' + trips.length + ' trades against how far each went against (left) and for the position (right) while it was open. Winners that went far against it were lucky; losers that had gone far for it were left too late.';

  header(); kpis(); months(); metrics(); tables(); groups(); oracle();
  $('equity-note').textContent = 'Equity after all costs, in quote currency' + (d.series.lines.benchmark ? '; buy and hold splits the same money equally over the symbols, without costs.' : '.');
  $('exposure-note').textContent = 'Notional of all positions as a fraction of equity' + (m.bars > d.series.gross[0].length ? ', mean of every ' + Math.ceil(m.bars / 400) + ' bars.' : '.');
  $('sharpe-note').textContent = 'Annualised Sharpe of the last ' + d.series.rolling_sharpe.window + (d.period === '1d' ? ' days.' : ' periods of ' + d.period + '.');
  $('returns-note').textContent = d.period === '1d' ? 'Daily returns, UTC days.' : 'Returns of ' + d.period + ' periods.';
  d.prices.forEach(function (p, i) { var o = el('option', p.symbol); o.value = i; $('symbol').appendChild(o); });
  $('symbol').addEventListener('change', function () { chosen = Number(this.value); drawPrice(); });
  $('log').addEventListener('click', function () { log = !log; this.setAttribute('aria-pressed', String(log)); drawEquity(); });
  drawAll();
  window.addEventListener('themechange', drawAll);
  window.addEventListener('resize', function () { Object.keys(charts).forEach(function (id) { charts[id].resize(); }); });
}());
