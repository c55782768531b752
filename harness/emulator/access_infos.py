"""What a card tells of its PACE and its static keys (ICAO 9303-11, 9.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from harness import tlv
from harness.crypto.chip_key import ChipKey
from harness.crypto.curve import STANDARDIZED
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.emulator.data_groups import security_infos
from harness.profile import Pace, PaceOffer
from harness.security_info import PaceInfo, encode_integer, encode_oid, encode_pace_info


def card_access(pace: Pace) -> bytes:
    """EF.CardAccess with all that the profile's card offers, filled up as the profile says."""
    return security_infos(access_infos(pace)).ljust(pace.card_access_size, b"\0")


def card_security(pace: Pace, chip_keys: Mapping[int, ChipKey]) -> bytes:
    """The SecurityInfos that EF.CardSecurity signs: EF.CardAccess and the static public keys."""
    public = [key.public.encode() for key in chip_keys.values()]
    return security_infos([*access_infos(pace), *public])


def access_infos(pace: Pace) -> list[bytes]:
    """The PACEInfos, and the groups that are spelt out."""
    named = [encode_pace_info(PaceInfo(each.oid, 2, each.reference)) for each in pace.offers]
    spelt_out = {_domain_info(each) for each in pace.offers if each.explicit_id is not None}
    return [*named, *spelt_out]


def _domain_info(offer: PaceOffer) -> bytes:
    """A PACEDomainParameterInfo (ICAO 9303-11, 9.2.2)."""
    oid = encode_oid(offer.oid.rpartition(".")[0])
    domain = encode_parameters(DOMAINS[offer.parameter_id], explicit=True)
    return tlv.encode(0x30, tlv.encode(0x06, oid), domain, encode_integer(offer.reference))


def mapping_keys(pace: Pace, seed: int) -> dict[int, ChipKey]:
    """A static key for each group that a protocol with chip authentication mapping uses."""
    return {
        each.reference: _mapping_key(each, seed)
        for each in pace.offers
        if PaceSuite.of(each.oid).mapping == "CAM" and each.parameter_id in STANDARDIZED
    }


def _mapping_key(offer: PaceOffer, seed: int) -> ChipKey:
    domain = STANDARDIZED[offer.parameter_id]
    digest = hashlib.sha512(f"eidrig chip key {seed} {offer.reference}".encode()).digest()
    private = 1 + int.from_bytes(digest, "big") % (domain.order - 1)
    return ChipKey(domain, private, offer.reference)
