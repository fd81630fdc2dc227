//! Our codes against those of two others for a million random secrets and times.
#![expect(clippy::unwrap_used, reason = "tests")]

use claviger_domain::totp::{Step, TotpSecret};
use proptest::{prelude::Rng, test_runner::TestRng};
use std::process::Command;

const SECRETS: usize = 1_000;
/// Consecutive steps of each secret from a random one on.
const STEPS: i64 = 1_000;
/// The year 2200.
const LATEST: u64 = 7_258_118_400;

/// A secret of 16 to 64 bytes, and a step.
fn random(rng: &mut TestRng) -> (Vec<u8>, Step) {
    let length = 16 + usize::try_from(rng.next_u32() % 49).unwrap();
    let mut secret = vec![0; length];
    rng.fill_bytes(&mut secret);
    (secret, Step(i64::try_from(rng.next_u64() % LATEST / 30).unwrap()))
}

fn generator() -> TestRng {
    TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

#[test]
fn a_million_codes_are_those_of_oathtool() {
    let mut rng = generator();
    for _ in 0..SECRETS {
        let (secret, first) = random(&mut rng);
        let told = Command::new("oathtool")
            .args(["--totp", "--window", &(STEPS - 1).to_string()])
            .args(["--now", &format!("@{}", first.0 * 30)])
            .arg(data_encoding::HEXLOWER.encode(&secret))
            .output()
            .expect("oathtool is missing: install Debian's package oathtool");
        let told = String::from_utf8(told.stdout).unwrap();
        let ours = TotpSecret::new(secret.clone());
        let ours: String = (0..STEPS).map(|n| format!("{:06}\n", ours.code(Step(first.0 + n)))).collect();
        assert_eq!(ours, told, "{secret:?} from {first:?}");
    }
}

#[test]
fn a_million_codes_are_those_of_another_library() {
    let mut rng = generator();
    for _ in 0..SECRETS {
        let (secret, first) = random(&mut rng);
        let ours = TotpSecret::new(secret.clone());
        let theirs = totp_rs::Builder::new().with_secret(secret.clone()).build_noncompliant();
        for step in (0..STEPS).map(|n| Step(first.0 + n)) {
            let time = u64::try_from(step.0 * 30 + 29).unwrap();
            assert_eq!(
                format!("{:06}", ours.code(step)),
                theirs.generate(time).to_string(),
                "{secret:?} at {time}"
            );
        }
    }
}
