"""The page behind a signed link: where words can be entered it says that no secrets belong there."""

from shared.runtime.http_server.signed_page import Page


def text(**content: object) -> str:
    return bytes(Page(title="t", **content).answer(200).body).decode()  # type: ignore[arg-type]


def test_a_page_with_a_field_says_that_no_secrets_belong_there() -> None:
    for language, notice in (("zh-CN", "严禁上传国家秘密、工作秘密"), ("en", "no state secrets and no work secrets")):
        page = text(language=language, button="b", most=500)
        assert page.index(notice) < page.index("<textarea")
        assert notice not in text(language=language, button="b")
