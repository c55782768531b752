"""What a read of a travel document cannot leave out (ICAO 9303-10, 9303-11)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness import tlv
from harness.apdu import INS
from harness.bench.need import Need, plain, protected
from harness.crypto.bac import CRYPTOGRAM_SIZE, NONCE_SIZE
from harness.crypto.standardized import DOMAINS
from harness.profile import LDS_FILES, ActiveAuthentication, Content, File, Profile
from harness.security_info import encode_oid

OPERATIONS = frozenset(
    ("lds", "passive-authentication", "chip-authentication", "active-authentication")
)
_OBJECT = 2  # bytes of tag and length


def directory(profile: Profile) -> str:
    """The name of the directory with the data groups, or none."""
    if profile.lds is None:
        return ""
    return profile.file_with(Content.DG1).directory


def basic_access(profile: Profile) -> Iterator[Need]:
    """The application, a challenge, and both cryptograms (9303-11, 4.3.4)."""
    yield plain(INS.SELECT, profile.directories[directory(profile)].aid or bytes(2))
    yield plain(INS.GET_CHALLENGE, b"", bytes(1), bytes(NONCE_SIZE))
    cryptogram = bytes(CRYPTOGRAM_SIZE)
    yield plain(INS.EXTERNAL_AUTHENTICATE, cryptogram, bytes(1), cryptogram)


def files(profile: Profile) -> tuple[File, ...]:
    """The files that are read where the plan reads the LDS; short identifiers spare SELECT."""
    if profile.lds is None:
        return ()
    named = (file for file in profile.files.values() if file.content in LDS_FILES)
    return tuple(file for file in named if file.needs != "terminal-authentication")


def proof(profile: Profile, operation: str) -> Iterator[Need]:
    """The commands that prove the chip, by the operation of the plan."""
    if operation == "active-authentication" and profile.active_authentication is not None:
        yield protected(INS.INTERNAL_AUTHENTICATE, 8, _signature(profile.active_authentication))
    elif operation == "chip-authentication" and profile.chip_authentication:
        key = profile.chip_authentication[0]
        domain = DOMAINS[key.parameter_id]
        public = tlv.encode(0x80, domain.encode(domain.multiply_generator(1)))
        yield protected(INS.MANAGE_SECURITY_ENVIRONMENT, _OBJECT + len(encode_oid(key.oid)), 0)
        yield protected(INS.GENERAL_AUTHENTICATE, len(tlv.encode(0x7C, public)), _OBJECT)


def _signature(key: ActiveAuthentication) -> int:
    """The bytes of a signature: as long as the modulus, or two numbers of the curve's order."""
    (bits,) = re.findall(r"[0-9]{3,4}", key.kind)
    size = -(-int(bits) // 8)
    return size if key.kind.startswith("rsa-") else 2 * size
