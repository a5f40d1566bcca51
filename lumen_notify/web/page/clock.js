// Clock: relative times such as "2 minutes ago".

const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const MAX_DAYS = 7;

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Fill a `time` element. at: RFC 3339. */
export function setTime(element, at) {
  element.dateTime = at;
  element.title = exact.format(new Date(at));
  refreshTime(element);
}

/** Update the text to the current time. */
export function refreshTime(element) {
  element.textContent = since(new Date(element.dateTime));
}

function since(then) {
  const seconds = (Date.now() - then) / 1000;
  if (seconds >= MAX_DAYS * 86_400) return date.format(then);
  const [unit, size] = STEPS.find(([, size]) => seconds >= size) ?? [null, 0];
  return unit === null ? "just now" : ago.format(-Math.floor(seconds / size), unit);
}
