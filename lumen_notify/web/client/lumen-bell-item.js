// Bell item: what is shown of one notification, in the list and in toasts.

import { avatar, make } from "./lumen-theme.js";

/** Return a URL as the browser reads it; null unless it is an http or https URL without credentials. */
export function safeUrl(url) {
  if (typeof url !== "string" || !URL.canParse(url, location.href)) return null;
  const { protocol, username, password, href } = new URL(url, location.href);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "" ? href : null;
}

/** Return the sender's name; of merged notifications also how many others have sent them. */
export function senderOf({ sender, actors_count: count = 1 }, t) {
  const name = sender?.username ?? t("bell_system");
  return count < 2 ? name : t("bell_and_others", { name, count: count - 1 });
}

/** Return the name of a category: the word for it, or its slug as words. */
export function categoryOf(category, t) {
  const key = `bell_category_${category}`;
  const word = t(key);
  if (word !== key) return word;
  const text = category.replace(/[_.-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Make the picture of a notification: its icon, the avatar of its sender, or those of the last two senders. */
export function picture({ icon, sender, actors = [] }) {
  if (icon) return make("span", { class: "avatars" }, avatar({ id: "", username: "•", ...sender, avatar: icon }));
  const shown = actors.length > 1 ? [actors[1], actors[0]] : [sender];
  return make("span", { class: shown.length > 1 ? "avatars is-pair" : "avatars" }, ...shown.map(avatar));
}

/** Make the link of a notification that covers its row; a button if it leads nowhere. onclick: gets the event. */
export function mainLink(item, t, onclick, ...more) {
  const title = item.title ?? senderOf(item, t);
  const href = safeUrl(item.url);
  const texts = [
    make("span", { class: "head", dir: "auto" }, title),
    make("span", { class: "text", dir: "auto" }, item.content),
    ...more,
  ];
  if (href === null) return make("button", { type: "button", class: "main", onclick }, ...texts);
  const isOwn = new URL(href).origin === location.origin;
  return make("a", { class: "main", href, target: isOwn ? "" : "_blank", rel: "noopener noreferrer", onclick }, ...texts);
}
