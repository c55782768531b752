"""CSCA master lists: the authorities of many countries in one file (ICAO 9303-12, 9)."""

from __future__ import annotations

from typing import ClassVar

from asn1crypto import core

from harness.crypto.issuer_certificate import asked
from harness.crypto.signature import Fault, SecurityObjectError
from harness.crypto.signed_data import SignedData

ID_MASTER_LIST = "2.23.136.1.1.2"


class _Certificates(core.SetOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = core.Any


class _MasterList(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("version", core.Integer), ("certificates", _Certificates)]


def master_list_certificates(raw: bytes) -> tuple[bytes, ...]:
    """The certificates that a master list holds, as DER, once its own signature is checked.

    Whether its signer is to be trusted is for whoever fetched the list to know.

    Raises:
        SecurityObjectError: it is no master list, or its signature does not hold.
    """
    signed = SignedData.parse(raw, "the master list")
    if signed.content_type != ID_MASTER_LIST:
        message = f"holds {signed.content_type}, no certificates of authorities"
        raise SecurityObjectError(Fault.MALFORMED, signed.what, message)
    signed.check_signature(signed.signer())
    return asked(lambda: _listed(signed.content), signed.what)


def _listed(content: bytes) -> tuple[bytes, ...]:
    found = _MasterList.load(content, strict=True)["certificates"]
    return tuple(each.dump() for each in found)
