// Sheet: what the chat looks like.

import { sheet } from "./lumen-theme.js";

const FRAME = `
  :host { display: block; block-size: 36rem; max-block-size: 100%; min-inline-size: 0; color: var(--lumen-text);
    background: var(--lumen-surface); font: var(--lumen-body)/1.45 var(--lumen-font); }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  .chat { container: chat / inline-size; block-size: 100%; display: flex; flex-direction: column; min-block-size: 0; }
  .columns { flex: 1; display: flex; min-block-size: 0; position: relative; }
  .main { flex: 1; min-inline-size: 0; display: flex; flex-direction: column; min-block-size: 0; }
  button, textarea { font: inherit; color: inherit; }
  button { border: 0; background: none; padding: 0; cursor: pointer; text-align: start; -webkit-tap-highlight-color: transparent; }
  button:disabled { cursor: default; }
  :focus-visible { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  svg { flex: none; }
  h2, h3, h4, p, ul { margin: 0; padding: 0; }
  ul { list-style: none; }
  .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .avatar { position: relative; flex: none; display: inline-grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem;
    border-radius: 50%; overflow: hidden; color: #fff; font-weight: 600; font-size: var(--lumen-small); line-height: 1; }
  .avatar img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
  .icon { flex: none; display: grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; border-radius: var(--lumen-radius);
    color: var(--lumen-muted); transition: background var(--lumen-quick); }
  .icon:hover, .icon[aria-expanded="true"] { background: var(--lumen-sunken); color: var(--lumen-text); }
  .link { color: var(--lumen-accent); font-weight: 600; text-decoration: underline; text-underline-offset: 2px; }
  .primary { padding: var(--lumen-2) var(--lumen-4); border-radius: var(--lumen-radius); background: var(--lumen-accent);
    color: var(--lumen-on-accent); font-weight: 600; }
  .primary.danger { background: var(--lumen-danger); color: var(--lumen-surface); }
  .primary:hover { filter: brightness(1.08); }
  .quiet { padding: var(--lumen-2) var(--lumen-4); border-radius: var(--lumen-radius); font-weight: 600; }
  .quiet:hover { background: var(--lumen-sunken); }
  .quiet.danger { color: var(--lumen-danger); }

  .header { display: flex; align-items: center; gap: var(--lumen-3); min-block-size: 3.75rem; padding: var(--lumen-2) var(--lumen-4);
    border-block-end: 1px solid var(--lumen-line); }
  .titles { flex: 1; min-inline-size: 0; display: flex; flex-direction: column; }
  .header h2 { font-size: var(--lumen-large); line-height: 1.3; font-weight: 700; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .about-room { color: var(--lumen-muted); font-size: var(--lumen-small); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .face { position: relative; flex: none; display: inline-grid; }
  .dot { display: none; position: absolute; inset-block-end: 0; inset-inline-end: 0; inline-size: 10px; block-size: 10px; border-radius: 50%;
    background: var(--lumen-online); box-shadow: 0 0 0 2px var(--lumen-surface); }
  .online .dot, .face.online .dot { display: block; }

  .bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: var(--lumen-1) var(--lumen-3);
    padding: var(--lumen-2) var(--lumen-4); background: var(--lumen-sunken); font-size: var(--lumen-small); }
  .bar.said { overflow-wrap: anywhere; }
  .cover { flex: 1; min-block-size: 0; overflow: auto; display: grid; }
  .empty { place-self: center; max-inline-size: 22rem; padding: var(--lumen-5); display: grid; justify-items: center; gap: var(--lumen-2); text-align: center;
    color: var(--lumen-muted); overflow-wrap: anywhere; }
  .empty > svg { inline-size: 40px; block-size: 40px; stroke-width: 1.3; }
  .empty strong { color: var(--lumen-text); font-size: var(--lumen-large); }
  .empty .primary { margin-block-start: var(--lumen-2); }
  .empty.loading { place-self: end start; justify-items: start; inline-size: 100%; max-inline-size: none; }
  .bone { block-size: 2.5rem; inline-size: 40%; border-radius: 14px; background: var(--lumen-sunken); animation: breathe 1.6s infinite alternate; }
  .bone-1 { inline-size: 55%; } .bone-2 { justify-self: end; inline-size: 35%; }
  @keyframes breathe { to { opacity: 0.45; } }`;

const HISTORY = `
  .history { flex: 1; min-block-size: 0; position: relative; display: flex; flex-direction: column; }
  .scroller { flex: 1; min-block-size: 0; overflow: hidden auto; overflow-anchor: none; overscroll-behavior: contain; position: relative; }
  .list { display: flow-root; padding: var(--lumen-3) var(--lumen-4) var(--lumen-2); min-block-size: 100%; }
  .day, .new { display: flex; align-items: center; justify-content: center; gap: var(--lumen-3); margin-block: var(--lumen-4) var(--lumen-3);
    color: var(--lumen-muted); font-size: var(--lumen-small); font-weight: 600; }
  .day::before, .day::after, .new::before, .new::after { content: ""; flex: 1; block-size: 1px; background: var(--lumen-line); }
  .new { color: var(--lumen-danger); }
  .new::before, .new::after { background: currentColor; opacity: 0.5; }
  .row { position: relative; display: flex; gap: var(--lumen-2); padding-block: 1px; border-radius: var(--lumen-radius); }
  .row:focus { outline: 0; }
  .row:focus-visible .bubble { outline: 2px solid var(--lumen-accent); outline-offset: 2px; }
  .row.first { margin-block-start: var(--lumen-3); }
  .row.own { justify-content: flex-end; }
  .gap { flex: none; inline-size: 2.25rem; }
  .body { min-inline-size: 0; max-inline-size: min(40rem, 100% - 11rem); display: flex; flex-direction: column; align-items: flex-start; position: relative; }
  .own .body { align-items: flex-end; }
  .head { display: flex; align-items: baseline; gap: var(--lumen-2); max-inline-size: 100%; padding-inline: 2px; margin-block-end: 2px; }
  .name { font-weight: 700; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-inline-size: 0; }
  .name:hover { text-decoration: underline; }
  time { flex: none; color: var(--lumen-muted); font-size: var(--lumen-small); }
  .line { position: relative; max-inline-size: 100%; }
  .bubble { padding: 7px 12px; border-radius: 14px; border: 1px solid transparent; background: var(--lumen-sunken); overflow-wrap: anywhere; }
  .first:not(.own) .bubble { border-start-start-radius: 4px; }
  .own .bubble { background: var(--lumen-accent-soft); }
  .own.first .bubble { border-start-end-radius: 4px; }
  .mentions-self .bubble { border-color: var(--lumen-accent); }
  .failed .bubble { background: var(--lumen-danger-soft); }
  .highlight .bubble { animation: highlight 2.5s; }
  @keyframes highlight { 0%, 60% { box-shadow: 0 0 0 3px var(--lumen-accent); } }
  .text { white-space: pre-wrap; text-align: start; }
  .bubble a { color: var(--lumen-accent); text-underline-offset: 2px; }
  .mention { font-weight: 600; color: var(--lumen-accent); }
  .mention.self { background: var(--lumen-accent); color: var(--lumen-on-accent); border-radius: 4px; padding-inline: 3px; }
  .deleted { display: flex; align-items: center; gap: var(--lumen-1); color: var(--lumen-muted); }
  .deleted svg { inline-size: 16px; block-size: 16px; }
  .quote { display: flex; flex-direction: column; max-inline-size: 100%; padding: 2px var(--lumen-2); margin-block: 2px 3px; border-inline-start: 3px solid var(--lumen-line);
    color: var(--lumen-muted); font-size: var(--lumen-small); }
  .quote > * { max-inline-size: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .quote:hover { border-color: var(--lumen-accent); color: var(--lumen-text); }
  .foot { display: flex; flex-wrap: wrap; gap: 2px var(--lumen-3); padding-inline: 4px; color: var(--lumen-muted); font-size: var(--lumen-small); }
  .failed .foot > span { color: var(--lumen-danger); }
  .own .foot { justify-content: flex-end; }
  .system { justify-content: center; }
  .system .avatar, .system .gap { display: none; }
  .system .bubble { background: none; color: var(--lumen-muted); text-align: center; }
  .readers { display: flex; align-items: center; justify-content: flex-end; gap: 3px; margin-block-start: 3px; padding-inline: 4px; color: var(--lumen-muted);
    font-size: var(--lumen-small); }
  .readers .avatar { inline-size: 18px; block-size: 18px; font-size: 10px; }
  .readers svg { inline-size: 14px; block-size: 14px; }

  .toolbar { position: absolute; z-index: 1; inset-block-start: 0; inset-inline-start: calc(100% + 6px); display: flex; border: 1px solid var(--lumen-line);
    border-radius: var(--lumen-radius); background: var(--lumen-surface); }
  .own .toolbar { inset-inline: auto calc(100% + 6px); }
  .toolbar .icon { inline-size: 2rem; block-size: 2rem; }
  .toolbar svg { inline-size: 18px; block-size: 18px; }
  .toolbar .icon[data-action="remove"]:hover { color: var(--lumen-danger); }
  .earlier, .jump { position: absolute; z-index: 2; display: flex; align-items: center; gap: var(--lumen-1); min-block-size: 2.25rem; min-inline-size: 2.25rem;
    justify-content: center; border: 1px solid var(--lumen-line); border-radius: 2rem; background: var(--lumen-surface); box-shadow: var(--lumen-shadow);
    font-size: var(--lumen-small); font-weight: 600; }
  .jump { inset-block-end: var(--lumen-3); inset-inline-end: var(--lumen-4); }
  .jump.count, .earlier { padding-inline: var(--lumen-3) var(--lumen-4); background: var(--lumen-accent); border-color: transparent; color: var(--lumen-on-accent); }
  .jump svg, .earlier svg { inline-size: 18px; block-size: 18px; }
  .earlier { inset-block-start: var(--lumen-3); inset-inline: 0; margin-inline: auto; inline-size: fit-content; }`;

const WRITING = `
  .typing { min-block-size: 1.5rem; padding: 2px var(--lumen-4); color: var(--lumen-muted); font-size: var(--lumen-small); overflow: hidden; text-overflow: ellipsis;
    white-space: nowrap; }
  .input { position: relative; padding: 0 var(--lumen-4) var(--lumen-4); }
  .form { position: relative; }
  .box { display: flex; align-items: flex-end; gap: var(--lumen-1); border: 1px solid var(--lumen-muted); border-radius: 14px; background: var(--lumen-surface);
    padding: 3px 3px 3px var(--lumen-3); }
  .box:dir(rtl) { padding: 3px var(--lumen-3) 3px 3px; }
  .box:focus-within { outline: 2px solid var(--lumen-accent); outline-offset: -1px; border-color: transparent; }
  textarea { flex: 1; min-inline-size: 0; resize: none; border: 0; outline: 0; background: none; padding: 7px 0; line-height: 1.45; max-block-size: 12rem;
    overflow-y: auto; display: block; font-size: max(1rem, var(--lumen-body)); }
  textarea:focus-visible { outline: 0; }
  textarea::placeholder { color: var(--lumen-muted); opacity: 1; white-space: nowrap; text-overflow: ellipsis; }
  .send { flex: none; display: grid; place-items: center; inline-size: 2.5rem; block-size: 2.5rem; border-radius: 11px; background: var(--lumen-accent); color: var(--lumen-on-accent); }
  .send:disabled { background: none; color: var(--lumen-muted); }
  .send:dir(rtl) svg { transform: scaleX(-1); }
  .limit { align-self: center; color: var(--lumen-muted); font-size: var(--lumen-small); text-align: end; max-inline-size: 8rem; }
  .limit.over, .form .problem { color: var(--lumen-danger); }
  .form .problem { padding-block-end: var(--lumen-1); font-size: var(--lumen-small); }
  .mode { display: flex; align-items: center; gap: var(--lumen-2); padding-block-end: var(--lumen-1); color: var(--lumen-muted); font-size: var(--lumen-small); }
  .mode > svg { color: var(--lumen-accent); inline-size: 18px; block-size: 18px; }
  .about { flex: 1; min-inline-size: 0; display: flex; flex-direction: column; }
  .about > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .about b { color: var(--lumen-text); }
  .notice { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: var(--lumen-2) var(--lumen-4); padding: var(--lumen-3); border-radius: 14px;
    background: var(--lumen-raised); color: var(--lumen-muted); text-align: center; overflow-wrap: anywhere; }
  .mentions { position: absolute; z-index: 3; inset-block-end: calc(100% + 4px); inset-inline: 0; max-inline-size: 22rem; max-block-size: 16rem; overflow: auto;
    padding: var(--lumen-1); border: 1px solid var(--lumen-line); border-radius: var(--lumen-radius); background: var(--lumen-surface); box-shadow: var(--lumen-shadow); }
  .option { display: flex; align-items: center; gap: var(--lumen-2); padding: 5px var(--lumen-2); border-radius: 6px; cursor: pointer; }
  .option[aria-selected="true"] { background: var(--lumen-accent-soft); }
  .option .avatar { inline-size: 1.75rem; block-size: 1.75rem; }
  .option span:not(.avatar) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
  .option small { color: var(--lumen-muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-inline-size: 0; }

  .people { flex: none; inline-size: 16rem; border-inline-start: 1px solid var(--lumen-line); background: var(--lumen-surface); display: flex; flex-direction: column; min-block-size: 0; }
  .people-head { display: flex; align-items: center; justify-content: space-between; padding: var(--lumen-2) var(--lumen-2) 0 var(--lumen-4); }
  .people-head:dir(rtl) { padding: var(--lumen-2) var(--lumen-4) 0 var(--lumen-2); }
  h3 { font-size: var(--lumen-body); }
  .lists { flex: 1; min-block-size: 0; overflow: auto; padding: 0 var(--lumen-2) var(--lumen-2); }
  h4 { padding: var(--lumen-3) var(--lumen-2) var(--lumen-1); color: var(--lumen-muted); font-size: var(--lumen-small); font-weight: 600; }
  .person { inline-size: 100%; display: flex; align-items: center; gap: var(--lumen-2); padding: 5px var(--lumen-2); border-radius: var(--lumen-radius); outline-offset: -2px; }
  .person:hover { background: var(--lumen-sunken); }
  .person .avatar { inline-size: 1.875rem; block-size: 1.875rem; }
  .person:not(.online) .avatar { opacity: 0.6; }
  .person-name { min-inline-size: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .person small { flex: none; color: var(--lumen-muted); font-size: 0.75rem; }
  .person .role { margin-inline-start: auto; }
  .person .role.muted { color: var(--lumen-danger); }
  .more { padding: var(--lumen-2); color: var(--lumen-muted); font-size: var(--lumen-small); }
  .people-foot:not(:empty) { padding: var(--lumen-2); border-block-start: 1px solid var(--lumen-line); }
  .people-foot button { inline-size: 100%; text-align: center; }

  .dialog { max-inline-size: min(24rem, 100vw - 2rem); padding: var(--lumen-5); border: 1px solid var(--lumen-line); border-radius: 14px; background: var(--lumen-surface);
    color: var(--lumen-text); box-shadow: var(--lumen-shadow); font: var(--lumen-body)/1.45 var(--lumen-font); }
  .dialog::backdrop { background: rgb(0 0 0 / 45%); }
  .dialog p { overflow-wrap: anywhere; }
  .buttons { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: var(--lumen-2); margin-block-start: var(--lumen-5); }`;

const CONDITIONS = `
  @container chat (inline-size < 40rem) {
    .people { position: absolute; inset-block: 0; inset-inline-end: 0; z-index: 4; inline-size: min(18rem, 100%); box-shadow: var(--lumen-shadow); }
    .header, .list, .input, .typing { padding-inline: var(--lumen-3); }
    .list { padding-block-start: 2.75rem; }
    .input { padding-block-end: var(--lumen-3); }
    .body { max-inline-size: calc(100% - 3.25rem); }
    .own .body { max-inline-size: 88%; }
    .row:not(.own) .toolbar, .row .toolbar { inset-block: auto calc(100% + 2px); inset-inline: 0 auto; box-shadow: var(--lumen-shadow); }
    .row.own .toolbar { inset-inline: auto 0; }
    .toolbar .icon { inline-size: 2.5rem; block-size: 2.5rem; }
  }
  @media (prefers-reduced-motion: reduce) {
    .bone, .highlight .bubble { animation: none; }
    .highlight .bubble { box-shadow: 0 0 0 3px var(--lumen-accent); }
  }
  @media (forced-colors: active) {
    .bubble, .primary, .send, .jump, .earlier, .notice, .bar { border: 1px solid; }
    .own .bubble { border-style: dashed; }
    .dot { background: Highlight; forced-color-adjust: none; }
    .option[aria-selected="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
    .highlight .bubble { outline: 3px solid Highlight; }
  }`;

export const chatSheet = sheet(FRAME + HISTORY + WRITING + CONDITIONS);
