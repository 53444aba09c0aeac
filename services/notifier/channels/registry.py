"""The sender of each kind of channel."""

from services.notifier.channels.apprise import Apprise
from services.notifier.channels.channel import Channel
from services.notifier.channels.dingtalk import DingTalk
from services.notifier.channels.feishu import Feishu
from services.notifier.channels.gateways.cloud import Gateways
from services.notifier.channels.sms import Sms
from services.notifier.channels.voice import Voice
from services.notifier.channels.wecom import WeCom
from services.notifier.delivery.http_post import Poster
from shared.city.model.channels import ChannelKind
from shared.kernel.ids import Ids
from shared.runtime.timekeeping.wall_clock import real_now


def channels(poster: Poster, apprise: Apprise, ids: Ids) -> dict[ChannelKind, Channel]:
    """One for every word of ``ChannelKind``. ``apprise`` is the caller's, who closes it."""
    gateways = Gateways(poster, real_now, lambda: ids(16))
    return {
        "wecom": WeCom(poster),
        "dingtalk": DingTalk(poster),
        "feishu": Feishu(poster),
        "sms": Sms(poster, gateways),
        "voice": Voice(gateways),
        "apprise": apprise,
    }
