"""Signatures of clouds: those of their documentation's examples, and those that another reading of it computes."""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.gateways.signing import AccessKey, Operation, acs3_headers, acs3_query, tc3_headers
from tests.kit.cloud_signatures import acs3_signature, tc3_signature

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WHEN = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
KEY = AccessKey("AKexample", "the secret")


def signature(headers: dict[str, str]) -> str:
    found = re.search(r"Signature=([0-9a-f]{64})$", headers["authorization"])
    assert found is not None
    return found[1]


def test_alibabas_signature_is_that_of_its_documentation() -> None:
    """Key, nonce, time and parameters of the example; its last line is the signature."""
    operation = Operation("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26")
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    query = acs3_query({"RegionId": "cn-shanghai", "ImageId": image})
    at = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
    key = AccessKey("YourAccessKeyId", "YourAccessKeySecret")
    headers = acs3_headers(key, operation, query, at, "3156853299f313e23d1673dc12e1703d")
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_signature_is_that_of_its_documentation() -> None:
    """The documentation prints stars in place of its key, and the signature that these stars make."""
    operation = Operation("cvm.tencentcloudapi.com", "DescribeInstances", "2017-03-12", "cvm")
    body = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    at = datetime.fromtimestamp(1551113065, UTC)
    headers = tc3_headers(AccessKey("AKID" + "*" * 32, "*" * 32), operation, body, at, "ap-guangzhou")
    assert headers["authorization"] == (
        f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )
    assert (headers["x-tc-timestamp"], headers["x-tc-region"]) == ("1551113065", "ap-guangzhou")


@given(parameters=st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=6), at=WHEN, nonce=st.uuids())
def test_alibabas_signature_is_what_another_reading_computes(
    parameters: dict[str, str], at: datetime, nonce: Any
) -> None:
    query = acs3_query(parameters)
    headers = acs3_headers(KEY, Operation("dysmsapi.aliyuncs.com", "SendSms", "2017-05-25"), query, at, nonce.hex)
    seen = {**headers, "host": "dysmsapi.aliyuncs.com"}
    assert signature(headers) == acs3_signature(KEY.secret, "POST", f"/?{query}", seen, b"")
    assert KEY.secret not in str(headers)


@given(body=TEXT, at=WHEN)
def test_tencents_signature_is_what_another_reading_computes(body: str, at: datetime) -> None:
    headers = tc3_headers(KEY, Operation("sms.tencentcloudapi.com", "SendSms", "2021-01-11", "sms"), body, at)
    seen = {**headers, "host": "sms.tencentcloudapi.com"}
    assert signature(headers) == tc3_signature(KEY.secret, "POST", seen, body.encode())
    assert KEY.secret not in str(headers)


def test_a_query_is_quoted_as_alibaba_counts_it() -> None:
    assert acs3_query({"b": "a b+c*~", "a": "井盖/é"}) == "a=%E4%BA%95%E7%9B%96%2F%C3%A9&b=a%20b%2Bc%2A~"
