/** The tokens of spacing, type, colour and motion that the bell, the chat and the page share. */

/** Custom properties `--lumen-*` on `:root` and `:host`, for light and dark. A page overrides them on the element. */
export const theme: CSSStyleSheet;

/** Make a style sheet of the text. */
export function sheet(css: string): CSSStyleSheet;

/** Make an element. Properties are set as properties, `aria-*`, `data-*`, `part`, `role` and `class` as attributes, `on*` as listeners. */
export function make(tag: string, properties?: Record<string, unknown>, ...children: (Node | string | null)[]): HTMLElement;

/** Make an SVG icon of the set, hidden from screen readers. */
export function icon(name: string): SVGSVGElement;

/**
 * Make the avatar of a user: a picture if `avatar` is an https URL of a picture, else the initial on a colour. A page whose
 * policy allows no pictures of other origins says so: `<html data-lumen-pictures="off">`.
 */
export function avatar(user: { id: string; username: string; avatar: string | null } | null): HTMLElement;

/** Return a relative time in the language, such as "2 minutes ago". */
export function timeAgo(at: string, language: string): string;

/** Return the language as a valid tag; `en` if it is none. */
export function languageOf(language: string): string;

/** The words of an element in the language of the page: `t("mark_all_read")`, `t("new_messages", {count: 3})`. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/**
 * Return the words in a language: those given for it by `addWords`, those that come with the client (`en`, `zh-Hans`,
 * `zh-Hant`: `words/*.js`, loaded on demand), else English, key by key.
 */
export function wordsFor(language: string): Promise<Translate>;

/** Return a module that `load` imports, tried again every 5 s until it is there. */
export function loaded<Module>(load: () => Promise<Module>): Promise<Module>;

/** Add or override words in a language. Plural forms are keys with `_one`, `_other` and so on (Intl.PluralRules). */
export function addWords(language: string, words: Record<string, string>): void;

/** The grounds of avatars, under white initials. */
export const HUES: readonly string[];
