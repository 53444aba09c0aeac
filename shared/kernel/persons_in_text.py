"""Hides people's names in what officers write before others read it.

Names are found where a word says that one follows (住户张三, 联系人：李小明) or stood before (张三丰先生),
and where ``known`` lists them. The first character stays, as in a masked name; other words are not touched, so that a
sentence stays readable. It is a net and no proof: officers are told that reporters read what they write.
"""

import re
from collections.abc import Iterable

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
    "金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫雷段龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤葛仇滕嵇臧卞殷"
)
_ONE = f"(?:欧阳|上官|司马|诸葛|[{_SURNAMES}])"
_GIVEN = "[\u4e00-\u9fa5]"
_TITLE = "先生|女士|小姐|师傅|同志|书记|主任|大爷|大妈|大娘|阿姨|奶奶|爷爷|老人|某某|某"
_ROLE = "住户|户主|业主|房主|租户|租客|居民|村民|商户|店主|车主|联系人|当事人|负责人|经办人|网格员|网格长|骑手|本人"
_STOP = "(?=先生|女士|师傅|同志|书记|主任|[，。；、,.;:：\\s（()）]|$|的|已|将|在|于|和|与|自行|同意|承诺|表示|家)"
_AFTER_ROLE = re.compile(rf"(?P<before>(?:{_ROLE})(?:姓名|叫)?[是为:：\s]?)(?P<name>{_ONE}{_GIVEN}{{1,2}}?){_STOP}")
_BEFORE_TITLE = re.compile(rf"(?P<before>)(?P<name>{_ONE}{_GIVEN}{{0,2}}?)(?={_TITLE})")
MASK = "*"


def without_names(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with the names in it shortened to their first character and an asterisk: 张*."""
    for name in known:
        if len(name) > 1 and name in text:
            whole = rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" if name.isascii() else re.escape(name)
            text = re.sub(whole, f"{name[0]}{MASK}", text)
    return _BEFORE_TITLE.sub(_masked, _AFTER_ROLE.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    return f"{found['before']}{found['name'][0]}{MASK}"
