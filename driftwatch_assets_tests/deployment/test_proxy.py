"""A real nginx with the proxy's configuration: TLS, a password before what has none, and names that are not ours."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.alerting.authority import Authority
from driftwatch_assets_tests.deployment.processes import Server, free_port, inherited, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOMAIN = "watched.test"
ADA = ("ada", "of one test")
GUESSES = 2000
"""Many more than the burst that is let through, so that a slow machine comes to the end of it, too."""

BEHIND = {
    "webserver:3000": "dagster",
    "mlflow:5000": "mlflow",
    "prometheus:9090": "prometheus",
    "predictions:3070": "models",
    "grafana:3000": "grafana",
}
AROUND = """{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/driftwatch.conf;
}}
"""


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    def do_GET(self) -> None:
        text = "".join(f"{name.lower()}: {value}\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Proxy:
    port: int
    trusted: ssl.SSLContext

    def get(self, host: str, auth: tuple[str, str] | None = None) -> httpx.Response:
        """Ask under a name, wherever that name leads."""
        with httpx.Client(verify=self.trusted, timeout=20) as client:
            address = f"https://127.0.0.1:{self.port}/"
            return client.get(address, headers={"Host": host}, auth=auth, extensions={"sni_hostname": host})


@contextmanager
def echo() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def configured(folder: Path, port: int, upstreams: dict[str, int]) -> str:
    """Fill the template in as the image does, with this test's ports, names and secrets."""
    text = (PROJECT / "deploy/proxy/driftwatch.conf.template").read_text().replace("${PROXY_DOMAIN}", DOMAIN)
    text = text.replace("/etc/nginx/secrets", str(folder)).replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    for name, at in upstreams.items():
        assert f"proxy_pass http://{name};" in text
        text = text.replace(f"proxy_pass http://{name};", f"proxy_pass http://127.0.0.1:{at};")
    return text


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("no nginx: install the system's package nginx-light")
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    authority = Authority(folder)
    certificate, key = authority.certificate(f"*.{DOMAIN}")
    certificate.rename(folder / "fullchain.pem")
    key.rename(folder / "key.pem")
    asked = ["openssl", "passwd", "-6", "-stdin"]
    done = subprocess.run(asked, input=ADA[1], check=True, capture_output=True, text=True)
    (folder / "users").write_text(f"{ADA[0]}:{done.stdout}")
    with ExitStack() as stack:
        upstreams = {name: stack.enter_context(echo()) for name in BEHIND}
        (folder / "driftwatch.conf").write_text(configured(folder, port, upstreams))
        # The folders of a test are its user's alone.
        user = "user root;\n" if folder.owner() == "root" else ""
        (folder / "nginx.conf").write_text(AROUND.format(user=user, folder=folder))
        command = [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        server = stack.enter_context(Server("nginx", command, folder / "nginx.log", inherited()))
        server.until("it listens", listens(port))
        yield Proxy(port, ssl.create_default_context(cafile=str(authority.file)))


@pytest.mark.parametrize("name", ["dagster", "mlflow", "prometheus"])
def test_what_asks_for_no_password_itself_is_behind_one(proxy: Proxy, name: str) -> None:
    host = f"{name}.{DOMAIN}"
    assert proxy.get(host).status_code == 401
    assert proxy.get(host, (ADA[0], "guessed")).status_code == 401
    answer = proxy.get(host, ADA)
    assert answer.status_code == 200
    assert "authorization:" not in answer.text, "nobody behind the proxy needs to know the password"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_mlflow_is_asked_by_the_name_that_it_knows(proxy: Proxy) -> None:
    assert "host: mlflow:5000\n" in proxy.get(f"mlflow.{DOMAIN}", ADA).text


@pytest.mark.parametrize("name", ["models", "grafana"])
def test_what_asks_for_a_password_itself_is_given_it(proxy: Proxy, name: str) -> None:
    answer = proxy.get(f"{name}.{DOMAIN}", ("anyone", "a token"))
    assert answer.status_code == 200
    assert "authorization: Basic " in answer.text
    assert f"host: {name}.{DOMAIN}\n" in answer.text
    assert "x-forwarded-proto: https\n" in answer.text


def test_a_name_that_is_not_ours_gets_nothing(proxy: Proxy) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        proxy.get(f"other.{DOMAIN}", ADA)


def test_who_guesses_fast_is_slowed_down(proxy: Proxy) -> None:
    host = f"dagster.{DOMAIN}"
    with httpx.Client(verify=proxy.trusted, timeout=20) as client:
        for number in range(GUESSES):
            answer = client.get(
                f"https://127.0.0.1:{proxy.port}/",
                headers={"Host": host},
                auth=("ada", str(number)),
                extensions={"sni_hostname": host},
            )
            if answer.status_code == 429:
                return
            assert answer.status_code == 401
    pytest.fail(f"{GUESSES} guesses in a row were answered")
