"""The page's style sheet: readable in light and dark, on paper, and without colours."""

__all__ = ["STYLE"]

STYLE = """
:root { --ink: #1c2330; --paper: #ffffff; --faint: #667085; --line: #d4d9e2; --plain: #f3f5f8;
  --proved: #d3efdc; --proved-edge: #1a7f3c; --collides: #fbd9d3; --collides-edge: #b42318;
  --open: #fdf0cf; --open-edge: #93650a; --late: #e3e0f7; --late-edge: #5b4fc0; --signal: #2f5fc4; --moved: #d9480f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --paper: #14181f; --faint: #98a2b3; --line: #39414f;
  --plain: #1f2530; --proved: #16392a; --proved-edge: #4ade80; --collides: #4a1f1b; --collides-edge: #fb8a7c;
  --open: #43340f; --open-edge: #f5c451; --late: #2b2750; --late-edge: #a79dfb; --signal: #8ab0ff; --moved: #ff9d5c; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  padding: 1.5rem; max-width: 72rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
small, figcaption, .faint { color: var(--faint); } a { color: var(--signal); }
.verdict { border: 2px solid; border-radius: 8px; padding: .7rem 1rem; margin: 1rem 0; }
.verdict strong { font-size: 1.15rem; }
.proved { background: var(--proved); border-color: var(--proved-edge); }
.collides { background: var(--collides); border-color: var(--collides-edge); }
.open { background: var(--open); border-color: var(--open-edge); border-style: dashed; }
.late { background: var(--late); border-color: var(--late-edge); border-style: dotted; }
.scroll { overflow: auto; max-height: 75vh; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--plain); } td.number { text-align: right; white-space: nowrap; }
td.name { min-width: 11rem; } td.kind { white-space: nowrap; }
td.mark { border-left: 4px solid; white-space: nowrap; } td { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.panels { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { text-align: center; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; }
svg text.name { font-weight: 600; } svg text.tick { font-size: 9px; fill: var(--faint); text-anchor: start; }
.box rect { fill: var(--plain); stroke: var(--line); stroke-width: 1.5; }
.box.proved rect { fill: var(--proved); stroke: var(--proved-edge); stroke-width: 2.5; }
.box.collides rect { fill: var(--collides); stroke: var(--collides-edge); stroke-width: 4; }
.box.open rect { fill: var(--open); stroke: var(--open-edge); }
.box.late rect { fill: var(--late); stroke: var(--late-edge); }
.arrow { fill: none; stroke: var(--faint); stroke-width: 1.2; } .axis { stroke: var(--line); }
svg.curve { width: 270px; height: 130px; border: 1px solid var(--line); } .bar { fill: var(--signal); }
.bar.moved { fill: var(--moved); } .signal { fill: none; stroke: var(--signal); stroke-width: 1; }
img { image-rendering: pixelated; border: 1px solid var(--line); display: block; }
code, .numbers { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
@media print { .scroll { max-height: none; overflow: visible; } body { max-width: none; } }
"""
