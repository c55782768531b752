"""Private keys and what they are used for (ISO/IEC 7816-4, 7.5.3 and 7.5.11; 7816-8, 11)."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from harness import tlv
from harness.apdu import SW, CommandApdu
from harness.emulator.personalise import CardImage
from harness.emulator.pins import PinPad
from harness.emulator.status import Environment, Refused, SecurityStatus
from harness.profile import KeyRules
from harness.tlv import TlvError

AUTHENTICATION, SIGNATURE, CONFIDENTIALITY = 0xA4, 0xB6, 0xB8
FIELD_SIZE = 48


class KeyStore:
    """The card's private keys behind their PINs."""

    def __init__(self, image: CardImage, pins: PinPad, status: SecurityStatus) -> None:
        self._image = image
        self._pins = pins
        self._status = status

    def set_environment(self, uses: tuple[str, ...], data: bytes) -> None:
        """MSE:SET: choose key and algorithm for one of the `uses` that the template stands for.

        Raises:
            Refused: 6A80 for malformed data, 6A88 for a key that is not here or not for this.
        """
        self._status.environment = self._status.hash = None
        try:
            objects = tlv.parse_all(data)
        except TlvError:
            raise Refused(SW.WRONG_DATA) from None
        reference, algorithm = tlv.find(objects, 0x84), tlv.find(objects, 0x80) or b""
        if reference is None or {each.tag for each in objects} - {0x80, 0x84}:
            raise Refused(SW.WRONG_DATA)
        for name, rules in self._image.profile.keys.items():
            for use in uses:
                accepted = getattr(rules, use)
                if self._is(rules, reference) and algorithm in accepted:
                    self._status.environment = Environment(name, use, algorithm)
                    return
        raise Refused(SW.REFERENCED_DATA_NOT_FOUND)

    def _is(self, rules: KeyRules, reference: bytes) -> bool:
        home = self._image.profile.directories[rules.directory].path
        here = rules.scope == "global" or self._status.directory == home
        return here and reference == bytes((rules.reference,))

    def _environment(self, *uses: str) -> tuple[Environment, KeyRules]:
        environment = self._status.environment
        if environment is None or environment.use not in uses:
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        rules = self._image.profile.keys[environment.key]  # type: ignore[index]
        self._pins.require(rules.pin)
        return environment, rules

    def sign(self, digest: bytes, *uses: str) -> bytes:
        """R || s over a digest of up to 48 bytes, zeros put in front of a shorter one."""
        environment, rules = self._environment(*uses)
        if not 0 < len(digest) <= FIELD_SIZE:
            raise Refused(SW.WRONG_LENGTH)
        key = self._image.keys[environment.key]
        scheme = ec.ECDSA(Prehashed(hashes.SHA384()), deterministic_signing=True)
        r, s = decode_dss_signature(key.sign(digest.rjust(FIELD_SIZE, b"\0"), scheme))
        self._pins.spend(rules.pin)
        return r.to_bytes(FIELD_SIZE, "big") + s.to_bytes(FIELD_SIZE, "big")

    def decipher(self, command: CommandApdu) -> bytes:
        """PSO: DECIPHER as ECDH: the x-coordinate shared with the point in the data."""
        environment, _ = self._environment("decipher")
        if command.data[:1] != b"\0":
            raise Refused(SW.WRONG_DATA)
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), command.data[1:])
        except ValueError:
            raise Refused(SW.WRONG_DATA) from None
        return self._image.keys[environment.key].exchange(ec.ECDH(), point)
