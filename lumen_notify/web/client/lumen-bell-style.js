// Bell style: how the button, the panel, its rows and the toasts look.

import { sheet } from "./lumen-theme.js";

export const style = sheet(`
  :host { display: inline-block; position: relative; vertical-align: middle; font: var(--lumen-body)/1.45 var(--lumen-font);
    color: var(--lumen-text); -webkit-text-size-adjust: 100%; }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  h2, p, ul { margin: 0; padding: 0; }
  ul { list-style: none; }
  button, select { font: inherit; color: inherit; }
  button { cursor: pointer; }
  a { color: inherit; }
  svg { display: block; flex: none; }
  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  .spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

  .quiet { display: inline-flex; align-items: center; justify-content: center; gap: var(--lumen-1); border: 0; background: none;
    border-radius: var(--lumen-radius); color: var(--lumen-muted); transition: background var(--lumen-quick); }
  .quiet:hover { background: var(--lumen-sunken); color: var(--lumen-text); }
  .quiet[aria-disabled="true"] { opacity: 0.55; cursor: default; background: none; }
  .square { inline-size: 36px; block-size: 36px; padding: 0; flex: none; }
  .link { border: 0; background: none; padding: 6px 8px; margin: -6px -8px; border-radius: 6px; color: var(--lumen-accent);
    font-size: var(--lumen-small); font-weight: 600; white-space: nowrap; }
  .link:hover { background: var(--lumen-accent-soft); }
  .link[aria-disabled="true"] { color: var(--lumen-muted); cursor: default; background: none; font-weight: 400; }

  .bell { position: relative; inline-size: 40px; block-size: 40px; padding: 0; color: var(--lumen-bell, var(--lumen-text)); }
  .badge { position: absolute; inset-block-start: 1px; inset-inline-start: 20px; min-inline-size: 18px; block-size: 18px;
    padding: 0 5px; border-radius: 9px; background: var(--lumen-badge, var(--lumen-danger));
    color: var(--lumen-on-badge, var(--lumen-surface)); font-size: 11px; font-weight: 700; line-height: 18px; text-align: center;
    font-variant-numeric: tabular-nums; white-space: nowrap; pointer-events: none; border: 0 solid transparent; }
  .bell.is-ringing svg { animation: ring 500ms; transform-origin: 50% 10%; }
  @keyframes ring { 20% { rotate: 14deg; } 50% { rotate: -11deg; } 75% { rotate: 6deg; } }

  .panel, .menu, .toasts { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; color: var(--lumen-text);
    text-align: start; font: var(--lumen-body)/1.45 var(--lumen-font); }
  .panel { inline-size: var(--lumen-panel-width, 400px); max-inline-size: calc(100vw - 16px); overflow: hidden;
    background: var(--lumen-surface); border: 1px solid var(--lumen-line); border-radius: calc(var(--lumen-radius) * 1.5);
    box-shadow: var(--lumen-shadow); }
  .panel:popover-open { display: flex; flex-direction: column; animation: appear var(--lumen-quick) ease-out; }
  @keyframes appear { from { opacity: 0; translate: 0 -4px; } }
  .view { display: flex; flex-direction: column; flex: 1; min-block-size: 0; }
  header { display: flex; align-items: center; gap: 2px; padding: 10px 10px 6px 16px; flex: none; }
  header:dir(rtl) { padding: 10px 16px 6px 10px; }
  .settings header { padding-inline: 8px 10px; padding-block-end: 10px; border-block-end: 1px solid var(--lumen-line); }
  .back:dir(rtl) svg { scale: -1 1; }
  h2 { flex: 1; font-size: 1.0625rem; font-weight: 700; line-height: 1.3; overflow: hidden; text-overflow: ellipsis; }
  .close { display: none; }
  .bar { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-2); padding: 0 16px 10px; flex: none;
    border-block-end: 1px solid var(--lumen-line); }
  .filters { display: flex; gap: 2px; padding: 2px; border-radius: var(--lumen-radius); background: var(--lumen-sunken); }
  .filters button { border: 0; background: none; padding: 3px 12px; border-radius: 6px; font-size: var(--lumen-small);
    color: var(--lumen-muted); font-weight: 500; }
  .filters button[aria-pressed="true"] { background: var(--lumen-surface); color: var(--lumen-text); font-weight: 600;
    box-shadow: 0 1px 2px rgb(0 0 0 / 14%); }
  .strip { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 8px 16px; flex: none;
    font-size: var(--lumen-small); background: var(--lumen-raised); border-block-end: 1px solid var(--lumen-line); }
  .strip.is-danger { background: var(--lumen-danger-soft); color: var(--lumen-danger); }
  .strip.is-danger .link { color: inherit; text-decoration: underline; }
  .strip.is-late { animation: late 1s step-end; }
  @keyframes late { from { opacity: 0; } }
  .notice { border-block: 1px solid var(--lumen-line); border-block-end: 0; }
  .scroll { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }

  .row { position: relative; display: flex; gap: var(--lumen-3); padding: 12px 8px 12px 16px; border-block-end: 1px solid var(--lumen-line); }
  .row:dir(rtl) { padding: 12px 16px 12px 8px; }
  .row:last-child { border-block-end: 0; }
  .row[data-unread] { background: color-mix(in srgb, var(--lumen-accent-soft) 55%, var(--lumen-surface)); }
  .row:hover, .row:focus-within { background: var(--lumen-raised); }
  .row:focus-within:has(:focus-visible) { outline: 2px solid var(--lumen-accent); outline-offset: -2px; }
  .row .main:focus-visible { outline: none; }
  .row.is-new { animation: arrive var(--lumen-slow) ease-out; }
  @keyframes arrive { from { opacity: 0; translate: 0 -8px; } }
  .main { flex: 1; min-inline-size: 0; padding: 0; border: 0; background: none; text-align: start; text-decoration: none;
    color: inherit; cursor: pointer; display: block; }
  .main::after { content: ""; position: absolute; inset: 0; }
  .head { display: block; font-weight: 500; overflow-wrap: anywhere; }
  .row[data-unread] .head { font-weight: 700; }
  .text { color: var(--lumen-muted); white-space: pre-line; overflow-wrap: anywhere; overflow: hidden; display: -webkit-box;
    -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
  .row[data-unread] .text { color: var(--lumen-text); }
  .row.is-open .text { display: block; }
  .meta { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; margin-block-start: 2px; font-size: var(--lumen-small);
    color: var(--lumen-muted); }
  .meta > span:not(:empty) ~ span:not(:empty)::before { content: "·"; margin-inline-end: 6px; }
  .body { flex: 1; min-inline-size: 0; }
  .actions { display: flex; flex-wrap: wrap; gap: 6px; margin-block-start: 8px; }
  .actions a { position: relative; z-index: 1; padding: 3px 12px; border: 1px solid var(--lumen-line); border-radius: 6px;
    background: var(--lumen-surface); text-decoration: none; font-size: var(--lumen-small); font-weight: 600; }
  .actions a:hover { border-color: var(--lumen-muted); }
  .tail { display: flex; flex-direction: column; align-items: center; gap: 4px; flex: none; inline-size: 32px; }
  .more { position: relative; z-index: 1; inline-size: 32px; block-size: 28px; padding: 0; margin-block-start: -3px; }
  .dot { inline-size: 9px; block-size: 9px; border-radius: 50%; background: var(--lumen-accent); margin-block-start: 2px; }
  @media (hover: hover) { .more { opacity: 0; } .row:hover .more, .row:focus-within .more, .more[aria-expanded="true"] { opacity: 1; } }

  .avatars { position: relative; inline-size: 40px; block-size: 40px; flex: none; }
  .avatar { position: relative; display: flex; align-items: center; justify-content: center; inline-size: 40px; block-size: 40px;
    border-radius: 50%; overflow: hidden; color: #fff; font-weight: 600; font-size: 16px; line-height: 1; }
  .avatar img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; background: var(--lumen-sunken); }
  .avatars.is-pair .avatar { position: absolute; inline-size: 28px; block-size: 28px; font-size: 12px;
    inset-block-start: 0; inset-inline-start: 0; }
  .avatars.is-pair .avatar:last-child { inset-block-start: 12px; inset-inline-start: 12px; box-shadow: 0 0 0 2px var(--lumen-surface); }

  .menu { min-inline-size: 184px; padding: 4px; background: var(--lumen-surface); border: 1px solid var(--lumen-line);
    border-radius: var(--lumen-radius); box-shadow: var(--lumen-shadow); }
  .menu button { display: flex; align-items: center; gap: var(--lumen-2); inline-size: 100%; padding: 7px 8px; border: 0;
    border-radius: 6px; background: none; text-align: start; font-size: 0.875rem; }
  .menu button:hover, .menu button:focus { background: var(--lumen-sunken); }
  .menu svg { inline-size: 18px; block-size: 18px; color: var(--lumen-muted); }
  .menu kbd { margin-inline-start: auto; padding: 0 5px; border: 1px solid var(--lumen-line); border-radius: 4px;
    font: 600 11px/17px var(--lumen-font); color: var(--lumen-muted); }
  @media (hover: none) { .menu kbd { display: none; } }

  .rooms { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 10px 16px;
    font-size: var(--lumen-small); border-block-end: 1px solid var(--lumen-line); }
  .blank { display: flex; flex-direction: column; align-items: center; gap: 4px; padding: 56px 32px 64px; text-align: center; }
  .blank svg { inline-size: 36px; block-size: 36px; color: var(--lumen-muted); margin-block-end: 8px; }
  .blank strong { font-weight: 600; }
  .blank p { color: var(--lumen-muted); font-size: var(--lumen-small); max-inline-size: 34ch; }
  .button { margin-block-start: 12px; padding: 6px 14px; border: 1px solid var(--lumen-line); border-radius: var(--lumen-radius);
    background: var(--lumen-surface); font-size: var(--lumen-small); font-weight: 600; }
  .button:hover { background: var(--lumen-raised); }
  .foot { padding: 8px 16px 12px; text-align: center; }
  .foot .button { margin: 0; inline-size: 100%; }
  .bone { display: flex; gap: var(--lumen-3); padding: 12px 16px; border-block-end: 1px solid var(--lumen-line); }
  .bone i { display: block; background: var(--lumen-sunken); border-radius: 5px; block-size: 12px; margin-block: 5px 9px;
    animation: breathe 1.4s ease-in-out infinite alternate; }
  .bone i:first-child { inline-size: 40px; block-size: 40px; border-radius: 50%; margin: 0; flex: none; }
  .bone div { flex: 1; } .bone div i:first-child { inline-size: 45%; block-size: 12px; border-radius: 5px; margin-block: 5px 9px; }
  .bone div i:last-child { inline-size: 80%; }
  @keyframes breathe { to { opacity: 0.45; } }

  .settings .scroll { padding: 4px 16px 16px; }
  h3 { margin: 16px 0 4px; font-size: var(--lumen-small); font-weight: 600; color: var(--lumen-muted); }
  .choice { display: flex; align-items: center; justify-content: space-between; gap: var(--lumen-3); padding: 8px 0; min-block-size: 44px; }
  .choice + .choice { border-block-start: 1px solid var(--lumen-line); }
  .choice > span { overflow-wrap: anywhere; min-inline-size: 0; }
  .choice small { display: block; color: var(--lumen-muted); font-size: var(--lumen-small); }
  .choice select { padding: 5px 8px; border: 1px solid var(--lumen-line); border-radius: 6px; background: var(--lumen-surface);
    font-size: 0.875rem; max-inline-size: 60%; }
  .choice input { inline-size: 18px; block-size: 18px; margin: 0; accent-color: var(--lumen-accent); flex: none; }

  .toasts { inset-block-end: 16px; inset-inline-end: 16px; inline-size: 360px; max-inline-size: calc(100vw - 32px); overflow: visible;
    background: none; }
  .toasts:popover-open { display: flex; flex-direction: column; gap: var(--lumen-2); }
  .toast { position: relative; display: flex; gap: var(--lumen-3); padding: 12px 8px 12px 14px; border-radius: calc(var(--lumen-radius) * 1.5);
    background: var(--lumen-surface); border: 1px solid var(--lumen-line); box-shadow: var(--lumen-shadow);
    animation: rise var(--lumen-slow) ease-out; }
  .toast:dir(rtl) { padding: 12px 14px 12px 8px; }
  .toast:hover { border-color: var(--lumen-muted); }
  .toast .text { -webkit-line-clamp: 2; }
  .toast .head { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .toast .dismiss { position: relative; z-index: 1; inline-size: 32px; block-size: 32px; padding: 0; margin-block-start: -4px; flex: none; }
  .toast:has(.main:focus-visible) { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  .toast .main:focus-visible { outline: none; }
  @keyframes rise { from { opacity: 0; translate: 0 12px; } }

  @media (max-width: 520px) {
    .panel { inset: 0 !important; inline-size: 100vw; max-inline-size: none; block-size: 100dvh !important; max-block-size: none !important;
      border: 0; border-radius: 0; padding-block-end: env(safe-area-inset-bottom); }
    .close { display: inline-flex; }
    .square, .more, .toast .dismiss { inline-size: 44px; block-size: 44px; }
    .tail { inline-size: 44px; } .more { margin-block-start: -10px; }
    .filters button { padding: 7px 16px; }
    .menu button { padding: 11px 8px; }
    .toasts { inset-block: 8px auto; inset-inline: 8px; inline-size: auto; max-inline-size: none; }
  }
  @media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
  @media (forced-colors: active) {
    .badge, .dot { forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .filters button[aria-pressed="true"] { forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .avatar { border: 1px solid CanvasText; }
    .menu button:focus { outline: 2px solid Highlight; }
  }
`);
