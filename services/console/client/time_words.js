// Time in words: the same as shared/case_page/words.py; tests/unit/console/time_words.json has cases for both.
const DAY = 24 * 60;
const UNITS = { zh: ["天", "小时", "分"], en: [" d", " h", " min"] };

/** `minutes` in two units at most: 2小时15分, 2 h 15 min. */
export function span(minutes, language) {
  const counts = [Math.floor(minutes / DAY), Math.floor((minutes % DAY) / 60), minutes % 60];
  const parts = counts.map((n, place) => n && `${n}${UNITS[language][place]}`).filter(Boolean).slice(0, 2);
  if (language === "en") return parts.join(" ") || "0 min";
  return minutes < 60 ? `${minutes}分钟` : parts.join("");
}

/** 剩余2小时15分, 已超时40分钟, and whether it is over. `due`, `now`: milliseconds. */
export function left(due, now, language) {
  const late = due <= now;
  const words = span(Math.floor(Math.abs(due - now) / 60000), language);
  const said = language === "zh" ? (late ? `已超时${words}` : `剩余${words}`) : late ? `${words} overdue` : `${words} left`;
  return { said, late };
}
