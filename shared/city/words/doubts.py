"""Patterns that show that a sentence is more than "it is fixed": questions, wishes, hearsay, contrasts, 又, negations,
damage.

They are grammar of Chinese and English and belong to no city. The lists are deliberately wide: a false match only makes
a case that somebody has to look at.
"""

import re


def _any(*lists: str) -> str:
    """A pattern for any of the words in ``lists``, which are separated by spaces and may be patterns."""
    return "|".join(word for words in lists for word in words.split())


def _longest_first(*lists: str) -> str:
    return "|".join(sorted(" ".join(lists).split(), key=len, reverse=True))


def _words(*lists: str) -> str:
    """A pattern for any of the English words in ``lists``, as whole words."""
    return rf"\b(?:{_any(*lists)})\b"


QUESTION = re.compile(
    _any(
        r"[?？] 吗 么(?!多) 嘛 吧 呢 [没否](?=$|[\s,，。.!！]) 是不是 是否 有没有 了没 何时 几时 啥 哪 怎 为何 多久",
        r"^(?:is|are|was|were|has|have|will|when|did|does|do|can|could|why|how|who|what)\b",
    )
)
_WISH = "希望 盼 望 愿 祝 请(?!放心) 求 等 早日 尽快 赶紧 赶快 快点 抓紧 催 想 需 要 该 让 叫 投诉 建议 申请 麻烦 拜托"
_NOT_YET = "马上 立刻 即将 将 明天 明日 后天 下周 准备 打算 计划 时候 之前 以前 之后 以后 快要 就要 差点 差不多 快$"
_UNDER_CONDITION = "如果 要是 假如 只要 只有 除非 直到 才能 能 (?<!委)会"
_NEGATION = "不 没 未 無 无 别 非(?!常) 勿 假 骗 谎"
_HEARSAY = "说 称 讲 听 通知 显示 据 传言 谣传 以为 好像 似乎 看似 可能 大概 也许 应该 估计 算是"
_AGAIN = "又 再 还 仍 依然 依旧 照样 照旧 老样 反复 一样 重新 重复 继续 持续 一直 老是 总是"
_CONTRAST = "但 可(?!以) 却 然而 只 仅 结果 其实 虽 尽管 除了 可惜 遗憾 另 其他 隔壁 一半 部分 部份"
_ENGLISH_DOUBT = (
    "but not never no yet hope wish please pls if when until unless once after before again still however",
    "though although",
    "should would will could can may might must need needs want wants ask asked say says said told claim",
    "claims heard hear",
    "supposed supposedly apparently allegedly pretend think thought believe soon tomorrow later almost nearly",
    "half partly",
    "waiting wait expect only except than since that which who was were had been get gets got getting to",
)
DOUBT = re.compile(
    _any(_WISH, _NOT_YET, _UNDER_CONDITION, _NEGATION, _HEARSAY, _AGAIN, _CONTRAST, "n't n’t")
    + "|"
    + _words(*_ENGLISH_DOUBT)
)
DAMAGE = re.compile(
    _any(
        "爆 漏 喷 冒 渗 滴 溢 淹 涌 淌 滋 呲 断 塌 陷 掉 坠 坏 破 裂 碎 堵 倒 翻 歪 斜 松 脱 丢 偷 缺 失(?!物)",
        "火(?!栓) 烟 燃 烧 炸 臭 黑 熄",
        "困 砸 伤 死 救 晕 昏 摔 跌 危 险 急 吵 闹 乱 积水 停水 停电 触电 泄 露 高压 滑 沉 鼓 翘 晃 抖 响 抛",
        "扔 追 咬 打架 撞 毁 损 锈 污 脏",
        "有人 躺 卡 漂 跳楼 跳河 轻生 落水 溺 喊 悬 垂 挂(?!念|牌) 耷拉",
    )
    + "|"
    + _words(
        "burst leak leaks leaking leaked broke broken breaks fire smoke smoking burn burning flood flooded",
        "flooding gas danger",
        "dangerous dark out down missing gone fell falling fallen crack cracked spark sparks sparking hole",
        "hurt injured stuck",
        "blocked worse bad off water wet",
        "lies lying hangs hanging collapsed unconscious screaming drowning trapped smell smells someone somebody",
    )
)
WATER = re.compile(r"水(?![电务])")
MENDED = re.compile(
    "(?:" + _any("爆 漏 喷 冒 渗 滴 断 掉 坏 破 裂 碎 堵 倒 翻 歪 松 丢 缺 黑 污 脏") + ")[水电气掉的了]{0,2}"
    + "(?:的(?=.)|问题|情况|现象|隐患)"
    + r"|\bthe (?:leak|fire|flood|hole|crack|"
    + r"(?:burst|broken|leaking|cracked|blocked|fallen|dark|missing|stuck)(?= [a-z]))\b"
)  # fmt: skip
"""The past trouble as a noun phrase, which is no doubt: 漏水的水管, 漏水问题, the leak, the burst pipe."""
THANKED_FOR = re.compile(r"\bfor (?:the|your|fixing|mending|repairing)(?: (?!and\b|so\b)[a-z]+){1,4}(?=$|\s*[,.;!])")
"""What thanks are for, as in "thank you for the burst pipe"."""
RELATIVE = re.compile(r"[了过]的|了(?=[^\s])")
NOTHING = re.compile(
    "(?:"
    + _longest_first(
        "你好 您好 大家好 各位 大家 你们 您们 他们 咱们 我们 们 师傅 师父 社区 街道 居委会 网格员 网格长 网格",
        "物业 工人 工作人员 志愿者 同志 领导",
        "书记 主任 老师 小哥 电力 环卫 抢修 维修 人员 团队 队员 和 与 及 的 给 为 向 都 也 就 真 太 很 挺 好",
        "棒 赞 快 非常 特别 十分 真心 衷心 特此",
        "辛苦 放心 方便 及时 效率 速度 高 多 了 啦 啊 呀 哦 哈 现在 今天 昨天 昨晚 今早 刚刚 刚才 早上 上午",
        "中午 下午 晚上 终于 已经 已 全部 全",
        r"一个 个 点 亮堂 亮 恢复 正常 通水 通电 来水 来电 好用 能用 \s",
        "hello hi hey dear all the team crew guys everyone well done good job great nice quick quickly fast so",
        "very much",
        "really you a lot work for it now today already many big",
    )
    + ")++"
)
"""Clauses without content (greetings, addressees, time). The quantifier is possessive, so that the time is linear."""
PLACE = re.compile(
    ".{0,16}(?:[0-9]{1,4} ?(?:号楼|栋|幢|座|单元|号|室|楼|层|号杆|号灯杆|号院|弄)|"
    + _any("小区 路口 门口 旁边 边上 对面 楼道 附近 宿舍 花园 新村 佳苑 车棚 巷 路")
    + ")的?"
)
