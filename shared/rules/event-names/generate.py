#!/usr/bin/env python3
"""Prints the names of the calls that AWS's API models know, by the event source that CloudTrail writes.

    python shared/rules/event-names/generate.py > shared/rules/event-names/models.txt

What CloudTrail writes and no model knows stands in `further.txt` beside this file.
"""

import textwrap
from collections import defaultdict

import botocore
import botocore.session

# A service's event source is its endpoint prefix or the name it signs with, but for these. In brackets: where it is
# said or seen.
SOURCES = {
    # One source with the models it belongs to.  [Application Auto Scaling user guide, "Log API calls with CloudTrail":
    # eventSource autoscaling.amazonaws.com]
    "application-autoscaling": ["application-autoscaling", "autoscaling"],
    "autoscaling-plans": ["autoscaling-plans", "autoscaling"],
    # [CloudWatch user guide, "Logging API calls with CloudTrail": monitoring.amazonaws.com]
    "cloudwatch": ["monitoring"],
    # Its own endpoint only: `cloudwatch.amazonaws.com` is what people write for `monitoring.amazonaws.com`.
    "cloudwatchomni": ["cloudwatch-omni"],
    # [RDS user guide, "Monitoring RDS API calls in CloudTrail", section Data API: rdsdata.amazonaws.com]
    "rds-data": ["rdsdata"],
    # [S3 user guide, "Amazon S3 CloudTrail events": one source for buckets, access points and accounts]
    "s3control": ["s3"],
    # [Step Functions developer guide, "Logging API calls": states.amazonaws.com]
    "stepfunctions": ["states"],
    # [IAM Identity Center user guide, "Logging API calls": sso.amazonaws.com, identitystore.amazonaws.com and, for the
    # console, sso-directory.amazonaws.com]
    "identitystore": ["identitystore", "sso-directory"],
    "sso-admin": ["sso"],
}

WIDTH = 110


def sources(service, metadata):
    """Both names where they differ: the models do not say which of the two CloudTrail writes."""
    names = {metadata["endpointPrefix"], metadata.get("signingName", metadata["endpointPrefix"])}
    undotted = {name for name in names if "." not in name}
    return SOURCES.get(service, undotted or {service})


def main():
    names, services = defaultdict(set), defaultdict(set)
    session = botocore.session.get_session()
    for service in session.get_available_services():
        model = session.get_service_model(service)
        for source in sources(service, model.metadata):
            names[source.lower()].update(model.operation_names)
            services[source.lower()].update({service} - {source.lower()})
    print(f"# Written by generate.py from the models of botocore {botocore.__version__}.")
    for source in sorted(names):
        # With the names under which people know it.
        print(" ".join([f"{source}.amazonaws.com", *sorted(services[source])]))
        text = " ".join(sorted(names[source]))
        print(textwrap.fill(text, WIDTH, initial_indent=" ", subsequent_indent=" ", break_on_hyphens=False))


main()
