"""A plugin of Orthanc (package orthanc-python): tells the bridge that something has changed, and nothing else.

Orthanc does not wait for it: a callback sets a flag, a thread of its own calls. Any number of changes in a burst is one
call; a bridge that does not answer is called again, less and less often. Lost calls cost time only: the bridge reads
/changes, and polls besides.

Environment: BRIDGE_HOOK_URL, such as https://bridge.my-hospital.example:8000/hooks/pacs; the secret of `serve.hooks`
in BRIDGE_HOOK_SECRET, or in the file BRIDGE_HOOK_SECRET_FILE; BRIDGE_HOOK_CA, a file of authorities to trust instead of
the public ones.
"""

import http.client
import os
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

import orthanc

URL = urlsplit(os.environ["BRIDGE_HOOK_URL"])
SECRET_FILE = os.environ.get("BRIDGE_HOOK_SECRET_FILE")
CA = os.environ.get("BRIDGE_HOOK_CA")
TIMEOUT = 10  # seconds
WAITS = (1, 2, 5, 10, 30)  # seconds after each call that failed in a row; the last one stays
NEWS = (orthanc.ChangeType.NEW_INSTANCE, orthanc.ChangeType.DELETED)

changed, ended = threading.Event(), threading.Event()


def secret():
    """As it is now: the file may be renewed while Orthanc runs."""
    return Path(SECRET_FILE).read_text().strip() if SECRET_FILE else os.environ["BRIDGE_HOOK_SECRET"].strip()


def connection():
    """Redirects are not followed, and proxies of the environment not used: they would learn the secret."""
    if URL.scheme != "https":
        return http.client.HTTPConnection(URL.hostname, URL.port or 80, timeout=TIMEOUT)
    context = ssl.create_default_context(cafile=CA)
    return http.client.HTTPSConnection(URL.hostname, URL.port or 443, timeout=TIMEOUT, context=context)


def call():
    """Whether the bridge took it."""
    try:
        asked = connection()
        asked.request("POST", URL.path, headers={"Authorization": f"Bearer {secret()}", "Content-Length": "0"})
        status = asked.getresponse().status
        asked.close()
    except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
        orthanc.LogWarning(f"bridge: not woken: {type(error).__name__}")
        return False
    if status != 204:
        orthanc.LogWarning(f"bridge: not woken: it answered {status}")
    return status == 204


def run():
    failed = 0
    while not ended.is_set():
        changed.wait()
        changed.clear()  # before the call: what changes during it is told by another
        if ended.is_set() or call():
            failed = 0
            continue
        ended.wait(WAITS[min(failed, len(WAITS) - 1)])
        failed += 1
        changed.set()


caller = threading.Thread(target=run, name="bridge", daemon=True)


def on_change(change, level, resource):
    """Within Orthanc's own work: it only sets a flag."""
    if change == orthanc.ChangeType.ORTHANC_STARTED:
        caller.start()
    elif change == orthanc.ChangeType.ORTHANC_STOPPED:
        ended.set()
        changed.set()
    elif change in NEWS and (change != orthanc.ChangeType.DELETED or level == orthanc.ResourceType.INSTANCE):
        changed.set()


orthanc.RegisterOnChangeCallback(on_change)
