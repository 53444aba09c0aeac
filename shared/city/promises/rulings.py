"""The reasons for which units ask a level above to rule, by code: those of the pack, or where it lists none these."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.city.model.promises import RejectionReason, ReturnReason

RETURNS = (
    ReturnReason(code="not_our_area", name="属地不符", name_en="It is not in our area"),
    ReturnReason(code="ownership_unclear", name="权属不清", name_en="It is not clear whose it is"),
    ReturnReason(code="duties_overlap", name="职能交叉", name_en="It is the duty of several bodies"),
)
"""What the practice of 12345 platforms names."""

REJECTIONS = (
    RejectionReason(
        code="court",
        name="已进入诉讼、仲裁或行政复议",
        name_en="A court, an arbitrator or a review has it",
        where="请按法定程序向受理机关提出",
        where_en="Please turn to the body that has it",
    ),
    RejectionReason(
        code="petition",
        name="属于信访事项",
        name_en="It is a petition",
        where="请向信访部门提出",
        where_en="Please turn to the office for petitions",
    ),
    RejectionReason(
        code="discipline",
        name="属于纪检监察事项",
        name_en="It is about the conduct of officials",
        where="请拨打12388",
        where_en="Please call 12388",
    ),
    RejectionReason(
        code="police",
        name="属于110受理范围",
        name_en="It is for the police",
        where="请拨打110",
        where_en="Please call 110",
    ),
    RejectionReason(
        code="not_covered",
        name="不属于受理范围",
        name_en="It is nothing that this city takes on",
        where="请拨打12345咨询",
        where_en="Please ask 12345",
    ),
)
"""What such platforms do not take on, and where it belongs."""


def rejection_reasons(listed: tuple[RejectionReason, ...]) -> Mapping[str, RejectionReason]:
    """Reasons not to take a case on."""
    return MappingProxyType({reason.code: reason for reason in listed or REJECTIONS})


def return_reasons(listed: tuple[ReturnReason, ...]) -> Mapping[str, ReturnReason]:
    """Reasons to return a case."""
    return MappingProxyType({reason.code: reason for reason in listed or RETURNS})
