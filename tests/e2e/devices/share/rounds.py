"""Signs in by SSH as it is told on the standard input, and tells every round of it, as JSON."""
import json
import socket
import sys

import paramiko

told = json.load(sys.stdin)
seen = {"offered": [], "rounds": [], "in": False, "printed": "", "error": ""}
codes = list(told.get("codes", []))


def answer(prompt):
    if "assword" in prompt:
        return told.get("password", "")
    return codes.pop(0) if codes else ""


def handler(title, instructions, prompts):
    seen["rounds"].append([prompt for prompt, _ in prompts])
    return [answer(prompt) for prompt, _ in prompts]


at = (told.get("host", "127.0.0.1"), 22)
# Another address of this machine stands for another client.
source = (told["source"], 0) if told.get("source") else None
transport = paramiko.Transport(socket.create_connection(at, timeout=20, source_address=source))
try:
    transport.start_client(timeout=20)
    transport.auth_timeout = 60
    try:
        transport.auth_none(told["user"])
    except paramiko.BadAuthenticationType as refused:
        seen["offered"] = refused.allowed_types
    left = seen["offered"]
    if told.get("key"):
        left = transport.auth_publickey(told["user"], paramiko.Ed25519Key.from_private_key_file(told["key"]))
    if transport.is_authenticated():
        pass
    elif told.get("method") == "password" or "keyboard-interactive" not in left:
        transport.auth_password(told["user"], told.get("password", ""), fallback=False)
    else:
        transport.auth_interactive(told["user"], handler)
    seen["in"] = transport.is_authenticated()
    if seen["in"]:
        channel = transport.open_session()
        channel.exec_command(told.get("command", "id -un"))
        seen["printed"] = channel.makefile().read().decode().strip()
        # PAM's account phase ends a session that sshd has opened already.
        seen["in"] = channel.recv_exit_status() == 0
except (paramiko.SSHException, EOFError) as error:
    seen["error"] = f"{type(error).__name__}: {error}"
finally:
    transport.close()
json.dump(seen, sys.stdout)
