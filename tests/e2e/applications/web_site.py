"""What the Python service providers have in common: a small web site with sessions in memory."""

import html
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = """<!doctype html><title>Signed in</title>
<h1>Signed in</h1>
<p id="path">{path}</p>
<p id="name">{name}</p>
<p id="email">{email}</p>
<p id="groups">{groups}</p>
"""


class Answer:
    def __init__(self, status=200, body="", kind="text/html; charset=utf-8", location=None):
        self.status, self.body, self.kind, self.location = status, body, kind, location


def redirect(location):
    return Answer(303, location=location)


class Site(BaseHTTPRequestHandler):
    """A provider gives `provider`, whose methods answer the addresses of SAML."""

    provider = None
    cookie = None
    sessions = {}

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.answer(self.single(body))

    @staticmethod
    def single(text):
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}

    @property
    def session(self):
        kept = SimpleCookie(self.headers.get("cookie", "")).get(self.cookie)
        return self.sessions.get(kept.value) if kept else None

    def begin(self, session):
        self.new_session = secrets.token_urlsafe(24)
        self.sessions[self.new_session] = session

    def end(self, is_theirs):
        for key in [key for key, session in self.sessions.items() if is_theirs(session)]:
            del self.sessions[key]

    def answer(self, form):
        self.new_session = None
        self.form = form
        parts = urlsplit(self.path)
        self.query_text, self.query = parts.query, self.single(parts.query)
        try:
            answer = self.route(parts.path)
        except Exception as error:  # what a library refuses is shown, and the sign-in fails
            answer = Answer(400, f"<h1>Refused</h1><pre>{html.escape(repr(error))}</pre>")
        body = answer.body.encode()
        self.send_response(answer.status)
        if answer.location:
            self.send_header("location", answer.location)
        if self.new_session:
            self.send_header("set-cookie", f"{self.cookie}={self.new_session}; Path=/; HttpOnly")
        self.send_header("content-type", answer.kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def route(self, path):
        if path == "/metadata":
            return Answer(body=self.provider.metadata(), kind="application/samlmetadata+xml")
        if path == "/acs":
            return self.provider.signed_in(self)
        if path == "/slo":
            return self.provider.log_out(self)
        if path == "/sign-out":
            return self.provider.sign_out(self) if self.session else redirect("/")
        if path == "/favicon.ico":
            return Answer(204)
        if path.startswith("/private"):
            return self.private(path) if self.session else self.provider.sign_in(self, self.path)
        return Answer(body="<!doctype html><title>Outside</title><h1>Outside</h1>")

    def private(self, path):
        shown = {key: html.escape(str(self.session[key])) for key in ("name", "email", "groups")}
        return Answer(body=PAGE.format(path=html.escape(path), **shown))


def within(target):
    """The target, if it is a page of this site."""
    return target if target and target.startswith("/") and not target.startswith("//") else "/private/"


def serve(provider, cookie, port):
    Site.provider, Site.cookie = provider, cookie
    ThreadingHTTPServer(("127.0.0.1", port), Site).serve_forever()
