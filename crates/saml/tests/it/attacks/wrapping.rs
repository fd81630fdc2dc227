//! Signature wrapping (Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be", 2012): Mallory has a request of her
//! own that the application signed, and wants one about somebody else, or one with another place to answer to.

use crate::support::{
    ATTACKERS, ID, OTHER_CONSUMER, OWN, accept_logout, accept_post, certificate, changed, logout, request,
    sign, signature_in, why,
};
use claviger_saml::{
    Sha1,
    signature::{Trust, verify},
    xml::{Limits, read},
};

const VICTIM: &str = "admin@example.org";

/// A kind of request: what Mallory has, what she wants, and why she doesn't get it.
struct Kind {
    root: &'static str,
    own: String,
    wanted: String,
    why: fn(String) -> String,
}

fn log_out() -> Kind {
    Kind {
        root: "samlp:LogoutRequest",
        own: logout("mallory@example.org"),
        wanted: logout(VICTIM),
        why: |xml| why(accept_logout(xml)),
    }
}

fn sign_on() -> Kind {
    let other = format!("AssertionConsumerServiceURL=\"{OTHER_CONSUMER}\"");
    Kind {
        root: "samlp:AuthnRequest",
        own: request("", ""),
        wanted: request(&other, ""),
        why: |xml| why(accept_post(xml)),
    }
}

fn kinds() -> [Kind; 2] {
    [log_out(), sign_on()]
}

fn signed() -> String {
    sign(&log_out().own, OWN)
}

impl Kind {
    /// The signed request, and its parts: without signature, and the signature.
    fn parts(&self) -> (String, String, String) {
        let whole = sign(&self.own, OWN);
        let signature = signature_in(&whole).to_owned();
        (changed(&whole, &signature, ""), signature, whole)
    }

    /// What is wanted, with an ID of its own and something put in after its issuer and at its end.
    fn forged(&self, after_issuer: &str, at_end: &str) -> String {
        let xml = changed(&self.wanted, ID, "_forged");
        let xml = changed(&xml, "</saml:Issuer>", &format!("</saml:Issuer>{after_issuer}"));
        let end = format!("</{}>", self.root);
        changed(&xml, &end, &format!("{at_end}{end}"))
    }
}

fn in_object(signature: &str, inner: &str) -> String {
    changed(signature, "</ds:Signature>", &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"))
}

fn nested(kind: &Kind) -> String {
    format!(
        "the signature is refused: there is a signature inside of {}; only one directly in the message is looked at",
        kind.root
    )
}

fn about_another() -> String {
    format!("the signature is refused: the signature is about \"#{ID}\", and the message's ID is \"_forged\"")
}

#[test]
fn what_was_signed_is_taken_as_it_is() {
    assert_eq!(accept_logout(signed()).unwrap().name_id.value, "mallory@example.org");
}

#[test]
fn what_is_read_of_a_signed_message_is_what_was_signed_and_nothing_else() {
    let (original, _, whole) = log_out().parts();
    let dressed = changed(&whole, "<saml:Issuer", "<!-- not signed --><saml:Issuer");
    let dressed =
        changed(&dressed, "<samlp:LogoutRequest", "<samlp:LogoutRequest xmlns:x=\"urn:not-signed\"");
    let root = read(dressed.as_bytes(), Limits::MESSAGE).unwrap();
    let certificates = [certificate(ATTACKERS), certificate(OWN)];
    let trust = Trust { certificates: &certificates, sha1: Sha1::Refused };
    let verified = verify(&root, trust).unwrap();
    assert_eq!(verified.certificate, 1);
    assert_eq!(
        verified.root,
        read(original.as_bytes(), Limits::MESSAGE).unwrap(),
        "no signature, no declaration"
    );
}

#[test]
fn xsw1_original_as_a_child_of_the_signature() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        let signature = changed(&signature, "</ds:Signature>", &format!("{original}</ds:Signature>"));
        assert_eq!(
            (kind.why)(kind.forged(&signature, "")),
            format!(
                "the signature is refused: the signature is not as it must be: found {} in ds:Signature where nothing more \
                 should be",
                kind.root
            )
        );
    }
}

#[test]
fn xsw2_original_beside_a_detached_signature() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        assert_eq!((kind.why)(kind.forged(&format!("{signature}{original}"), "")), about_another());
    }
}

#[test]
fn xsw3_original_with_its_signature_before_the_forged_content() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        assert_eq!((kind.why)(kind.forged(&whole, "")), nested(&kind));
    }
}

#[test]
fn xsw4_original_with_its_signature_within_the_forged_content() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        let wrapped = format!("<samlp:Extensions>{whole}</samlp:Extensions>");
        assert_eq!((kind.why)(kind.forged("", &wrapped)), nested(&kind));
    }
}

#[test]
fn xsw5_signature_in_the_forged_and_original_at_the_end() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        assert_eq!((kind.why)(kind.forged(&signature, &original)), about_another());
    }
}

#[test]
fn xsw6_original_in_an_object_of_the_signature() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        assert_eq!(
            (kind.why)(kind.forged(&in_object(&signature, &original), "")),
            "the signature is refused: the signature is not as it must be: found ds:Object in ds:Signature where nothing more \
             should be"
        );
    }
}

#[test]
fn xsw7_forged_copy_in_extensions_with_the_same_id() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        let copy = format!("<samlp:Extensions>{}</samlp:Extensions>", kind.wanted);
        let xml = changed(&whole, "</ds:Signature>", &format!("</ds:Signature>{copy}"));
        assert_eq!(
            (kind.why)(xml),
            format!("the XML is refused: line 1: the ID {ID:?} stands twice in the document")
        );
    }
}

#[test]
fn xsw7_forged_copy_in_extensions_without_an_id() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        let copy = changed(&kind.wanted, &format!("ID=\"{ID}\""), "");
        let copy = format!("<samlp:Extensions>{copy}</samlp:Extensions>");
        let xml = changed(&whole, "</ds:Signature>", &format!("</ds:Signature>{copy}"));
        assert_eq!(
            (kind.why)(xml),
            "the signature is refused: the message was changed after it was signed: its digest differs"
        );
    }
}

#[test]
fn xsw8_original_in_an_object_with_the_same_id_as_the_forged() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        let xml = changed(&kind.forged(&in_object(&signature, &original), ""), "_forged", ID);
        assert_eq!(
            (kind.why)(xml),
            format!("the XML is refused: line 1: the ID {ID:?} stands twice in the document")
        );
    }
}

#[test]
fn xsw8_original_in_an_object_under_another_spelling_of_id() {
    for kind in kinds() {
        let (original, signature, _) = kind.parts();
        let original = changed(&original, "ID=", "Id=");
        let xml = changed(&kind.forged(&in_object(&signature, &original), ""), "_forged", ID);
        assert_eq!(
            (kind.why)(xml),
            format!("the XML is refused: line 1: the ID {ID:?} stands twice in the document")
        );
    }
}

#[test]
fn cve_2025_47949_samlify_second_name_beside_the_signed_one() {
    let space = "urn:oasis:names:tc:SAML:2.0:assertion";
    let name = format!("<saml:NameID xmlns:saml=\"{space}\">admin@example.org</saml:NameID>");
    let xml = changed(&signed(), "</ds:Signature>", &format!("</ds:Signature>{name}"));
    assert_eq!(
        why(accept_logout(xml)),
        "the signature is refused: the message was changed after it was signed: its digest differs"
    );
}

#[test]
fn cve_2022_39299_passport_saml_two_roots() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        for xml in [format!("{}{whole}", kind.forged("", "")), format!("{whole}{}", kind.forged("", ""))] {
            assert_eq!((kind.why)(xml), "the XML is refused: line 1: not well-formed: more than one root");
        }
    }
}

#[test]
fn cve_2022_39353_xmldom_text_and_roots_after_the_root() {
    for kind in kinds() {
        let (_, _, whole) = kind.parts();
        assert_eq!(
            (kind.why)(format!("{whole}x")),
            "the XML is refused: line 1: not well-formed: text outside of the root"
        );
    }
}

#[test]
fn id_by_a_prefixed_attribute_is_not_the_messages_id() {
    for kind in kinds() {
        let (_, signature, _) = kind.parts();
        let xml = changed(
            &kind.forged(&signature, ""),
            "ID=\"_forged\"",
            &format!("ID=\"_forged\" samlp:ID=\"{ID}\""),
        );
        assert_eq!((kind.why)(xml), about_another());
    }
}

#[test]
fn a_signed_request_of_another_kind_is_not_taken_for_this_one() {
    let other = sign(&crate::support::request("", ""), OWN);
    assert_eq!(why(accept_logout(other)), "AuthnRequest came where LogoutRequest is expected");
}
