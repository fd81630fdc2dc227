"""What systemd is to the agent: holds its socket, starts it, and starts it again when it ends.

supervise.py NAME packets|stream=PATH:MODE:GROUP [user=NAME] [VARIABLE=VALUE]... -- PROGRAM...
The socket is the program's standard input. Its own number is in /run/NAME.pid and the program's in /run/NAME.child;
what the program says is in /run/NAME.log.
"""
import grp
import os
import pwd
import signal
import socket
import sys
import time

name, *words = sys.argv[1:]
split = words.index("--")
settings, program = words[:split], words[split + 1:]
environment = dict(os.environ)
user = None
listener = None
for setting in settings:
    key, value = setting.split("=", 1)
    if key == "user":
        user = pwd.getpwnam(value)
    elif key in ("packets", "stream"):
        path, mode, group = value.split(":")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET if key == "packets" else socket.SOCK_STREAM)
        if os.path.exists(path):
            os.remove(path)
        listener.bind(path)
        os.chown(path, 0, grp.getgrnam(group).gr_gid)
        os.chmod(path, int(mode, 8))
        listener.listen(64)
    else:
        environment[key] = value


def note(file, text):
    with open(f"/run/{name}.{file}.new", "w") as new:
        new.write(text)
    os.rename(f"/run/{name}.{file}.new", f"/run/{name}.{file}")


def begin():
    """In the child: the socket, the user, and the program."""
    log = os.open(f"/run/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(listener.fileno(), 0)
    if user:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    os.execvpe(program[0], program, environment)


child = None


def end(*_):
    if child:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
note("pid", str(os.getpid()))
while True:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        begin()
    note("child", str(child))
    os.waitpid(child, 0)
    # Sooner than the unit, which waits for a second.
    time.sleep(0.1)
