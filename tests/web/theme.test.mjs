// Theme: the contrast of its colours, by WCAG 2.2 (1.4.3, 1.4.11), in light and dark; its words in each language.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { mock, test } from "node:test";

globalThis.CSSStyleSheet = class {
  replaceSync(text) {
    this.text = text;
  }
};
const { theme, languageOf, wordsFor, addWords, loaded, HUES } = await import("../../lumen_notify/web/client/lumen-theme.js");

const TEXT = 4.5; // AA, for text of any size
const SHAPE = 3; // AA, for borders of fields and signs

const SURFACES = ["surface", "raised", "sunken"];
const PAIRS = [
  ...["text", "muted"].flatMap((colour) => SURFACES.map((surface) => [colour, surface, TEXT])),
  ["text", "accent-soft", TEXT], ["text", "warning-soft", TEXT], ["text", "danger-soft", TEXT],
  ["accent", "surface", TEXT], ["accent", "raised", TEXT], ["accent", "accent-soft", TEXT], ["on-accent", "accent", TEXT],
  ["danger", "surface", TEXT], ["danger", "raised", TEXT], ["danger", "danger-soft", TEXT],
  ["online", "surface", TEXT], ["online", "raised", SHAPE],
  ["field-line", "surface", SHAPE], ["field-line", "raised", SHAPE],
];

/** Return the tokens of a scheme as last set in its rule: `:host([theme="dark"])`. */
function tokensOf(scheme) {
  const rule = theme.text.split(`:host([theme="${scheme}"]) {`)[1].split("}")[0];
  return new Map([...rule.matchAll(/--lumen-([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
}

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const scheme of ["light", "dark"]) {
  test(`colours have enough contrast: ${scheme}`, () => {
    const tokens = tokensOf(scheme);
    for (const [colour, ground, least] of PAIRS) {
      const found = contrast(tokens.get(colour), tokens.get(ground));
      assert.ok(found >= least, `${colour} on ${ground}: ${found.toFixed(2)}, not ${least}`);
    }
  });
}

test("white initials have enough contrast on each colour of avatars", () => {
  for (const hue of HUES) assert.ok(contrast("#ffffff", hue) >= TEXT, `${hue}: ${contrast("#ffffff", hue)}`);
});

test("both schemes set the same tokens, whether the system or the page chooses", () => {
  const [light, dark] = [tokensOf("light"), tokensOf("dark")];
  assert.deepEqual([...light.keys()], [...dark.keys()]);
  const bySystem = theme.text.split("prefers-color-scheme: dark")[1].split("}")[0];
  for (const value of dark.values()) assert.ok(bySystem.includes(value), value);
});

const LANGUAGES = ["en", "zh-Hans", "zh-Hant"];

test("the words of each language are complete, sorted, and take the same values", async () => {
  const all = await Promise.all(LANGUAGES.map((name) => import(`../../lumen_notify/web/client/words/${name}.js`)));
  const english = all[0].words;
  for (const [index, { words }] of all.entries()) {
    const keys = Object.keys(words);
    assert.deepEqual(keys, [...keys].sort(), `${LANGUAGES[index]} is sorted`);
    for (const [key, text] of Object.entries(english)) {
      if (key.endsWith("_one") && index > 0) continue; // Chinese has one form
      assert.ok(words[key], `${LANGUAGES[index]} has ${key}`);
      const values = (one) => [...one.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      assert.deepEqual(values(words[key]), values(text), `${key} in ${LANGUAGES[index]}`);
    }
  }
});

test("a language without words of its own has English, and added ones come first", async () => {
  addWords("de", { page_join: "Beitreten" });
  const german = await wordsFor("de-AT");
  assert.equal(german("page_join"), "Beitreten");
  assert.equal(german("page_cancel"), "Cancel");
  assert.equal((await wordsFor("zh-HK"))("page_rooms"), "聊天室");
  assert.equal((await wordsFor("zh"))("page_rooms"), "房间");
  assert.equal((await wordsFor("not a language"))("page_members", { count: 1 }), "1 member");
  assert.equal((await wordsFor("en-GB"))("page_members", { count: 2 }), "2 members");
});

test("a browser without a locale has a language all the same", () => {
  assert.deepEqual(["C", "", undefined, "de-at", "zh-Hant-TW"].map(languageOf), ["en", "en", "en", "de-AT", "zh-Hant-TW"]);
});

test("each word that a module asks for is there", async () => {
  const { words: ofClient } = await import("../../lumen_notify/web/client/words/en.js");
  const { words: ofAdmin } = await import("../../lumen_notify/web/admin/words/en.js");
  const words = { ...ofClient, ...ofAdmin };
  const web = new URL("../../lumen_notify/web/", import.meta.url);
  const files = readdirSync(web, { recursive: true }).filter((name) => name.endsWith(".js"));
  const asked = files.flatMap((name) => [...readFileSync(new URL(name, web), "utf8").matchAll(/\bt\("(\w+)"/g)].map(([, key]) => key));
  assert.ok(asked.length > 100);
  const missing = asked.filter((key) => !(key in words) && !(`${key}_other` in words));
  assert.deepEqual(missing, []);
});

test("a module that cannot be loaded is tried again until it is there", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let tries = 0;
  const module = loaded(async () => {
    tries += 1;
    if (tries < 3) throw new TypeError("no network");
    return "words";
  });
  for (const expected of [1, 2, 3]) {
    assert.equal(tries, expected);
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(5_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await module, "words");
  mock.timers.reset();
});
