//! The list of attacks names what there is: each of its tests, and each of ours.

use std::collections::BTreeSet;

const LIST: &str = include_str!("../../../../../docs/attacks.md");
const OURS: [&str; 7] = [
    include_str!("wrapping.rs"),
    include_str!("signatures.rs"),
    include_str!("parsing.rs"),
    include_str!("redirect.rs"),
    include_str!("rules.rs"),
    include_str!("uploads.rs"),
    include_str!("writing.rs"),
];
const OF_THE_SITE: [&str; 3] = [
    include_str!("../../../../web/tests/it/saml_attacks.rs"),
    include_str!("../../../../web/tests/it/oidc_named.rs"),
    include_str!("../../../../web/tests/it/oidc_attacks.rs"),
];
/// They show that what is right is taken.
const NO_ATTACKS: [&str; 4] = [
    "what_was_signed_is_taken_as_it_is",
    "what_is_read_of_a_signed_message_is_what_was_signed_and_nothing_else",
    "what_is_signed_is_the_query_as_it_was_sent",
    "a_signature_by_ecdsa_is_taken",
];

/// The names that follow that mark.
fn names<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).filter_map(|rest| {
        rest.trim_start().split(|character: char| !character.is_alphanumeric() && character != '_').next()
    })
}

#[test]
fn every_attack_is_listed_once_with_the_test_that_tries_it() {
    let ours = OURS.iter().flat_map(|text| names(text, "#[test]\nfn "));
    let sites = OF_THE_SITE.iter().flat_map(|text| names(text, "on_both!("));
    let tried: BTreeSet<_> = ours.chain(sites).filter(|name| !NO_ATTACKS.contains(name)).collect();
    let rows = LIST.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let listed: Vec<_> = rows.clone().filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), tried);
    assert_eq!(listed.len(), tried.len(), "one is listed twice");
    let named = rows.filter(|row| !row.contains("| – |")).count();
    assert!(named >= 40, "only {named} have the name of a number, a section or a paper");
}
