// User: one user: their streams, counts, devices and last notifications; ends their streams.

import { avatar, icon, make } from "../client/lumen-theme.js";
import { ask, card, chip, sentence, when } from "./ask.js";
import { bones, failed } from "./list.js";
import { addressOf, idOfAim } from "./place.js";
import { textOf } from "./scheduled.js";
import { stateOf } from "./users.js";

export function makeUser(tools, id) {
  const { t, api, explain, numbers } = tools;
  const element = make("div", { class: "view user", "aria-busy": "true" }, back(t), bones(t));
  let isClosed = false;

  async function load() {
    element.setAttribute("aria-busy", "true");
    try {
      const user = await api.user(id);
      if (!isClosed) draw(user);
    } catch (problem) {
      if (!isClosed) element.replaceChildren(back(t), make("h1", {}, make("bdi", {}, id)), failed(t, explain(problem), load));
    } finally {
      element.setAttribute("aria-busy", "false");
    }
  }

  function draw(user) {
    const name = nameOf(user);
    element.replaceChildren(back(t),
      make("div", { class: "view-head" }, avatar({ id: user.id, username: name, avatar: user.avatar ?? null }),
        make("div", { class: "name-of" }, make("h1", {}, make("bdi", {}, name)), name === user.id ? "" : make("bdi", { class: "id" }, user.id)), stateOf(t, user), user.is_online || user.last_seen_at === null ? "" : sentence(tools, "admin_seen", user.last_seen_at), make("span", { class: "space" }),
        make("button", { type: "button", class: "quiet", onclick: load }, t("page_refresh")),
        make("a", { class: "primary", href: addressOf("send", idOfAim("user", user.id)) }, t("admin_notify_user"))),
      make("div", { class: "cards" }, streamsOf(user), countsOf(user), devicesOf(user), notificationsOf(user)));
  }

  function streamsOf(user) {
    const rows = user.streams.map((stream) => make("li", { class: "row" }, chip(t(`admin_device_${stream.device ?? "null"}`)),
      make("span", { class: "row-text" }, make("bdi", { class: "id" }, stream.instance), sentence(tools, "page_connected", stream.connected_at)),
      make("button", { type: "button", class: "danger small", onclick: () => endOne(user, stream) }, t("admin_end_stream"))));
    const end = make("button", { type: "button", class: "danger", onclick: () => ask(tools, {
      title: "admin_end_streams_title", help: "admin_end_streams_help", button: "admin_end_streams", done: "admin_streams_ended", values: { name: nameOf(user), count: user.streams.length },
      fields: [make("label", { class: "check" }, make("input", { type: "checkbox", name: "out" }), make("span", {}, t("admin_sign_out"), make("span", { class: "help" }, t("admin_sign_out_help"))))],
      act: async (form) => {
        await api.endStreams(user.id, form.has("out"));
        await load();
      },
    }) }, t("admin_end_streams"));
    return card(t("admin_streams"), rows.length === 0 ? make("p", { class: "help" }, t("admin_user_no_streams")) : make("ul", { class: "row-list", role: "list" }, ...rows),
      rows.length === 0 ? "" : make("p", {}, end));
  }

  function endOne(user, stream) {
    ask(tools, {
      title: "admin_end_stream_title", help: "admin_end_streams_help", button: "admin_end_stream", done: "admin_stream_ended", values: { name: nameOf(user) },
      act: async () => {
        await api.endStream(stream.id);
        await load();
      },
    });
  }

  function countsOf({ unread_count: count, unread: { categories = {}, rooms = {} } }) {
    const rows = [...Object.entries(categories).map(([name, number]) => [chip(name), number]), ...Object.entries(rooms).map(([room, number]) => [make("a", { href: addressOf("rooms", room) }, make("bdi", {}, room)), number])];
    return card(t("admin_unread"), make("p", { class: "big" }, numbers.count(count)),
      rows.length === 0 ? "" : make("ul", { class: "row-list", role: "list" }, ...rows.map(([label, number]) => make("li", { class: "row" }, make("span", { class: "row-text" }, label), make("span", { class: "number" }, numbers.count(number))))));
  }

  function devicesOf({ devices }) {
    const rows = devices.map((device) => make("li", { class: "row" }, chip(device.provider),
      make("span", { class: "row-text" }, make("bdi", {}, device.name ?? t(`admin_device_${device.kind ?? "null"}`)),
        sentence(tools, "page_push_added", device.created_at), device.last_used_at ? sentence(tools, "page_push_used", device.last_used_at) : "",
        device.dropped_reason ? make("span", { class: "help warn" }, device.dropped_reason) : "")));
    return card(t("admin_devices"), rows.length === 0 ? make("p", { class: "help" }, t("admin_no_devices")) : make("ul", { class: "row-list", role: "list" }, ...rows));
  }

  function notificationsOf({ notifications }) {
    const rows = notifications.map((one) => make("li", { class: "row" }, make("span", { class: "row-text" }, textOf(one),
      make("span", { class: "help" }, chip(one.category), " ", when(tools, one.created_at))), one.is_read ? "" : chip(t("bell_unread_item"), "accent")));
    return make("section", { class: "card wide" }, make("h2", {}, t("admin_last_notifications")),
      rows.length === 0 ? make("p", { class: "help" }, t("bell_none")) : make("ul", { class: "row-list", role: "list" }, ...rows));
  }

  load();
  return { element, close: () => (isClosed = true) };
}

/** Return the name of a user as others see it. */
function nameOf(user) {
  return user.display_name ?? user.username ?? user.id;
}

/** Make the way back to the list. */
export function back(t, name = "users") {
  return make("a", { class: "way-back", href: addressOf(name) }, icon("back"), t(`admin_place_${name}`));
}
