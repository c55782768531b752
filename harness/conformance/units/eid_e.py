"""Unit EID_E: the holder's certificates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Case, Unit, case
from harness.conformance.contents import certificates
from harness.conformance.contents.certificates import NAMES, Read, parsed
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.errors import CheckError
from harness.profile import Content, KeyName
from harness.terminal.certificate import Authorities

_RFC, _NATURAL = "RFC 5280", "ETSI EN 319 412-2"
_BOTH: tuple[KeyName, ...] = ("authentication", "signing")

Check = Callable[[Read], None]

_ROWS: tuple[tuple[Check, tuple[KeyName, ...], str], ...] = (
    (certificates.form, _BOTH, f"{_RFC}, 4.1"),
    (certificates.key, _BOTH, "the profile's keys"),
    (certificates.usage, _BOTH, f"{_NATURAL}, 4.3.2"),
    (certificates.purposes, _BOTH, f"{_RFC}, 4.2.1.12"),
    (certificates.policies, _BOTH, f"{_NATURAL}, 4.3.3"),
    (certificates.qualified, ("signing",), "ETSI EN 319 412-5, 4.2"),
    (certificates.subject, _BOTH, f"{_NATURAL}, 4.2.4"),
    (certificates.validity, _BOTH, f"{_RFC}, 4.1.2.5"),
    (certificates.chain, _BOTH, f"{_RFC}, 6.1"),
    (certificates.issuer, _BOTH, f"{_NATURAL}, 4.4.1"),
    (certificates.leaf, _BOTH, f"{_RFC}, 4.2.1.9"),
)
_TITLES: dict[KeyName, str] = {
    "authentication": "The login certificate",
    "signing": "The signing certificate",
}


def _run(check: Check, key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    check(Read(holder, key, parsed(holder, holder.profile.keys[key].certificate)))


def _cases() -> Iterator[Case]:
    number = 0
    for check, keys, clause in _ROWS:
        title, _, purpose = (inspect.getdoc(check) or "").partition("\n\n")
        for key in keys:
            number += 1
            yield Case(
                f"EID_E_{number}",
                clause,
                f"{_TITLES[key]}: {title}",
                purpose,
                (title,),
                ("AUTHENTICATE" if key == "authentication" else "SIGN",),
                run=partial(_run, check, key),
            )


@case("EID_E_22", f"{_NATURAL}, 4.2.4", "one holder, two keys", needs=("AUTHENTICATE", "SIGN"))
def _one_holder(subject: Subject) -> None:
    """Both certificates name one holder, and have keys and serial numbers of their own.

    One key for both would let a login make signatures.
    """
    holder = Holder(subject)
    login, signing = (parsed(holder, rules.certificate) for rules in holder.profile.keys.values())
    same = [
        name
        for name, oid in NAMES.items()
        if login.subject.get_attributes_for_oid(oid) != signing.subject.get_attributes_for_oid(oid)
    ]
    demand(not same, "one holder in both certificates", f"another {', '.join(same)}", _NATURAL)
    keys = {
        each.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for each in (login, signing)
    }
    demand(len(keys) == 2, "two keys", "one key in both certificates", "EN 419212-1, 6")
    serials = {login.serial_number, signing.serial_number}
    demand(len(serials) == 2, "two serial numbers", "one", f"{_RFC}, 4.1.2.2")


@case("EID_E_23", f"{_RFC}, 6.1", "the issuer's signature verifies", needs=("ISSUERS",))
def _issuers(subject: Subject) -> None:
    """The issuers' certificates on the card are those of the holder's chain.

    Programs that have no other copy build the chain with them.
    """
    holder = Holder(subject)
    above = tuple(
        parsed(holder, content).public_bytes(Encoding.DER)
        for content in (Content.ROOT_CERTIFICATE, Content.ISSUING_CERTIFICATE)
    )
    for key in holder.profile.keys:
        certificate = holder.certificate(key)
        try:
            Authorities(above).check(certificate, certificate.not_before)
        except CheckError as error:
            expected = f"a chain of the {key} certificate to the root on the card"
            raise Failure(expected, str(error), f"{_RFC}, 6.1") from None


UNIT = Unit("EID_E", "The holder's certificates", "eidrig", (*_cases(), _one_holder, _issuers))
