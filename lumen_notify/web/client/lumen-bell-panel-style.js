// Bell panel style: how the panel, its rows, its menu and its settings look.

import { sheet } from "./lumen-theme.js";

export const panelStyle = sheet(`
  h2, h3, p, ul { margin: 0; padding: 0; }
  ul { list-style: none; }
  select { font: inherit; color: inherit; }
  a { color: inherit; }
  .square { inline-size: 36px; block-size: 36px; }
  .link { border: 0; background: none; padding: 6px 8px; margin: -6px -8px; border-radius: 6px; color: var(--lumen-accent);
    font-size: var(--lumen-small); font-weight: 600; white-space: nowrap; }
  .link:hover { background: var(--lumen-accent-soft); }
  .link[aria-disabled="true"] { color: var(--lumen-muted); cursor: default; background: none; font-weight: 400; }
  .view { display: flex; flex-direction: column; flex: auto; min-block-size: 0; }
  .header { display: flex; align-items: center; gap: 2px; padding-block: 10px 6px; padding-inline: 20px 10px; flex: none; }
  .settings .header { padding-inline: 8px 10px; padding-block-end: 10px; border-block-end: 1px solid var(--lumen-line); }
  .back:dir(rtl) svg { scale: -1 1; }
  h2 { flex: 1; font-size: 1.0625rem; font-weight: 700; line-height: 1.3; overflow: hidden; text-overflow: ellipsis; }
  .close { display: none; }
  .bar { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-2); padding: 0 20px 10px; flex: none;
    border-block-end: 1px solid var(--lumen-line); }
  .filters { display: flex; gap: 2px; padding: 2px; border-radius: var(--lumen-radius); background: var(--lumen-sunken); }
  .filters button { border: 0; background: none; padding: 3px 12px; border-radius: 6px; font-size: var(--lumen-small);
    color: var(--lumen-muted); font-weight: 500; }
  .filters button[aria-pressed="true"] { background: light-dark(var(--lumen-surface), var(--lumen-line)); color: var(--lumen-text);
    font-weight: 600; box-shadow: 0 1px 2px rgb(0 0 0 / 14%); }
  .strip { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 8px 20px; flex: none;
    font-size: var(--lumen-small); background: var(--lumen-raised); border-block-end: 1px solid var(--lumen-line); }
  .strip.is-danger { background: var(--lumen-danger-soft); color: var(--lumen-danger); }
  .strip.is-danger .link { color: inherit; text-decoration: underline; }
  .strip.is-late { animation: late 1s step-end; }
  @keyframes late { from { opacity: 0; } }
  .notice { border-block: 1px solid var(--lumen-line); border-block-end: 0; }
  .scroll { flex: auto; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }

  .row { position: relative; display: flex; gap: var(--lumen-3); padding-block: 12px; padding-inline: 20px 8px;
    border-block-end: 1px solid var(--lumen-line); }
  .row:last-child { border-block-end: 0; }
  .row[data-unread] { background: color-mix(in srgb, var(--lumen-accent-soft) 55%, var(--lumen-surface)); }
  .row:hover { background: var(--lumen-raised); }
  .row:has(.main:focus-visible) { outline: 2px solid var(--lumen-accent); outline-offset: -2px; }
  .row.is-new { animation: arrive var(--lumen-slow) ease-out; }
  @keyframes arrive { from { opacity: 0; translate: 0 -8px; } }
  .row[data-unread] .head { font-weight: 700; }
  .row[data-unread] .text { color: var(--lumen-text); }
  .row.is-open .text { display: block; }
  .meta { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; margin-block-start: 2px; font-size: var(--lumen-small);
    color: var(--lumen-muted); }
  .actions { display: flex; flex-wrap: wrap; gap: 6px; margin-block-start: 8px; }
  .actions a { position: relative; z-index: 1; padding: 3px 12px; border: 1px solid var(--lumen-line); border-radius: 6px;
    background: var(--lumen-surface); text-decoration: none; font-size: var(--lumen-small); font-weight: 600; }
  .actions a:hover { border-color: var(--lumen-muted); }
  .more { position: relative; z-index: 1; inline-size: 32px; block-size: 28px; margin-block-start: -3px; }
  .more path { stroke-width: 2.8; }
  .dot { position: absolute; inset-block-start: 28px; inset-inline-start: 7px; inline-size: 8px; block-size: 8px; border-radius: 50%;
    background: var(--lumen-accent); }
  @media (hover: hover) { .more { opacity: 0; } .row:hover .more, .row:focus-within .more, .more[aria-expanded="true"] { opacity: 1; } }

  .menu { min-inline-size: 184px; padding: 4px; background: var(--lumen-surface); border: 1px solid var(--lumen-line);
    border-radius: var(--lumen-radius); box-shadow: var(--lumen-shadow); }
  .menu button { display: flex; align-items: center; gap: var(--lumen-2); inline-size: 100%; padding: 7px 8px; border: 0;
    border-radius: 6px; background: none; text-align: start; font-size: 0.875rem; }
  .menu button:hover, .menu button:focus { background: var(--lumen-sunken); }
  .menu svg { inline-size: 18px; block-size: 18px; color: var(--lumen-muted); }
  kbd { margin-inline-start: auto; padding: 0 5px; border: 1px solid var(--lumen-line); border-radius: 4px;
    font: 600 11px/17px var(--lumen-font); color: var(--lumen-muted); }
  @media (hover: none) { kbd { display: none; } }

  .rooms { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 10px 20px;
    font-size: var(--lumen-small); border-block-end: 1px solid var(--lumen-line); }
  .blank { display: flex; flex-direction: column; align-items: center; gap: 4px; padding: 56px 32px 64px; text-align: center; }
  .blank svg { inline-size: 36px; block-size: 36px; color: var(--lumen-muted); margin-block-end: 8px; }
  .blank strong { font-weight: 600; }
  .blank p { color: var(--lumen-muted); font-size: var(--lumen-small); max-inline-size: 34ch; }
  .button { margin-block-start: 12px; padding: 6px 14px; border: 1px solid var(--lumen-line); border-radius: var(--lumen-radius);
    background: var(--lumen-surface); font-size: var(--lumen-small); font-weight: 600; }
  .button:hover { background: var(--lumen-raised); }
  .foot { padding: 8px 20px 12px; text-align: center; }
  .foot .button { margin: 0; inline-size: 100%; }
  .bone { display: flex; gap: var(--lumen-3); padding: 12px 20px; border-block-end: 1px solid var(--lumen-line); }
  .bone i { display: block; inline-size: 45%; block-size: 12px; margin-block: 5px 9px; border-radius: 5px; background: var(--lumen-sunken);
    animation: breathe 1.4s ease-in-out infinite alternate; }
  .bone > i { inline-size: 40px; block-size: 40px; border-radius: 50%; margin: 0; flex: none; }
  .bone div { flex: 1; }
  .bone div i:last-child { inline-size: 80%; }
  @keyframes breathe { to { opacity: 0.45; } }

  .settings .scroll { padding: 0 20px 16px; }
  h3 { margin: 16px 0 4px; font-size: var(--lumen-small); font-weight: 600; color: var(--lumen-muted); }
  .choice { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 6px 0; min-block-size: 44px; }
  .choice + .choice { border-block-start: 1px solid var(--lumen-line); }
  .choice > span { overflow-wrap: anywhere; min-inline-size: 0; }
  .choice small { display: block; color: var(--lumen-muted); font-size: var(--lumen-small); }
  .choice select { padding: 5px 8px; border: 1px solid var(--lumen-line); border-radius: 6px; background: var(--lumen-surface);
    font-size: 0.875rem; max-inline-size: 60%; }
  .choice input { inline-size: 18px; block-size: 18px; margin: 0; accent-color: var(--lumen-accent); flex: none; }

  @media (max-width: 520px) {
    .close { display: inline-flex; }
    .square, .more { inline-size: 44px; block-size: 44px; }
    .more { margin-block-start: -10px; }
    .filters button { padding: 7px 16px; }
    .menu button { padding: 11px 8px; }
  }
  @media (forced-colors: active) {
    .dot, .filters button[aria-pressed="true"] { forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .menu button:focus { outline: 2px solid Highlight; }
  }
`);
