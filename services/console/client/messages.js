// The words of scripts, from the same catalogue as the pages': the page carries those of its language as JSON.
const carried = document.getElementById("messages");
const known = carried ? JSON.parse(carried.textContent) : {};

/** A message in the page's language, its %(name)s replaced. */
export function _(message, values = {}) {
  return (known[message] || message).replace(/%\((\w+)\)s/g, (_, name) => String(values[name] ?? ""));
}

/** A message that counts: as it is said of one in English, and of several. */
export function counted(one, several, count, values = {}) {
  const said = count === 1 && language === "en" ? one : several;
  return _(said, { count, ...values });
}

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
