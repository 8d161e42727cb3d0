use crate::sample::{any_json, change, lists, omitted, with};
use expect_test::{Expect, expect};
use model::Grant;
use proptest::prelude::*;
use serde_json::{Value, json};

const EVERYONE: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const ANY_ACCOUNT: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

fn read(name: &str, request: &Value) -> Result<Vec<Grant>, String> {
    let change = change("s3", name, request, &Value::Null);
    change.grants().map(<[Grant]>::to_vec).map_err(ToString::to_string)
}

fn shown(grants: &[Grant]) -> String {
    let line = |grant: &Grant| format!("{}: {}\n", grant.id.raw(), grant.grantee.text());
    grants.iter().map(line).collect()
}

fn check(request: &Value, expected: &Expect) {
    let shown =
        read("PutBucketAcl", request).map_or_else(|error| format!("error: {error}\n"), |all| shown(&all));
    expected.assert_eq(&shown);
}

fn public(name: &str, request: &Value) -> bool {
    read(name, request).unwrap().iter().any(|grant| grant.grantee.is_public())
}

#[test]
fn a_canned_list_is_what_it_stands_for() {
    let canned = |name: &str| json!({"bucketName": "b", "acl": "", "x-amz-acl": name});
    check(&canned("private"), &expect![""]);
    check(
        &canned("public-read"),
        &expect![[r"
            s3/b/everyone/READ: everyone
        "]],
    );
    check(
        &canned("public-read-write"),
        &expect![[r"
            s3/b/everyone/READ: everyone
            s3/b/everyone/WRITE: everyone
        "]],
    );
    check(
        &canned("authenticated-read"),
        &expect![[r"
            s3/b/every AWS account/READ: every AWS account
        "]],
    );
    check(
        &canned("log-delivery-write"),
        &expect![[r"
            s3/b/log-delivery-write/WRITE: log-delivery-write
            s3/b/log-delivery-write/READ_ACP: log-delivery-write
        "]],
    );
    for name in ["aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"] {
        assert!(!public("PutObjectAcl", &canned(name)), "{name}");
        assert_eq!(read("PutObjectAcl", &canned(name)).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn the_body_and_the_headers_name_grantees() {
    let owner = json!({"Grantee": {"xsi:type": "CanonicalUser", "ID": "79a5", "DisplayName": "ops"}, "Permission": "FULL_CONTROL"});
    let group = |uri: &str| {
        let grantee = json!({"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:type": "Group", "URI": uri});
        json!({"Grantee": grantee, "Permission": "READ_ACP"})
    };
    let mail = json!({"Grantee": {"xsi:type": "AmazonCustomerByEmail", "EmailAddress": "x@example.com"}, "Permission": "WRITE"});
    let grants = json!([
        owner,
        group(EVERYONE),
        group(ANY_ACCOUNT),
        group("http://acs.amazonaws.com/groups/s3/LogDelivery"),
        mail
    ]);
    check(
        &json!({"bucketName": "b", "acl": "", "AccessControlPolicy": {"Owner": {"ID": "79a5"}, "AccessControlList": {"Grant": grants}}}),
        &expect![[r"
            s3/b/79a5/FULL_CONTROL: 79a5
            s3/b/everyone/READ_ACP: everyone
            s3/b/every AWS account/READ_ACP: every AWS account
            s3/b/http://acs.amazonaws.com/groups/s3/LogDelivery/READ_ACP: http://acs.amazonaws.com/groups/s3/LogDelivery
            s3/b/x@example.com/WRITE: x@example.com
        "]],
    );
    check(
        &json!({"bucketName": "b", "x-amz-grant-read": format!("uri=\"{EVERYONE}\", id=\"79a5\""),
            "x-amz-grant-full-control": [format!("uri={ANY_ACCOUNT}"), "emailAddress=\"x@example.com\""]}),
        &expect![[r"
            s3/b/everyone/READ: everyone
            s3/b/79a5/READ: 79a5
            s3/b/every AWS account/FULL_CONTROL: every AWS account
            s3/b/x@example.com/FULL_CONTROL: x@example.com
        "]],
    );
}

#[test]
fn making_a_bucket_or_an_object_may_grant_too() {
    let open = json!({"bucketName": "b", "key": "a/b.txt", "x-amz-acl": "public-read"});
    for name in ["CreateBucket", "PutObject", "PutObjectAcl", "CopyObject", "CreateMultipartUpload"] {
        assert_eq!(shown(&read(name, &open).unwrap()), "s3/b/a/b.txt/everyone/READ: everyone\n", "{name}");
    }
    for name in ["CreateBucket", "PutObject"] {
        assert_eq!(read(name, &json!({"bucketName": "b", "Host": "b.s3.amazonaws.com"})), Ok(Vec::new()));
    }
}

#[test]
fn nothing_granted_is_no_grant_and_nothing_said_is_told() {
    for list in [json!(""), json!({}), json!({"Grant": []}), Value::Null] {
        let policy = json!({"bucketName": "b", "AccessControlPolicy": {"Owner": {"ID": "1"}, "AccessControlList": list}});
        assert_eq!(read("PutBucketAcl", &policy), Ok(Vec::new()), "{policy}");
    }
    for name in ["DeleteBucket", "GetBucketAcl", "PutBucketPolicy"] {
        assert_eq!(read(name, &json!({"x-amz-acl": "public-read"})), Ok(Vec::new()), "{name}");
    }
    check(
        &json!({"bucketName": "b", "acl": ""}),
        &expect![[r"
            error: requestParameters.AccessControlPolicy: expected an access list, found nothing
        "]],
    );
    let failed =
        with("s3", "PutBucketAcl", &Value::Null, &Value::Null, &json!({"errorCode": "AccessDenied"}));
    assert_eq!(failed.grants(), Ok(&[][..]));
    let elsewhere = change("s3-outposts", "PutBucketAcl", &json!({"x-amz-acl": "public-read"}), &Value::Null);
    assert_eq!(elsewhere.grants(), Ok(&[][..]));
}

#[test]
fn what_is_not_understood_is_told_with_its_path() {
    let error = |request: Value| read("PutBucketAcl", &request).unwrap_err();
    let of_body =
        |grant: Value| error(json!({"AccessControlPolicy": {"AccessControlList": {"Grant": grant}}}));
    let oversized = "CloudTrail left it out because it is oversized";
    let at = "requestParameters.AccessControlPolicy.AccessControlList.Grant";
    assert_eq!(error(omitted()), format!("requestParameters: {oversized}"));
    assert_eq!(
        error(json!({"AccessControlPolicy": omitted()})),
        format!("requestParameters.AccessControlPolicy: {oversized}")
    );
    assert_eq!(of_body(omitted()), format!("{at}: {oversized}"));
    assert_eq!(
        error(json!({"accessControlList": omitted()})),
        format!("requestParameters.accessControlList: {oversized}")
    );
    assert_eq!(error(json!({"x-amz-acl": omitted()})), format!("requestParameters.x-amz-acl: {oversized}"));
    assert_eq!(of_body(json!(7)), format!("{at}: expected a list, found a number"));
    assert_eq!(
        of_body(json!({"Permission": "READ"})),
        format!("{at}.Grantee.URI: expected whom it is granted to, found nothing")
    );
    assert_eq!(
        of_body(json!({"Grantee": {"URI": EVERYONE}})),
        format!("{at}.Permission: expected a text, found nothing")
    );
    assert_eq!(
        of_body(json!({"Grantee": {"URI": [EVERYONE]}, "Permission": "READ"})),
        format!("{at}.Grantee.URI: expected a text, found a list")
    );
    assert_eq!(
        error(json!({"x-amz-acl": "public"})),
        "requestParameters.x-amz-acl: `public` is not a canned access list"
    );
    assert_eq!(
        error(json!({"x-amz-grant-read": "everyone"})),
        "requestParameters.x-amz-grant-read: `everyone` is not a grantee"
    );
    assert_eq!(
        error(json!({"AccessControlPolicy": "<xml/>"})),
        "requestParameters.AccessControlPolicy: expected an object, found a text"
    );
    assert_eq!(error(Value::Null), "requestParameters: expected an object, found nothing");
}

/// A grantee as the body names it and as a header does.
fn grantees() -> impl Strategy<Value = (&'static str, String, &'static str)> {
    prop_oneof![
        prop::sample::select(vec![EVERYONE, ANY_ACCOUNT]).prop_map(|uri| ("URI", uri.to_owned(), "uri")),
        "[0-9a-f]{64}".prop_map(|id| ("ID", id, "id")),
        "[a-z]{1,8}@example\\.com".prop_map(|mail| ("EmailAddress", mail, "emailAddress")),
    ]
}

proptest! {
    #[test]
    fn the_canned_name_and_every_place_of_it_agree(name in prop::sample::select(vec![
        "private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write",
    ])) {
        let expected = read("PutBucketAcl", &json!({"bucketName": "b", "x-amz-acl": name}));
        prop_assert!(expected.is_ok());
        for request in [
            json!({"bucketName": "b", "acl": [""], "x-amz-acl": [name]}),
            json!({"bucketName": "b", "acl": "", "accessControlList": {"x-amz-acl": name}}),
            json!({"bucketName": "b", "accessControlList": {"X-Amz-Acl": [name]}}),
            json!({"bucketName": "b", "accessControlList": name}),
            json!({"bucketName": "b", "accessControlList": [name]}),
            json!({"PutBucketAclRequest": {"bucketName": "b", "x-amz-acl": name, "accessControlList": ""}}),
        ] {
            let grants = read("PutBucketAcl", &request);
            let contents = |grants: Vec<Grant>| {
                grants.into_iter().map(|one| (one.grantee, one.permission)).collect::<Vec<_>>()
            };
            prop_assert_eq!(grants.map(contents), expected.clone().map(contents), "{}", request);
        }
    }

    #[test]
    fn body_and_headers_of_the_same_grants_agree(
        grantees in prop::collection::vec(grantees(), 1..4), quote in prop::sample::select(vec!["\"", ""]),
    ) {
        let grants: Vec<Value> = grantees.iter()
            .map(|(key, name, _)| json!({"Grantee": {"xsi:type": "x", *key: name}, "Permission": "WRITE_ACP"}))
            .collect();
        let parts: Vec<String> =
            grantees.iter().map(|(_, name, key)| format!("{key}={quote}{name}{quote}")).collect();
        let body = |list: Value| json!({"bucketName": "b", "acl": "", "AccessControlPolicy": {"AccessControlList": {"Grant": list}}});
        let expected = read("PutBucketAcl", &body(json!(grants)));
        prop_assert!(expected.is_ok());
        let mut requests: Vec<Value> = lists(&grants).into_iter().map(body).collect();
        requests.push(json!({"bucketName": "b", "accessControlList": {"Grant": grants}}));
        for header in [json!(parts.join(", ")), json!(parts.join(",")), json!([parts.join(" , ")]), json!(parts)] {
            requests.push(json!({"bucketName": "b", "acl": "", "x-amz-grant-write-acp": header}));
            requests.push(json!({"bucketName": "b", "accessControlList": {"X-Amz-Grant-Write-Acp": header}}));
        }
        for request in requests {
            prop_assert_eq!(read("PutBucketAcl", &request), expected.clone(), "{}", request);
        }
    }

    #[test]
    fn any_json_is_understood_or_refused(value in any_json(
        &["x-amz-acl", "acl", "accessControlList", "AccessControlPolicy", "Grant", "Grantee", "URI", "Permission",
          "x-amz-grant-read"],
        &["public-read", EVERYONE, "READ", "uri=x"],
    )) {
        let _ = read("PutBucketAcl", &value);
        let _ = read("CreateBucket", &value);
    }
}
