/** The home page's style sheet. */
export const HOME_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #56606e; --paper: #fbfaf7; --raised: #ffffff; --line: #d8d4c9; --link: #1d4f91; --good: #1f6b3a; --bad: #a32020; --busy: #1d4f91; --undone: #7a5300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6df; --quiet: #a9b1bd; --paper: #171b21; --raised: #1f252d; --line: #3a424e; --link: #8fb8ee; --good: #7fcf9b; --bad: #ff9d94; --busy: #8fb8ee; --undone: #e8bf6a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, pre:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: baseline; padding: 1rem clamp(1rem, 4vw, 3rem); border-bottom: 2px dashed var(--line); }
.brand { margin: 0; font-size: 1.25rem; font-weight: 700; }
.brand span { font-weight: 400; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
main { max-width: 68rem; margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 3rem) 3rem; }
h1 { font-size: 1.6rem; margin: .5rem 0 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 60rem; }
.stamp, .meta { color: var(--quiet); }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 0; }
.counts div { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .9rem; background: var(--raised); }
.counts dt { color: var(--quiet); }
.counts dd { margin: 0; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.health { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; }
.health li::before { content: "\\25CF"; margin-right: .5rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.busy { color: var(--busy); }
.undone { color: var(--undone); }
.badge { display: inline-block; border: 1px solid currentcolor; border-radius: 1rem; padding: 0 .6rem; font-size: .875rem; white-space: nowrap; }
.incident { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: .4rem; padding: .8rem 1rem; margin: .75rem 0; background: var(--raised); }
.message { overflow-wrap: anywhere; font-weight: 600; }
summary { cursor: pointer; color: var(--link); }
pre { margin: .25rem 0 .75rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); overflow-x: auto; font: .875rem/1.5 ui-monospace, monospace; user-select: all; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 400; }
tbody th { font-weight: 600; }
th.queue { white-space: normal; }
.number { text-align: right; padding-right: .5rem; }
.number + th, .number + td { padding-left: .75rem; }
h1.id { overflow-wrap: anywhere; }
.brand a { color: inherit; text-decoration: none; }
.quiet { color: var(--quiet); font-weight: 400; }
td.wrap { white-space: normal; min-width: 12rem; }
.facts { margin: .75rem 0 0; }
.facts div { display: grid; grid-template-columns: minmax(6rem, 11rem) 1fr; gap: .25rem 1rem; padding: .25rem 0; border-bottom: 1px solid var(--line); }
.facts dt, .sides dt { color: var(--quiet); }
.facts dd, .sides dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.facts pre { margin: 0; max-height: 14rem; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; margin: 0; }
.event summary { padding: .15rem 0; color: inherit; }
.event .number { display: inline-block; min-width: 2.5rem; color: var(--quiet); }
code { overflow-wrap: anywhere; font-size: .875rem; }
@media (max-width: 40rem) { table { font-size: .875rem; } th, td { padding-right: .5rem; } .badge { font-size: .8rem; padding: 0 .45rem; } }
`;
