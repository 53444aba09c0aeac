"""Words that report nothing new: it is mended, or thanks.

"It is fixed" counts only where the whole of what was said says so: a hazard that is wrongly thanked harms somebody, a case
that is wrongly opened costs a look. So it is read by what is allowed, not by what is forbidden: every clause either ends in a
closing word of the pack and says nothing before it but what was mended, or gives thanks, or is one of a few that say
nothing (你好, a place). A question, a wish, hearsay, a contrast, 又, a negation or a word of damage anywhere: None.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from shared.city.model.sorting import Feedback
from shared.city.words import Hit, Phrases, plain

Meant = Literal["fixed", "thanks"]

LONGEST = 200
"""Characters of a text that may be no more than that; who has more to say has something to say."""
LONGEST_SUBJECT = 40
"""Characters before a closing word: 老船厂宿舍三号楼二单元门口的那盏路灯."""
_CLAUSE = re.compile(r"[,，.。;；:：!！…、~\n]+|\band\b|\bso\b")
_QUESTION = re.compile(
    r"[?？]|吗|么(?!多)|嘛|吧|呢|[没否](?=$|[\s,，。.!！])|是不是|是否|有没有|了没|什么时|何时|几时|啥|哪|怎|为何|多久"
    r"|^(?:is|are|was|were|has|have|will|when|did|does|do|can|could|why|how|who|what)\b"
)
_DOUBT = re.compile(
    r"希望|盼|望(?!湖)|愿|祝|请(?!放心)|求|等|早日|尽快|赶紧|赶快|快点|马上|抓紧|立刻|即将|明天|明日|后天|下周|将|准备|打算|计划|什么时|时候|之后|以后"
    r"|之前|以前|如果|要是|假如|只要|只有|除非|直到|才能|不|没|未|無|无|别|非(?!常)|勿|假|骗|谎|说|称|讲|听|通知|显示|据|传言|谣传|以为|好像|似乎|看似|可能"
    r"|大概|也许|应该|估计|差点|差不多|快要|就要|又|再|还|仍|依然|依旧|照样|照旧|老样|反复|一样|重新|重复|继续|持续|一直|老是|总是|算是|但|可(?!以)|却|然而|只是|结果"
    r"|其实|虽|尽管|除了|可惜|遗憾|能|(?<!委)会|要|该|需|想|让|叫|催|投诉|建议|申请|麻烦|拜托|另|其他|别处|别的|隔壁|今早|又一|一半|部分|只|仅|部份|刚(?=.{0,4}就)|不到"
    r"|\b(?:but|not|never|no|yet|hope|wish|please|pls|if|when|until|unless|once|after|before|again|still|however|though|although"
    r"|should|would|will|could|can|may|might|must|need|needs|want|wants|ask|asked|say|says|said|told|claim|claims|heard|hear|supposed|supposedly"
    r"|soon|tomorrow|later|almost|nearly|half|partly|waiting|wait|expect|pretend|apparently|allegedly|think|thought|believe|only|except|than|since|that|which|who"
    r"|was|were|had|been|get|gets|got|getting|to)\b|n't|n’t"
)
_DAMAGE = re.compile(
    r"爆|漏|喷|冒|渗|滴|溢|淹|涌|淌|滋|呲|断|塌|陷|掉|坠|坏|破|裂|碎|堵|倒|翻|歪|斜|松|脱|丢|偷|缺|少了|失(?!物)|火(?!栓)|烟|燃|烧|炸|臭|黑|熄|困|砸|伤|死"
    r"|救(?!援队)|晕|危|险|急|吵|闹|乱|积水|停水|停电|断电|触电|漏电|泄|露|高压|昏|摔|跌|滑|沉|鼓|翘|晃|抖|响|抛|扔|追|咬|打架|撞|毁|损|锈|污|脏"
    r"|\b(?:burst|leak|leaks|leaking|leaked|broke|broken|breaks|fire|smoke|smoking|burn|burning|flood|flooded|flooding|gas|danger|dangerous|dark|out"
    r"|down|missing|gone|fell|falling|fallen|crack|cracked|spark|sparks|sparking|hole|hurt|injured|stuck|blocked|worse|bad|off|water|wet)\b"
)
_MENDED = re.compile(r"(?:爆|漏|喷|冒|渗|滴|断|掉|坏|破|裂|碎|堵|倒|翻|歪|松|丢|缺|黑|污|脏)[水电气掉的了]{0,2}(?:的(?=.)|问题|情况|现象|隐患)|\bthe (?:leak|fire|flood|hole|crack)\b")
"""What the trouble was, not what it is: 漏水的水管, 漏水问题, the leak."""
_RELATIVE = re.compile(r"[了过]的|了(?=[^\s])")
_WATER = re.compile(r"水(?![电务])")
_ABOUT_TO = re.compile(r"快$")
_TAIL = re.compile(
    r"[了啦咯喽啊呀哦噢哈耶吔]{0,3}(?: (?:now|today|already|all|well|fully|completely))*"
)
_NOTHING = re.compile(
    r"(?:你好|您好|大家好|各位|大家|你们|您们|他们|咱们|我们|师傅|师父|社区|街道|居委会|网格员|网格长|网格|物业|工人|工作人员|志愿者|同志|领导|书记|主任|老师|小哥|电力|环卫|抢修|维修"
    r"|人员|团队|队员|们|和|与|及|的|给|为|向|都|也|就|真|太|很|挺|好|棒|赞|快|非常|特别|十分|真心|衷心|特此|辛苦|放心|方便|及时|效率|速度|高|多|了|啦|啊|呀|哦|哈|现在|今天|昨天|昨晚"
    r"|今早|刚刚|刚才|早上|上午|中午|下午|晚上|终于|已经|已|全部|全|大大的|一个|个|点|亮堂|亮|恢复|正常|通水|通电|来水|来电|好用|能用|\s"
    r"|hello|hi|hey|dear|all|the|team|crew|guys|everyone|well done|good job|great|nice|quick|quickly|fast|so|very|much|really|you|a|lot|work|for|it|now|today|already|done|many|big)+"
)
_PLACE = re.compile(r".{0,16}(?:[0-9]{1,4} ?(?:号楼|栋|幢|座|单元|号|室|楼|层|号杆|号灯杆|号院|弄)|小区|路口|门口|旁边|边上|对面|楼道|附近|宿舍|花园|新村|佳苑|车棚|巷|路)的?")
_NEAR = 16
"""So many characters right after thanks may say whom they go to."""


_FIXED, _THANKS, _NAME = "\ue000", "\ue001", "某"
"""How closing words, words of thanks and names of places are marked in the text."""
_MARKS = re.compile(f"[{_FIXED}{_THANKS}]")
_FIXED_TAIL = re.compile(f"{_FIXED}{_TAIL.pattern}")
_BREAK = re.compile(rf"{_CLAUSE.pattern}|(?<={_FIXED})\s+|(?=[非真太十特]*{_THANKS})")


class Words:
    """The ``feedback`` of one pack. ``names``: its places, which say nothing; ``things``: its categories' words."""

    def __init__(self, entries: Iterable[Feedback], names: Iterable[str] = (), things: Iterable[str] = ()) -> None:
        entries = tuple(entries)
        said = [(word, entry.means, False) for entry in entries for word in entry.words]
        said += [(word, entry.means, True) for entry in entries for word in entry.not_]
        self._meaning = [(means, forbids) for _, means, forbids in said]
        self._phrases = Phrases(word for word, _, _ in said)
        self._names = Phrases(names if entries else ())
        words = [plain(thing) for thing in things] if entries else []
        self._troubles = Phrases(words)
        self._things = frozenset(word for word in words if not (_DAMAGE.search(word) or _DOUBT.search(word)))

    def meant(self, text: str) -> Meant | None:
        """``fixed`` before ``thanks``; None when the words say neither, or when there is any doubt."""
        said = _MARKS.sub("?", plain(text)) if self._meaning else ""
        hits = self._phrases.find(said)
        meant = {self._meaning[hit.number] for hit in hits}
        if not hits or len(said) > LONGEST or _QUESTION.search(said):
            return None
        marked = self._marked(said, hits)
        if ("fixed", False) in meant:
            return "fixed" if ("fixed", True) not in meant and self._all_closing(marked) else None
        if ("thanks", False) in meant:
            return "thanks" if ("thanks", True) not in meant and self._only_thanks(marked) else None
        return None

    def _marked(self, said: str, hits: Sequence[Hit]) -> str:
        """``said`` with one mark for each closing word and word of thanks, names blotted out: they hold any character."""
        letters = list(said)
        for name in self._names.find(said):
            letters[name.start : name.end] = [_NAME] * (name.end - name.start)
        reached = 0
        for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
            means, forbids = self._meaning[hit.number]
            if forbids:
                continue
            mark = (_FIXED if means == "fixed" else _THANKS) if hit.start >= reached else ""
            for at in range(max(hit.start, reached), hit.end):
                letters[at], mark = mark, ""
            reached = max(reached, hit.end)
        return "".join(letters)

    def _all_closing(self, marked: str) -> bool:
        return all(self._closes(clause.strip()) for clause in _BREAK.split(_FIXED_TAIL.sub(_FIXED, marked)))

    def _closes(self, clause: str) -> bool:
        """Whether a clause says that something is mended, gives thanks, or says nothing."""
        subject, mended, thing = clause.lstrip("非常真太十分特别").removeprefix(_THANKS).partition(_FIXED)
        if mended:
            return _is_mended(subject) and (not thing or thing in self._things)
        if _THANKS in clause:
            return _is_addressee(subject)
        return _says_nothing(clause) or clause in self._things

    def _only_thanks(self, marked: str) -> bool:
        """An opinion that thanks: nothing beside it names a trouble or takes it back."""
        rest = marked.replace(_THANKS, " ")
        return not (_DOUBT.search(rest) or _DAMAGE.search(rest) or _WATER.search(rest) or self._troubles.find(plain(rest)))


def _is_mended(subject: str) -> bool:
    """What stands before a closing word: what was mended, who did it and when, nothing else."""
    subject = _MENDED.sub("", subject)
    return len(subject) <= LONGEST_SUBJECT and not any(
        doubt.search(subject) for doubt in (_DOUBT, _DAMAGE, _RELATIVE, _ABOUT_TO)
    )


def _is_addressee(words: str) -> bool:
    """Whom thanks go to, in the same breath."""
    named, _, rest = words.strip().partition(" ") if not words.isascii() else (words, "", "")
    doubtful = _DOUBT.search(named) or _DAMAGE.search(named) or "了" in named or _WATER.search(named)
    return _NOTHING.fullmatch(named) is not None or (len(named) <= _NEAR and not doubtful and _says_nothing(rest))


def _says_nothing(clause: str) -> bool:
    clause = clause.strip()
    if not clause or _NOTHING.fullmatch(clause):
        return True
    doubtful = _DOUBT.search(clause) or _DAMAGE.search(clause) or "了" in clause or _WATER.search(clause)
    return not doubtful and (_PLACE.fullmatch(clause) is not None or not clause.strip(_NAME + " "))
