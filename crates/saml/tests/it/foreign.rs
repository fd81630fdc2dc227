//! Other people's programs: `xmlsec1`, `xmllint` and `openssl` from Debian's packages.

use crate::support::{OWN, changed};
use claviger_saml::Certificate;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicUsize, Ordering},
};

/// A folder for the files of a test, which goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a program; without it the test fails and says which package has it.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{program} can't be run: {error}. Install the packages xmlsec1, libxml2-utils and openssl")
    })
}

/// Signs a template that has a signature without values in it, with `xmlsec1`.
pub(crate) fn sign_by_xmlsec(template: &str, root: &str, key: &[u8]) -> Result<String, String> {
    let folder = Folder::new("sign");
    let input = folder.write("template.xml", template);
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", crate::support::base64(key));
    let key = folder.write("key.pem", pem);
    let output = folder.0.join("signed.xml");
    let made = run(
        "xmlsec1",
        &[
            "--sign",
            "--privkey-pem",
            key.to_str().unwrap(),
            "--id-attr:ID",
            root,
            "--output",
            output.to_str().unwrap(),
            input.to_str().unwrap(),
        ],
    );
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned());
    }
    Ok(std::fs::read_to_string(output).unwrap())
}

/// A signature without values, for `xmlsec1` to fill in.
pub(crate) fn template(method: &str, digest: &str, prefixes: &str) -> String {
    let list = if prefixes.is_empty() {
        String::new()
    } else {
        format!(
            r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/>"#
        )
    };
    format!(
        r##"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>
  <CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{list}</CanonicalizationMethod>
  <SignatureMethod Algorithm="{method}"/>
  <Reference URI="#{id}">
    <Transforms>
      <Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
      <Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{list}</Transform>
    </Transforms>
    <DigestMethod Algorithm="{digest}"/>
    <DigestValue/>
  </Reference>
</SignedInfo><SignatureValue/></Signature>"##,
        id = crate::support::ID
    )
}

/// A key on P-256 in PKCS #8, and its certificate, made by `openssl`.
pub(crate) fn p256() -> (Vec<u8>, Certificate) {
    let folder = Folder::new("p256");
    let key = folder.write("key.pem", "");
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key.to_str().unwrap()];
    let made = run("openssl", &[&["req", "-x509", "-nodes", "-subj", "/CN=app"][..], &curve].concat());
    let certificate = Certificate::from_text(&String::from_utf8(made.stdout).unwrap()).unwrap();
    let pem = std::fs::read_to_string(key).unwrap();
    let inner: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    (data_encoding::BASE64.decode(inner.as_bytes()).unwrap(), certificate)
}

/// The signed text with its `SignedInfo` changed and signed again by the application's key.
pub(crate) fn sign_info(xml: &str, changes: &[(&str, &str)]) -> String {
    let from = xml.find("<ds:SignedInfo>").unwrap();
    let to = xml.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len();
    let info = changes.iter().fold(xml[from..to].to_owned(), |info, (from, to)| changed(&info, from, to));
    let covered =
        changed(&info, "<ds:SignedInfo>", "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">");
    let value_from = xml.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let value_to = xml.find("</ds:SignatureValue>").unwrap();
    let value = crate::support::base64(crate::support::rsa_sha256(OWN, covered.as_bytes()));
    xml.replacen(&xml[value_from..value_to], &value, 1).replacen(&xml[from..to], &info, 1)
}
