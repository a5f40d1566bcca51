// Brand: the name of the product with its mark.

import { icon, make } from "../client/lumen-theme.js";

export function brand() {
  return make("span", { class: "brand" }, make("span", { class: "mark" }, icon("bell")), "lumen");
}
