#!/usr/bin/env bash
# Deploys one guard to one region, with the AWS CLI and its credentials:
#   infra/deploy.sh STACK REGION ZIPS [Parameter=Value…]
# ZIPS is the folder that `make package` filled. CODE_BUCKET names the bucket for them, made if it is missing
# (STACK-code-ACCOUNT-REGION). A parameter that is not given keeps the value it had.
set -euo pipefail

if (($# < 3)); then
    sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
stack=$1 region=$2 zips=$3
shift 3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v aws > /dev/null || { echo "deploy.sh: the AWS CLI (\`aws\`) is not installed" >&2; exit 1; }
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=""

account=$(aws sts get-caller-identity --query Account --output text)
bucket=${CODE_BUCKET:-$stack-code-$account-$region}
# Bucket names are everybody's: without it, our code could go to whoever took the name first.
ours=(--bucket "$bucket" --expected-bucket-owner "$account")

make_bucket() {
    aws s3 mb "s3://$bucket" > /dev/null
    aws s3api put-public-access-block "${ours[@]}" --public-access-block-configuration \
        BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    aws s3api put-bucket-versioning "${ours[@]}" --versioning-configuration Status=Enabled
}

# The key names the content: new code is a new key, and what is there already is not sent again. Prints the key.
upload() {
    local file=$1 sum key
    sum=$(sha256sum < "$file")
    key=$(basename "$file" .zip)-${sum:0:32}.zip
    aws s3api head-object "${ours[@]}" --key "$key" > /dev/null 2>&1 ||
        aws s3api put-object "${ours[@]}" --key "$key" --body "$file" > /dev/null
    echo "$key"
}

aws s3api head-bucket "${ours[@]}" > /dev/null 2>&1 || make_bucket
evaluate=$(upload "$zips/evaluate.zip")
revert_network=$(upload "$zips/revert-network.zip")
notify=$(upload "$zips/notify.zip")
sweep=$(upload "$zips/sweep.zip")

# The patterns make the template longer than what may be sent in one call: it goes by way of the bucket.
aws cloudformation deploy --stack-name "$stack" --template-file "$root/infra/template.yaml" \
    --s3-bucket "$bucket" --s3-prefix template \
    --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset \
    --parameter-overrides "CodeBucket=$bucket" "EvaluateKey=$evaluate" "RevertNetworkKey=$revert_network" \
    "NotifyKey=$notify" "SweepKey=$sweep" "$@"
aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs' --output table
