"""A service provider with python3-saml: `python3_saml_sp.py FOLDER PORT`; the folder has idp.xml, sp.key and sp.crt."""

import sys
from pathlib import Path

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from web_site import redirect, serve, within

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def settings(folder, port):
    at = f"http://127.0.0.1:{port}"
    ours = {
        "strict": True,
        "sp": {
            "entityId": f"{at}/metadata",
            "assertionConsumerService": {"url": f"{at}/acs", "binding": POST},
            "singleLogoutService": {"url": f"{at}/slo", "binding": REDIRECT},
            "NameIDFormat": EMAIL,
            "x509cert": Path(folder, "sp.crt").read_text(),
            "privateKey": Path(folder, "sp.key").read_text(),
        },
        "security": {
            "authnRequestsSigned": True,
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            "wantMessagesSigned": True,
            "wantAssertionsSigned": True,
            "signatureAlgorithm": SHA256,
            "rejectDeprecatedAlgorithm": True,
        },
    }
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(Path(folder, "idp.xml").read_text())
    merged = OneLogin_Saml2_IdPMetadataParser.merge_settings(ours, theirs)
    merged["sp"]["NameIDFormat"] = EMAIL
    return merged


class Provider:
    def __init__(self, folder, port):
        self.settings, self.port = settings(folder, port), port

    def metadata(self):
        text = OneLogin_Saml2_Settings(self.settings, sp_validation_only=True).get_sp_metadata()
        return text.decode() if isinstance(text, bytes) else text

    def auth(self, site):
        request = {
            "https": "off",
            "http_host": f"127.0.0.1:{self.port}",
            "script_name": site.path.split("?")[0],
            "get_data": site.query,
            "post_data": site.form,
            "query_string": site.query_text,
        }
        return OneLogin_Saml2_Auth(request, self.settings)

    def sign_in(self, site, path):
        return redirect(self.auth(site).login(return_to=path))

    def signed_in(self, site):
        auth = self.auth(site)
        auth.process_response()
        if not auth.is_authenticated():
            raise ValueError(auth.get_errors(), auth.get_last_error_reason())
        said = auth.get_attributes()
        site.begin(
            {
                "name": auth.get_nameid(),
                "email": ",".join(said.get("email", [])),
                "groups": ",".join(said.get("groups", [])),
                "format": auth.get_nameid_format(),
                "qualifiers": (auth.get_nameid_nq(), auth.get_nameid_spnq()),
                "index": auth.get_session_index(),
            }
        )
        return redirect(within(site.form.get("RelayState")))

    def sign_out(self, site):
        session = site.session
        qualifier, of_provider = session["qualifiers"]
        address = self.auth(site).logout(
            return_to="/",
            name_id=session["name"],
            session_index=session["index"],
            name_id_format=session["format"],
            nq=qualifier,
            spnq=of_provider,
        )
        site.end(lambda one: one is session)
        return redirect(address)

    def log_out(self, site):
        auth = self.auth(site)
        name = None
        if "SAMLRequest" in site.query:
            request = OneLogin_Saml2_Utils.decode_base64_and_inflate(site.query["SAMLRequest"])
            name = OneLogin_Saml2_Logout_Request.get_nameid(request)
        onward = auth.process_slo(delete_session_cb=lambda: site.end(lambda session: session["name"] == name))
        if auth.get_errors():
            raise ValueError(auth.get_errors(), auth.get_last_error_reason())
        return redirect(onward or "/")


if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    serve(Provider(folder, port), "python3_saml_session", port)
