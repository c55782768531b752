"""Private keys and what they are used for (ISO/IEC 7816-4, 7.5.3 and 7.5.11; 7816-8, 11)."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from harness import tlv
from harness.apdu import SW, CommandApdu
from harness.emulator.personalise import CardImage
from harness.emulator.pins import PinPad
from harness.emulator.status import Environment, Refused, SecurityStatus
from harness.profile import KeyRules
from harness.tlv import TlvError

AUTHENTICATION, SIGNATURE, CONFIDENTIALITY = 0xA4, 0xB6, 0xB8
_DIGESTS: tuple[hashes.HashAlgorithm, ...] = (
    hashes.SHA256(),
    hashes.SHA384(),
    hashes.SHA512(),
)
_DIGEST_INFOS = {  # RFC 8017, 9.2, note 1
    32: bytes.fromhex("3031300D060960864801650304020105000420"),
    48: bytes.fromhex("3041300D060960864801650304020205000430"),
    64: bytes.fromhex("3051300D060960864801650304020305000440"),
}


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
        """A signature over a digest that is at most as long as the key's field.

        ECDSA gives r || s and puts zeros in front of a shorter digest. RSA pads as PKCS#1 v1.5
        has it: INTERNAL AUTHENTICATE what is given, the commands for signatures a SHA-2 digest.
        """
        environment, rules = self._environment(*uses)
        key = self._image.keys[environment.key]
        if isinstance(key, rsa.RSAPrivateKey):
            signature = _rsa_signature(key, digest, is_digest="sign" in uses)
        else:
            signature = _ecdsa_signature(key, digest)
        self._pins.spend(rules.pin, each_time=rules.each_time)
        return signature

    @property
    def field_size(self) -> int:
        """Bytes of the field of the key now chosen; 0 where none is."""
        environment = self._status.environment
        key = self._image.keys[environment.key] if environment else None
        return (key.key_size + 7) // 8 if key else 0

    def decipher(self, command: CommandApdu) -> bytes:
        """PSO: DECIPHER as ECDH: the x-coordinate shared with the point in the data."""
        environment, _ = self._environment("decipher")
        key = self._image.keys[environment.key]
        if command.data[:1] != b"\0" or isinstance(key, rsa.RSAPrivateKey):
            raise Refused(SW.WRONG_DATA)
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, command.data[1:])
        except ValueError:
            raise Refused(SW.WRONG_DATA) from None
        return key.exchange(ec.ECDH(), point)


def _ecdsa_signature(key: ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    size = (key.key_size + 7) // 8
    if not 0 < len(digest) <= min(size, 64):
        raise Refused(SW.WRONG_LENGTH)
    # Any length will do that is not above the field's: zeros in front do not change the number.
    algorithm = next(each for each in _DIGESTS if each.digest_size >= min(size, 64))
    scheme = ec.ECDSA(Prehashed(algorithm), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(digest.rjust(algorithm.digest_size, b"\0"), scheme))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _rsa_signature(key: rsa.RSAPrivateKey, given: bytes, *, is_digest: bool) -> bytes:
    """RSASSA-PKCS1-v1_5 without hashing (RFC 8017, 8.2.1)."""
    size = key.key_size // 8
    if is_digest and len(given) not in _DIGEST_INFOS:
        raise Refused(SW.WRONG_LENGTH)
    info = _DIGEST_INFOS[len(given)] + given if is_digest else given
    if not 0 < len(info) <= size - 11:
        raise Refused(SW.WRONG_LENGTH)
    padded = b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
    numbers = key.private_numbers()
    signed = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n)
    return signed.to_bytes(size)
