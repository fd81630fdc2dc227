"""A service provider with pysaml2: `pysaml2_sp.py FOLDER PORT`; the folder has idp.xml, sp.key and sp.crt."""

import sys

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.ident import code, decode
from saml2.metadata import entity_descriptor
from web_site import Answer, redirect, serve, within


class Provider:
    def __init__(self, folder, port):
        at = f"http://127.0.0.1:{port}"
        self.config = SPConfig().load(
            {
                "entityid": f"{at}/metadata",
                "key_file": f"{folder}/sp.key",
                "cert_file": f"{folder}/sp.crt",
                "metadata": {"local": [f"{folder}/idp.xml"]},
                "allow_unknown_attributes": True,
                "service": {
                    "sp": {
                        "endpoints": {
                            "assertion_consumer_service": [(f"{at}/acs", BINDING_HTTP_POST)],
                            "single_logout_service": [(f"{at}/slo", BINDING_HTTP_POST)],
                        },
                        "name_id_format": ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
                        "authn_requests_signed": True,
                        "logout_requests_signed": True,
                        "logout_responses_signed": True,
                        "want_response_signed": True,
                        "want_assertions_signed": True,
                        "allow_unsolicited": True,
                        "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                        "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
                    }
                },
            }
        )
        self.client = Saml2Client(config=self.config)
        self.asked = {}

    def metadata(self):
        return str(entity_descriptor(self.config))

    @property
    def identity_provider(self):
        (name,) = self.client.metadata.identity_providers()
        return name

    def sign_in(self, site, path):
        identifier, sent = self.client.prepare_for_authenticate(
            entityid=self.identity_provider, relay_state=path, binding=BINDING_HTTP_POST
        )
        self.asked[identifier] = path
        return Answer(body=sent["data"])

    def signed_in(self, site):
        response = self.client.parse_authn_request_response(
            site.form["SAMLResponse"], BINDING_HTTP_POST, outstanding=dict(self.asked)
        )
        self.asked.pop(response.in_response_to, None)
        said, name = response.get_identity(), response.get_subject()
        site.begin(
            {
                "name": name.text,
                "email": ",".join(said.get("email", [])),
                "groups": ",".join(said.get("groups", [])),
                "subject": code(name),
            }
        )
        return redirect(within(site.form.get("RelayState")))

    def sign_out(self, site):
        name = decode(site.session["subject"])
        site.end(lambda session: session["subject"] == code(name))
        ((binding, sent),) = self.client.global_logout(name).values()
        return self.sent(binding, sent)

    def log_out(self, site):
        if "SAMLResponse" in site.form:
            answer = self.client.parse_logout_request_response(site.form["SAMLResponse"], BINDING_HTTP_POST)
            self.client.handle_logout_response(answer)
            return redirect("/")
        request, state = site.form["SAMLRequest"], site.form.get("RelayState", "")
        name = self.client.parse_logout_request(request, BINDING_HTTP_POST).message.name_id
        sent = self.client.handle_logout_request(request, name, BINDING_HTTP_POST, relay_state=state)
        site.end(lambda session: session["subject"] == code(name))
        return self.sent(BINDING_HTTP_POST, sent)

    @staticmethod
    def sent(binding, sent):
        if binding == BINDING_HTTP_REDIRECT:
            return redirect(dict(sent["headers"])["Location"])
        data = sent["data"]
        return Answer(body=data if isinstance(data, str) else "".join(data))


if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    serve(Provider(folder, port), "pysaml2_session", port)
