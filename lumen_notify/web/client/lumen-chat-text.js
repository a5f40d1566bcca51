// Text: the pieces of a message: plain text, links and mentions.

const LINK = /https?:\/\/[^\s<>"`\u3000-\u303f\uff00-\uffef]+/giu;
/** What ends a sentence rather than a URL. */
const TAIL = /[.,;:!?'*_~]+$/u;
const WORD = /[\p{L}\p{N}_]/u;
const LATIN = /[\p{Script=Latin}\p{N}_]/u;

/** The most members that one message may mention: a limit of the server. */
export const MAX_MENTIONS = 50;

/**
 * Split a text into pieces, in order: `{text}`, `{text, href}` for a link and `{text, id}` for a mention.
 * people: `{id, username}` of those who may be mentioned.
 */
export function piecesOf(content, people = []) {
  const pieces = [];
  let end = 0;
  for (const found of content.matchAll(LINK)) {
    const text = trimmed(found[0]);
    const href = safeUrl(text);
    if (href === null) continue;
    pieces.push(...withMentions(content.slice(end, found.index), people), { text, href });
    end = found.index + text.length;
  }
  pieces.push(...withMentions(content.slice(end), people));
  return pieces;
}

/** Return the ids of the people that a text mentions, each once, at most MAX_MENTIONS. */
export function mentionsIn(content, people) {
  const ids = piecesOf(content, people).flatMap(({ id }) => (id === undefined ? [] : [id]));
  return [...new Set(ids)].slice(0, MAX_MENTIONS);
}

/**
 * Return what is typed of a mention before the caret: `{start, query}`, where `start` is the place of the `@`; null if
 * the caret is in none. A query has at most 40 characters and two words.
 */
export function mentionAt(content, caret) {
  const start = content.lastIndexOf("@", caret - 1);
  if (start < 0 || caret === 0 || (start > 0 && WORD.test(content[start - 1]))) return null;
  const query = content.slice(start + 1, caret);
  return query.length <= 40 && /^(\S+ ?\S*)?$/u.test(query) ? { start, query } : null;
}

/** Return the URL as the browser reads it; null unless it is an http or https URL without credentials. */
export function safeUrl(text) {
  if (typeof text !== "string" || !URL.canParse(text)) return null;
  const { protocol, username, password, href } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "" ? href : null;
}

/** Return a URL without the punctuation of the sentence around it. A closing bracket stays if it was opened. */
function trimmed(url) {
  let text = url;
  for (;;) {
    const shorter = isUnopened(text) ? text.slice(0, -1) : text.replace(TAIL, "");
    if (shorter === text) return text;
    text = shorter;
  }
}

function isUnopened(text) {
  const opening = { ")": "(", "]": "[", "}": "{" }[text.at(-1)];
  return opening !== undefined && text.split(opening).length < text.split(text.at(-1)).length;
}

function withMentions(text, people) {
  const pieces = [];
  let end = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at < end || (at > 0 && WORD.test(text[at - 1]))) continue;
    const found = longestName(text, at + 1, people);
    if (found === null) continue;
    if (at > end) pieces.push({ text: text.slice(end, at) });
    end = at + 1 + found.length;
    pieces.push({ text: text.slice(at, end), id: found.id });
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

function longestName(text, at, people) {
  let longest = null;
  for (const { id, username } of people) {
    for (const name of [username, id]) {
      if (name.length > (longest?.length ?? 0) && isNameAt(text, at, name)) longest = { id, length: name.length };
    }
  }
  return longest;
}

/** Whether a name is at a place. A Latin name ends where the word ends; other scripts have no spaces. */
function isNameAt(text, at, name) {
  const written = text.slice(at, at + name.length);
  const next = text[at + name.length] ?? "";
  if (written.toLowerCase() !== name.toLowerCase()) return false;
  return !(LATIN.test(name.at(-1)) && LATIN.test(next));
}
