/** The home page's style sheet. */
export const HOME_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfaf7; --line: #d8d4c9; --link: #1d4f91; --good: #1f6b3a; --bad: #a32020; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6df; --paper: #171b21; --line: #3a424e; --link: #8fb8ee; --good: #7fcf9b; --bad: #ff9d94; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: space-between; align-items: baseline; padding: 1rem clamp(1rem, 4vw, 3rem); border-bottom: 2px dashed var(--line); }
.brand { margin: 0; font-size: 1.25rem; font-weight: 700; }
.brand span { font-weight: 400; }
nav a { margin-left: 1rem; }
main { max-width: 68rem; margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 3rem) 3rem; }
h1 { font-size: 1.6rem; margin: .5rem 0 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.stamp { margin: 0; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem; margin: 0; }
.counts div { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .9rem; }
.counts dd { margin: 0; font-size: 1.7rem; font-variant-numeric: tabular-nums; }
.health { list-style: none; padding: 0; }
.health li::before { content: "\\25CF"; margin-right: .5rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { font-weight: 600; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
`;
