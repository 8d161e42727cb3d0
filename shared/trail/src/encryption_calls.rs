//! The view `encryption`: which calls make or change a place that keeps data, and how they say how it is encrypted.
//!
//! What unsaid means is what AWS's API models say: off for databases, file systems, domains, topics and Kinesis
//! streams; on for Redshift, queues (SSE-SQS) and whatever cannot be unencrypted; elsewhere where a source (a
//! snapshot, a cluster) or a setting of the account (EBS) decides.

/// How a call says it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Says {
    /// By a flag and a key, in the answer or the request.
    Flags(Unsaid),
    /// So too, and where it says nothing nothing changes.
    Changes(Unsaid),
    /// So too; but a member of a cluster is encrypted as the cluster is.
    Instance,
    /// It takes the encryption away.
    Removes,
    /// Each block device for itself, in a list of this name below this key.
    Devices(&'static str),
    /// Each snapshot for itself, in the answer.
    Snapshots,
    Bucket,
    Topic(Does),
    Queue(Does),
    Table(Does),
    Domain(Does),
    Cache(Does),
    Kafka(Does),
    Endpoint(Does),
}

/// What holds where neither the answer nor the request says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsaid {
    On,
    Off,
    Elsewhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Makes,
    Changes,
}

use Does::{Changes, Makes};
use Unsaid::{Elsewhere, Off, On};

/// A call: the service of its source, its name, where the place is named.
pub(crate) type Row = (&'static str, &'static str, &'static [&'static str], Says);

pub(crate) const CALLS: &[Row] = &[
    ("backup", "CreateBackupVault", &["backupVaultName"], Says::Flags(On)),
    ("backup", "CreateLogicallyAirGappedBackupVault", &["backupVaultName"], Says::Flags(On)),
    ("dms", "CreateEndpoint", &["endpointIdentifier"], Says::Endpoint(Makes)),
    ("dms", "CreateReplicationInstance", &["replicationInstanceIdentifier"], Says::Flags(On)),
    ("dms", "ModifyEndpoint", &["endpointIdentifier", "endpointArn"], Says::Endpoint(Changes)),
    ("dynamodb", "CreateTable", &["tableName"], Says::Table(Makes)),
    ("dynamodb", "UpdateTable", &["tableName"], Says::Table(Changes)),
    ("ec2", "CopyImage", &["imageId"], Says::Flags(Elsewhere)),
    ("ec2", "CopySnapshot", &["snapshotId"], Says::Flags(Elsewhere)),
    ("ec2", "CreateImage", &["imageId"], Says::Devices("")),
    ("ec2", "CreateLaunchTemplate", &["launchTemplateName"], Says::Devices("launchTemplateData")),
    (
        "ec2",
        "CreateLaunchTemplateVersion",
        &["launchTemplateName", "launchTemplateId"],
        Says::Devices("launchTemplateData"),
    ),
    ("ec2", "CreateSnapshot", &["snapshotId"], Says::Flags(Elsewhere)),
    ("ec2", "CreateSnapshots", &[], Says::Snapshots),
    ("ec2", "CreateVolume", &["volumeId"], Says::Flags(Elsewhere)),
    ("ec2", "ImportSnapshot", &["snapshotId", "importTaskId"], Says::Flags(Elsewhere)),
    ("ec2", "RunInstances", &[], Says::Devices("")),
    ("elasticache", "CreateCacheCluster", &["cacheClusterId"], Says::Cache(Makes)),
    ("elasticache", "CreateReplicationGroup", &["replicationGroupId"], Says::Cache(Makes)),
    ("elasticache", "CreateServerlessCache", &["serverlessCacheName"], Says::Flags(On)),
    ("elasticache", "ModifyReplicationGroup", &["replicationGroupId"], Says::Cache(Changes)),
    ("elasticfilesystem", "CreateFileSystem", &["fileSystemId"], Says::Flags(Off)),
    ("es", "CreateDomain", &["domainName"], Says::Domain(Makes)),
    ("es", "CreateElasticsearchDomain", &["domainName"], Says::Domain(Makes)),
    ("es", "UpdateDomainConfig", &["domainName"], Says::Domain(Changes)),
    ("es", "UpdateElasticsearchDomainConfig", &["domainName"], Says::Domain(Changes)),
    ("kafka", "CreateCluster", &["clusterName"], Says::Kafka(Makes)),
    ("kafka", "CreateClusterV2", &["clusterName"], Says::Kafka(Makes)),
    ("kafka", "UpdateSecurity", &["clusterArn"], Says::Kafka(Changes)),
    ("kinesis", "CreateStream", &["streamName"], Says::Flags(Off)),
    ("kinesis", "StartStreamEncryption", &["streamName", "streamARN"], Says::Flags(On)),
    ("kinesis", "StopStreamEncryption", &["streamName", "streamARN"], Says::Removes),
    ("logs", "AssociateKmsKey", &["logGroupName", "resourceIdentifier"], Says::Flags(On)),
    ("logs", "CreateLogGroup", &["logGroupName"], Says::Flags(On)),
    ("logs", "DisassociateKmsKey", &["logGroupName", "resourceIdentifier"], Says::Flags(On)),
    ("rds", "CopyDBClusterSnapshot", &["targetDBClusterSnapshotIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "CopyDBSnapshot", &["targetDBSnapshotIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "CreateDBCluster", &["dBClusterIdentifier"], Says::Flags(Off)),
    ("rds", "CreateDBClusterSnapshot", &["dBClusterSnapshotIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "CreateDBInstance", &["dBInstanceIdentifier"], Says::Instance),
    ("rds", "CreateDBInstanceReadReplica", &["dBInstanceIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "CreateDBSnapshot", &["dBSnapshotIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "RestoreDBClusterFromS3", &["dBClusterIdentifier"], Says::Flags(Off)),
    ("rds", "RestoreDBClusterFromSnapshot", &["dBClusterIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "RestoreDBClusterToPointInTime", &["dBClusterIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "RestoreDBInstanceFromDBSnapshot", &["dBInstanceIdentifier"], Says::Flags(Elsewhere)),
    ("rds", "RestoreDBInstanceFromS3", &["dBInstanceIdentifier"], Says::Flags(Off)),
    (
        "rds",
        "RestoreDBInstanceToPointInTime",
        &["targetDBInstanceIdentifier", "dBInstanceIdentifier"],
        Says::Flags(Elsewhere),
    ),
    ("redshift", "CreateCluster", &["clusterIdentifier"], Says::Flags(On)),
    ("redshift", "ModifyCluster", &["clusterIdentifier"], Says::Changes(Elsewhere)),
    ("redshift", "RestoreFromClusterSnapshot", &["clusterIdentifier"], Says::Flags(Elsewhere)),
    ("s3", "DeleteBucketEncryption", &["bucketName"], Says::Flags(On)),
    ("s3", "PutBucketEncryption", &["bucketName"], Says::Bucket),
    ("secretsmanager", "CreateSecret", &["name"], Says::Flags(On)),
    ("secretsmanager", "UpdateSecret", &["name", "secretId"], Says::Changes(On)),
    ("sns", "CreateTopic", &["topicArn", "name"], Says::Topic(Makes)),
    ("sns", "SetTopicAttributes", &["topicArn"], Says::Topic(Changes)),
    ("sqs", "CreateQueue", &["queueUrl", "queueName"], Says::Queue(Makes)),
    ("sqs", "SetQueueAttributes", &["queueUrl"], Says::Queue(Changes)),
];

/// Where the place is named, and how the call says it.
pub(crate) fn known(source: &str, name: &str) -> Option<(&'static [&'static str], Says)> {
    let service = source.strip_suffix(".amazonaws.com")?;
    let service = if service == "opensearch" { "es" } else { service };
    let row = CALLS.iter().find(|(of, named, _, _)| *of == service && *named == name);
    row.map(|(_, _, names, says)| (*names, *says))
}

#[cfg(test)]
mod tests {
    use super::CALLS;

    #[test]
    fn each_call_is_there_once_and_in_order() {
        assert!(CALLS.is_sorted_by(|(one, call, _, _), (two, next, _, _)| (one, call) < (two, next)));
    }
}
