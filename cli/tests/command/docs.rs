//! `gardefou docs`.

use crate::stage::Stage;
use expect_test::{expect, expect_file};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

const RECOMMENDED: &str = "\
recommendations:
- {line: 3, section: '1.1', text: 'SSH | for <operators>', rules: [ssh, ssh-from-afar], guard: [G-ONE]}
- {line: 4, section: '1.1', text: Test loads, guard: [G-TWO], limits: Nothing of it is in an event.}
- {line: 5, section: '1.2', text: Web, rules: [web-open]}
further: [cookies]
guard:
  G-ONE: {state: partly, text: A checked value., missing: It is not a parameter.}
  G-TWO: {state: planned, text: A burst.}
";

fn stage(name: &str) -> Stage {
    let stage = Stage::new(name);
    stage.write("docs/recommendations.yaml", RECOMMENDED);
    let rule = fs::read_to_string(stage.dir.join("rules/network/ssh-open/rule.yaml")).unwrap();
    let further = "params: {ssh_ports: [22, 2222]}\nneeds: [vpn_cidrs]\nframeworks: {cis-aws: ['3.0: 5.10', '3.0: 5.2']}\nwhen: ";
    let rule = rule.replace("when: ", further).replace("One weak key", "One <b>weak</b> key of `a_b` | c_d*");
    stage.write("rules/network/ssh-open/rule.yaml", rule);
    stage
}

fn page(stage: &Stage, path: &str) -> String {
    fs::read_to_string(stage.dir.join("docs").join(path)).unwrap()
}

#[test]
fn what_is_generated_from_the_shipped_rules_is_up_to_date() {
    let stage = Stage::new("docs-shipped");
    let (rules, docs) = (root().join("rules"), root().join("docs"));
    let args = ["docs", "--check", "--rules", rules.to_str().unwrap(), "--docs", docs.to_str().unwrap()];
    let ran = stage.run(&args);
    let first: Vec<String> = ran.to_string().lines().take(5).map(str::to_owned).collect();
    assert_eq!(first, ["exit 0"], "stale: run `make generate`");
}

#[test]
fn a_rule_has_a_page_the_rules_an_index_and_the_recommendations_a_page() {
    let stage = stage("docs-golden");
    assert_eq!(stage.run(&["docs"]).to_string(), "exit 0\n");
    expect_file!["golden/ssh-open.md"].assert_eq(&page(&stage, "rules/ssh-open.md"));
    expect_file!["golden/rules.md"].assert_eq(&page(&stage, "rules/README.md"));
    expect_file!["golden/coverage.md"].assert_eq(&page(&stage, "coverage.md"));
    let before = page(&stage, "coverage.md");
    assert_eq!(stage.run(&["docs"]).to_string(), "exit 0\n");
    assert_eq!(page(&stage, "coverage.md"), before);
}

#[test]
fn what_is_stale_missing_or_left_over_is_named_and_put_right() {
    let stage = stage("docs-stale");
    stage.write("docs/rules/by-hand.md", "# Somebody's own\n");
    expect![[r#"
        docs/coverage.md: missing
        docs/params.md: missing
        docs/rules/README.md: missing
        docs/rules/ssh-open.md: missing
        docs/rules/web-open.md: missing
        exit 1
    "#]]
    .assert_eq(&stage.run(&["docs", "--check"]).to_string());
    assert_eq!(stage.run(&["docs"]).code, Some(0));
    assert_eq!(stage.run(&["docs", "--check"]).to_string(), "exit 0\n");
    stage.write("docs/rules/ssh-open.md", page(&stage, "rules/ssh-open.md").replace("internet", "world"));
    fs::remove_dir_all(stage.dir.join("rules/network/web-open")).unwrap();
    expect![[r#"
        docs/coverage.md: stale
        docs/rules/README.md: stale
        docs/rules/ssh-open.md: stale
        docs/rules/web-open.md: of no rule
        exit 1
    "#]]
    .assert_eq(&stage.run(&["docs", "--check"]).to_string());
    assert_eq!(stage.run(&["docs"]).code, Some(0));
    assert!(!stage.dir.join("docs/rules/web-open.md").exists());
    assert_eq!(page(&stage, "rules/by-hand.md"), "# Somebody's own\n");
    assert_eq!(stage.run(&["docs", "--check"]).to_string(), "exit 0\n");
}

#[test]
fn without_recommendations_nothing_is_said_of_coverage() {
    let stage = Stage::new("docs-own");
    assert_eq!(stage.run(&["docs", "--docs", "site"]).to_string(), "exit 0\n");
    assert!(stage.dir.join("site/rules/ssh-open.md").is_file());
    assert!(!stage.dir.join("site/coverage.md").exists());
}

#[test]
fn what_does_not_read_changes_no_document() {
    let stage = stage("docs-unread");
    stage.write("rules/network/odd/rule.yaml", "id: odd\ntitel: A typing error\n");
    let ran = stage.run(&["docs"]);
    assert_eq!(
        (ran.code, ran.err.ends_with("would be left out: nothing is written\n")),
        (Some(3), true),
        "{ran}"
    );
    assert!(!stage.dir.join("docs/rules").exists());
    fs::remove_dir_all(stage.dir.join("rules/network/odd")).unwrap();
    stage.write("docs/recommendations.yaml", "recommendations: 3\n");
    let ran = stage.run(&["docs"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`docs/recommendations.yaml` does not say what was recommended"), "{ran}");
}
