"""A broker that wants TLS, a certificate and a password: it is reached, or it is said why not."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from services.domain.errors import Unavailable
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_server import start
from services.runtime.loopback import HOST, free_port
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.runtime.log_contract import PARTITION, PARTITIONS, TOPIC, drain
from tests.runtime.samples import envelope

pytestmark = pytest.mark.usefixtures("real_servers")

DAY = datetime.timedelta(days=1)
LOGINS = "org.apache.kafka.common.security"
PLAIN = f'{LOGINS}.plain.PlainLoginModule required user_navette="secret";'
SCRAM = f"{LOGINS}.scram.ScramLoginModule required;"
SCRAMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")


class SecureKafka(LocalKafka):
    """A broker with a second door: TLS both ways, and a password."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "kafka", free_port(), lambda _: None)
        self.secure_port = free_port()
        self.files = folder
        self.format_options = tuple(
            word
            for name in SCRAMS
            for word in ("--add-scram", f"{name}=[name=navette,password=secret]")
        )

    def _properties(self, controller_port: int) -> str:
        lines = []
        for line in super()._properties(controller_port).splitlines():
            name, _, value = line.partition("=")
            if name in ("listeners", "advertised.listeners"):
                line += f",SECURE://{HOST}:{self.secure_port}"
            if name == "listener.security.protocol.map":
                line = f"{name}={value},SECURE:SASL_SSL"
            lines.append(line)
        secure = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.files / "broker.pem",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.files / "ca.pem",
            "ssl.client.auth": "required",
            "sasl.enabled.mechanisms": ",".join(["PLAIN", *SCRAMS]),
            "plain.sasl.jaas.config": PLAIN,
            **{f"{name.lower()}.sasl.jaas.config": SCRAM for name in SCRAMS},
        }
        lines += [f"listener.name.secure.{name}={value}" for name, value in secure.items()]
        return "\n".join(lines) + "\n"


def certificate(folder: Path, name: str, issuer: str | None = None) -> None:
    """Write NAME.key, NAME.crt and both in NAME.pem; vouched for by the issuer, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )
    if issuer is None:
        builder = builder.issuer_name(subject).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        signer = key
    else:
        address = x509.IPAddress(ipaddress.ip_address(HOST))
        builder = builder.issuer_name(
            x509.load_pem_x509_certificate((folder / f"{issuer}.crt").read_bytes()).subject
        ).add_extension(x509.SubjectAlternativeName([address]), critical=False)
        loaded = serialization.load_pem_private_key((folder / f"{issuer}.key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        signer = loaded
    made = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / f"{name}.key").write_bytes(private)
    (folder / f"{name}.crt").write_bytes(made)
    (folder / f"{name}.pem").write_bytes(made if issuer is None else private + made)


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[KafkaSettings]:
    certificate(tmp_path, "ca")
    certificate(tmp_path, "other-ca")
    certificate(tmp_path, "broker", "ca")
    certificate(tmp_path, "client", "ca")
    certificate(tmp_path, "stranger", "other-ca")
    server = SecureKafka(tmp_path)
    child = await start(server)
    yield KafkaSettings(
        kafka=f"{HOST}:{server.secure_port}",
        kafka_security="SASL_SSL",
        kafka_sasl_mechanism="PLAIN",
        kafka_sasl_username="navette",
        kafka_sasl_password=SecretStr("secret"),
        kafka_ca=tmp_path / "ca.crt",
        kafka_cert=tmp_path / "client.crt",
        kafka_key=tmp_path / "client.key",
        partitions=PARTITIONS,
    )
    await child.stop()


async def test_a_secure_broker_is_reached_or_it_is_said_which_setting_keeps_us_out(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    async with topic_keeper(settings) as keeper:
        await keeper.create(list(Topic))
    for mechanism in ("PLAIN", *SCRAMS):
        log = KafkaLog(settings.model_copy(update={"kafka_sasl_mechanism": mechanism}))
        await log.start()
        offset = await log.append(TOPIC, "key", envelope(1))
        assert await drain(log.reader(TOPIC, PARTITION, offset), 1) == ["m-1"]
        await log.close()
    guessed = {"kafka_sasl_password": SecretStr("guessed")}
    for wrong, said in (
        (guessed, "log-in failed .*_PASSWORD"),
        (guessed | {"kafka_sasl_mechanism": "SCRAM-SHA-256"}, "log-in failed .*_PASSWORD"),
        (guessed | {"kafka_sasl_mechanism": "SCRAM-SHA-512"}, "log-in failed .*_PASSWORD"),
        ({"kafka_sasl_username": "stranger"}, "log-in failed .*_USERNAME"),
        ({"kafka_ca": tmp_path / "other-ca.crt"}, "TLS failed .*_CA"),
        (
            {"kafka_cert": tmp_path / "stranger.crt", "kafka_key": tmp_path / "stranger.key"},
            "a certificate that it knows; see .*_CERT",
        ),
        (
            {
                "kafka_security": "SASL_PLAINTEXT",
                "kafka_ca": None,
                "kafka_cert": None,
                "kafka_key": None,
            },
            "NAVETTE_KAFKA_SECURITY",
        ),
    ):
        with pytest.raises(Unavailable, match=said):
            await KafkaLog(settings.model_copy(update=wrong)).start()
