"""Passive Authentication: what holds is proven, and each fault is told apart."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from asn1crypto import algos
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.issuers import (
    NOW,
    SECURITY_OBJECT,
    YEAR,
    Issuer,
    Signing,
    ef_sod,
    lds_security_object,
    signed_groups,
)
from harness import tlv
from harness.crypto.issuer_certificate import IssuerCertificate, TrustStore
from harness.crypto.passive_auth import (
    CardSecurity,
    PassiveAuthentication,
    SecurityObject,
    authenticate,
    authenticate_groups,
)
from harness.crypto.signature import Fault, SecurityObjectError
from harness.errors import CheckError

GROUPS = {1: b"\x61\x03abc", 2: b"\x75\x01x", 15: b"\x6f\x00"}
UTOPIA = Issuer()
SOURCES = (signed_groups(UTOPIA, GROUPS), UTOPIA.signer, Signing(UTOPIA, b"1").der())


def proven(
    raw: bytes, issuer: Issuer = UTOPIA, groups: dict[int, bytes] | None = None
) -> PassiveAuthentication:
    """All that comes out of checking EF.SOD with the issuer's authority trusted."""
    trust = TrustStore([issuer.authority])
    found = SecurityObject.parse(raw)
    return authenticate_groups(found, GROUPS if groups is None else groups, trust, NOW)


def faults(result: PassiveAuthentication) -> list[tuple[Fault, str]]:
    """What failed, and of what."""
    return [(each.fault, each.subject) for each in result.failures]


@pytest.mark.parametrize(
    "issuer",
    [
        *(Issuer(hash_name=name) for name in ("sha1", "sha224", "sha256", "sha384", "sha512")),
        Issuer("P-384", hash_name="sha384"),
        Issuer("BP-256"),
        Issuer("rsa"),
        Issuer("rsa", hash_name="sha1"),
        Issuer("rsa", is_pss=True),
        Issuer("rsa", is_pss=True, hash_name="sha512"),
        Issuer("P-256", authority_kind="rsa authority"),
    ],
    ids=lambda i: f"{i.key_kind} {i.hash_name} {'PSS' if i.is_pss else ''} {i.authority_kind}",
)
def test_what_holds(issuer: Issuer) -> None:
    """Signature, chain and every hash of an intact document hold, with every algorithm."""
    result = proven(signed_groups(issuer, GROUPS), issuer)
    assert faults(result) == []
    assert (result.signature, result.chain) == (True, True)
    assert result.groups == {1: True, 2: True, 15: True}
    assert result.is_proven
    assert result.signer is not None
    assert "Signer 1 of Utopia" in result.signer.subject


def test_both_versions() -> None:
    """Version 0 tells no LDS version, version 1 does."""
    old = SecurityObject.parse(signed_groups(UTOPIA, GROUPS))
    content = lds_security_object(GROUPS, with_versions=True)
    new = SecurityObject.parse(ef_sod(Signing(UTOPIA, content)))
    assert (old.version, old.lds_version, old.unicode_version) == (0, None, None)
    assert (new.version, new.lds_version, new.unicode_version) == (1, "0108", "040000")
    assert set(new.hashes) == set(GROUPS)


def test_a_signer_by_key_identifier() -> None:
    """The signer may be named by the identifier of its key."""
    assert proven(signed_groups(UTOPIA, GROUPS, by_key_identifier=True)).is_proven


def test_without_trust_nothing_is_proven() -> None:
    """Without a trusted authority the signature is checked, the chain is not."""
    found = SecurityObject.parse(signed_groups(UTOPIA, GROUPS))
    result = authenticate_groups(found, GROUPS)
    assert (result.signature, result.chain, result.failures) == (True, None, [])
    assert not result.is_proven


def test_a_changed_data_group() -> None:
    """A data group that is not what was signed is named, and the others still hold."""
    result = proven(signed_groups(UTOPIA, GROUPS), groups=GROUPS | {2: b"\x75\x01y"})
    assert faults(result) == [(Fault.HASH, "DG2")]
    assert result.groups == {1: True, 2: False, 15: True}
    assert not result.is_proven


def test_a_data_group_that_nobody_signed() -> None:
    """A data group without a hash in EF.SOD is a fault, too."""
    result = proven(signed_groups(UTOPIA, GROUPS), groups={1: GROUPS[1], 11: b"\x6b\x00"})
    assert faults(result) == [(Fault.HASH, "DG11")]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"signature": b"\0" * 70}, Fault.SIGNATURE),
        ({"signature": UTOPIA.signature(b"something else")}, Fault.SIGNATURE),
        ({"digest": bytes(32)}, Fault.SIGNATURE),
        ({"told_type": "1.2.3.4"}, Fault.MALFORMED),
        ({"algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})}, Fault.SIGNATURE),
        ({"algorithm": algos.SignedDigestAlgorithm({"algorithm": "1.2.3"})}, Fault.ALGORITHM),
        ({"algorithm": algos.SignedDigestAlgorithm({"algorithm": "md5_rsa"})}, Fault.ALGORITHM),
    ],
    ids=["none", "other data", "digest", "content type", "other key", "unknown", "MD5"],
)
def test_a_signature_that_does_not_hold(changed: dict[str, object], fault: Fault) -> None:
    """What is wrong with a signature is told by its kind, and the chain is checked all the same."""
    result = proven(signed_groups(UTOPIA, GROUPS, **changed))
    assert faults(result) == [(fault, "EF.SOD")]
    assert (result.signature, result.chain) == (False, True)


@pytest.mark.parametrize(
    ("issuer", "fault", "subject"),
    [
        (replace(UTOPIA, not_after=NOW - YEAR), Fault.VALIDITY, "Signer 1 of Utopia"),
        (replace(UTOPIA, authority_not_after=NOW - YEAR), Fault.VALIDITY, "CSCA of Utopia"),
        (replace(UTOPIA, is_authority=False), Fault.CHAIN, "Signer 1 of Utopia"),
        (replace(UTOPIA, signs_documents=False), Fault.CHAIN, "Signer 1 of Utopia"),
    ],
    ids=["expired signer", "expired authority", "no authority", "no signer"],
)
def test_a_chain_that_does_not_hold(issuer: Issuer, fault: Fault, subject: str) -> None:
    """What is wrong with a chain is told by its kind, with the certificate named."""
    result = proven(signed_groups(issuer, GROUPS), issuer)
    assert [(each.fault, subject in each.subject) for each in result.failures] == [(fault, True)]
    assert (result.signature, result.chain) == (True, False)


def test_the_time_decides_on_validity() -> None:
    """An expired signer was valid at an earlier time."""
    issuer = replace(UTOPIA, not_after=NOW - YEAR)
    signed = SecurityObject.parse(signed_groups(issuer, GROUPS)).signed
    trust = TrustStore([issuer.authority])
    assert authenticate(signed, trust, NOW - YEAR * 1.5).is_proven
    with pytest.raises(SecurityObjectError, match="not at 2026"):
        trust.check(IssuerCertificate.parse(issuer.signer), NOW)


@pytest.mark.parametrize("key", ["P-384 impostor", "rsa impostor", "P-384"])
def test_a_missing_or_false_authority(key: str) -> None:
    """An authority of the same name with another key, or none at all, makes no chain."""
    raw = signed_groups(UTOPIA, GROUPS)
    result = proven(raw, replace(UTOPIA, authority_kind=key))
    assert [each.fault for each in result.failures] == [Fault.CHAIN]
    empty = authenticate(SecurityObject.parse(raw).signed, TrustStore([]), NOW)
    assert [each.fault for each in empty.failures] == [Fault.CHAIN]


def test_a_signer_certificate_that_did_not_come_along() -> None:
    """A document without its signer's certificate is proven where that is among the trusted."""
    raw = signed_groups(UTOPIA, GROUPS, with_certificate=False)
    assert faults(proven(raw)) == [(Fault.CHAIN, "EF.SOD")]
    trust = TrustStore([UTOPIA.authority, UTOPIA.signer])
    assert authenticate(SecurityObject.parse(raw).signed, trust, NOW).is_proven


def test_an_unknown_hash_of_data_groups() -> None:
    """Data groups hashed by a function that nobody here knows are told as such."""
    content = lds_security_object(GROUPS).replace(
        bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040210")
    )
    with pytest.raises(SecurityObjectError) as caught:
        SecurityObject.parse(ef_sod(Signing(UTOPIA, content)))
    assert caught.value.fault is Fault.ALGORITHM


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x77\x00",
        b"\x76" + signed_groups(UTOPIA, GROUPS)[1:],
        signed_groups(UTOPIA, GROUPS) + b"\0",
        ef_sod(Signing(UTOPIA, b"")),
        ef_sod(Signing(UTOPIA, lds_security_object(GROUPS) + b"\0")),
        ef_sod(Signing(UTOPIA, lds_security_object({17: b""}))),
        ef_sod(Signing(UTOPIA, lds_security_object(GROUPS), content_type="1.2.3")),
    ],
    ids=["empty", "no value", "tag", "trailing", "no content", "tail", "DG17", "content type"],
)
def test_what_is_no_security_object(raw: bytes) -> None:
    """Anything else is malformed."""
    with pytest.raises(SecurityObjectError) as caught:
        SecurityObject.parse(raw)
    assert (caught.value.fault, caught.value.subject) == (Fault.MALFORMED, "EF.SOD")
    assert isinstance(caught.value, CheckError)


def test_card_security() -> None:
    """EF.CardSecurity gives its SecurityInfos, and is authenticated like EF.SOD."""
    infos = bytes.fromhex("31143012060A04007F0007020204020402010202010C")
    signing = Signing(UTOPIA, infos, content_type=SECURITY_OBJECT)
    found = CardSecurity.parse(signing.der())
    assert [each.oid for each in found.infos] == ["0.4.0.127.0.7.2.2.4.2.4"]
    assert authenticate(found.signed, TrustStore([UTOPIA.authority]), NOW).is_proven
    for wrong in (
        replace(signing, content=b"\x31\x02\x30\x00"),
        replace(signing, content_type="1.2.3"),
    ):
        with pytest.raises(SecurityObjectError) as caught:
            CardSecurity.parse(wrong.der())
        assert (caught.value.fault, caught.value.subject) == (Fault.MALFORMED, "EF.CardSecurity")


def swallow(raw: bytes) -> None:
    """Check whatever it is with all that can be checked; only the one error may come out."""
    trust = TrustStore([UTOPIA.authority])
    with suppress(SecurityObjectError):
        authenticate_groups(SecurityObject.parse(raw), GROUPS, trust, NOW)
    with suppress(SecurityObjectError):
        authenticate(CardSecurity.parse(raw).signed, trust, NOW)
    with suppress(SecurityObjectError):
        trust.check(IssuerCertificate.parse(raw), NOW)


def test_every_byte_spoilt() -> None:
    """With any byte changed or the rest cut off it is read or refused with one error."""
    raw = signed_groups(UTOPIA, GROUPS)
    for at in range(len(raw)):
        swallow(raw[:at])
        for flipped in (0x01, 0x20, 0x80, 0xFF):
            swallow(raw[:at] + bytes((raw[at] ^ flipped,)) + raw[at + 1 :])


def test_no_spoilt_byte_is_proven_with_other_hashes() -> None:
    """Nothing that changes what is signed is taken for what was signed."""
    raw = signed_groups(UTOPIA, GROUPS)
    hashes = SecurityObject.parse(raw).hashes
    for at in range(len(raw)):
        spoilt = raw[:at] + bytes((raw[at] ^ 0x10,)) + raw[at + 1 :]
        with suppress(SecurityObjectError):
            found = SecurityObject.parse(spoilt)
            if authenticate(found.signed, TrustStore([UTOPIA.authority]), NOW).is_proven:
                assert found.hashes == hashes


@given(st.data())
@settings(max_examples=300, deadline=2000)
def test_any_bytes_inside(data: st.DataObject) -> None:
    """Any bytes put in anywhere are read or refused with one error, in bounded time."""
    raw = data.draw(st.sampled_from(SOURCES))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    swallow(raw[:start] + data.draw(st.binary(max_size=12)) + raw[end:])


@pytest.mark.parametrize("tag", [0x30, 0x31, 0xA0, 0x77])
def test_deep_nesting(tag: int) -> None:
    """Objects nested thousands deep end in the one error."""
    raw = b""
    for _ in range(3000):
        raw = tlv.encode(tag, raw)
    swallow(raw)
    swallow(tlv.encode(0x77, raw))
    swallow(ef_sod(Signing(UTOPIA, raw)))
