"""A relying party with Authlib: `authlib_rp.py FOLDER PORT`; the folder has client.json with issuer, id and secret."""

import json
import sys

from authlib.integrations.base_client import BaseApp, FrameworkIntegration, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from web_site import Answer, redirect, serve, within


class Sessions(FrameworkIntegration):
    """What Authlib asks of a framework beside keeping requests that wait."""

    def update_token(self, token, refresh_token=None, access_token=None):
        raise OAuthError("unexpected", "nothing is refreshed here")


class Library(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session


class Provider:
    """The relying party, under the name that the small web site has for what answers it."""

    def __init__(self, folder, port):
        self.at = f"http://127.0.0.1:{port}"
        with open(f"{folder}/client.json", encoding="utf-8") as file:
            client = json.load(file)
        self.library = Library(
            Sessions("claviger"),
            "claviger",
            client_id=client["id"],
            client_secret=client["secret"],
            server_metadata_url=f"{client['issuer']}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email groups", "code_challenge_method": "S256"},
        )
        self.waiting = {}

    def sign_in(self, site, path):
        callback = f"{self.at}/acs"
        begun = self.library.create_authorization_url(callback)
        kept = {"redirect_uri": callback, "path": path, **begun}
        self.library.framework.set_state_data(self.waiting, begun["state"], kept)
        return redirect(begun["url"])

    def signed_in(self, site):
        if "error" in site.query:
            raise OAuthError(site.query["error"], site.query.get("error_description"))
        if site.query.get("iss") != self.library.load_server_metadata()["issuer"]:
            raise OAuthError("mix_up", "the answer is from another issuer")
        state = site.query["state"]
        kept = self.library.framework.get_state_data(self.waiting, state)
        self.library.framework.clear_state_data(self.waiting, state)
        shown = self.library._format_state_params(kept, {"code": site.query["code"], "state": state})
        token = self.library.fetch_access_token(**shown)
        claims = self.library.parse_id_token(token, nonce=kept["nonce"])
        told = self.library.userinfo(token=token)
        if told["sub"] != claims["sub"]:
            raise OAuthError("mix_up", "userinfo is about somebody else")
        site.begin(
            {
                "name": ",".join(claims["amr"]),
                "email": told["email"],
                "groups": ",".join(told["groups"]),
                "token": token["id_token"],
            }
        )
        return redirect(within(kept["path"]))

    def sign_out(self, site):
        hint = site.session["token"]
        site.end(lambda session: session["token"] == hint)
        return redirect(self.library.create_logout_url(f"{self.at}/slo", id_token_hint=hint)["url"])

    def log_out(self, site):
        return redirect("/")

    def metadata(self):
        return Answer(404)


if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    serve(Provider(folder, port), "authlib_session", port)
