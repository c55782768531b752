"""Documents that OpenSSL issued and signed are authenticated; what OpenSSL refuses is refused."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fixtures.issuers import Issuer, Signing, lds_security_object
from harness import tlv
from harness.crypto.issuer_certificate import TrustStore
from harness.crypto.passive_auth import (
    PassiveAuthentication,
    SecurityObject,
    authenticate_groups,
)
from harness.crypto.signature import Fault
from harness.terminal.certificate import load_certificates

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="OpenSSL is not installed (apt install openssl)"
)

GROUPS = {1: b"\x61\x03abc", 2: b"\x75\x01x"}
_PSS = ("-keyopt", "rsa_padding_mode:pss")
_EXPLICIT = ("-pkeyopt", "ec_param_enc:explicit")


def _curve(name: str) -> tuple[str, ...]:
    return ("-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{name}")


SIGNERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "RSA": (("-newkey", "rsa:2048"), ()),
    "RSA-PSS": (("-newkey", "rsa:2048"), _PSS),
    "RSA-PSS key": (("-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"), _PSS),
    "P-256": (_curve("P-256"), ()),
    "explicit P-256": (_curve("P-256") + _EXPLICIT, ()),
    "explicit brainpoolP512r1": (_curve("brainpoolP512r1") + _EXPLICIT, ()),
}
"""How a document signer's key is made, and how it signs."""


def openssl(folder: Path, *arguments: str) -> int:
    """Run OpenSSL in a folder and return its exit code."""
    done = subprocess.run(("openssl", *arguments), cwd=folder, check=False, capture_output=True)
    return done.returncode


def must(folder: Path, *arguments: str) -> None:
    """Run OpenSSL, which must succeed."""
    assert openssl(folder, *arguments) == 0, arguments


def issue(
    folder: Path,
    key: tuple[str, ...],
    how: tuple[str, ...],
    digest: str = "sha256",
    authority: tuple[str, ...] = _curve("brainpoolP384r1") + _EXPLICIT,
) -> bytes:
    """EF.SOD over `GROUPS`, all made by OpenSSL but the hashes inside."""
    named = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/C=UT/CN=CSCA"]
    usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    must(folder, "req", "-x509", "-nodes", *authority, *named, *usage)
    request = ["-nodes", "-keyout", "ds.key", "-subj", "/C=UT/CN=DSC", "-out", "ds.csr"]
    must(folder, "req", "-new", *key, *request, "-addext", "keyUsage=critical,digitalSignature")
    ca = ["-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copyall", "-days", "20"]
    must(folder, "x509", "-req", "-in", "ds.csr", *ca, "-out", "ds.pem")
    (folder / "content").write_bytes(lds_security_object(GROUPS, digest))
    sign = ["-sign", "-binary", "-nodetach", "-econtent_type", "2.23.136.1.1.1", "-md", digest]
    files = ["-signer", "ds.pem", "-inkey", "ds.key", "-in", "content", "-out", "sod"]
    must(folder, "cms", *sign, "-outform", "DER", *files, *how)
    return tlv.encode(0x77, (folder / "sod").read_bytes())


def authenticated(folder: Path, raw: bytes) -> PassiveAuthentication:
    """What our own check says of EF.SOD and `GROUPS`."""
    trust = TrustStore(load_certificates((folder / "ca.pem").read_bytes(), "ca.pem"))
    return authenticate_groups(SecurityObject.parse(raw), GROUPS, trust, datetime.now(UTC))


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_what_openssl_signed_holds(kind: str, digest: str, tmp_path: Path) -> None:
    """Signature, chain and hashes of what OpenSSL made hold, on curves that are spelt out, too."""
    result = authenticated(tmp_path, issue(tmp_path, *SIGNERS[kind], digest))
    assert [str(each) for each in result.failures] == []
    assert result.is_proven


def test_both_refuse_a_changed_signature(tmp_path: Path) -> None:
    """A signature that OpenSSL refuses is refused here, too."""
    # OpenSSL itself refuses authorities whose curve is spelt out.
    raw = issue(tmp_path, *SIGNERS["P-256"], authority=_curve("brainpoolP384r1"))
    (tmp_path / "sod").write_bytes(tlv.parse_one(raw).value)
    verify = ["cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "ca.pem"]
    verify += ["-purpose", "any", "-out", "content"]
    must(tmp_path, *verify)
    spoilt = raw[:-1] + bytes((raw[-1] ^ 1,))
    (tmp_path / "sod").write_bytes(tlv.parse_one(spoilt).value)
    assert openssl(tmp_path, *verify) != 0
    failures = authenticated(tmp_path, spoilt).failures
    assert [each.fault for each in failures] == [Fault.SIGNATURE]


def test_openssl_takes_what_the_tests_sign(tmp_path: Path) -> None:
    """The issuer that the other tests use signs as OpenSSL understands it."""
    issuer = Issuer("rsa", is_pss=True)
    (tmp_path / "sod").write_bytes(Signing(issuer, lds_security_object(GROUPS)).der())
    for name, der in (("ca", issuer.authority), ("ds", issuer.signer)):
        (tmp_path / name).write_bytes(der)
        must(tmp_path, "x509", "-inform", "DER", "-in", name, "-out", f"{name}.pem")
    verify = ["cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "ca.pem"]
    must(tmp_path, *verify, "-purpose", "any", "-attime", "1780000000", "-out", "content")
    assert (tmp_path / "content").read_bytes() == lds_security_object(GROUPS)
