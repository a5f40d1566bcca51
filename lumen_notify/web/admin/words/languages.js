// Languages: the words of this page by language, beside those of the client.

import { words as en } from "./en.js";
import { words as simplified } from "./zh-Hans.js";
import { words as traditional } from "./zh-Hant.js";

export const LANGUAGES = { en, "zh-Hans": simplified, "zh-Hant": traditional };
