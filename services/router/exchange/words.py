"""What the result of an import says of a row, in Chinese and English: what is wrong, and what to do."""

from collections.abc import Mapping
from typing import Literal

Outcome = Literal["taken", "moved", "unchanged", "wrong"]
ProblemCode = Literal[
    "no_number",
    "number_wrong",
    "number_rounded",
    "number_twice",
    "id_unknown",
    "id_differs",
    "state_missing",
    "state_unknown",
    "state_by_hand",
    "reopened_here",
    "category_unknown",
    "unit_unknown",
    "date_wrong",
    "point_wrong",
    "how_unknown",
    "result_missing",
    "reason_missing",
    "reason_unknown",
    "since_missing",
    "too_long",
    "not_ours",
    "refused",
    "place_missing",
    "date_future",
    "not_taken",
    "case_not_there_yet",
    "away",
]

SAYS: Mapping[ProblemCode, tuple[tuple[str, str], tuple[str, str]]] = {
    "no_number": (
        ("这一行没有编号。", "The row has no number."),
        ("请填平台编号，或填本系统编号。", "Fill in the platform's number, or Whistle's own."),
    ),
    "number_wrong": (
        ("编号有空格，或超过60个字符。", "The number has blanks, or more than 60 characters."),
        ("请照平台原样填写。", "Write it as the platform has it."),
    ),
    "number_rounded": (
        ("编号被当作数字，末几位已丢失。", "The number was kept as a figure and has lost its last digits."),
        ("请从平台重新导出，并把这一列设为文本。", "Export it again, with this column as text."),
    ),
    "number_twice": (
        ("第{value}行已有同一编号。", "Row {value} has the same number."),
        ("同一编号只留一行。", "Keep one row for each number."),
    ),
    "id_unknown": (
        ("没有这个工单，或您无权查看。", "There is no such case here that you may see."),
        ("请核对本系统编号；新问题请把它留空。", "Check Whistle's number; leave it empty for a new item."),
    ),
    "id_differs": (
        ("两个编号不是同一工单。", "The two numbers belong to different cases."),
        ("请删去填错的一个。", "Take out the wrong one."),
    ),
    "state_missing": (
        ("没有填状态。", "There is no state."),
        ("只能填：{value}。", "It is one of: {value}."),
    ),
    "state_unknown": (
        ("没有“{value}”这个状态。", "{value!r} is none of the platform's states."),
        (
            "请照平台原样填写；新的状态词要先加进城市包。",
            "Write it as the platform has it; new words go into the pack first.",
        ),
    ),
    "state_by_hand": (
        ("“{value}”不能由表格改。", "{value!r} is not taken over from a sheet."),
        ("请在工单里办理。", "Do it on the case."),
    ),
    "reopened_here": (
        (
            "本系统已重新办理，看不出表里的状态是不是之后的。",
            "It was reopened here, and the row does not say whether its state is newer.",
        ),
        ("请填状态时间，或在工单里办理。", "Fill in since when the state holds, or do it on the case."),
    ),
    "category_unknown": (
        ("没有“{value}”这个类别。", "{value!r} is none of the platform's categories."),
        ("请核对大类、小类；留空则由本系统归类。", "Check the codes; if all are empty, Whistle sorts it by its words."),
    ),
    "unit_unknown": (
        ("没有“{value}”这个单位或网格。", "{value!r} is no unit or grid."),
        ("请核对代码；留空则按位置派单。", "Check the code; if it is empty, the place decides."),
    ),
    "date_wrong": (
        ("“{value}”不是时间。", "{value!r} is no time."),
        ("请写成{form}的样子。", "Write it like {form}."),
    ),
    "point_wrong": (
        ("“{value}”不是经纬度。", "{value!r} is no degree."),
        ("请填小数度数，经度和纬度都填。", "Write decimal degrees, both of them."),
    ),
    "how_unknown": (
        ("没有“{value}”这种处置方式。", "{value!r} is none of the platform's outcomes."),
        ("只能填：{form}。", "It is one of: {form}."),
    ),
    "result_missing": (
        ("没有写处置结果。", "It does not say what was done."),
        ("请写明处置结果，上报人会看到。", "Say what was done; the reporter reads it."),
    ),
    "reason_missing": (
        ("没有写原因。", "It does not say why."),
        ("请写明原因，再导入。", "Say why, then import it again."),
    ),
    "reason_unknown": (
        ("“{value}”不是不予受理的原因。", "{value!r} is no reason for which a report is not taken on."),
        ("只能填：{form}。", "It is one of: {form}."),
    ),
    "since_missing": (
        ("没有写何时退回重办。", "It does not say when it was opened again."),
        ("请填状态时间，或在工单里办理。", "Fill in since when the state holds, or do it on the case."),
    ),
    "too_long": (
        ("超过{value}个字符。", "It has more than {value} characters."),
        ("请缩短。", "Shorten it."),
    ),
    "not_ours": (
        ("这类事项不在本系统办理，没有收下。", "Such matters are not dealt with here; nothing was taken."),
        ("请按类别说明转到有权单位。", "Send it where the category says."),
    ),
    "refused": (
        ("不能变更为“{value}”：{form}", "It cannot become {value!r}: {form}"),
        ("请按提示办理后再导入，或在工单里办理。", "Do what it asks for, then import again; or do it on the case."),
    ),
    "place_missing": (
        ("没有写位置。", "It does not say where."),
        ("请填位置、经纬度或单位代码。", "Fill in a place, a point or a unit's code."),
    ),
    "date_future": (
        ("上报时间在将来。", "It was reported in the future."),
        ("请核对时间。", "Check the time."),
    ),
    "not_taken": (
        ("没有收下：{value}", "It was not taken: {value}"),
        ("请改正后再导入。", "Correct it, then import again."),
    ),
    "case_not_there_yet": (
        ("已收下，状态尚未同步。", "It was taken; its state does not follow yet."),
        ("过一会儿再导入同一文件。", "Import the same file again in a moment."),
    ),
    "away": (
        ("系统暂时没有应答，这一行没有处理。", "A service did not answer; the row was not dealt with."),
        ("再导入一次同一文件。", "Import the same file again."),
    ),
}  # fmt: skip
"""Code → what is wrong, and what to do."""
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    "taken": ("已收为新上报", "taken as a new report"),
    "moved": ("状态已更新", "state taken over"),
    "unchanged": ("没有变化", "unchanged"),
    "wrong": ("未处理", "not dealt with"),
}
RESULT_HEADINGS = (
    ("行", "Row"),
    ("编号", "Number"),
    ("结果", "Result"),
    ("本系统编号", "Case"),
    ("列", "Column"),
    ("问题", "What is wrong"),
    ("怎么办", "What to do"),
)
SUMMARY = (
    "共{rows}行：新上报{taken}，更新{moved}，没有变化{unchanged}，未处理{wrong}。",
    "{rows} rows: {taken} new, {moved} updated, {unchanged} unchanged, {wrong} not dealt with.",
)
NOTHING_CHANGED = ("这份文件没有带来任何变化。", "Nothing in this file changed anything.")


class Texts:
    """The texts of one city's language."""

    def __init__(self, language: str) -> None:
        self._at = 0 if language.startswith("zh") else 1

    def of(self, pair: tuple[str, str]) -> str:
        return pair[self._at]

    def problem(self, code: ProblemCode, value: str, form: str) -> tuple[str, str]:
        """What is wrong, and what to do."""
        says, do = SAYS[code]
        return self.of(says).format(value=value, form=form), self.of(do).format(value=value, form=form)
