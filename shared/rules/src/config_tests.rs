use super::*;
use expect_test::{Expect, expect};

fn check(text: &str, expected: &Expect) {
    let read = Config::read(text);
    expected.assert_eq(&read.map_or_else(|problem| problem.to_string(), |config| format!("{config:?}")));
}

#[test]
fn nothing_written_observes() {
    assert_eq!(Config::read("{}").unwrap(), Config::default());
    assert_eq!(Config::default().allowed(&"111122223333".parse().unwrap()), Mode::Observe);
}

#[test]
fn an_account_that_is_named_has_its_own_mode() {
    let config = Config::read("mode: notify\naccounts:\n  '111122223333': revert\n").unwrap();
    assert_eq!(config.allowed(&"111122223333".parse().unwrap()), Mode::Revert);
    assert_eq!(config.allowed(&"444455556666".parse().unwrap()), Mode::Notify);
}

#[test]
fn a_break_glass_role_and_a_protected_resource_are_named_in_full() {
    let role = "arn:aws:iam::111122223333:role/BreakGlassAdmin";
    let config = Config::read(&format!("break_glass: [{role}]\nprotected: [sg-0123]\n")).unwrap();
    assert_eq!((config.break_glass, config.protected), (vec![role.to_owned()], vec!["sg-0123".to_owned()]));
}

#[test]
fn the_caps_of_the_breaker_are_the_documented_ones_unless_said_otherwise() {
    let config = Config::read("breaker: {account_per_hour: 5}\n").unwrap();
    let caps = (
        config.breaker.rule_per_10_minutes,
        config.breaker.account_per_hour,
        config.breaker.overall_per_hour,
    );
    assert_eq!(caps, (10, 5, 100));
}

#[test]
fn what_is_wrong_is_refused_with_its_position() {
    for (text, expected) in [
        (
            "mdoe: observe\n",
            expect![
                "gardefou.yaml:1:1: unknown field `mdoe`, expected one of mode, accounts, params, breaker, break_glass, protected, packs, rules"
            ],
        ),
        (
            "mode: revertt\n",
            expect![
                "gardefou.yaml:1:7: unknown variant `revertt`, expected one of observe, notify, approve, revert"
            ],
        ),
        ("accounts: {'12': revert}\n", expect!["gardefou.yaml:1:12: malformed account id `12`"]),
        (
            "units: {prod: revert}\n",
            expect![
                "gardefou.yaml:1:1: unknown field `units`, expected one of mode, accounts, params, breaker, break_glass, protected, packs, rules"
            ],
        ),
        (
            "breaker: {per_day: 1}\n",
            expect![
                "gardefou.yaml:1:11: unknown field `per_day`, expected one of rule_per_10_minutes, account_per_hour, overall_per_hour"
            ],
        ),
        (
            "break_glass:\n  - Admin\n",
            expect!["gardefou.yaml:2:5: `Admin` is no role's ARN: arn:aws:iam::111122223333:role/NAME"],
        ),
        (
            "protected: ['sg-*']\n",
            expect!["gardefou.yaml:1:13: `sg-*` is no resource id: each is named in full"],
        ),
    ] {
        check(text, &expected);
    }
}

#[test]
fn a_param_that_is_no_list_of_its_kind_is_refused_with_its_position() {
    for (text, expected) in [
        (
            "params: {operator_cidrs: [0.0.0.0/0]}\n",
            expect!["gardefou.yaml:1:26: `0.0.0.0/0` is too much of the internet to be trusted"],
        ),
        (
            "params:\n  operator_cidrs: ['::/1']\n",
            expect!["gardefou.yaml:2:19: `::/1` is too much of the internet to be trusted"],
        ),
        (
            "params: {operator_cidrs: [198.51.100.0/24, 198.51.100.128/25]}\n",
            expect!["gardefou.yaml:1:26: `198.51.100.128/25` and `198.51.100.0/24` overlap"],
        ),
        (
            "params: {operator_cidrs: [198.51.100.7/24]}\n",
            expect![
                "gardefou.yaml:1:26: `198.51.100.7/24` has host bits set: `198.51.100.0/24` is the network"
            ],
        ),
        (
            "params: {operator_cidrs: [paris]}\n",
            expect!["gardefou.yaml:1:26: `paris` is no network: `203.0.113.0/24` is how one is written"],
        ),
        (
            "params: {operator_cidrs: 198.51.100.0/24}\n",
            expect!["gardefou.yaml:1:26: `operator_cidrs` needs a list"],
        ),
        (
            "params: {admin_ports: [22, 70000]}\n",
            expect![
                "gardefou.yaml:1:23: `70000` in `admin_ports` is no port: a number from 0 to 65535 is needed"
            ],
        ),
        (
            "params: {max_public_prefix: {v4: 33}}\n",
            expect!["gardefou.yaml:1:29: `max_public_prefix` is written `{v4: 0 to 32, v6: 0 to 128}`"],
        ),
        (
            "params: {max_public_prefix: {v5: 3}}\n",
            expect!["gardefou.yaml:1:29: `max_public_prefix` is written `{v4: 0 to 32, v6: 0 to 128}`"],
        ),
        (
            "params: {teams: {a: b}}\n",
            expect!["gardefou.yaml:1:17: `teams` is a map: a list or a single value is needed"],
        ),
    ] {
        check(text, &expected);
    }
}

#[test]
fn private_space_may_be_listed_whole() {
    let config = Config::read("params: {vpc_cidrs: [10.0.0.0/8, 'fc00::/7']}\n").unwrap();
    assert_eq!(
        config.param("vpc_cidrs"),
        Some(&Param::Cidrs(vec!["10.0.0.0/8".parse().unwrap(), "fc00::/7".parse().unwrap()]))
    );
}
