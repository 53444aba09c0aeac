"""The words of the console's pages, Chinese and English: one table, so that no page lacks one."""

from typing import Final

NOT_FOR_SECRETS: Final = "not_for_secrets"
WORDS: dict[str, tuple[str, str]] = {
    "not_for_secrets": (
        "本系统为非涉密系统，严禁上传国家秘密、工作秘密。",
        "This system is not for classified information: enter no state secrets and no work secrets.",
    ),
    "sign_in": ("登录", "Sign in"),
    "city": ("城市", "City"),
    "person": ("人员编号", "Person"),
    "password": ("密码", "Password"),
    "password_again": ("再次输入密码", "Password again"),
    "code": ("动态验证码（6位）", "One-time code (6 digits)"),
    "code_optional": ("选填；没有可留空", "Optional"),
    "error": ("错误：", "Error: "),
    "show_in": ("选择语言", "Language"),
    "saved": ("密码已设置，请登录。", "Your password is set; sign in."),
    "sign_out": ("退出登录", "Sign out"),
    "wrong": ("城市、人员编号、密码或验证码不正确。", "City, person, password or code is wrong."),
    "slow": ("尝试次数过多，请{}秒后再试。", "Too many attempts; try again in {} s."),
    "away": ("暂时无法连接，请稍后再试。", "Not reachable at the moment; try again shortly."),
    "signed_out": ("登录已失效，请重新登录。", "Your session has ended; sign in again."),
    "invitation": ("设置密码", "Set your password"),
    "invited_as": ("{}（{}），请设置登录密码。", "{} ({}): set the password that you will sign in with."),
    "password_rule": (
        "至少10个字符；建议用几个互不相关的词。",
        "At least 10 characters; several unrelated words are best.",
    ),
    "weak": ("密码太容易被猜到，请换一个更长的。", "This password is easily guessed; take a longer one."),
    "differ": ("两次输入的密码不一致。", "The two passwords differ."),
    "second_factor": ("动态验证码（建议设置）", "One-time codes (recommended)"),
    "second_factor_why": (
        "用手机身份验证器扫描二维码，再输入显示的6位数字。查看上报人信息和管理操作需要它。",
        "Scan with an authenticator on your telephone and enter the six digits that it shows. They are asked for when "
        "you look at who reported, and for administration.",
    ),
    "qr": ("身份验证器二维码", "QR code for the authenticator"),
    "by_hand": ("无法扫码时手动输入：", "If you cannot scan, enter: "),
    "wrong_code": (
        "验证码不正确，请输入身份验证器当前显示的6位数字。",
        "This is not the code that the authenticator shows now.",
    ),
    "save": ("保存", "Save"),
    "invitation_over": ("邀请链接已过期，请联系上级重新邀请。", "This invitation has ended; ask for a new one."),
    "invitation_used": ("邀请链接已使用，或已有新的邀请。", "This invitation was used, or a newer one was made."),
    "not_ours": ("链接无效。", "Not an address of ours."),
    "case": ("工单", "Case"),
    "no_case": ("该工单已不由您所在单位办理，您无权查看。", "This case is not for your unit, or is not there."),
    "my_work": ("我的待办工单", "My open work"),
    "mine": ("由我处理", "Mine"),
    "queue": ("{}的待办工单", "Queue of {}"),
    "nothing": ("当前没有待办工单。", "There is no open work."),
    "more": ("仅显示最紧急的{}件。", "The {} most pressing are shown."),
    "left": ("剩余{}", "{} left"),
    "late": ("已超时{}", "{} overdue"),
    "no_clock": ("无时限", "No deadline"),
    "refused": ("请求无效，请从本站页面提交。", "Not accepted: send the form from this site's own page."),
    "danger": ("危急", "Danger"),
    "urgent": ("紧急", "Urgent"),
    "normal": ("一般", "Normal"),
    "low": ("可缓", "Low"),
    "queued": ("待签收", "Queued"),
    "acknowledged": ("已签收", "Acknowledged"),
    "claimed": ("已接单", "Claimed"),
    "on_site": ("已到场", "On site"),
    "in_progress": ("处置中", "In progress"),
    "waiting_reporter": ("待补充信息", "Waiting for the reporter"),
    "resolved": ("待核查", "Waiting for inspection"),
    "reopened": ("重新办理", "Reopened"),
}


class Words:
    """One language. ``words("slow", "30")`` is a sentence with its values."""

    def __init__(self, language: str) -> None:
        self.language = "zh-CN" if language.startswith("zh") else "en"
        self.code = self.language[:2]
        self._place = 0 if self.code == "zh" else 1

    def __call__(self, name: str, *values: object) -> str:
        return WORDS[name][self._place].format(*values)

    def span(self, minutes: int) -> str:
        """``2小时15分``, ``2 h 15 min``."""
        days, minutes = divmod(minutes, 24 * 60)
        hours, minutes = divmod(minutes, 60)
        units = (("天", "小时", "分" if hours else "分钟"), (" d", " h", " min"))[self._place]
        parts = [f"{n}{unit}" for n, unit in zip((days, hours, minutes), units, strict=True) if n]
        return ("" if self._place == 0 else " ").join(parts[:2]) or f"0{units[2]}"


def language_of(asked: str | None, accepted: str) -> str:
    """``?lang=``, else the browser's first language that we speak, else Chinese."""
    if asked in ("zh", "en"):
        return asked
    for one in accepted.split(","):
        code = one.split(";")[0].strip().lower()[:2]
        if code in ("zh", "en"):
            return code
    return "zh"
