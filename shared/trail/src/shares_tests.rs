use crate::sample::{any_json, change, lists, omitted, pascal, with};
use expect_test::{Expect, expect};
use model::{Audience, Share};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(source: &str, name: &str, request: &Value) -> Result<Vec<Share>, String> {
    let change = change(source, name, request, &Value::Null);
    change.shares().map(<[Share]>::to_vec).map_err(ToString::to_string)
}

fn shown(shares: &[Share]) -> String {
    let line = |share: &Share| {
        let kind = match &share.with {
            Audience::Everyone => "",
            Audience::Account(_) => "account ",
            Audience::Organisation(_) => "organisation ",
            Audience::Other(_) => "other ",
        };
        format!("{}: {kind}{}\n", share.id.raw(), share.with.text())
    };
    shares.iter().map(line).collect()
}

fn check(source: &str, name: &str, request: &Value, expected: &Expect) {
    let shown =
        read(source, name, request).map_or_else(|error| format!("error: {error}\n"), |all| shown(&all));
    expected.assert_eq(&shown);
}

#[test]
fn each_call_has_its_own_way_to_say_with_whom() {
    let two = json!({"items": [{"group": "all"}, {"userId": "444455556666"}]});
    let adds = |field: &str, entries: &Value| json!({"snapshotId": "snap-1", "imageId": "ami-1", field: {"add": entries}});
    check(
        "ec2",
        "ModifySnapshotAttribute",
        &adds("createVolumePermission", &two),
        &expect![[r"
            ec2/snap-1/all: everyone
            ec2/snap-1/444455556666: account 444455556666
        "]],
    );
    let organisations = json!([
        {"organizationArn": "arn:aws:organizations::444455556666:organization/o-exampleorg1"},
        {"organizationalUnitArn": "arn:aws:organizations::444455556666:ou/o-exampleorg1/ou-ab12-example"},
    ]);
    check(
        "ec2",
        "ModifyImageAttribute",
        &adds("launchPermission", &organisations),
        &expect![[r"
            ec2/ami-1/arn:aws:organizations::444455556666:organization/o-exampleorg1: organisation arn:aws:organizations::444455556666:organization/o-exampleorg1
            ec2/ami-1/arn:aws:organizations::444455556666:ou/o-exampleorg1/ou-ab12-example: organisation arn:aws:organizations::444455556666:ou/o-exampleorg1/ou-ab12-example
        "]],
    );
    check(
        "ec2",
        "ModifyFpgaImageAttribute",
        &json!({"ModifyFpgaImageAttributeRequest": {"FpgaImageId": "afi-1", "LoadPermission": {"Add": {"tag": 1, "Group": "all"}}}}),
        &expect![[r"
            ec2/afi-1/all: everyone
        "]],
    );
    check(
        "ec2",
        "ModifyVpcEndpointServicePermissions",
        &json!({"ModifyVpcEndpointServicePermissionsRequest": {"ServiceId": "vpce-svc-1", "AddAllowedPrincipals":
            [{"tag": 1, "content": "*"}, {"tag": 2, "content": "arn:aws:iam::444455556666:root"}]}}),
        &expect![[r"
            ec2/vpce-svc-1/*: everyone
            ec2/vpce-svc-1/arn:aws:iam::444455556666:root: account 444455556666
        "]],
    );
    check(
        "ssm",
        "ModifyDocumentPermission",
        &json!({"name": "runbook", "permissionType": "Share", "accountIdsToAdd": ["All", "444455556666"]}),
        &expect![[r"
            ssm/runbook/All: everyone
            ssm/runbook/444455556666: account 444455556666
        "]],
    );
    check(
        "ram",
        "CreateResourceShare",
        &json!({"name": "subnets", "principals": ["444455556666", "arn:aws:iam::777788889999:role/reader", "vpc.amazonaws.com"]}),
        &expect![[r"
            ram/subnets/444455556666: account 444455556666
            ram/subnets/arn:aws:iam::777788889999:role/reader: account 777788889999
            ram/subnets/vpc.amazonaws.com: other vpc.amazonaws.com
        "]],
    );
}

#[test]
fn databases_share_their_snapshots_by_value() {
    let asked = json!({"dBSnapshotIdentifier": "nightly", "dBClusterSnapshotIdentifier": "nightly",
        "attributeName": "restore", "valuesToAdd": ["all"], "valuesToRemove": ["777788889999"]});
    for name in ["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"] {
        assert_eq!(shown(&read("rds", name, &asked).unwrap()), "rds/nightly/all: everyone\n");
    }
    for (name, field, what) in [
        ("AuthorizeSnapshotAccess", "accountWithRestoreAccess", "snapshotIdentifier"),
        ("AuthorizeDataShare", "consumerIdentifier", "dataShareArn"),
        ("AuthorizeEndpointAccess", "account", "clusterIdentifier"),
    ] {
        let shares = read("redshift", name, &json!({what: "w", field: "444455556666"})).unwrap();
        assert_eq!(shown(&shares), "redshift/w/444455556666: account 444455556666\n", "{name}");
    }
    let shares =
        read("es", "AuthorizeVpcEndpointAccess", &json!({"domainName": "d", "account": "444455556666"}));
    assert_eq!(shown(&shares.unwrap()), "es/d/444455556666: account 444455556666\n");
}

#[test]
fn the_old_form_adds_what_its_operation_says() {
    let old = |operation: Value, attribute: &str| {
        json!({"snapshotId": "snap-1", "attributeType": attribute, "operationType": operation,
            "groupNames": "all", "userIds": {"items": ["444455556666"]}})
    };
    let read = |request: &Value| read("ec2", "ModifySnapshotAttribute", request);
    let added = read(&old(json!("add"), "CREATE_VOLUME_PERMISSION")).unwrap();
    assert_eq!(shown(&added), "ec2/snap-1/all: everyone\nec2/snap-1/444455556666: account 444455556666\n");
    assert_eq!(read(&old(json!("remove"), "createVolumePermission")), Ok(Vec::new()));
    assert_eq!(read(&old(json!("add"), "productCodes")), Ok(Vec::new()));
    assert_eq!(
        read(&old(Value::Null, "createVolumePermission")).unwrap_err(),
        "requestParameters.operationType: expected a text, found nothing"
    );
    assert_eq!(
        read(&old(json!("replace"), "")).unwrap_err(),
        "requestParameters.operationType: `replace` is not `add` or `remove`"
    );
}

#[test]
fn taking_back_and_other_attributes_share_nothing() {
    let everyone = json!({"items": [{"group": "all"}]});
    for (source, name, request) in [
        ("ec2", "ModifySnapshotAttribute", json!({"createVolumePermission": {"remove": everyone}})),
        (
            "ec2",
            "ModifySnapshotAttribute",
            json!({"createVolumePermission": {"add": {}, "remove": everyone}}),
        ),
        (
            "ec2",
            "ModifyImageAttribute",
            json!({"description": {"value": "all"}, "attributeType": "description"}),
        ),
        ("ec2", "ResetSnapshotAttribute", json!({"createVolumePermission": {"add": everyone}})),
        ("rds", "ModifyDBSnapshotAttribute", json!({"attributeName": "restore", "valuesToRemove": ["all"]})),
        ("rds", "ModifyDBSnapshotAttribute", json!({"attributeName": "other", "valuesToAdd": ["all"]})),
        ("ssm", "ModifyDocumentPermission", json!({"name": "d", "accountIdsToRemove": ["all"]})),
        ("ram", "CreateResourceShare", json!({"name": "s", "allowExternalPrincipals": true})),
        ("ram", "DisassociateResourceShare", json!({"principals": ["444455556666"]})),
        ("redshift", "RevokeSnapshotAccess", json!({"accountWithRestoreAccess": "444455556666"})),
    ] {
        assert_eq!(read(source, name, &request), Ok(Vec::new()), "{name} {request}");
    }
    let failed = with(
        "ssm",
        "ModifyDocumentPermission",
        &Value::Null,
        &Value::Null,
        &json!({"errorCode": "AccessDenied"}),
    );
    assert_eq!(failed.shares(), Ok(&[][..]));
}

#[test]
fn what_is_not_understood_is_told_with_its_path() {
    let error = |source: &str, name: &str, request: Value| read(source, name, &request).unwrap_err();
    let of_snapshot = |permission: Value| {
        error("ec2", "ModifySnapshotAttribute", json!({"createVolumePermission": permission}))
    };
    assert_eq!(
        error("ec2", "ModifySnapshotAttribute", omitted()),
        "requestParameters: CloudTrail left it out because it is oversized"
    );
    assert_eq!(
        of_snapshot(omitted()),
        "requestParameters.createVolumePermission: CloudTrail left it out because it is oversized"
    );
    assert_eq!(
        of_snapshot(json!({"add": omitted()})),
        "requestParameters.createVolumePermission.add: CloudTrail left it out because it is oversized"
    );
    assert_eq!(
        of_snapshot(json!({"add": {"items": [{}]}})),
        "requestParameters.createVolumePermission.add.items[0].userId: expected whom it is shared with, found nothing"
    );
    assert_eq!(
        of_snapshot(json!("all")),
        "requestParameters.createVolumePermission: expected an object, found a text"
    );
    assert_eq!(
        error("ssm", "ModifyDocumentPermission", json!({"accountIdsToAdd": [[]]})),
        "requestParameters.accountIdsToAdd[0]: expected a text, found a list"
    );
    assert_eq!(
        error("ssm", "ModifyDocumentPermission", Value::Null),
        "requestParameters: expected an object, found nothing"
    );
}

#[test]
fn each_call_is_there_once_and_in_order_and_tells_what_it_cannot_read() {
    assert!(super::CALLS.is_sorted_by(|(one, call, _, _), (two, next, _, _)| (one, call) < (two, next)));
    for (service, name, _, _) in super::CALLS {
        assert!(read(service, name, &omitted()).is_err(), "{name}");
        assert!(read(service, name, &Value::Null).is_err(), "{name}");
        assert!(read(service, name, &json!("x")).is_err(), "{name}");
        assert_eq!(read(service, name, &json!({"name": "x"})), Ok(Vec::new()), "{name}");
        assert_eq!(read("sns", name, &json!({"account": "444455556666"})), Ok(Vec::new()), "{name}");
    }
}

/// With whom, and how an entry of EC2 says it.
fn audiences() -> impl Strategy<Value = (&'static str, String)> {
    prop_oneof![
        Just(("group", "all".to_owned())),
        "[0-9]{12}".prop_map(|id| ("userId", id)),
        "[0-9]{12}"
            .prop_map(|id| ("organizationArn", format!("arn:aws:organizations::{id}:organization/o-x"))),
    ]
}

proptest! {
    #[test]
    fn every_way_to_write_the_same_shares_is_the_same(entries in prop::collection::vec(audiences(), 0..4)) {
        let objects: Vec<Value> = entries.iter().map(|(key, name)| json!({*key: name})).collect();
        let texts: Vec<Value> = entries.iter().map(|(_, name)| json!(name)).collect();
        let contents: Vec<Value> =
            entries.iter().enumerate().map(|(at, (_, name))| json!({"tag": at + 1, "content": name})).collect();
        let name = "ModifyImageAttribute";
        let audiences = |shares: Vec<Share>| shares.into_iter().map(|share| share.with).collect::<Vec<_>>();
        let plain = json!({"imageId": "x", "launchPermission": {"add": objects}});
        let expected = read("ec2", name, &plain).unwrap();
        for list in lists(&objects) {
            let request = json!({"imageId": "x", "launchPermission": {"add": list}});
            prop_assert_eq!(read("ec2", name, &request), Ok(expected.clone()), "{}", request);
            let wrapped = json!({"ModifyImageAttributeRequest": pascal(&request)});
            prop_assert_eq!(read("ec2", name, &wrapped), Ok(expected.clone()), "{}", wrapped);
        }
        for list in lists(&texts).into_iter().chain(lists(&contents)) {
            let old = json!({"imageId": "x", "operationType": "add", "userIds": list});
            prop_assert_eq!(read("ec2", name, &old), Ok(expected.clone()), "{}", old);
            for (source, name, what, field) in [
                ("rds", "ModifyDBSnapshotAttribute", "dBSnapshotIdentifier", "valuesToAdd"),
                ("ssm", "ModifyDocumentPermission", "name", "accountIdsToAdd"),
                ("ram", "AssociateResourceShare", "resourceShareArn", "principals"),
            ] {
                let shares = read(source, name, &json!({what: "x", field: list})).unwrap();
                prop_assert_eq!(audiences(shares), audiences(expected.clone()), "{} {}", name, list);
            }
        }
    }

    #[test]
    fn any_json_is_understood_or_refused(
        value in any_json(
            &["add", "remove", "launchPermission", "group", "userId", "userIds", "operationType", "valuesToAdd",
              "attributeName", "principals", "AddAllowedPrincipals"],
            &["add", "restore", "444455556666"],
        ),
        call in prop::sample::select(super::CALLS),
    ) {
        let _ = read(call.0, call.1, &value);
    }
}
