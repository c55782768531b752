"""The sequences of the state's own phone library, sent by a second, independent hand.

The client below knows nothing of this package: PACE with the arithmetic of textbooks, secure
messaging with a bare cryptographic library, and the strictness of the phone library where it is
strict. What it sends is written down here as that library was observed to send it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of, powered
from harness.emulator.card import EmulatedCard
from harness.profile import Content

H = bytes.fromhex
OID = "060A04007F00070202040204"


@dataclass(frozen=True)
class Curve:
    """A curve y² = x³ + ax + b over p, its generator, and the bytes of a coordinate."""

    p: int
    a: int
    generator: tuple[int, int]
    size: int

    def add(
        self, one: tuple[int, int] | None, other: tuple[int, int] | None
    ) -> tuple[int, int] | None:
        """The sum of two points, None being the point at infinity."""
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if one == other:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, scalar: int, point: tuple[int, int]) -> tuple[int, int]:
        """A multiple of a point by doubling and adding."""
        total: tuple[int, int] | None = None
        step: tuple[int, int] | None = point
        while scalar:
            total = self.add(total, step) if scalar & 1 else total
            step, scalar = self.add(step, step), scalar >> 1
        assert total is not None
        return total

    def encode(self, point: tuple[int, int]) -> bytes:
        """04, x, y."""
        return b"\x04" + b"".join(each.to_bytes(self.size, "big") for each in point)

    def decode(self, raw: bytes) -> tuple[int, int]:
        """Both coordinates of an uncompressed point of exactly the right length."""
        assert (raw[0], len(raw)) == (4, 1 + 2 * self.size)
        return int.from_bytes(raw[1 : 1 + self.size], "big"), int.from_bytes(
            raw[-self.size :], "big"
        )


P256 = Curve(
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    -3,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    32,
)
BRAINPOOL_384 = Curve(
    0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53,
    0x7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826,
    (
        0x1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E,
        0x8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315,
    ),
    48,
)


def aes_cbc(key: bytes, iv: bytes, data: bytes, *, decrypt: bool = False) -> bytes:
    """AES in CBC mode without padding."""
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    run = cipher.decryptor() if decrypt else cipher.encryptor()
    return run.update(data) + run.finalize()


def cmac(key: bytes, data: bytes) -> bytes:
    """The first eight bytes of AES-CMAC."""
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()[:8]


def fill(data: bytes) -> bytes:
    """80 and zeros to whole blocks."""
    return data + b"\x80" + bytes(-(len(data) + 1) % 16)


@dataclass
class Phone:
    """The phone library's side of the wire; `sent` holds the plain commands."""

    card: EmulatedCard
    curve: Curve
    nonce_size: int
    enc: bytes = b""
    mac: bytes = b""
    ssc: int = 0
    sent: list[str] = field(default_factory=list)

    def plain(self, command: str) -> str:
        """One command in the clear."""
        self.sent.append(command)
        return self.card.transmit(H(command)).hex().upper()

    def tunnel(self, select: str, set_at: str, can: bytes = b"123456") -> str:
        """PACE as section 3 of the observations has it; the status word of the last step."""
        size = 2 * self.curve.size + 1
        assert self.plain(select) == "9000"
        assert self.plain(set_at) == "9000"
        z = self._step("10860000027C0000", 0x80, self.nonce_size)
        k_pi = hashlib.sha256(can + H("00000003")).digest()
        s = int.from_bytes(aes_cbc(k_pi, bytes(16), z, decrypt=True), "big")
        d1, d2 = (1 + secrets.randbelow(2**200) for _ in range(2))
        theirs = self._exchange(
            0x81, self.curve.encode(self.curve.times(d1, self.curve.generator)), size
        )
        shared = self.curve.times(d1, self.curve.decode(theirs))
        base = self.curve.add(self.curve.times(s, self.curve.generator), shared)
        assert base is not None
        ours = self.curve.encode(self.curve.times(d2, base))
        theirs = self._exchange(0x83, ours, size)
        x = self.curve.times(d2, self.curve.decode(theirs))[0].to_bytes(self.curve.size, "big")
        self.enc, self.mac = (hashlib.sha256(x + H(n)).digest() for n in ("00000001", "00000002"))
        answer = self.plain(f"008600000C7C0A8508{self._token(theirs).hex().upper()}00")
        if answer[-4:] == "9000":
            assert answer == f"7C0A8608{self._token(ours).hex().upper()}9000"
        return answer[-4:]

    def _step(self, command: str, tag: int, size: int) -> bytes:
        answer = self.plain(command)
        head = f"7C{size + 2:02X}{tag:02X}{size:02X}"
        assert answer.startswith(head)
        assert answer.endswith("9000")
        return H(answer[8:-4])

    def _exchange(self, tag: int, point: bytes, size: int) -> bytes:
        body = f"7C{size + 2:02X}{tag:02X}{size:02X}{point.hex().upper()}"
        return self._step(f"10860000{size + 4:02X}{body}00", tag + 1, size)

    def _token(self, point: bytes) -> bytes:
        body = H(OID) + H(f"86{len(point):02X}") + point
        return cmac(self.mac, H(f"7F49{len(body):02X}") + body)

    def __call__(self, command: str) -> str:
        """One command through the tunnel; data and status word of the answer."""
        self.sent.append(command)
        raw = H(command)
        header, data, le = _split(raw)
        self.ssc += 1
        objects = self._encrypted(header, data) + (H("9701") + le if le else b"")
        header = bytes((header[0] | 0x0C,)) + header[1:]
        whole = fill(header) + (fill(objects) if objects else b"")
        objects += H("8E08") + cmac(self.mac, self._counter() + whole)
        answer = self.card.transmit(header + bytes((len(objects),)) + objects + b"\0")
        if answer[-2] == 0x61:
            more = self.card.transmit(H("00C00000") + answer[-1:])
            answer = answer[:-2] + more[:-2] + H("9000")
        self.ssc += 1
        if answer[-2:] != H("9000"):  # the library looks at nothing else then
            return answer[-2:].hex().upper()
        return self._opened(answer[:-2]).hex().upper() + "9000"

    def _encrypted(self, header: bytes, data: bytes) -> bytes:
        if not data:
            return b""
        hidden = aes_cbc(self.enc, self._iv(), fill(data))
        if header[1] & 1:
            return bytes((0x85, len(hidden))) + hidden
        return bytes((0x87, len(hidden) + 1, 1)) + hidden

    def _counter(self) -> bytes:
        return self.ssc.to_bytes(16, "big")

    def _iv(self) -> bytes:
        return aes_cbc(self.enc, bytes(16), self._counter())

    def _opened(self, body: bytes) -> bytes:
        """Check and open an answer in the fixed order 87 or 85, 99, 8E."""
        covered, mac = body[:-10], body[-10:]
        assert mac == H("8E08") + cmac(self.mac, self._counter() + fill(covered))
        assert covered.endswith(H("99029000"))
        covered = covered[:-4]
        if not covered:
            return b""
        assert covered[0] in (0x85, 0x87)
        skip = 2 if covered[1] < 0x80 else covered[1] - 0x80 + 2
        value = covered[skip:]
        length = covered[1] if skip == 2 else int.from_bytes(covered[2:skip], "big")
        assert len(value) == length
        if covered[0] == 0x87:
            assert value[0] == 1
            value = value[1:]
        plain = aes_cbc(self.enc, self._iv(), value, decrypt=True)
        return plain[: plain.rindex(b"\x80")]


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, data and Le byte of a short command."""
    header, body = raw[:4], raw[4:]
    if len(body) <= 1:
        return header, b"", body
    return header, body[1 : 1 + body[0]], body[1 + body[0] :]


MAIN = {
    IDEMIA: "00A4040C10A000000077010800070000FE00000100",
    THALES: "00A4040C0CA000000063504B43532D3135",
}
QSCD = "00A4040C1051534344204170706C69636174696F6E"
AWP = "00A4040C0DE828BD080FF2504F5420415750"
SELECT = {IDEMIA: MAIN[IDEMIA], THALES: "00A4020C02011C"}
SET_AT = {
    IDEMIA: "0022C1A412800A04007F0007020204020483010284010C00",
    THALES: "0022C1A40F800A04007F0007020204020483010200",
}
CURVE = {IDEMIA: (P256, 32), THALES: (BRAINPOOL_384, 16)}
HASH = hashlib.sha384(b"from the phone").digest()
HEX = HASH.hex().upper()
PIN = {
    IDEMIA: {
        "1": b"1234".ljust(12, b"\xff").hex().upper(),
        "2": b"12345".ljust(12, b"\xff").hex().upper(),
    },
    THALES: {
        "1": b"1234".ljust(12, b"\0").hex().upper(),
        "2": b"12345".ljust(12, b"\0").hex().upper(),
    },
}
CERTIFICATE = {
    (IDEMIA, "auth"): "00A4090C04ADF13401",
    (IDEMIA, "sign"): "00A4090C04ADF2341F",
    (THALES, "auth"): "00A4080404ADF13411",
    (THALES, "sign"): "00A4080404ADF23421",
}
CONTENT = {"auth": Content.AUTHENTICATION_CERTIFICATE, "sign": Content.SIGNING_CERTIFICATE}


def phone(name: str) -> Phone:
    """A phone at a card that has just been held to it."""
    return Phone(powered(name).card, *CURVE[name])


@pytest.fixture(params=PROFILES)
def name(request: pytest.FixtureRequest) -> str:
    """Each of the two generations."""
    return str(request.param)


@pytest.fixture
def app(name: str) -> Phone:
    """The library with its tunnel open."""
    at_hand = phone(name)
    assert at_hand.tunnel(SELECT[name], SET_AT[name]) == "9000"
    assert len(at_hand.sent) == 6
    at_hand.sent.clear()
    return at_hand


def all_of(app: Phone, *commands: str) -> None:
    """Send commands whose answer must be 9000 and nothing else."""
    for command in commands:
        assert app(command) == "9000", command


def size_in(fci: str) -> int:
    """The file size as the library looks for it in an FCI that came without being asked for."""
    raw = H(fci[:-4])
    assert raw[0] & 0x20
    assert raw[1] == len(raw) - 2
    at = 2
    while raw[at] not in (0x80, 0x81):
        at += 2 + raw[at + 1]
    return int.from_bytes(raw[at + 2 : at + 4], "big")


def sized_read(app: Phone, fci: str) -> bytes:
    """READ BINARY with Le of at most E5 until the size is reached."""
    size, read = size_in(fci), b""
    while len(read) < size:
        answer = app(f"00B0{len(read):04X}{min(0xE5, size - len(read)):02X}")
        assert answer.endswith("9000")
        assert len(answer) > 4
        read += H(answer[:-4])
    return read


def read_on(app: Phone) -> bytes:
    """READ BINARY with Le 00 until 6B00, the only end this loop knows."""
    read = b""
    while (answer := app(f"00B0{len(read):04X}00")) != "6B00":
        assert answer.endswith("9000")
        assert len(answer) > 4
        read += H(answer[:-4])
    return read


def certificate(app: Phone, name: str, which: str) -> bytes:
    """A certificate as the library reads it: select the application, the file, and read."""
    all_of(app, MAIN[name])
    answer = app(CERTIFICATE[name, which])
    if name == THALES:
        return sized_read(app, answer)
    assert answer == "9000"
    return read_on(app)


def records(app: Phone, name: str) -> Iterator[str]:
    """The eight records of personal data as the library reads them."""
    all_of(app, MAIN[name], "00A4010C025000" if name == IDEMIA else "00A4080C02DFDD")
    for number in range(1, 9):
        if name == IDEMIA:
            all_of(app, f"00A4020C02500{number}")
            answer = app("00B0000000")
            assert answer.endswith("9000")
            yield H(answer[:-4]).decode()
        else:
            yield sized_read(app, app(f"00A4020402500{number}")).decode()


def check(answer: str, name: str, which: str, digest: bytes = HASH) -> None:
    """The answer is r || s of 96 bytes by the key in a certificate."""
    assert answer.endswith("9000")
    raw = H(answer[:-4])
    assert len(raw) == 96
    key = x509.load_der_x509_certificate(image_of(name).contents[CONTENT[which]]).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    r, s = int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big")
    key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA384())))


def test_a_wrong_can(name: str) -> None:
    """A wrong CAN is 6300 at the last step, where the library says so."""
    assert phone(name).tunnel(SELECT[name], SET_AT[name], b"654321") == "6300"


def test_personal_data(app: Phone, name: str) -> None:
    """Eight records in 18 commands, dates and place in the form the library parses."""
    surname, given, sex, citizenship, birth, code, document, expiry = records(app, name)
    assert (surname, given, sex, citizenship) == ("JÕEORG", "JAAK-KRISTJAN", "M", "EST")
    assert birth == ("08 01 1980 EST" if name == IDEMIA else "08 01 1980")
    assert (code, document, expiry) == ("38001085718", "AS0000001", "01 01 2035")
    assert len(app.sent) == 18


@pytest.mark.parametrize("which", ["auth", "sign"])
def test_certificates(app: Phone, name: str, which: str) -> None:
    """Each certificate is read whole, by size or until 6B00, in the number of commands observed."""
    der = image_of(name).contents[CONTENT[which]]
    assert certificate(app, name, which) == der
    piece = 231 if name == IDEMIA else 223
    assert len(app.sent) == 2 + -(-len(der) // piece) + (name == IDEMIA)


def test_counters(app: Phone, name: str) -> None:
    """The library finds three tries left of each code where it looks for them."""
    if name == IDEMIA:
        for where, number in ((MAIN[name], "01"), (QSCD, "05"), (MAIN[name], "02")):
            all_of(app, where)
            answer = app(f"00CB3FFF0A4D087006BF81{number}02A08000")
            assert H(answer)[13] == 3
    else:
        for reference in ("81", "82", "83"):
            all_of(app, MAIN[name])
            answer = app(f"00CB00FF05A0038301{reference}00")
            assert H(answer[:-4])[1] == len(H(answer)) - 4
            assert "DF2104" in answer
            assert answer[answer.index("DF2104") + 6 :].startswith("03")
            assert "DF2F0101" in answer


def test_login(app: Phone, name: str) -> None:
    """The login signature verifies; on Thales the applet is left where the certificate was read."""
    if name == IDEMIA:
        all_of(app, AWP, f"002000010C{PIN[name]['1']}", "002241A4098004FF200800840181")
        check(app(f"0088000030{HEX}00"), name, "auth")
        assert len(app.sent) == 4
    else:
        certificate(app, name, "auth")
        app.sent.clear()
        all_of(app, f"002000810C{PIN[name]['1']}", "002241B606800154840101", f"002A90A0329030{HEX}")
        check(app("002A9E9A00"), name, "auth")
        assert len(app.sent) == 4


def test_login_right_behind_the_tunnel() -> None:
    """On Thales login works even when EF.CardAccess is still the current file."""
    app = phone(THALES)
    app.tunnel(SELECT[THALES], SET_AT[THALES])
    all_of(app, f"002000810C{PIN[THALES]['1']}", "002241B606800154840101", f"002A90A0329030{HEX}")
    check(app("002A9E9A00"), THALES, "auth")


def test_signature(app: Phone, name: str) -> None:
    """A document signature verifies, one VERIFY for one signature."""
    certificate(app, name, "sign")
    app.sent.clear()
    if name == IDEMIA:
        all_of(app, QSCD, f"002000850C{PIN[name]['2']}", "002241B6098004FF15080084019F")
        check(app(f"002A9E9A30{HEX}00"), name, "sign")
        assert len(app.sent) == 4
    else:
        all_of(app, MAIN[name])
        assert "DF2F0101" in app("00CB00FF05A00383018200")
        all_of(app, f"002000820C{PIN[name]['2']}", "002241B606800154840105", f"002A90A0329030{HEX}")
        check(app("002A9E9A00"), name, "sign")
        assert len(app.sent) == 6


def test_a_short_hash_is_padded_by_the_library() -> None:
    """For IDEMIA the library puts zeros in front of a SHA-256 hash before it has it signed."""
    app, digest = phone(IDEMIA), hashlib.sha256(b"short").digest().rjust(48, b"\0")
    app.tunnel(SELECT[IDEMIA], SET_AT[IDEMIA])
    all_of(app, QSCD, f"002000850C{PIN[IDEMIA]['2']}", "002241B6098004FF15080084019F")
    check(app(f"002A9E9A30{digest.hex()}00"), IDEMIA, "sign", digest)


def test_decrypt(app: Phone, name: str) -> None:
    """Decryption hands back the 48 bytes of the shared x-coordinate."""
    ours = ec.generate_private_key(ec.SECP384R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    if name == IDEMIA:
        all_of(app, AWP, f"002000010C{PIN[name]['1']}", "002241B8098004FF300400840181")
    else:
        all_of(app, f"002000810C{PIN[name]['1']}", "002241B803840101")
    answer = app(f"002A80866200{point}00")
    key = x509.load_der_x509_certificate(image_of(name).contents[CONTENT["auth"]]).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert answer == ours.exchange(ec.ECDH(), key).hex().upper() + "9000"


def block(name: str, digits: bytes) -> str:
    """A code filled to twelve bytes."""
    return digits.ljust(12, b"\xff" if name == IDEMIA else b"\0").hex().upper()


@pytest.mark.parametrize(
    ("code", "old"), [("PIN1", b"1234"), ("PIN2", b"12345"), ("PUK", b"12345678")]
)
def test_change(app: Phone, name: str, code: str, old: bytes) -> None:
    """A code is changed by two commands; the library never changes a PUK of Thales."""
    if name == THALES and code == "PUK":
        all_of(app, MAIN[name])
        return
    reference = (
        {"PIN1": "01", "PIN2": "85", "PUK": "02"}
        if name == IDEMIA
        else {"PIN1": "81", "PIN2": "82"}
    )
    home = QSCD if (name, code) == (IDEMIA, "PIN2") else MAIN[name]
    new = block(name, b"11223344")
    all_of(
        app,
        home,
        f"002400{reference[code]}18{block(name, old)}{new}",
        f"002000{reference[code]}0C{new}",
    )


def test_wrong_codes_are_counted(app: Phone, name: str) -> None:
    """The library's three wrong codes are answered 63C2, 63C1 and 6983."""
    all_of(app, AWP if name == IDEMIA else MAIN[name])
    verify = f"002000{'01' if name == IDEMIA else '81'}0C{block(name, b'9999')}"
    assert [app(verify) for _ in range(4)] == ["63C2", "63C1", "6983", "6983"]


@pytest.mark.parametrize("code", ["PIN1", "PIN2"])
def test_unblock(app: Phone, name: str, code: str) -> None:
    """Thales unblocks in one command; IDEMIA only where the PUK was verified before it."""
    new, puk = block(name, b"56789"), block(name, b"12345678")
    all_of(app, QSCD if (name, code) == (IDEMIA, "PIN2") else MAIN[name])
    if name == THALES:
        reference = {"PIN1": "81", "PIN2": "82"}[code]
        all_of(app, f"002C00{reference}18{puk}{new}", f"002000{reference}0C{new}")
        return
    reference = {"PIN1": "01", "PIN2": "85"}[code]
    reset = f"002C02{reference}0C{new}"
    assert app(reset) == "6982"
    all_of(app, MAIN[name], f"002000020C{puk}", *([QSCD] if code == "PIN2" else []))
    all_of(app, reset, f"002000{reference}0C{new}")


def test_a_whole_information_tap(name: str) -> None:
    """Tunnel, personal data and two counters come to the number of commands observed: 28."""
    app = phone(name)
    app.tunnel(SELECT[name], SET_AT[name])
    assert len(list(records(app, name))) == 8
    for pin in ("1", "2"):
        if name == IDEMIA:
            all_of(app, MAIN[name] if pin == "1" else QSCD)
            assert (
                app(f"00CB3FFF0A4D087006BF810{'1' if pin == '1' else '5'}02A08000")[-4:] == "9000"
            )
        else:
            all_of(app, MAIN[name])
            assert app(f"00CB00FF05A00383018{pin}00")[-4:] == "9000"
    assert len(app.sent) == 6 + 18 + 4
