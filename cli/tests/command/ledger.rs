//! `gardefou findings`, `verify` and `dlq`, as far as they go without a deployed guard.
use crate::stage::{Ran, Stage};

/// Where nobody listens.
fn unreachable(stage: &Stage, args: &[&str]) -> Ran {
    let mut command = stage.command(args);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_REGION", "eu-west-3");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn an_aws_that_is_not_reached_is_said_and_the_exit_is_3() {
    let stage = Stage::new("ledger-unreachable");
    for args in [
        vec!["findings", "list"],
        vec!["findings", "show", "abcdef"],
        vec!["findings", "kill-switch", "on", "--reason", "x"],
        vec!["verify"],
        vec!["dlq", "list"],
        vec!["dlq", "redrive", "--queue", "events"],
    ] {
        let ran = unreachable(&stage, &args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{args:?}: {ran}");
        assert!(ran.err.starts_with("gardefou: "), "{args:?}: {ran}");
    }
}

#[test]
fn without_a_region_it_says_how_to_name_one() {
    let stage = Stage::new("ledger-regionless");
    let mut command = stage.command(&["findings", "list"]);
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), err.contains("--region")), (Some(2), true), "{err}");
}

#[test]
fn what_is_typed_wrong_ends_with_2_before_aws_is_asked() {
    let stage = Stage::new("ledger-usage");
    for args in [
        vec!["findings"],
        vec!["findings", "show", "short"],
        vec!["findings", "undo", "abcdef"],
        vec!["findings", "kill-switch", "on"],
        vec!["verify", "NOT-AN-ID"],
        vec!["dlq", "redrive", "--queue", "other"],
        vec!["dlq", "show", "--max", "-1"],
    ] {
        let ran = unreachable(&stage, &args);
        assert_eq!((ran.code, ran.err.is_empty()), (Some(2), false), "{args:?}: {ran}");
    }
}
