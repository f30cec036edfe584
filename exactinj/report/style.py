"""The pages' style sheet: readable in light and dark, on paper, on a telephone, and without colours."""

__all__ = ["STYLE"]

# Texts have the colours --ink, --faint and --signal; whatever stands behind them has at least 4.5 times the contrast
# (tests/report/test_style.py), the last two only on --paper and --plain.
STYLE = """
:root { color-scheme: light dark;
  --ink: #1c2330; --paper: #ffffff; --faint: #5c6675; --line: #d4d9e2; --plain: #f3f5f8;
  --proved: #d3efdc; --proved-edge: #1a7f3c; --collides: #fbd9d3; --collides-edge: #b42318;
  --open: #fdf0cf; --open-edge: #93650a; --late: #e3e0f7; --late-edge: #5b4fc0; --signal: #2f5fc4; --moved: #d9480f;
  --cell0: #d5e8f2; --cell1: #fdd97f; --cell2: #f7a55c; --cell3: #e3735a; --row: #39424f; }
@media screen and (prefers-color-scheme: dark) { :root {
  --ink: #e6e9ef; --paper: #14181f; --faint: #a0aaba; --line: #39414f; --plain: #1f2530;
  --proved: #16392a; --proved-edge: #4ade80; --collides: #4a1f1b; --collides-edge: #fb8a7c;
  --open: #43340f; --open-edge: #f5c451; --late: #2b2750; --late-edge: #a79dfb; --signal: #8ab0ff; --moved: #ff9d5c;
  --cell0: #21384a; --cell1: #6b5312; --cell2: #7c4412; --cell3: #7a2c1d; --row: #c2cad6; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  padding: 1.5rem; max-width: 72rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
p { margin: .6rem 0; max-width: 46rem; overflow-wrap: anywhere; }
small, figcaption, .faint, .question { color: var(--faint); } a { color: var(--signal); }
.question { margin: 0; } .claim { font-size: 1.08rem; }
.verdict { border: 2px solid; border-radius: 8px; padding: .7rem 1rem; margin: 1rem 0; overflow-wrap: anywhere; }
.verdict strong { font-size: 1.15rem; } .plain { background: var(--plain); border-color: var(--line); }
.proved { background: var(--proved); border-color: var(--proved-edge); }
.collides { background: var(--collides); border-color: var(--collides-edge); }
.open { background: var(--open); border-color: var(--open-edge); border-style: dashed; }
.late { background: var(--late); border-color: var(--late-edge); border-style: dotted; }
.scroll { overflow: auto; max-height: 75vh; border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--plain); }
.number { text-align: right; } td.number { white-space: nowrap; }
td.name { min-width: 11rem; } td.kind { white-space: nowrap; }
td.mark { border-left-width: 4px; border-left-style: solid; white-space: nowrap; }
td { overflow-wrap: break-word; min-width: 3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
ol { padding-left: 1.4rem; } summary { cursor: pointer; }
.how { margin: .8rem 0; } code.command { display: block; background: var(--plain); border: 1px solid var(--line);
  border-radius: 6px; padding: .4rem .6rem; margin-top: .2rem; white-space: pre-wrap; user-select: all; }
.panels { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } .panels figcaption { text-align: center; }
figure.picture { margin: .6rem 0 1rem; max-width: 36rem; }
svg.chart { display: block; width: 100%; height: auto; } svg.hidden { position: absolute; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; list-style: none; margin: .4rem 0; padding: 0;
  font-size: .9rem; }
.swatch { width: 24px; height: 16px; vertical-align: -2px; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; }
svg text.name { font-weight: 600; } svg text.tick { font-size: 9px; fill: var(--faint); text-anchor: start; }
svg.chart text.tick { font-size: 11px; } svg text.tick.middle { text-anchor: middle; }
svg text.end, svg text.tick.end { text-anchor: end; } svg text.left { text-anchor: start; }
svg text.main { font-weight: 600; }
svg text.label { stroke: var(--paper); stroke-width: 3px; paint-order: stroke; stroke-linejoin: round; }
.box rect { fill: var(--plain); stroke: var(--line); stroke-width: 1.5; }
.box.proved rect { fill: var(--proved); stroke: var(--proved-edge); stroke-width: 2.5; }
.box.collides rect { fill: var(--collides); stroke: var(--collides-edge); stroke-width: 4; }
.box.open rect { fill: var(--open); stroke: var(--open-edge); }
.box.late rect { fill: var(--late); stroke: var(--late-edge); }
.arrow { fill: none; stroke: var(--faint); stroke-width: 1.2; } .axis, .grid { stroke: var(--line); }
.zero { stroke: var(--faint); } .frame { fill: none; stroke: var(--line); }
.cell.edged { stroke: var(--row); stroke-width: .7; stroke-linejoin: round; }
.lacks0 { fill: var(--cell0); } .lacks1 { fill: var(--cell1); }
.lacks2 { fill: var(--cell2); } .lacks3 { fill: var(--cell3); } .hatch { stroke: var(--row); stroke-width: .8; }
.level { fill: var(--signal); } .tile { stroke: var(--line); stroke-width: .5; }
.row { fill: none; stroke: var(--row); } .between { fill: none; stroke: var(--ink); stroke-dasharray: 2 3; }
.mark-x, .disc { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; } .mark-y { fill: var(--ink); }
.disc { stroke-width: .8; } .share { fill: var(--moved); } .ratio { stroke: var(--ink); stroke-dasharray: 5 3; }
.ring { fill: var(--paper); stroke: var(--moved); stroke-width: 1.8; }
.open-side { stroke: var(--signal); stroke-dasharray: 3 3; } .bound { fill: var(--signal); }
.limit { stroke: var(--moved); stroke-width: 1.5; stroke-dasharray: 6 3; }
svg.curve { width: 270px; max-width: 100%; border: 1px solid var(--line); } .bar { fill: var(--signal); }
.bar.moved { fill: var(--moved); } .signal { fill: none; stroke: var(--signal); stroke-width: 1; }
.channels { display: flex; flex-wrap: wrap; gap: .5rem; max-width: 270px; }
img { image-rendering: pixelated; border: 1px solid var(--line); display: block; max-width: 100%; }
code, .numbers { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
@media (max-width: 34rem) { body { padding: 1rem; }
  table.wide { width: max-content; min-width: 100%; } .wide td { max-width: 18rem; }
  dl { grid-template-columns: minmax(5rem, 34%) 1fr; gap: .2rem .7rem; }
  svg.chart text { font-size: 15px; } svg.chart text.tick { font-size: 14px; } }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } .scroll { max-height: none; overflow: visible; }
  table { font-size: .8em; } th, td { padding: .2rem .4rem; } th { position: static; }
  figure, tr, .how, .verdict { break-inside: avoid; } h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .verdict, .mark, svg, .bar, code.command { print-color-adjust: exact; } a { color: inherit; } }
"""
