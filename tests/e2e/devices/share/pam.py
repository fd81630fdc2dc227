"""Signs in through libpam as programs do, several at a time.

Each line of the standard input is an attempt: {"id", "service", "user", "key", "password", "codes"}. With "key" it is as
after a key that sshd accepted. Each gives one line: {"id", "phase", "result", "prompts", "shown", "seconds"}; the result of
libpam's authenticate phase, or of the account phase after it; 0 is in.
"""
import ctypes
import grp
import json
import sys
import threading
import time

libpam = ctypes.CDLL("libpam.so.0")
libc = ctypes.CDLL("libc.so.6")
libc.calloc.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p
PROMPT_OFF, PROMPT_ON = 1, 2
RHOST, FAIL_DELAY = 4, 10


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)), ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p)
DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("data", ctypes.c_void_p)]


# Nobody waits after a failure.
no_delay = DELAY(lambda result, microseconds, data: None)
told = threading.Lock()


def tell(line):
    with told:
        print(json.dumps(line), flush=True)


def is_member(user):
    try:
        return user in grp.getgrnam("claviger-mfa").gr_mem
    except KeyError:
        return False


def sign_in(attempt):
    codes = list(attempt.get("codes", []))
    prompts, shown = [], []

    def converse(count, messages, responses, data):
        made = libc.calloc(count, ctypes.sizeof(Response))
        array = ctypes.cast(made, ctypes.POINTER(Response))
        for at in range(count):
            message = messages[at].contents
            text = message.text.decode()
            if message.style not in (PROMPT_OFF, PROMPT_ON):
                shown.append(text)
                continue
            prompts.append(text)
            typed = attempt.get("password", "") if "assword" in text else codes.pop(0) if codes else ""
            array[at].text = libc.strdup(typed.encode())
        responses[0] = array
        return 0

    conversation = Conversation(CONVERSE(converse), None)
    handle = ctypes.c_void_p()
    start = time.monotonic()
    service, user = attempt.get("service", "sshd").encode(), attempt["user"].encode()
    libpam.pam_start(service, user, ctypes.byref(conversation), ctypes.byref(handle))
    libpam.pam_set_item(handle, RHOST, b"192.0.2.7")
    libpam.pam_set_item(handle, FAIL_DELAY, no_delay)
    if attempt.get("key"):
        libpam.pam_putenv(handle, b"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA")
    phase, result = "authenticate", 0
    # sshd leads nobody to questions after a key but the group of the enrolled.
    if not attempt.get("key") or is_member(attempt["user"]):
        result = libpam.pam_authenticate(handle, 0)
    if result == 0:
        phase, result = "account", libpam.pam_acct_mgmt(handle, 0)
    libpam.pam_end(handle, result)
    seconds = round(time.monotonic() - start, 3)
    tell({"id": attempt["id"], "phase": phase, "result": result, "prompts": prompts, "shown": shown, "seconds": seconds})


for line in sys.stdin:
    threading.Thread(target=sign_in, args=(json.loads(line),)).start()
