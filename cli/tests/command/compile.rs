//! `gardefou compile event-patterns`.

use crate::stage::Stage;
use expect_test::expect;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

const TEMPLATE: &str = "\
Resources:
  # ---- begin of what `gardefou compile event-patterns --write` writes
  # ---- end of what `gardefou compile event-patterns --write` writes
Outputs: {}
";

#[test]
fn the_template_is_what_the_rules_make_of_it() {
    let stage = Stage::new("compile-shipped");
    let shipped = fs::read_to_string(root().join("infra/template.yaml")).unwrap();
    stage.write("template.yaml", &shipped);
    let rules = root().join("rules");
    let args = ["compile", "event-patterns", "--write", "template.yaml", "--rules", rules.to_str().unwrap()];
    let ran = stage.run(&args);
    assert_eq!(ran.to_string(), "exit 0\n");
    let written = fs::read_to_string(stage.dir.join("template.yaml")).unwrap();
    assert!(written == shipped, "stale: run `gardefou compile event-patterns --write infra/template.yaml`");
}

#[test]
fn the_patterns_are_printed_as_json() {
    let ran = Stage::new("compile-json").run(&["compile", "event-patterns"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let patterns: Value = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<&str> =
        patterns.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["changes-1", "echoes-1"]);
    assert!(patterns[0]["characters"].as_u64().unwrap() <= 2_048);
    expect![[r#"{"errorCode":[{"exists":false}],"eventName":["AuthorizeSecurityGroupIngress","ModifySecurityGroupRules"],"eventSource":["ec2.amazonaws.com"],"readOnly":[{"exists":false},false],"userIdentity":{"sessionContext":{"sessionIssuer":{"arn":[{"exists":false},{"anything-but":{"wildcard":["*${ActingRole}"]}}]}}}}"#]]
    .assert_eq(&patterns[0]["pattern"]["detail"].to_string());
}

#[test]
fn a_rule_that_is_off_is_asked_for_only_where_nothing_is_configured() {
    let stage = Stage::new("compile-off");
    stage.write("gardefou.yaml", "mode: observe\n");
    let rule = fs::read_to_string(stage.dir.join("rules/network/web-open/rule.yaml")).unwrap();
    let rule = rule.replace("AuthorizeSecurityGroupIngress", "RunInstances");
    let needing = rule.replace("when: ", "needs: [vpn_cidrs]\nwhen: !opening.within(params.vpn_cidrs) && ");
    stage.write(
        "rules/network/web-open/rule.yaml",
        needing.replace("when: !", "when: \"!").replace("443)\n", "443)\"\n"),
    );
    let asks = |args: &[&str]| {
        let ran = stage.run(args);
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.out.contains("RunInstances")
    };
    assert!(asks(&["compile", "event-patterns"]));
    assert!(!asks(&["compile", "event-patterns", "--config", "gardefou.yaml"]));
}

#[test]
fn a_template_without_a_place_and_a_rule_that_does_not_read_leave_the_file_alone() {
    let stage = Stage::new("compile-refused");
    let args = ["compile", "event-patterns", "--write", "template.yaml"];
    stage.write("template.yaml", "Resources: {}\n");
    expect![[r#"
        ! gardefou: `template.yaml` has no place for the patterns: there is no line `  # ---- begin of what `gardefou compile event-patterns --write` writes`
        exit 2
    "#]]
    .assert_eq(&stage.run(&args).to_string());
    stage.write("template.yaml", TEMPLATE);
    stage.write("rules/network/odd/rule.yaml", "id: odd\ntitel: A typing error\n");
    let ran = stage.run(&args);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.ends_with("would not arrive: nothing is written\n"), "{ran}");
    assert_eq!(fs::read_to_string(stage.dir.join("template.yaml")).unwrap(), TEMPLATE);
    fs::remove_dir_all(stage.dir.join("rules/network/odd")).unwrap();
    assert_eq!(stage.run(&args).code, Some(0));
    let written = fs::read_to_string(stage.dir.join("template.yaml")).unwrap();
    assert!(written.contains("  ChangeRule1:\n    Type: AWS::Events::Rule\n"), "{written}");
    assert!(written.ends_with("writes\nOutputs: {}\n"), "{written}");
}
