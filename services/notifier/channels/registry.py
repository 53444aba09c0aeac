"""The sender of each kind of channel."""

from services.notifier.channels.apprise import Apprise
from services.notifier.channels.channel import Channel
from services.notifier.channels.dingtalk import DingTalk
from services.notifier.channels.feishu import Feishu
from services.notifier.channels.sms import Sms
from services.notifier.channels.wecom import WeCom
from services.notifier.delivery.http_post import Poster
from shared.city.model.channels import ChannelKind


def channels(poster: Poster, apprise: Apprise) -> dict[ChannelKind, Channel]:
    """One for every word of ``ChannelKind``. ``apprise`` is the caller's, who closes it."""
    return {
        "wecom": WeCom(poster),
        "dingtalk": DingTalk(poster),
        "feishu": Feishu(poster),
        "sms": Sms(poster),
        "apprise": apprise,
    }
