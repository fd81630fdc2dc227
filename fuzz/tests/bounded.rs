//! As many inputs as there is time for in each run of the tests; the program reads more.

use claviger_fuzz::{TARGETS, run};

#[test]
fn changed_inputs_are_refused_or_read_as_they_must_be() {
    for target in TARGETS {
        let tally = run(*target, 0..2_000).unwrap();
        let least = if target.name == "token" { 60 } else { 10 };
        assert!(
            tally.read >= least,
            "{}: of {} inputs only {} are read",
            target.name,
            tally.inputs,
            tally.read
        );
    }
}
