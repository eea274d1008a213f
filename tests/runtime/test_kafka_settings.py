"""A setting of Kafka that cannot be used is named, and what is wrong with it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from services.runtime.kafka_connection import connection
from services.runtime.settings import InvalidSetting, KafkaSettings, read_settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kafka": ""}, "NAVETTE_KAFKA: missing"),
        ({"kafka": "broker"}, "NAVETTE_KAFKA: 'broker' is not HOST:PORT"),
        ({"kafka": "a:9092, b:99999"}, "NAVETTE_KAFKA: 'b:99999' is not HOST:PORT"),
        ({"kafka_security": "TLS"}, "NAVETTE_KAFKA_SECURITY: Input should be 'PLAINTEXT'"),
        ({"partitions": 0}, "NAVETTE_PARTITIONS: Input should be greater"),
        ({"kafka_ca": Path("ca.pem")}, "NAVETTE_KAFKA_CA: needs NAVETTE_KAFKA_SECURITY to be SSL"),
        (
            {"kafka_security": "SSL", "kafka_ca": Path("no/such.pem")},
            "NAVETTE_KAFKA_CA: no/such.pem: No such file",
        ),
        (
            {"kafka_security": "SSL", "kafka_ca": Path(__file__)},
            "NAVETTE_KAFKA_CA: .* is no file of certificates",
        ),
        (
            {"kafka_security": "SSL", "kafka_key": Path(__file__)},
            "NAVETTE_KAFKA_CERT: missing, and NAVETTE_KAFKA_KEY is given",
        ),
        (
            {"kafka_security": "SSL", "kafka_cert": Path(__file__)},
            "NAVETTE_KAFKA_CERT: .* cannot be read",
        ),
        ({"kafka_security": "SASL_SSL"}, "NAVETTE_KAFKA_SASL_USERNAME: missing"),
        (
            {"kafka_security": "SASL_SSL", "kafka_sasl_username": "navette"},
            "NAVETTE_KAFKA_SASL_PASSWORD: missing",
        ),
        ({"kafka_sasl_username": "navette"}, "NAVETTE_KAFKA_SASL_USERNAME: needs .* SASL_SSL"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        connection(read_settings(KafkaSettings, **({"kafka": "broker:9092"} | given)))


def test_what_is_set_reaches_the_client() -> None:
    made = connection(
        read_settings(
            KafkaSettings,
            kafka="a:1, [::1]:2",
            kafka_security="SASL_SSL",
            kafka_sasl_username="navette",
            kafka_sasl_password="secret",
        )
    )
    assert made.servers == ["a:1", "[::1]:2"]
    assert made.options["security_protocol"] == "SASL_SSL"
    assert made.options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert made.options["sasl_plain_password"] == "secret"
    assert made.options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert made.options["ssl_context"].check_hostname


def test_a_password_is_not_shown() -> None:
    settings = KafkaSettings(kafka_sasl_password="secret")
    assert "secret" not in repr(settings)
