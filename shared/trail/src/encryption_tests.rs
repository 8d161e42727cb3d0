use crate::sample::{any_json, change, lists, omitted, pascal, with};
use expect_test::{Expect, expect};
use model::Store;
use proptest::prelude::*;
use serde_json::{Value, json};

fn of_both(source: &str, name: &str, request: &Value, response: &Value) -> Result<Vec<Store>, String> {
    let change = change(source, name, request, response);
    change.stores().map(<[Store]>::to_vec).map_err(ToString::to_string)
}

fn read(source: &str, name: &str, request: &Value) -> Result<Vec<Store>, String> {
    of_both(source, name, request, &Value::Null)
}

fn shown(stores: &[Store]) -> String {
    let word = |flag: Option<bool>, yes: &'static str, no: &'static str| {
        flag.map_or("", |flag| if flag { yes } else { no })
    };
    let line = |store: &Store| {
        let key = store.key.as_ref().map_or(String::new(), |key| format!(" with {}", key.raw()));
        let encrypted = word(store.encrypted, " encrypted", " unencrypted");
        format!("{}:{encrypted}{key}{}", store.id.raw(), word(store.plain, " plain", " tls"))
    };
    stores.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// One call a line: its source, its name, its request and, after an arrow, its answer.
fn check(calls: &str, expected: &Expect) {
    let mut all = String::new();
    for call in calls.trim().lines() {
        let [source, name, rest] = call.trim().splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{call}")
        };
        let (request, response) = rest.split_once(" -> ").unwrap_or((rest, "null"));
        let [request, response] = [request, response].map(|text| serde_json::from_str(text).unwrap());
        let stores = of_both(source, name, &request, &response).map_or_else(|error| error, |all| shown(&all));
        all.push_str(format!("{name} {stores}").trim_end());
        all.push('\n');
    }
    expected.assert_eq(&all);
}

#[test]
fn the_answer_wins_over_the_request_and_the_request_over_the_default() {
    check(
        r#"
        ec2 CreateVolume {"size": "8"} -> {"volumeId": "vol-1", "encrypted": false}
        ec2 CreateVolume {"encrypted": false, "kmsKeyId": "alias/x"} -> {"volumeId": "vol-1", "encrypted": "true", "kmsKeyId": "arn"}
        ec2 CreateVolume {"encrypted": true, "kmsKeyId": "alias/aws/ebs"} -> {"volumeId": "vol-1", "encrypted": true, "kmsKeyId": "arn"}
        ec2 CreateVolume {"volumeId": "vol-1", "encrypted": true}
        ec2 CreateVolume {"volumeId": "vol-1", "size": "8"} -> {"omitted": true}
        ec2 CreateSnapshot {"volumeId": "vol-1"} -> {"snapshotId": "snap-1", "encrypted": false}
        ec2 CopySnapshot {"encrypted": true, "kmsKeyId": "arn"} -> {"snapshotId": "snap-2"}
        ec2 CopySnapshot {"sourceRegion": "eu-west-1"} -> {"snapshotId": "snap-2"}
        ec2 CopyImage {"encrypted": false} -> {"imageId": "ami-1"}
        ec2 ImportSnapshot {"encrypted": false} -> {"importTaskId": "import-1", "snapshotTaskDetail": {"encrypted": true}}
        elasticfilesystem CreateFileSystem {"creationToken": "x"} -> {"fileSystemId": "fs-1", "encrypted": false}
        redshift CreateCluster {"clusterIdentifier": "w"} -> {"encrypted": false}
        redshift CreateCluster {"clusterIdentifier": "w"}
        redshift ModifyCluster {"clusterIdentifier": "w", "encrypted": false} -> {"encrypted": true}
        redshift ModifyCluster {"clusterIdentifier": "w", "nodeType": "ra3"} -> {"encrypted": false}
        "#,
        &expect![[r"
            CreateVolume ec2/vol-1: unencrypted
            CreateVolume ec2/vol-1: encrypted with arn
            CreateVolume ec2/vol-1: encrypted with alias/aws/ebs
            CreateVolume ec2/vol-1: encrypted
            CreateVolume ec2/vol-1:
            CreateSnapshot ec2/snap-1: unencrypted
            CopySnapshot ec2/snap-2: encrypted with arn
            CopySnapshot ec2/snap-2:
            CopyImage ec2/ami-1: unencrypted
            ImportSnapshot ec2/import-1: encrypted
            CreateFileSystem elasticfilesystem/fs-1: unencrypted
            CreateCluster redshift/w: unencrypted
            CreateCluster redshift/w: encrypted
            ModifyCluster redshift/w: unencrypted
            ModifyCluster
        "]],
    );
}

#[test]
fn a_database_is_unencrypted_by_default_and_a_copy_as_what_it_is_made_from() {
    check(
        r#"
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "engine": "mysql"} -> {"storageEncrypted": false}
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "engine": "mysql"}
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "storageEncrypted": true} -> {"dBInstance": {"storageEncrypted": true, "kmsKeyId": "arn"}}
        rds CreateDBInstance {"dBInstanceIdentifier": "db"} -> {"endpoint": {"port": 3306}, "storageEncrypted": false}
        rds CreateDBCluster {"dBClusterIdentifier": "c"} -> {"storageEncrypted": false}
        rds CreateDBCluster {"dBClusterIdentifier": "c"} -> {"storageEncrypted": false, "storageEncryptionType": "sse-rds"}
        rds RestoreDBInstanceFromDBSnapshot {"dBInstanceIdentifier": "db"} -> {"storageEncrypted": false}
        rds RestoreDBInstanceFromDBSnapshot {"dBInstanceIdentifier": "db"}
        rds CopyDBSnapshot {"targetDBSnapshotIdentifier": "s", "kmsKeyId": "arn"}
        rds CopyDBSnapshot {"targetDBSnapshotIdentifier": "s"} -> {"encrypted": false}
        rds CreateDBClusterSnapshot {"dBClusterSnapshotIdentifier": "s"} -> {"storageEncrypted": "false"}
        "#,
        &expect![[r"
            CreateDBInstance rds/db: unencrypted
            CreateDBInstance rds/db: unencrypted
            CreateDBInstance rds/db: encrypted with arn
            CreateDBInstance rds/db: unencrypted
            CreateDBCluster rds/c: unencrypted
            CreateDBCluster rds/c: encrypted
            RestoreDBInstanceFromDBSnapshot rds/db: unencrypted
            RestoreDBInstanceFromDBSnapshot rds/db:
            CopyDBSnapshot rds/s: encrypted with arn
            CopyDBSnapshot rds/s: unencrypted
            CreateDBClusterSnapshot rds/s: unencrypted
        "]],
    );
}

#[test]
fn a_member_of_a_cluster_is_as_the_cluster_is() {
    check(
        r#"
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "engine": "aurora-mysql", "storageEncrypted": false}
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "dBClusterIdentifier": "c"}
        rds CreateDBInstance {"dBInstanceIdentifier": "db", "engine": "aurora-mysql"} -> {"storageEncrypted": true, "kmsKeyId": "k"}
        elasticache CreateCacheCluster {"cacheClusterId": "m", "replicationGroupId": "g"}
        "#,
        &expect![[r"
            CreateDBInstance rds/db:
            CreateDBInstance rds/db:
            CreateDBInstance rds/db: encrypted with k
            CreateCacheCluster elasticache/m:
        "]],
    );
}

#[test]
fn each_device_and_each_snapshot_is_a_place_of_its_own() {
    check(
        r#"
        ec2 RunInstances {"blockDeviceMapping": {"items": [{"deviceName": "/dev/sda", "ebs": {"volumeSize": "8", "encrypted": "false"}}, {"deviceName": "/dev/sdb", "ebs": {"kmsKeyId": "alias/data"}}]}} -> {"instancesSet": {"items": [{"instanceId": "i-1", "blockDeviceMapping": {}}]}}
        ec2 RunInstances {"blockDeviceMapping": {"items": [{"deviceName": "a", "noDevice": {}, "ebs": {}}, {"deviceName": "b", "noDevice": "", "ebs": {"encrypted": false}}, {"deviceName": "c", "virtualName": "ephemeral0"}]}}
        ec2 RunInstances {"blockDeviceMapping": {}}
        ec2 CreateImage {"blockDeviceMapping": {"items": {"ebs": {"deleteOnTermination": true}}}} -> {"imageId": "ami-1"}
        ec2 CreateLaunchTemplateVersion {"CreateLaunchTemplateVersionRequest": {"LaunchTemplateName": "web", "LaunchTemplateData": {"BlockDeviceMapping": {"tag": 1, "DeviceName": "/dev/xvda", "Ebs": {"Encrypted": false}}}}}
        ec2 CreateSnapshots {"CreateSnapshotsRequest": {"Description": "x"}} -> {"CreateSnapshotsResponse": {"snapshotSet": {"item": [{"snapshotId": "snap-1", "encrypted": false}, {"snapshotId": "snap-2", "encrypted": true}]}}}
        ec2 CreateSnapshots {"CreateSnapshotsRequest": {"Description": "x"}} -> {"CreateSnapshotsResponse": {"snapshotSet": {"item": {"snapshotId": "snap-1", "encrypted": "false"}}}}
        "#,
        &expect![[r"
            RunInstances ec2/i-1//dev/sda: unencrypted, ec2/i-1//dev/sdb: encrypted with alias/data
            RunInstances
            RunInstances
            CreateImage ec2/ami-1/#1:
            CreateLaunchTemplateVersion ec2/web//dev/xvda: unencrypted
            CreateSnapshots ec2/snap-1: unencrypted, ec2/snap-2: encrypted
            CreateSnapshots ec2/snap-1: unencrypted
        "]],
    );
    let unanswered = read("ec2", "CreateSnapshots", &json!({"CreateSnapshotsRequest": {"Description": "x"}}));
    assert_eq!(unanswered.map(|stores| stores[0].encrypted), Ok(None));
}

#[test]
fn buckets_tables_and_logs_are_never_without() {
    check(
        r#"
        s3 PutBucketEncryption {"bucketName": "b", "ServerSideEncryptionConfiguration": {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}}}
        s3 PutBucketEncryption {"bucketName": "b", "ServerSideEncryptionConfiguration": {"Rule": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}
        s3 PutBucketEncryption {"bucketName": "b", "ServerSideEncryptionConfiguration": {"Rule": {"BucketKeyEnabled": true}}}
        s3 DeleteBucketEncryption {"bucketName": "b", "encryption": ""}
        dynamodb CreateTable {"tableName": "t"} -> {"tableDescription": {"tableName": "t"}}
        dynamodb CreateTable {"tableName": "t", "sSESpecification": {"enabled": true, "sSEType": "KMS", "kMSMasterKeyId": "k"}}
        dynamodb CreateTable {"tableName": "t", "sSESpecification": {"enabled": true}} -> {"tableDescription": {"sSEDescription": {"kMSMasterKeyArn": "arn"}}}
        dynamodb UpdateTable {"tableName": "t", "sSESpecification": {"enabled": false}}
        dynamodb UpdateTable {"tableName": "t", "billingMode": "PAY_PER_REQUEST"}
        logs CreateLogGroup {"logGroupName": "g"}
        logs AssociateKmsKey {"logGroupName": "g", "kmsKeyId": "k"}
        logs DisassociateKmsKey {"logGroupName": "g"}
        backup CreateBackupVault {"backupVaultName": "v", "encryptionKeyArn": "k"}
        secretsmanager CreateSecret {"name": "s"}
        secretsmanager UpdateSecret {"secretId": "s", "kmsKeyId": ""}
        secretsmanager UpdateSecret {"secretId": "s", "description": "d"}
        "#,
        &expect![[r"
            PutBucketEncryption s3/b: encrypted with k
            PutBucketEncryption s3/b: encrypted
            PutBucketEncryption s3/b: encrypted
            DeleteBucketEncryption s3/b: encrypted
            CreateTable dynamodb/t: encrypted
            CreateTable dynamodb/t: encrypted with k
            CreateTable dynamodb/t: encrypted
            UpdateTable dynamodb/t: encrypted
            UpdateTable
            CreateLogGroup logs/g: encrypted
            AssociateKmsKey logs/g: encrypted with k
            DisassociateKmsKey logs/g: encrypted
            CreateBackupVault backup/v: encrypted with k
            CreateSecret secretsmanager/s: encrypted
            UpdateSecret secretsmanager/s: encrypted
            UpdateSecret
        "]],
    );
}

#[test]
fn topics_queues_and_streams_lose_their_key_by_a_call() {
    check(
        r#"
        sns CreateTopic {"name": "t"} -> {"topicArn": "t"}
        sns CreateTopic {"name": "t", "attributes": {"KmsMasterKeyId": "k"}}
        sns SetTopicAttributes {"topicArn": "t", "attributeName": "KmsMasterKeyId", "attributeValue": ""}
        sns SetTopicAttributes {"topicArn": "t", "attributeName": "KmsMasterKeyId"}
        sns SetTopicAttributes {"topicArn": "t", "attributeName": "KmsMasterKeyId", "attributeValue": "alias/aws/sns"}
        sns SetTopicAttributes {"topicArn": "t", "attributeName": "DisplayName", "attributeValue": ""}
        sqs CreateQueue {"queueUrl": "q"}
        sqs CreateQueue {"queueUrl": "q", "attributes": {"SqsManagedSseEnabled": "false"}}
        sqs CreateQueue {"queueUrl": "q", "attribute": [{"name": "KmsMasterKeyId", "value": "k"}]}
        sqs SetQueueAttributes {"queueUrl": "q", "attributes": {"KmsMasterKeyId": ""}}
        sqs SetQueueAttributes {"queueUrl": "q", "attributes": {"KmsMasterKeyId": "", "SqsManagedSseEnabled": "true"}}
        sqs SetQueueAttributes {"queueUrl": "q", "attributes": {"SqsManagedSseEnabled": false}}
        sqs SetQueueAttributes {"queueUrl": "q", "attributes": {"VisibilityTimeout": "30"}}
        kinesis CreateStream {"streamName": "s"}
        kinesis StartStreamEncryption {"streamName": "s", "encryptionType": "KMS", "keyId": "k"}
        kinesis StopStreamEncryption {"streamName": "s", "encryptionType": "KMS", "keyId": "k"}
        "#,
        &expect![[r"
            CreateTopic sns/t: unencrypted
            CreateTopic sns/t: encrypted with k
            SetTopicAttributes sns/t: unencrypted
            SetTopicAttributes sns/t: unencrypted
            SetTopicAttributes sns/t: encrypted with alias/aws/sns
            SetTopicAttributes
            CreateQueue sqs/q: encrypted
            CreateQueue sqs/q: unencrypted
            CreateQueue sqs/q: encrypted with k
            SetQueueAttributes sqs/q: unencrypted
            SetQueueAttributes sqs/q: encrypted
            SetQueueAttributes sqs/q: unencrypted
            SetQueueAttributes
            CreateStream kinesis/s: unencrypted
            StartStreamEncryption kinesis/s: encrypted with k
            StopStreamEncryption kinesis/s: unencrypted
        "]],
    );
}

#[path = "encryption_way_tests.rs"]
mod way;
