"""CSCA master lists as files of trusted authorities."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from fixtures.issuers import NOW, Issuer, Signing, signed_groups
from harness import tlv
from harness.crypto.issuer_certificate import TrustStore
from harness.crypto.master_list import ID_MASTER_LIST, master_list_certificates
from harness.crypto.passive_auth import SecurityObject, authenticate_groups
from harness.crypto.signature import Fault, SecurityObjectError
from harness.errors import UsageError
from harness.terminal.certificate import load_certificates

UTOPIA, OTHER = Issuer(), Issuer(authority_kind="rsa authority")
LIST = Signing(
    OTHER,
    tlv.encode(0x30, b"\x02\x01\0", tlv.encode(0x31, OTHER.authority, UTOPIA.authority)),
    content_type=ID_MASTER_LIST,
)


def test_a_master_list_is_trusted_as_a_file() -> None:
    """The authorities of a list are loaded like certificates, and prove a document."""
    found = load_certificates(LIST.der(), "list.ml")
    assert set(found) == {OTHER.authority, UTOPIA.authority}
    groups = {1: b"\x61\0", 2: b"\x75\0"}
    signed = SecurityObject.parse(signed_groups(UTOPIA, groups))
    assert authenticate_groups(signed, groups, TrustStore(found), NOW).is_proven


def test_a_list_that_somebody_changed() -> None:
    """A list whose own signature does not hold is refused, with the file named."""
    changed = replace(LIST, signature=OTHER.signature(b"something else"))
    with pytest.raises(UsageError, match=r"list\.ml cannot be trusted"):
        load_certificates(changed.der(), "list.ml")


@pytest.mark.parametrize("raw", [b"", b"\x30\0", replace(LIST, content_type="1.2.3").der()])
def test_what_is_no_list(raw: bytes) -> None:
    """Anything else holds no certificates, and the message says what is wanted."""
    with pytest.raises(UsageError, match="no certificate in PEM or DER, and is no master list"):
        load_certificates(raw, "file")


def test_what_cannot_be_trusted() -> None:
    """A certificate that cannot be read is the fault of who gave it, not of the card."""
    with pytest.raises(UsageError, match="trusted certificate 2"):
        TrustStore([UTOPIA.authority, b"\x30\0"])


def test_every_byte_spoilt() -> None:
    """With any byte changed the list is read or refused with the one error."""
    raw = LIST.der()
    for at in range(0, len(raw), 3):
        with suppress(SecurityObjectError):
            master_list_certificates(raw[:at] + bytes((raw[at] ^ 0x55,)) + raw[at + 1 :])
    with pytest.raises(SecurityObjectError) as caught:
        master_list_certificates(raw[:-1])
    assert caught.value.fault is Fault.MALFORMED
