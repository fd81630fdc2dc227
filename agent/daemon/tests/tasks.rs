//! The root half against the real programs of the system: useradd, gpasswd, chpasswd, visudo, pam-auth-update, sshd. Each
//! test runs as root on a copy of this machine that is gone afterwards (`tasks/sandbox.sh`).

#![cfg(all(unix, not(mac)))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

#[path = "tasks/accounts.rs"]
mod accounts;
#[path = "tasks/bench.rs"]
mod bench;
#[path = "tasks/logins.rs"]
mod logins;
#[path = "tasks/policies.rs"]
mod policies;
#[path = "tasks/runs.rs"]
mod runs;
#[path = "tasks/sandbox.rs"]
mod sandbox;
#[path = "tasks/states.rs"]
mod states;

/// A test outside, which starts the one of the same name inside.
macro_rules! in_the_sandbox {
    ($($module:ident::$name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                sandbox::run(stringify!($name));
            }
        )*

        mod inside {
            $(
                #[test]
                #[ignore = "only inside the sandbox"]
                fn $name() {
                    super::sandbox::must_be_inside();
                    super::$module::$name();
                }
            )*
        }
    };
}

in_the_sandbox! {
    accounts::an_account_is_made_once_and_changed,
    accounts::a_locked_account_lets_nobody_in_and_ends_what_runs,
    accounts::an_account_that_was_there_is_taken_over_only_when_confirmed,
    accounts::sudo_and_keys_follow_the_state,
    accounts::a_password_becomes_a_hash_of_this_host,
    logins::sshd_asks_in_all_three_shapes,
    logins::a_sshd_that_refuses_gets_its_old_file_back,
    logins::sshd_is_taken_up_when_it_appears,
    logins::profiles_leave_no_trace,
    logins::uninstalling_restores_every_byte,
    policies::a_file_is_laid_down_corrected_and_put_back_byte_for_byte,
    policies::a_path_that_others_have_a_say_in_is_refused,
    policies::settings_of_sshd_are_in_force_or_not_there,
    policies::a_banner_is_shown_before_the_login_and_goes_again,
    policies::two_that_want_one_file_otherwise_are_both_named_and_neither_is_applied,
    policies::uninstalling_puts_back_what_policies_changed,
    runs::a_command_runs_as_root_once_and_what_it_printed_is_kept,
    runs::a_command_that_the_server_did_not_sign_for_this_device_does_not_run,
    runs::a_run_that_a_crash_cut_off_is_called_so_and_not_run_again,
    runs::what_is_too_late_canceled_or_not_for_this_system_does_not_begin,
    runs::a_run_is_ended_when_it_is_canceled_or_takes_too_long,
    runs::what_was_forgotten_never_begins_again,
    states::what_nobody_proves_is_taken_back,
    states::only_newer_states_of_the_server_are_taken,
    states::only_the_other_half_may_ask,
}
