"""Validates responses with python3-saml: a JSON object a line comes in, one goes out.

In: {"metadata", "entity_id", "consumer", "signed", "request" (or null), "response"}; out: {"name", "attributes"} or {"wrong"}.
"""

import json
import sys
from functools import cache
from urllib.parse import urlsplit

from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings


@cache
def settings(metadata, entity_id, consumer, signed):
    ours = {
        "strict": True,
        "sp": {"entityId": entity_id, "assertionConsumerService": {"url": consumer}},
        "security": {
            "wantMessagesSigned": signed != "assertion",
            "wantAssertionsSigned": signed != "response",
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
        },
    }
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(metadata)
    return OneLogin_Saml2_Settings(OneLogin_Saml2_IdPMetadataParser.merge_settings(ours, theirs))


def validated(one):
    response = OneLogin_Saml2_Response(
        settings(one["metadata"], one["entity_id"], one["consumer"], one["signed"]), one["response"]
    )
    where = urlsplit(one["consumer"])
    request = {"https": "off", "http_host": where.netloc, "script_name": where.path, "get_data": {}, "post_data": {}}
    if not response.is_valid(request, one["request"]):
        return {"wrong": response.get_error()}
    return {"name": response.get_nameid(), "attributes": response.get_attributes()}


for line in sys.stdin:
    sys.stdout.write(json.dumps(validated(json.loads(line))) + "\n")
    sys.stdout.flush()
