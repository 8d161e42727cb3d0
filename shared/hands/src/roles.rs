//! What a session may do: one plan, and nothing beside it.

use model::{AccountId, Resource, Step};
use serde_json::json;

/// The acting role's ARN, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleArn {
    pub(crate) partition: String,
    /// With the path: `gardefou/guard-acting`.
    name: String,
}

impl RoleArn {
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let (scheme, partition, service, region, _) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let name = parts.next()?.strip_prefix("role/")?;
        let whole = scheme == "arn" && service == "iam" && region.is_empty() && !name.is_empty();
        whole.then(|| Self { partition: partition.to_owned(), name: name.to_owned() })
    }

    /// The role of the same name in a guarded account.
    pub(crate) fn in_account(&self, account: &AccountId) -> String {
        format!("arn:{}:iam::{account}:role/{}", self.partition, self.name)
    }
}

/// A session policy for reading security groups: EC2's Describe calls know no resources.
pub(crate) fn reading() -> String {
    let actions = [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSecurityGroupRules",
        "ec2:GetManagedPrefixListEntries",
    ];
    statement(&actions, &["*".to_owned()])
}

/// A session policy for reading the trail: `LookupEvents` knows no resources.
pub(crate) fn history() -> String {
    statement(&["cloudtrail:LookupEvents"], &["*".to_owned()])
}

/// A session policy narrowed to one step: its action on its own group and lines.
pub(crate) fn narrowed(role: &RoleArn, resource: &Resource, step: &Step) -> String {
    let arn = |kind: &str, id: &str| {
        format!("arn:{}:ec2:{}:{}:{kind}/{id}", role.partition, resource.region, resource.account)
    };
    let action = match step {
        Step::RevokeIngress { .. } => "ec2:RevokeSecurityGroupIngress",
        Step::RevokeEgress { .. } => "ec2:RevokeSecurityGroupEgress",
        Step::RestoreRules { .. } => "ec2:ModifySecurityGroupRules",
        Step::AuthorizeIngress { .. } => "ec2:AuthorizeSecurityGroupIngress",
        Step::AuthorizeEgress { .. } => "ec2:AuthorizeSecurityGroupEgress",
    };
    let mut resources = vec![arn("security-group", step.group().as_str())];
    match step {
        Step::RevokeIngress { rules, .. } | Step::RevokeEgress { rules, .. } => {
            // A session policy has 2,048 characters: many lines are named by their kind, the group still by its id.
            if rules.len() <= 10 {
                resources.extend(rules.iter().map(|rule| arn("security-group-rule", rule.as_str())));
            } else {
                resources.push(arn("security-group-rule", "*"));
            }
        }
        // What is made has no id yet.
        Step::RestoreRules { .. } | Step::AuthorizeIngress { .. } | Step::AuthorizeEgress { .. } => {
            resources.push(arn("security-group-rule", "*"));
        }
    }
    statement(&[action], &resources)
}

fn statement(actions: &[&str], resources: &[String]) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws-us-gov:iam::111122223333:role/gardefou/acting";

    fn resource() -> Resource {
        Resource {
            account: "111122223333".parse().unwrap(),
            region: "us-gov-west-1".parse().unwrap(),
            service: "ec2".parse().unwrap(),
            id: "sg-0a".into(),
        }
    }

    fn revoke(rules: usize) -> Step {
        let rules = (0..rules).map(|at| format!("sgr-{at:017x}").parse().unwrap()).collect();
        Step::RevokeIngress { group: "sg-0a".parse().unwrap(), rules }
    }

    #[test]
    fn a_session_may_do_one_step_on_one_group_in_the_role_s_own_partition() {
        let role = RoleArn::parse(ROLE).unwrap();
        assert_eq!(
            narrowed(&role, &resource(), &revoke(1)),
            "{\"Statement\":[{\"Action\":[\"ec2:RevokeSecurityGroupIngress\"],\"Effect\":\"Allow\",\"Resource\":[\
             \"arn:aws-us-gov:ec2:us-gov-west-1:111122223333:security-group/sg-0a\",\
             \"arn:aws-us-gov:ec2:us-gov-west-1:111122223333:security-group-rule/sgr-00000000000000000\"]}],\
             \"Version\":\"2012-10-17\"}"
        );
    }

    #[test]
    fn a_session_policy_stays_within_sts_s_2048_characters_whatever_the_plan() {
        let role = RoleArn::parse(ROLE).unwrap();
        for rules in [1, 10, 11, 1_000] {
            let policy = narrowed(&role, &resource(), &revoke(rules));
            assert!(policy.len() <= 2_048, "{rules} rules: {} characters", policy.len());
        }
    }

    #[test]
    fn what_is_no_role_is_refused() {
        for arn in
            ["", "gardefou", "arn:aws:iam::111122223333:user/x", "arn:aws:sts::111122223333:assumed-role/a/b"]
        {
            assert_eq!(RoleArn::parse(arn), None, "{arn}");
        }
    }
}
