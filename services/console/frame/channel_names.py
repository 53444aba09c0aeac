"""The names of channels by which people are told, and of what became of a delivery."""

from services.console.frame.languages import N_

CHANNELS = {
    "wecom": N_("WeCom"),
    "dingtalk": N_("DingTalk"),
    "feishu": N_("Feishu"),
    "sms": N_("text message"),
    "voice": N_("call"),
    "apprise": N_("other channel"),
}
DELIVERY_STATES = {
    "pending": N_("on its way"),
    "held": N_("waiting"),
    "delivered": N_("delivered"),
    "failed": N_("failed"),
    "ended": N_("not sent"),
    "dropped": N_("not sent"),
}
