// Theme: tokens of spacing, type, colour and motion, and the small parts that bell, chat and page share.

/** Make a style sheet of the text. */
export function sheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

const LIGHT = `
  color-scheme: light;
  --lumen-surface: #ffffff; --lumen-raised: #f6f7f9; --lumen-sunken: #eceff3; --lumen-line: #d9dee5;
  --lumen-text: #171a1f; --lumen-muted: #59616d; --lumen-accent: #2f54d0; --lumen-on-accent: #ffffff;
  --lumen-accent-soft: #e8edfc; --lumen-danger: #b42318; --lumen-danger-soft: #fdecea; --lumen-online: #15803d;
  --lumen-field-line: #7f8896; --lumen-warning-soft: #fff1cc;
  --lumen-shadow: 0 8px 28px rgb(15 23 42 / 16%);`;
const DARK = `
  color-scheme: dark;
  --lumen-surface: #16181d; --lumen-raised: #1e2128; --lumen-sunken: #262a33; --lumen-line: #363c47;
  --lumen-text: #eceff4; --lumen-muted: #a3adbb; --lumen-accent: #8ea8ff; --lumen-on-accent: #10131a;
  --lumen-accent-soft: #252d49; --lumen-danger: #ff9d94; --lumen-danger-soft: #3d2221; --lumen-online: #4ade80;
  --lumen-field-line: #6d7686; --lumen-warning-soft: #3d3213;
  --lumen-shadow: 0 8px 28px rgb(0 0 0 / 55%);`;

/** Custom properties on `:root` and `:host`. The attribute `theme` (`light`, `dark`) overrides the system's choice. */
export const theme = sheet(`
  :root, :host {
    ${LIGHT}
    --lumen-font: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif;
    --lumen-small: 0.8125rem; --lumen-body: 0.9375rem; --lumen-large: 1.125rem; --lumen-huge: 1.5rem;
    --lumen-1: 4px; --lumen-2: 8px; --lumen-3: 12px; --lumen-4: 16px; --lumen-5: 24px; --lumen-6: 32px;
    --lumen-radius: 8px; --lumen-quick: 120ms; --lumen-slow: 240ms;
  }
  @media (prefers-color-scheme: dark) { :root, :host { ${DARK} } }
  :root[theme="light"], :host([theme="light"]) { ${LIGHT} }
  :root[theme="dark"], :host([theme="dark"]) { ${DARK} }
  @media (prefers-reduced-motion: reduce) { :root, :host { --lumen-quick: 0ms; --lumen-slow: 0ms; } }
`);

/** Make an element: `on*` are listeners, names with a hyphen and `part`, `role`, `class` attributes, others properties. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "part" || name === "role" || name === "class") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Paths in a box of 24, drawn as lines. */
const ICONS = {
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  archive: "M4 5h16v4H4zM6 9v10h12V9M10 13h4",
  settings: "M4 7h10M18 7h2M16 5v4M4 17h2M10 17h10M8 15v4",
  send: "M4 12l16-8-6 16-3-7z",
  reply: "M10 7l-5 5 5 5M5 12h8a6 6 0 0 1 6 6",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  remove: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6M18 14a6.5 6.5 0 0 1 3.5 6",
  up: "M12 19V5M6 11l6-6 6 6",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  plus: "M12 5v14M5 12h14",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
};

/** Make an SVG icon of the set, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24", width: "20", height: "20", fill: "none", stroke: "currentColor",
    "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Grounds of avatars, under white initials. */
export const HUES = ["#3557d6", "#8a3ab9", "#a8326a", "#9a4a10", "#28713b", "#0f6e7c"];

/**
 * Make the avatar of a user: a picture if `avatar` is an https URL, else the initial on a colour. A page whose policy allows
 * no pictures of other origins says so: `<html data-lumen-pictures="off">`.
 */
export function avatar(user) {
  const name = user?.username ?? "•";
  const [first] = new Intl.Segmenter().segment(name.replace(/^[^\p{L}\p{N}]+(?=.)/u, ""));
  const element = make("span", { part: "avatar", class: "avatar", "aria-hidden": "true" }, (first?.segment ?? "").toUpperCase());
  let sum = 0;
  for (const character of user?.id ?? "") sum = (sum * 31 + character.codePointAt(0)) % 9973;
  element.style.backgroundColor = HUES[sum % HUES.length];
  if (user?.avatar?.startsWith("https://") && document.documentElement.dataset.lumenPictures !== "off") {
    const picture = make("img", { alt: "", loading: "lazy", referrerPolicy: "no-referrer", src: user.avatar });
    picture.addEventListener("error", () => picture.remove());
    element.append(picture);
  }
  return element;
}

const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const MAX_DAYS = 7;

/** Return a relative time in the language, such as "2 minutes ago"; a date if it is more than a week ago. */
export function timeAgo(at, language) {
  const seconds = (Date.now() - new Date(at)) / 1000;
  if (seconds >= MAX_DAYS * 86_400) return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(at));
  const [unit, size] = STEPS.find(([, size]) => seconds >= size) ?? ["second", Infinity];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

const AGAIN_MS = 5_000;
const WITH_CLIENT = new Set(["en", "zh-Hans", "zh-Hant"]);
const added = new Map();

/** Add or override words in a language. */
export function addWords(language, words) {
  const key = new Intl.Locale(language).toString();
  added.set(key, { ...added.get(key), ...words });
}

/** Return the language as a valid tag; `en` if it is none, such as the `C` of a browser without a locale. */
export function languageOf(language) {
  return localeOf(language).toString();
}

/** Return the words in a language: those added, those that come with the client, else English, key by key. */
export async function wordsFor(language) {
  const locale = localeOf(language);
  const own = locale.language === "zh" ? `zh-${locale.maximize().script}` : locale.language;
  const english = (await loaded(() => import("./words/en.js"))).words;
  const known = WITH_CLIENT.has(own) ? (await loaded(() => import(`./words/${own}.js`))).words : {};
  const words = { ...english, ...known, ...added.get(locale.language), ...added.get(own), ...added.get(locale.toString()) };
  const plural = new Intl.PluralRules(locale.toString());
  return (key, values = {}) => {
    const exact = "count" in values ? words[`${key}_${plural.select(values.count)}`] ?? words[`${key}_other`] : undefined;
    return (exact ?? words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
  };
}

/** Return a module, tried again until it is there: without words an element shows nothing. */
export async function loaded(load) {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function localeOf(language) {
  try {
    return new Intl.Locale(language);
  } catch {
    return new Intl.Locale("en");
  }
}
