use super::*;
use expect_test::{Expect, expect};
use model::Actor;

fn allowed(config: &Config, account: &str) -> Mode {
    let actor: Actor = serde_json::from_str(r#"{"kind":"user","name":"claire"}"#).unwrap();
    let asking = Asking { account: &account.parse().unwrap(), actor: Some(&actor), tags: None };
    config.allowance.allowed(asking).mode
}

fn check(text: &str, expected: &Expect) {
    let read = Config::read(text);
    expected.assert_eq(&read.map_or_else(|problem| problem.to_string(), |config| format!("{config:?}")));
}

#[test]
fn nothing_written_observes() {
    assert_eq!(Config::read("{}").unwrap(), Config::default());
    assert_eq!(allowed(&Config::default(), "111122223333"), Mode::Observe);
}

#[test]
fn an_account_that_is_named_has_its_own_mode() {
    let config = Config::read("mode: notify\naccounts:\n  '111122223333': revert\n").unwrap();
    assert_eq!(allowed(&config, "111122223333"), Mode::Revert);
    assert_eq!(allowed(&config, "444455556666"), Mode::Notify);
}

#[test]
fn a_break_glass_role_and_a_protected_resource_are_named_in_full() {
    let role = "arn:aws:iam::111122223333:role/BreakGlassAdmin";
    let config = Config::read(&format!("break_glass: [{role}]\nprotected: [sg-0123]\n")).unwrap();
    assert_eq!(
        (config.allowance.break_glass, config.protected),
        (vec![role.to_owned()], vec!["sg-0123".to_owned()])
    );
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
                "gardefou.yaml:1:1: unknown field `mdoe`, expected one of mode, accounts, params, units, environments, sightings, breaker, blast_radius, waivers, break_glass, protected, packs, rules"
            ],
        ),
        (
            "mode: revertt\n",
            expect![
                "gardefou.yaml:1:7: unknown variant `revertt`, expected one of observe, notify, approve, revert"
            ],
        ),
        ("accounts: {'12': revert}\n", expect!["gardefou.yaml:1:12: malformed account id `12`"]),
        ("units: {prod: revert}\n", expect!["gardefou.yaml:1:15: expected mapping start"]),
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

#[test]
fn a_waiver_as_code_has_a_beginning_and_an_end_in_days_or_times() {
    let text = "waivers:
  - {id: migration, rule: ec2-sg-ssh-open, resource: sg-0aa1, owner: claire, reason: moves in January,
     from: 2026-11-01, until: '2026-12-31T12:00:00Z'}
";
    let waivers = Config::read(text).unwrap().waivers;
    let [waiver] = waivers.as_slice() else { panic!("{waivers:?}") };
    assert_eq!(
        (waiver.from.to_string(), waiver.until.to_string()),
        ("2026-11-01T00:00:00Z".to_owned(), "2026-12-31T12:00:00Z".to_owned())
    );
    assert_eq!(waiver.account, None);
}

#[test]
fn a_waiver_that_may_not_be_granted_is_refused_where_it_is_written() {
    let refused = |line: &str| {
        let text = format!("waivers:\n  - {{id: w, owner: claire, reason: x, {line}}}\n");
        Config::read(&text).map(drop).unwrap_err().to_string()
    };
    let long = refused("rule: ec2-sg-ssh-open, from: 2026-11-01, until: 2027-02-01");
    assert_eq!(long, "gardefou.yaml:2:5: waiver `w`: a waiver ends 90 days after it begins, at the latest");
    let all = refused("from: 2026-11-01, until: 2026-11-02");
    assert!(all.ends_with("a waiver of every rule on every resource would switch the guard off"), "{all}");
    let never = refused("resource: sg-1, from: now, until: 2026-11-02");
    assert!(never.contains("`now` is neither a day"), "{never}");
}

#[test]
fn units_environments_and_the_limits_of_what_is_touched_are_read() {
    let text = "units: {production: {accounts: ['111122223333'], mode: notify}}
environments: {tag: env, modes: {prod: approve}}
sightings: revert
blast_radius: {interfaces: 3}
mode: revert
";
    let config = Config::read(text).unwrap();
    assert_eq!(allowed(&config, "111122223333"), Mode::Notify);
    assert_eq!(config.allowance.sightings, Mode::Revert);
    assert_eq!((config.blast_radius.interfaces, config.blast_radius.references), (3, 5));
    assert_eq!(config.allowance.environments.unwrap().tag, "env");
}
