//! What can be wrong with a signature itself.

use crate::{
    requests::{RSA_SHA1, RSA_SHA256, SHA1, SHA256, signed_by_xmlsec},
    support::{ATTACKERS, ID, OWN, accept_post, certificate, changed, request, sign, signature_in, why},
};

fn signed() -> String {
    sign(&request("", ""), OWN)
}

/// Why the signed request is refused after that change, without the words that each reason begins with.
fn after(from: &str, to: &str) -> String {
    reason(changed(&signed(), from, to))
}

fn reason(xml: String) -> String {
    let why = why(accept_post(xml));
    why.strip_prefix("the signature is refused: ").unwrap_or(&why).to_owned()
}

#[test]
fn signature_exclusion() {
    let xml = signed();
    assert_eq!(
        reason(changed(&xml, signature_in(&xml), "")),
        "the message is not signed, and this application's must be"
    );
}

#[test]
fn signature_exclusion_by_an_empty_signature() {
    let xml = signed();
    assert_eq!(
        reason(changed(
            &xml,
            signature_in(&xml),
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>"#
        )),
        "the signature is not as it must be: ds:Signature has no SignedInfo"
    );
}

#[test]
fn signature_exclusion_by_a_signature_of_another_namespace() {
    assert_eq!(
        after(
            "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
            "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\""
        ),
        "the message is not signed, and this application's must be"
    );
}

#[test]
fn signature_exclusion_by_an_empty_value() {
    let xml = signed();
    let from = xml.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let to = xml.find("</ds:SignatureValue>").unwrap();
    assert_eq!(after(&xml[from..to], ""), "no registered certificate has the key that made the signature");
}

#[test]
fn cve_2024_32962_xml_crypto_certificate_from_the_message() {
    let xml = sign(&request("", ""), ATTACKERS);
    assert!(xml.contains(&certificate(ATTACKERS).base64()), "the attacker's certificate is in KeyInfo");
    assert_eq!(reason(xml), "no registered certificate has the key that made the signature");
}

#[test]
fn registered_certificate_in_key_info_of_another_key() {
    let xml = sign(&request("", ""), ATTACKERS);
    let xml = changed(&xml, &certificate(ATTACKERS).base64(), &certificate(OWN).base64());
    assert_eq!(reason(xml), "no registered certificate has the key that made the signature");
}

#[test]
fn key_info_that_names_an_address_is_not_followed() {
    let key = certificate(OWN).base64();
    let from = format!("<ds:X509Data><ds:X509Certificate>{key}</ds:X509Certificate></ds:X509Data>");
    let to = r#"<ds:RetrievalMethod URI="http://169.254.169.254/latest/meta-data"/>"#;
    assert!(accept_post(changed(&signed(), &from, to)).is_ok(), "KeyInfo is not covered, and not looked at");
}

#[test]
fn cve_2025_29774_xml_crypto_two_signed_infos() {
    let xml = signed();
    let from = xml.find("<ds:SignedInfo>").unwrap();
    let to = xml.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len();
    let info = xml[from..to].to_owned();
    let forged = changed(&info, &format!("#{ID}"), "#_forged");
    for both in [format!("{forged}{info}"), format!("{info}{forged}")] {
        assert_eq!(
            after(&info, &both),
            "the signature is not as it must be: found ds:SignedInfo in ds:Signature where SignatureValue should be"
        );
    }
}

#[test]
fn cve_2025_29775_xml_crypto_comment_in_the_digest() {
    assert_eq!(
        after("<ds:DigestValue>", "<ds:DigestValue>AAAA<!--x-->"),
        "the XML is refused: line 1: a comment splits the text of ds:DigestValue"
    );
}

#[test]
fn cve_2024_45409_ruby_saml_digest_from_elsewhere() {
    let digest = r#"<samlp:Extensions><ds:DigestValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#">AAAA</ds:DigestValue></samlp:Extensions>"#;
    assert_eq!(
        after("<ds:Signature ", &format!("{digest}<ds:Signature ")),
        "the message was changed after it was signed: its digest differs"
    );
    assert_eq!(
        after("<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>"),
        "the signature is not as it must be: ds:Reference has more than one ds:DigestValue"
    );
}

#[test]
fn cve_2025_66567_ruby_saml_second_signature_for_the_second_parser() {
    let xml = signed();
    let other = changed(signature_in(&xml), &format!("#{ID}"), "#_forged");
    assert_eq!(
        after("<ds:Signature ", &format!("{other}<ds:Signature ")),
        "the message has more than one signature"
    );
}

#[test]
fn cve_2025_66568_ruby_saml_void_canonicalization() {
    // Where canonicalization fails on a relative namespace, some verifiers go on with the digest of nothing.
    let nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let xml = signed();
    let from = xml.find("<ds:DigestValue>").unwrap() + "<ds:DigestValue>".len();
    let to = xml.find("</ds:DigestValue>").unwrap();
    let with_namespace = changed(&xml, "<samlp:AuthnRequest", "<samlp:AuthnRequest xmlns:n=\"1\" n:a=\"\"");
    assert_eq!(
        reason(with_namespace.clone()),
        "the message was changed after it was signed: its digest differs"
    );
    assert_eq!(
        reason(changed(&with_namespace, &xml[from..to], nothing)),
        "no registered certificate has the key that made the signature"
    );
}

#[test]
fn content_changed_after_it_was_signed() {
    assert_eq!(
        after("Destination=", "ForceAuthn=\"false\" Destination="),
        "the message was changed after it was signed: its digest differs"
    );
}

#[test]
fn algorithm_none() {
    assert_eq!(after(RSA_SHA256, "none"), "the signature algorithm \"none\" is not accepted");
    assert_eq!(after(RSA_SHA256, ""), "the signature algorithm \"\" is not accepted");
}

#[test]
fn key_confusion_hmac_with_the_certificate_as_key() {
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    assert_eq!(after(RSA_SHA256, hmac), format!("the signature algorithm {hmac:?} is not accepted"));
}

#[test]
fn cve_2009_0217_hmac_truncation() {
    let hmac = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
    let xml = changed(
        &signed(),
        &format!("Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>"),
        &format!("Algorithm=\"{hmac}\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"),
    );
    assert_eq!(
        reason(xml),
        "the signature is not as it must be: found ds:HMACOutputLength in ds:SignatureMethod where nothing more should be"
    );
}

#[test]
fn algorithm_confusion_ecdsa_with_an_rsa_key() {
    assert_eq!(
        after(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        "no registered certificate has the key that made the signature"
    );
}

#[test]
fn sha1_in_the_signature() {
    assert_eq!(
        reason(signed_by_xmlsec(RSA_SHA1, SHA256, "")),
        format!("{RSA_SHA1:?} uses SHA-1, which is not switched on for this application")
    );
}

#[test]
fn sha1_in_the_digest() {
    assert_eq!(
        reason(signed_by_xmlsec(RSA_SHA256, SHA1, "")),
        format!("{SHA1:?} uses SHA-1, which is not switched on for this application")
    );
}

#[test]
fn md5_and_dsa() {
    for algorithm in
        ["http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"]
    {
        assert_eq!(
            after(RSA_SHA256, algorithm),
            format!("the signature algorithm {algorithm:?} is not accepted")
        );
    }
    let digest = "http://www.w3.org/2001/04/xmldsig-more#md5";
    assert_eq!(after(SHA256, digest), format!("the digest algorithm {digest:?} is not accepted"));
}

#[test]
fn two_references() {
    let xml = signed();
    let from = xml.find("<ds:Reference ").unwrap();
    let to = xml.find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
    let reference = xml[from..to].to_owned();
    assert_eq!(
        after(&reference, &format!("{reference}{reference}")),
        "the signature is not as it must be: ds:SignedInfo has more than one ds:Reference"
    );
}

#[test]
fn references_to_everything_to_another_and_to_an_address() {
    // They are signed by the right key, so that the reference alone is what is wrong.
    for uri in ["", "#_other", "#xpointer(/)", "https://evil.example/x"] {
        let xml =
            crate::foreign::sign_info(&signed(), &[(&format!("URI=\"#{ID}\""), &format!("URI=\"{uri}\""))]);
        assert_eq!(reason(xml), format!("the signature is about {uri:?}, and the message's ID is {ID:?}"));
    }
}

#[test]
fn message_without_an_id() {
    assert_eq!(after(&format!(" ID=\"{ID}\""), ""), "the message has no ID that a signature could name");
}

#[test]
fn cve_2011_1425_xslt_transform() {
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    assert_eq!(
        after(exclusive, &exclusive.replace("http://www.w3.org/2001/10/xml-exc-c14n#", xslt)),
        "the transforms are [\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\", \
         \"http://www.w3.org/TR/1999/REC-xslt-19991116\"]; they must be enveloped-signature and exclusive canonicalization"
    );
}

#[test]
fn xpath_transform_that_hides_content() {
    let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    assert_eq!(
        after(enveloped, xpath),
        "the transforms are [\"http://www.w3.org/TR/1999/REC-xpath-19991116\", \
         \"http://www.w3.org/2001/10/xml-exc-c14n#\"]; they must be enveloped-signature and exclusive canonicalization"
    );
}

#[test]
fn transforms_denial_of_service_by_their_number() {
    let one = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";
    let why = after(one, &one.repeat(500));
    assert!(
        why.starts_with("the transforms are [\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\""),
        "{why}"
    );
    assert!(why.len() < 400, "what is said of them is short: {why}");
}

#[test]
fn cve_2013_2156_santuario_long_list_of_prefixes() {
    let list: String = (0..500).map(|number| format!("p{number} ")).collect();
    let list = format!(
        r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{list}"></ec:InclusiveNamespaces></ds:CanonicalizationMethod>"#
    );
    assert_eq!(
        after("</ds:CanonicalizationMethod>", &list),
        "the signature is not as it must be: ec:InclusiveNamespaces has more than 32 prefixes"
    );
}

#[test]
fn canonicalization_with_comments() {
    let with = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    assert_eq!(
        after(method, &method.replace("http://www.w3.org/2001/10/xml-exc-c14n#", with)),
        format!("the canonicalization {with:?} is not accepted; it must be exclusive, without comments")
    );
}

#[test]
fn inclusive_canonicalization() {
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    assert_eq!(
        after(method, &method.replace("http://www.w3.org/2001/10/xml-exc-c14n#", inclusive)),
        format!("the canonicalization {inclusive:?} is not accepted; it must be exclusive, without comments")
    );
}

#[test]
fn manifest_instead_of_a_reference() {
    assert_eq!(
        after("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object><ds:Manifest></ds:Manifest></ds:Object>"),
        "the signature is not as it must be: found ds:Object in ds:Signature where nothing more should be"
    );
}

#[test]
fn cve_2022_21449_psychic_signature_of_zeros() {
    let xml = changed(&signed(), RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256");
    let from = xml.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let to = xml.find("</ds:SignatureValue>").unwrap();
    let xml = changed(&xml, &xml[from..to], &crate::support::base64([0; 64]));
    let (_, certificate) = crate::foreign::p256();
    let outcome = crate::support::with_certificates(&[certificate], |sender| {
        let inbound = crate::support::posted(&xml)?;
        inbound.open(sender.trust, sender.demand)
    });
    assert_eq!(
        why(outcome),
        "the signature is refused: no registered certificate has the key that made the signature"
    );
}
