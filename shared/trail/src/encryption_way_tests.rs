//! What is encrypted on its way, what is refused, and the properties.

use super::*;
use crate::encryption_calls::CALLS;

#[test]
fn what_talks_without_tls_is_plain() {
    check(
        r#"
        es CreateDomain {"domainName": "d"}
        es CreateDomain {"domainName": "d", "encryptionAtRestOptions": {"enabled": true}, "nodeToNodeEncryptionOptions": {"enabled": "true"}, "domainEndpointOptions": {"enforceHTTPS": true}}
        es CreateElasticsearchDomain {"domainName": "d", "encryptionAtRestOptions": {"enabled": true, "kmsKeyId": "k"}, "nodeToNodeEncryptionOptions": {"enabled": true}, "domainEndpointOptions": {"enforceHTTPS": false}}
        es CreateDomain {"domainName": "d"} -> {"domainStatus": {"encryptionAtRestOptions": {"enabled": true}, "nodeToNodeEncryptionOptions": {"enabled": true}}}
        es UpdateDomainConfig {"domainName": "d", "domainEndpointOptions": {"enforceHTTPS": false}}
        es UpdateDomainConfig {"domainName": "d", "clusterConfig": {}} -> {"domainConfig": {"encryptionAtRestOptions": {"options": {"enabled": false}}}}
        kafka CreateCluster {"clusterName": "k"}
        kafka CreateCluster {"clusterName": "k", "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS_PLAINTEXT"}}}
        kafka CreateCluster {"clusterName": "k", "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS", "inCluster": true}, "encryptionAtRest": {"dataVolumeKMSKeyId": "key"}}}
        kafka CreateClusterV2 {"clusterName": "k", "provisioned": {"encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS", "inCluster": "false"}}}}
        kafka CreateClusterV2 {"clusterName": "k", "serverless": {"vpcConfigs": []}}
        kafka UpdateSecurity {"clusterArn": "k", "encryptionInfo": {"encryptionInTransit": {"clientBroker": "PLAINTEXT"}}}
        kafka UpdateSecurity {"clusterArn": "k", "clientAuthentication": {}}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "mysql", "sslMode": "none"}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "mysql"} -> {"endpoint": {"sslMode": "none"}}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "postgres", "sslMode": "verify-full"}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "s3"} -> {"endpoint": {"sslMode": "none"}}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "kafka", "kafkaSettings": {"securityProtocol": "plaintext"}}
        dms CreateEndpoint {"endpointIdentifier": "e", "engineName": "kafka", "kafkaSettings": {"securityProtocol": "sasl-ssl"}}
        dms ModifyEndpoint {"endpointIdentifier": "e", "sslMode": "none"} -> {"endpoint": {"engineName": "mysql"}}
        dms ModifyEndpoint {"endpointArn": "e", "port": 3306} -> {"endpoint": {"sslMode": "none"}}
        dms CreateReplicationInstance {"replicationInstanceIdentifier": "r"} -> {"replicationInstance": {"kmsKeyId": "k"}}
        "#,
        &expect![[r"
            CreateDomain es/d: unencrypted plain
            CreateDomain es/d: encrypted tls
            CreateElasticsearchDomain es/d: encrypted with k plain
            CreateDomain es/d: encrypted tls
            UpdateDomainConfig es/d: plain
            UpdateDomainConfig
            CreateCluster kafka/k: encrypted
            CreateCluster kafka/k: encrypted plain
            CreateCluster kafka/k: encrypted with key tls
            CreateClusterV2 kafka/k: encrypted plain
            CreateClusterV2 kafka/k: encrypted tls
            UpdateSecurity kafka/k: plain
            UpdateSecurity
            CreateEndpoint dms/e: plain
            CreateEndpoint dms/e: plain
            CreateEndpoint dms/e: tls
            CreateEndpoint dms/e:
            CreateEndpoint dms/e: plain
            CreateEndpoint dms/e: tls
            ModifyEndpoint dms/e: plain
            ModifyEndpoint
            CreateReplicationInstance dms/r: encrypted with k
        "]],
    );
}

#[test]
fn a_cache_is_open_unless_it_says_otherwise() {
    check(
        r#"
        elasticache CreateReplicationGroup {"replicationGroupId": "g", "engine": "redis"}
        elasticache CreateReplicationGroup {"replicationGroupId": "g", "atRestEncryptionEnabled": "true", "transitEncryptionEnabled": true}
        elasticache CreateReplicationGroup {"replicationGroupId": "g", "atRestEncryptionEnabled": true, "transitEncryptionEnabled": true, "transitEncryptionMode": "preferred"}
        elasticache CreateReplicationGroup {"replicationGroupId": "g", "engine": "valkey"}
        elasticache CreateReplicationGroup {"replicationGroupId": "g"} -> {"atRestEncryptionEnabled": false, "storageEncryptionType": "sse-elasticache", "transitEncryptionEnabled": true}
        elasticache CreateReplicationGroup {"replicationGroupId": "g", "globalReplicationGroupId": "x"}
        elasticache CreateCacheCluster {"cacheClusterId": "c", "engine": "memcached"}
        elasticache CreateServerlessCache {"serverlessCacheName": "s", "kmsKeyId": "k"}
        elasticache ModifyReplicationGroup {"replicationGroupId": "g", "transitEncryptionEnabled": "false"}
        elasticache ModifyReplicationGroup {"replicationGroupId": "g", "transitEncryptionMode": "preferred"}
        elasticache ModifyReplicationGroup {"replicationGroupId": "g", "transitEncryptionMode": "required"}
        elasticache ModifyReplicationGroup {"replicationGroupId": "g"} -> {"transitEncryptionEnabled": false}
        "#,
        &expect![[r"
            CreateReplicationGroup elasticache/g: unencrypted plain
            CreateReplicationGroup elasticache/g: encrypted tls
            CreateReplicationGroup elasticache/g: encrypted plain
            CreateReplicationGroup elasticache/g: encrypted plain
            CreateReplicationGroup elasticache/g: encrypted tls
            CreateReplicationGroup elasticache/g:
            CreateCacheCluster elasticache/c: unencrypted plain
            CreateServerlessCache elasticache/s: encrypted with k
            ModifyReplicationGroup elasticache/g: plain
            ModifyReplicationGroup elasticache/g: plain
            ModifyReplicationGroup elasticache/g: tls
            ModifyReplicationGroup
        "]],
    );
}

#[test]
fn what_is_not_understood_is_told_with_its_path() {
    let error = |source: &str, name: &str, request: Value| read(source, name, &request).unwrap_err();
    let oversized = "CloudTrail left it out because it is oversized";
    assert_eq!(error("ec2", "CreateVolume", omitted()), format!("requestParameters: {oversized}"));
    assert_eq!(
        error("ec2", "RunInstances", json!({"blockDeviceMapping": omitted()})),
        format!("requestParameters.blockDeviceMapping: {oversized}")
    );
    assert_eq!(
        error("sqs", "SetQueueAttributes", json!({"attributes": omitted()})),
        format!("requestParameters.attributes: {oversized}")
    );
    assert_eq!(
        error("kafka", "CreateCluster", json!({"encryptionInfo": omitted()})),
        format!("requestParameters.encryptionInfo: {oversized}")
    );
    assert_eq!(
        error("ec2", "CreateVolume", json!({"encrypted": "perhaps"})),
        "requestParameters.encrypted: expected true or false, found a text"
    );
    assert_eq!(
        error("ec2", "RunInstances", json!({"blockDeviceMapping": [{"ebs": "gp3"}]})),
        "requestParameters.blockDeviceMapping[0].ebs: expected an object, found a text"
    );
    assert_eq!(
        error("s3", "PutBucketEncryption", json!({"bucketName": "b"})),
        "requestParameters.ServerSideEncryptionConfiguration.Rule: expected a rule, found nothing"
    );
    let rule = json!({"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}});
    assert_eq!(
        error("s3", "PutBucketEncryption", json!({"ServerSideEncryptionConfiguration": rule})),
        "requestParameters.ServerSideEncryptionConfiguration.Rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm: `ROT13` is not an algorithm"
    );
    assert_eq!(
        error(
            "sns",
            "SetTopicAttributes",
            json!({"attributeName": "KmsMasterKeyId", "attributeValue": {"x": 1}})
        ),
        "requestParameters.attributeValue: expected a text, found an object"
    );
    assert_eq!(
        error("es", "CreateDomain", json!({"encryptionAtRestOptions": true})),
        "requestParameters.encryptionAtRestOptions: expected an object, found true or false"
    );
    assert_eq!(
        error("redshift", "ModifyCluster", Value::Null),
        "requestParameters: expected an object, found nothing"
    );
}

#[test]
fn no_call_is_quiet_about_what_it_cannot_read() {
    for (service, name, _, _) in CALLS {
        for request in [omitted(), Value::Null, json!("x"), json!([])] {
            assert!(read(service, name, &request).is_err(), "{name} {request}");
        }
    }
}

#[test]
fn calls_that_failed_or_are_not_known_make_nothing() {
    let failed =
        with("rds", "CreateDBInstance", &Value::Null, &Value::Null, &json!({"errorCode": "AccessDenied"}));
    assert_eq!(failed.stores(), Ok(&[][..]));
    let off = json!({"encrypted": false, "storageEncrypted": false, "attributes": {"KmsMasterKeyId": ""}});
    for (source, name) in [
        ("ec2", "DeleteVolume"),
        ("ec2", "EnableEbsEncryptionByDefault"),
        ("rds", "ModifyDBInstance"),
        ("rds", "CreateVolume"),
        ("sqs", "DeleteQueue"),
    ] {
        assert_eq!(read(source, name, &off), Ok(Vec::new()), "{name}");
    }
}

fn flags() -> impl Strategy<Value = Option<bool>> {
    prop_oneof![Just(None), any::<bool>().prop_map(Some)]
}

proptest! {
    #[test]
    fn every_way_to_write_the_same_devices_is_the_same(
        devices in prop::collection::vec((flags(), prop::option::of("[a-z]{1,5}")), 0..4),
    ) {
        let written = |as_text: bool| -> Vec<Value> {
            let flag = |flag: bool| if as_text { json!(flag.to_string()) } else { json!(flag) };
            devices.iter().enumerate().map(|(at, (encrypted, key))| {
                let mut volume = json!({"volumeSize": 8});
                if let Some(encrypted) = encrypted {
                    volume["encrypted"] = flag(*encrypted);
                }
                if let Some(key) = key {
                    volume["kmsKeyId"] = json!(key);
                }
                json!({"deviceName": format!("/dev/sd{at}"), "ebs": volume})
            }).collect()
        };
        let expected = read("ec2", "RunInstances", &json!({"blockDeviceMapping": written(false)}));
        prop_assert_eq!(expected.as_ref().map(Vec::len), Ok(devices.len()));
        for list in lists(&written(false)).into_iter().chain(lists(&written(true))) {
            let plain = json!({"blockDeviceMapping": list});
            let wrapped = json!({"RunInstancesRequest": pascal(&plain)});
            prop_assert_eq!(read("ec2", "RunInstances", &plain), expected.clone(), "{}", plain);
            if !list.is_null() && list != json!("") {
                prop_assert_eq!(read("ec2", "RunInstances", &wrapped), expected.clone(), "{}", wrapped);
            }
        }
    }

    #[test]
    fn an_attribute_is_the_same_in_a_map_in_a_list_and_alone(key in "[a-z/]{0,6}") {
        let expected = read("sqs", "SetQueueAttributes", &json!({"attributes": {"KmsMasterKeyId": key}}));
        for request in [
            json!({"attributes": [{"name": "Other", "value": "1"}, {"name": "KmsMasterKeyId", "value": key}]}),
            json!({"attribute": {"items": [{"key": "KmsMasterKeyId", "value": key}]}}),
            json!({"Attribute": {"Name": "KmsMasterKeyId", "Value": key}}),
            json!({"attributeName": "KmsMasterKeyId", "attributeValue": key}),
        ] {
            prop_assert_eq!(read("sqs", "SetQueueAttributes", &request), expected.clone(), "{}", request);
        }
    }

    #[test]
    fn flags_are_the_same_as_texts_and_in_any_case(encrypted in any::<bool>(), answered in flags()) {
        let answer = |flag: Value| json!({"volumeId": "vol-1", "encrypted": flag});
        let response = answered.map_or(Value::Null, |flag| answer(json!(flag)));
        let request = json!({"volumeId": "vol-1", "encrypted": encrypted});
        let expected = of_both("ec2", "CreateVolume", &request, &response);
        prop_assert_eq!(expected.as_ref().map(|all| all[0].encrypted), Ok(Some(answered.unwrap_or(encrypted))));
        let as_text = answered.map_or(Value::Null, |flag| answer(json!(flag.to_string())));
        let wrapped = json!({"CreateVolumeRequest": pascal(&request)});
        prop_assert_eq!(of_both("ec2", "CreateVolume", &request, &as_text), expected.clone());
        prop_assert_eq!(of_both("ec2", "CreateVolume", &wrapped, &response), expected);
    }

    #[test]
    fn any_json_is_understood_or_refused(
        request in any_json(
            &["encrypted", "blockDeviceMapping", "ebs", "attributes", "attributeName", "encryptionInfo", "Rule",
              "ServerSideEncryptionConfiguration", "sSESpecification", "encryptionAtRestOptions", "kmsKeyId"],
            &["KmsMasterKeyId", "aws:kms", "none"],
        ),
        response in any_json(&["encrypted", "snapshotSet", "snapshotId", "domainStatus"], &["snap-1"]),
        call in prop::sample::select(CALLS),
    ) {
        let _ = of_both(call.0, call.1, &request, &response);
    }
}
