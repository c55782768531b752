"""Private keys made from a seed, so that the same seed makes the same card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
_EXPONENT = 65537
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
_ROUNDS = 40


def private_key(seed: int, purpose: str, kind: str) -> PrivateKey:
    """A key of a curve (secp384r1) or of RSA (rsa-2048); never a key to rely on."""
    if kind.startswith("rsa-"):
        return _rsa_key(seed, purpose, int(kind.removeprefix("rsa-")))
    curve = _CURVES[kind]()
    digest = hashlib.sha512(f"eidrig key {seed} {purpose}".encode()).digest()
    size = (curve.key_size - 1) // 8  # whole bytes below the order: never out of range
    return ec.derive_private_key(1 + int.from_bytes(digest[:size]), curve)


@cache
def _rsa_key(seed: int, purpose: str, bits: int) -> rsa.RSAPrivateKey:
    primes = _primes(f"eidrig rsa {seed} {purpose}", bits // 2)
    p, q = next(primes), next(primes)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key()


def _primes(seed: str, bits: int) -> Iterator[int]:
    """Primes of this size whose two highest bits are set, so that a product has twice the size."""
    for number in count():
        drawn = hashlib.shake_256(f"{seed} {number}".encode()).digest(bits // 8)
        candidate = int.from_bytes(drawn) | 3 << bits - 2 | 1
        if (candidate - 1) % _EXPONENT and _is_prime(candidate):
            yield candidate


def _is_prime(candidate: int) -> bool:
    """Miller and Rabin's test; the bases are drawn from the candidate itself."""
    if any(candidate % small == 0 for small in _SMALL):
        return False
    power = (candidate - 1 & 1 - candidate).bit_length() - 1
    odd = candidate - 1 >> power
    for number in range(_ROUNDS):
        drawn = hashlib.sha256(f"{number} {candidate}".encode()).digest()
        residue = pow(2 + int.from_bytes(drawn), odd, candidate)
        squares = (pow(residue, 1 << exponent, candidate) for exponent in range(power))
        if residue != 1 and candidate - 1 not in squares:
            return False
    return True
