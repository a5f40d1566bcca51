// Bell style: how the button, its badge and the toasts look, and what they share with the panel.

import { sheet } from "./lumen-theme.js";

export const style = sheet(`
  :host { display: inline-block; position: relative; vertical-align: middle; font: var(--lumen-body)/1.45 var(--lumen-font);
    color: var(--lumen-text); -webkit-text-size-adjust: 100%; }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  button { font: inherit; color: inherit; cursor: pointer; }
  svg { display: block; flex: none; }
  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  .spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .quiet { display: inline-flex; align-items: center; justify-content: center; flex: none; padding: 0; border: 0; background: none;
    border-radius: var(--lumen-radius); color: var(--lumen-muted); transition: background var(--lumen-quick); }
  .quiet:hover { background: var(--lumen-sunken); color: var(--lumen-text); }

  .bell { position: relative; inline-size: 40px; block-size: 40px; color: var(--lumen-bell, var(--lumen-text)); }
  .bell svg { inline-size: 22px; block-size: 22px; }
  .badge { position: absolute; inset-block-start: 1px; inset-inline-start: 20px; min-inline-size: 18px; block-size: 18px;
    padding: 0 5px; border-radius: 9px; background: var(--lumen-badge, var(--lumen-danger));
    color: var(--lumen-on-badge, var(--lumen-surface)); font-size: 11px; font-weight: 700; line-height: 18px; text-align: center;
    font-variant-numeric: tabular-nums; white-space: nowrap; pointer-events: none; }
  .bell.is-ringing svg { animation: ring 500ms; transform-origin: 50% 10%; }
  @keyframes ring { 20% { rotate: 14deg; } 50% { rotate: -11deg; } 75% { rotate: 6deg; } }

  .panel, .menu, .toasts { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; color: var(--lumen-text);
    text-align: start; font: var(--lumen-body)/1.45 var(--lumen-font); }
  .panel { inline-size: var(--lumen-panel-width, 400px); max-inline-size: calc(100vw - 16px); overflow: hidden;
    background: var(--lumen-surface); border: 1px solid var(--lumen-line); border-radius: calc(var(--lumen-radius) * 1.5);
    box-shadow: var(--lumen-shadow); }
  .panel:popover-open { display: flex; flex-direction: column; animation: appear var(--lumen-quick) ease-out; }
  @keyframes appear { from { opacity: 0; translate: 0 -4px; } }

  .main { display: block; inline-size: 100%; padding: 0; border: 0; background: none; text-align: start; text-decoration: none;
    color: inherit; cursor: pointer; }
  .main::after { content: ""; position: absolute; inset: 0; }
  .main:focus-visible { outline: none; }
  .head { display: block; font-weight: 500; overflow-wrap: anywhere; text-align: -webkit-match-parent; text-align: match-parent; }
  .text { text-align: -webkit-match-parent; text-align: match-parent; color: var(--lumen-muted); white-space: pre-line;
    overflow-wrap: anywhere; overflow: hidden; display: -webkit-box;
    -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
  .body { flex: 1; min-inline-size: 0; }
  .avatars { position: relative; inline-size: 40px; block-size: 40px; flex: none; }
  .avatar { position: relative; display: flex; align-items: center; justify-content: center; inline-size: 40px; block-size: 40px;
    border-radius: 50%; overflow: hidden; color: #fff; font-weight: 600; font-size: 16px; line-height: 1; }
  .avatar img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; background: var(--lumen-sunken); }
  .is-pair .avatar { position: absolute; inline-size: 28px; block-size: 28px; font-size: 12px; inset-block-start: 0;
    inset-inline-start: 0; }
  .is-pair .avatar:last-child { inset-block-start: 12px; inset-inline-start: 12px; box-shadow: 0 0 0 2px var(--lumen-surface); }

  .toasts { inset-block-end: 16px; inset-inline-end: 16px; inline-size: 360px; max-inline-size: calc(100vw - 32px); overflow: visible;
    background: none; }
  .toasts:popover-open { display: flex; flex-direction: column; gap: var(--lumen-2); }
  .toast { position: relative; display: flex; gap: var(--lumen-3); padding-block: 12px; padding-inline: 14px 8px;
    border-radius: calc(var(--lumen-radius) * 1.5); background: var(--lumen-surface); border: 1px solid var(--lumen-line);
    box-shadow: var(--lumen-shadow); animation: rise var(--lumen-slow) ease-out; }
  .toast:hover { border-color: var(--lumen-muted); }
  .toast .text { -webkit-line-clamp: 2; }
  .toast .head { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .toast:has(.main:focus-visible) { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  .dismiss { position: relative; z-index: 1; inline-size: 32px; block-size: 32px; margin-block-start: -4px; }
  @keyframes rise { from { opacity: 0; translate: 0 12px; } }

  @media (max-width: 520px) {
    .panel { inset: 0 !important; inline-size: 100vw; max-inline-size: none; block-size: 100dvh; max-block-size: none !important;
      max-height: none !important; border: 0; border-radius: 0; padding-block-end: env(safe-area-inset-bottom); }
    .toasts { inset-block: var(--lumen-toasts-start, 8px) auto; inset-inline: 8px; inline-size: auto; max-inline-size: none; }
    .dismiss { inline-size: 44px; block-size: 44px; margin-block-start: -10px; }
  }
  @media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; } }
  @media (forced-colors: active) {
    .badge { forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .avatar { border: 1px solid CanvasText; }
  }
`);
