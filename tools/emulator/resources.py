"""The types of resources, each made by the API of its service.

A handler gets boto3 clients by the name of their service, the properties, and
a name for what has none. It answers with what Ref and Fn::GetAtt give, and with
what the service says of the resource afterwards, in the words of the properties
or of its API. Whatever was asked for and is not there fails the deploy. What moto's
services take and do not show is listed with the type: that much is not proven.
"""

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Callable

from errors import Refused
from properties import check, differences, send, validate


@dataclass
class Made:
    ref: str
    kept: dict
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Type:
    make: Callable[["Aws", dict, str], Made]
    forgotten: frozenset[str]  # paths of properties that the service does not show


TYPES: dict[str, Type] = {}


class Aws:
    """The services of one region."""

    def __init__(self, region: str, account: str, client: Callable[[str, str], Any]):
        self.region, self.account, self.client = region, account, client

    def __call__(self, service: str) -> Any:
        return self.client(service, self.region)

    def arn(self, service: str, resource: str, region: str | None = None, account: str | None = None) -> str:
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account if account is None else account}:{resource}"

    def look_up(self, service: str, reference: str) -> str:
        """What a dynamic reference names."""
        if service == "ssm":
            return self("ssm").get_parameter(Name=reference.split(":")[0])["Parameter"]["Value"]
        if service == "secretsmanager":
            found = re.fullmatch(r"(arn:(?:[^:]*:){5}[^:]*|[^:]*)(?::SecretString(?::([^:]*))?)?(?:::?[^:]*){0,2}", reference)
            if not found:
                raise Refused(f"secretsmanager cannot resolve {reference}")
            text = self("secretsmanager").get_secret_value(SecretId=found[1])["SecretString"]
            return json.loads(text)[found[2]] if found[2] else text
        raise Refused(f"The emulator does not know dynamic references to {service}")


def resource(kind: str, *forgotten: str) -> Callable:
    def declare(handler: Callable) -> Callable:
        TYPES[kind] = Type(handler, frozenset(forgotten))
        return handler

    return declare


def make(aws: Aws, kind: str, properties: dict, name: str) -> Made:
    """Makes a resource, and holds the service to what was asked for."""
    validate(kind, properties, aws.region)
    made = TYPES[kind].make(aws, properties, name)
    if lost := differences(properties, made.kept, TYPES[kind].forgotten):
        raise Refused(f"{kind}: the service does not show {', '.join(lost)} as given, but {json.dumps(made.kept, default=str)}")
    return made


def without(properties: dict, *names: str) -> dict:
    return {k: v for k, v in properties.items() if k not in names}


def capitalized(value: Any) -> Any:
    """The answer of an API that writes names small, in the case of properties."""
    if isinstance(value, list):
        return [capitalized(v) for v in value]
    if isinstance(value, dict):
        return {k[:1].upper() + k[1:]: capitalized(v) for k, v in value.items()}
    return value


# Keys, topics, queues


@resource("AWS::KMS::Key")
def kms_key(aws: Aws, p: dict, name: str) -> Made:
    kms = aws("kms")
    key = send(kms.create_key, without(p, "KeyPolicy", "EnableKeyRotation"), Policy=json.dumps(p["KeyPolicy"]))["KeyMetadata"]
    kept = {**key, "KeyPolicy": kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]}
    if "EnableKeyRotation" in p:
        if p["EnableKeyRotation"]:
            kms.enable_key_rotation(KeyId=key["KeyId"])
        kept["EnableKeyRotation"] = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    return Made(key["KeyId"], kept, {"Arn": key["Arn"], "KeyId": key["KeyId"]})


@resource("AWS::KMS::Alias")
def kms_alias(aws: Aws, p: dict, name: str) -> Made:
    kms = aws("kms")
    send(kms.create_alias, p)
    of = kms.describe_key(KeyId=p["AliasName"])["KeyMetadata"]
    return Made(p["AliasName"], {"AliasName": p["AliasName"], "TargetKeyId": of["Arn" if ":" in p["TargetKeyId"] else "KeyId"]})


@resource("AWS::SNS::Topic")
def sns_topic(aws: Aws, p: dict, name: str) -> Made:
    sns = aws("sns")
    attributes = {k: str(v) for k, v in without(p, "TopicName").items()}
    arn = sns.create_topic(Name=p.get("TopicName", name), Attributes=attributes)["TopicArn"]
    topic = arn.split(":")[-1]
    return Made(arn, {"TopicName": topic, **sns.get_topic_attributes(TopicArn=arn)["Attributes"]}, {"TopicArn": arn, "TopicName": topic})


@resource("AWS::SNS::TopicPolicy")
def sns_topic_policy(aws: Aws, p: dict, name: str) -> Made:
    sns = aws("sns")
    for arn in p["Topics"]:
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(p["PolicyDocument"]))
    policy = sns.get_topic_attributes(TopicArn=p["Topics"][0])["Attributes"]["Policy"]
    return Made(name, {"Topics": p["Topics"], "PolicyDocument": policy}, {"Id": name})


@resource("AWS::SNS::Subscription")
def sns_subscription(aws: Aws, p: dict, name: str) -> Made:
    sns = aws("sns")
    attributes = {k: v if isinstance(v, str) else json.dumps(v) for k, v in without(p, "TopicArn", "Protocol", "Endpoint").items()}
    to = {k: p[k] for k in ("TopicArn", "Protocol", "Endpoint")}
    arn = sns.subscribe(**to, Attributes=attributes, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return Made(arn, sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"], {"Arn": arn})


@resource("AWS::SQS::Queue")
def sqs_queue(aws: Aws, p: dict, name: str) -> Made:
    sqs = aws("sqs")
    attributes = {k: json.dumps(v) if isinstance(v, (dict, bool)) else str(v) for k, v in without(p, "QueueName").items()}
    url = sqs.create_queue(QueueName=p.get("QueueName", name), Attributes=attributes)["QueueUrl"]
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    queue = kept["QueueArn"].split(":")[-1]
    return Made(url, {**kept, "QueueName": queue}, {"Arn": kept["QueueArn"], "QueueName": queue, "QueueUrl": url})


@resource("AWS::SQS::QueuePolicy")
def sqs_queue_policy(aws: Aws, p: dict, name: str) -> Made:
    sqs = aws("sqs")
    for url in p["Queues"]:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(p["PolicyDocument"])})
    policy = sqs.get_queue_attributes(QueueUrl=p["Queues"][0], AttributeNames=["Policy"])["Attributes"]["Policy"]
    return Made(name, {"Queues": p["Queues"], "PolicyDocument": policy}, {"Id": name})


# Logs, metrics, events


@resource("AWS::Logs::LogGroup")
def log_group(aws: Aws, p: dict, name: str) -> Made:
    logs, group = aws("logs"), p.get("LogGroupName", name)
    logs.create_log_group(logGroupName=group, **({"kmsKeyId": p["KmsKeyId"]} if "KmsKeyId" in p else {}))
    if "RetentionInDays" in p:
        logs.put_retention_policy(logGroupName=group, retentionInDays=p["RetentionInDays"])
    kept = next(g for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] if g["logGroupName"] == group)
    return Made(group, capitalized(kept), {"Arn": kept["arn"]})


@resource("AWS::Logs::MetricFilter")
def metric_filter(aws: Aws, p: dict, name: str) -> Made:
    logs, filter_ = aws("logs"), p.get("FilterName", name)
    send(logs.put_metric_filter, without(p, "FilterName"), filterName=filter_)
    kept, = logs.describe_metric_filters(logGroupName=p["LogGroupName"], filterNamePrefix=filter_)["metricFilters"]
    return Made(filter_, capitalized(kept))


@resource("AWS::CloudWatch::Alarm")
def alarm(aws: Aws, p: dict, name: str) -> Made:
    cloudwatch, alarm_ = aws("cloudwatch"), p.get("AlarmName", name)
    send(cloudwatch.put_metric_alarm, without(p, "AlarmName"), AlarmName=alarm_)
    kept, = cloudwatch.describe_alarms(AlarmNames=[alarm_])["MetricAlarms"]
    return Made(alarm_, kept, {"Arn": kept["AlarmArn"]})


@resource("AWS::CloudWatch::Dashboard")
def dashboard(aws: Aws, p: dict, name: str) -> Made:
    cloudwatch, dashboard_ = aws("cloudwatch"), p.get("DashboardName", name)
    json.loads(p["DashboardBody"])
    cloudwatch.put_dashboard(DashboardName=dashboard_, DashboardBody=p["DashboardBody"])
    return Made(dashboard_, cloudwatch.get_dashboard(DashboardName=dashboard_))


@resource("AWS::Events::EventBus")
def event_bus(aws: Aws, p: dict, name: str) -> Made:
    events = aws("events")
    send(events.create_event_bus, p)
    kept = events.describe_event_bus(Name=p["Name"])
    return Made(p["Name"], kept, {"Arn": kept["Arn"], "Name": p["Name"]})


@resource("AWS::Events::Rule")
def event_rule(aws: Aws, p: dict, name: str) -> Made:
    events, rule = aws("events"), p.get("Name", name)
    bus = {"EventBusName": p["EventBusName"]} if "EventBusName" in p else {}
    arn = send(events.put_rule, without(p, "Name", "Targets"), Name=rule)["RuleArn"]
    kept = events.describe_rule(Name=rule, **bus)
    if "Targets" in p:
        send(events.put_targets, {"Targets": p["Targets"]}, Rule=rule, **bus)
        kept["Targets"] = events.list_targets_by_rule(Rule=rule, **bus)["Targets"]
    return Made(rule if not bus else f"{p['EventBusName']}|{rule}", kept, {"Arn": arn})


# Roles


@resource("AWS::IAM::Role")
def iam_role(aws: Aws, p: dict, name: str) -> Made:
    iam, role = aws("iam"), p.get("RoleName", name[-64:])
    send(iam.create_role, without(p, "RoleName", "Policies", "ManagedPolicyArns"), RoleName=role)
    for policy in p.get("Policies", []):
        send(iam.put_role_policy, policy, RoleName=role)
    for arn in p.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    kept = iam.get_role(RoleName=role)["Role"]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    kept["Policies"] = [iam.get_role_policy(RoleName=role, PolicyName=n) for n in names]
    kept["ManagedPolicyArns"] = [a["PolicyArn"] for a in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
    return Made(role, kept, {"Arn": kept["Arn"], "RoleId": kept["RoleId"]})


@resource("AWS::IAM::Policy")
def iam_policy(aws: Aws, p: dict, name: str) -> Made:
    iam = aws("iam")
    for role in p["Roles"]:
        iam.put_role_policy(RoleName=role, PolicyName=p["PolicyName"], PolicyDocument=json.dumps(p["PolicyDocument"]))
    kept = iam.get_role_policy(RoleName=p["Roles"][0], PolicyName=p["PolicyName"])
    return Made(name, {**kept, "Roles": p["Roles"]}, {"Id": name})


@resource("AWS::IAM::ManagedPolicy")
def iam_managed_policy(aws: Aws, p: dict, name: str) -> Made:
    iam = aws("iam")
    policy = p.get("ManagedPolicyName", name)
    arn = send(iam.create_policy, without(p, "ManagedPolicyName"), PolicyName=policy)["Policy"]["Arn"]
    kept = iam.get_policy(PolicyArn=arn)["Policy"]
    kept["PolicyDocument"] = iam.get_policy_version(PolicyArn=arn, VersionId=kept["DefaultVersionId"])["PolicyVersion"]["Document"]
    return Made(arn, {**kept, "ManagedPolicyName": policy}, {"PolicyArn": arn})


# Functions


@resource("AWS::Lambda::Function", "LoggingConfig")
def function(aws: Aws, p: dict, name: str) -> Made:
    lambda_ = aws("lambda")
    function_ = p.get("FunctionName", name[-64:])
    send(lambda_.create_function, without(p, "FunctionName", "ReservedConcurrentExecutions"), FunctionName=function_)
    if "ReservedConcurrentExecutions" in p:
        lambda_.put_function_concurrency(FunctionName=function_, ReservedConcurrentExecutions=p["ReservedConcurrentExecutions"])
    told = lambda_.get_function(FunctionName=function_)
    # Where the code came from is not told, but moto has read it there.
    kept = {**told["Configuration"], **told.get("Concurrency", {}), "Code": p["Code"]}
    return Made(function_, kept, {"Arn": kept["FunctionArn"]})


@resource("AWS::Lambda::Permission")
def permission(aws: Aws, p: dict, name: str) -> Made:
    lambda_ = aws("lambda")
    send(lambda_.add_permission, p, StatementId=name[:100])
    statements = json.loads(lambda_.get_policy(FunctionName=p["FunctionName"])["Policy"])["Statement"]
    kept = next(s for s in statements if s["Sid"] == name[:100])
    conditions = kept.get("Condition", {})
    kept["SourceArn"] = conditions.get("ArnLike", {}).get("AWS:SourceArn")
    kept["SourceAccount"] = conditions.get("StringEquals", {}).get("AWS:SourceAccount")
    kept["Principal"] = next(iter(kept["Principal"].values())) if isinstance(kept["Principal"], dict) else kept["Principal"]
    if kept["Resource"].split(":")[-1] in p["FunctionName"]:
        kept["FunctionName"] = p["FunctionName"]
    return Made(name[:100], kept, {"Id": name[:100]})


@resource("AWS::Lambda::EventInvokeConfig", "Qualifier")
def event_invoke_config(aws: Aws, p: dict, name: str) -> Made:
    lambda_ = aws("lambda")
    send(lambda_.put_function_event_invoke_config, p)
    kept = lambda_.get_function_event_invoke_config(FunctionName=p["FunctionName"], Qualifier=p["Qualifier"])
    return Made(name, {**kept, "FunctionName": kept["FunctionArn"].split(":")[6]})


@resource("AWS::Lambda::EventSourceMapping")
def event_source_mapping(aws: Aws, p: dict, name: str) -> Made:
    lambda_ = aws("lambda")
    made = send(lambda_.create_event_source_mapping, p)
    kept = lambda_.get_event_source_mapping(UUID=made["UUID"])
    return Made(made["UUID"], {**kept, "FunctionName": kept["FunctionArn"].split(":")[6]}, {"Id": made["UUID"]})


# The HTTP API


@resource("AWS::ApiGatewayV2::Api")
def api(aws: Aws, p: dict, name: str) -> Made:
    v2 = aws("apigatewayv2")
    body = p.get("Body", {})
    sent = without(p, "Body", "FailOnWarnings")
    if body:
        endpoint = {}
        for server in body.get("servers", []):
            endpoint |= server.get("x-amazon-apigateway-endpoint-configuration", {})
        sent = {"ProtocolType": "HTTP", "Name": body["info"]["title"], "Version": body["info"]["version"], **capitalized(endpoint), **sent}
    made = send(v2.create_api, sent)
    of = {"ApiId": made["ApiId"]}
    import_paths(aws, body, of)
    kept = {**v2.get_api(**of), **{k: p[k] for k in ("Body", "FailOnWarnings") if k in p}}
    if lost := differences(sent, kept, frozenset()):
        raise Refused(f"the API does not show {', '.join(lost)}: {kept}")
    return Made(made["ApiId"], kept, {**of, "ApiEndpoint": made["ApiEndpoint"]})


def import_paths(aws: Aws, body: dict, of: dict) -> None:
    """Makes the routes of an OpenAPI document, as the gateway's import does:
    moto's leaves out what it does not know, and every method of its own."""
    v2 = aws("apigatewayv2")

    def only(what: str, value: dict, *names: str) -> None:
        if unknown := value.keys() - set(names):
            raise Refused(f"Body: {what}: the emulator does not import {', '.join(sorted(unknown))}")

    only("document", body, "openapi", "info", "paths", "servers")
    for server in body.get("servers", []):
        only("server", server, "x-amazon-apigateway-endpoint-configuration")
    for path, methods in body.get("paths", {}).items():
        for method, operation in methods.items():
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            route = {**of, "RouteKey": f"{verb} {path}"}
            only(route["RouteKey"], operation, "responses", "x-amazon-apigateway-integration")
            to = operation["x-amazon-apigateway-integration"]
            only(route["RouteKey"], to, "type", "httpMethod", "payloadFormatVersion", "uri", "timeoutInMillis")
            found = re.fullmatch(r"arn:aws:apigateway:[^:]*:lambda:path/2015-03-31/functions/(arn:aws:lambda:.*)/invocations", to["uri"])
            if not found:
                raise Refused(f"Body: {route['RouteKey']}: {to['uri']} is no function")
            aws("lambda").get_function(FunctionName=found[1])
            wanted = {
                "IntegrationType": to["type"].upper(), "IntegrationMethod": to["httpMethod"], "PayloadFormatVersion": to["payloadFormatVersion"],
                "IntegrationUri": to["uri"], "TimeoutInMillis": to["timeoutInMillis"],
            }
            integration = {**of, "IntegrationId": v2.create_integration(**of, **wanted)["IntegrationId"]}
            route |= {"Target": f"integrations/{integration['IntegrationId']}", "AuthorizationType": "NONE"}
            key = {**of, "RouteId": v2.create_route(**route)["RouteId"]}
            lost = differences(wanted, v2.get_integration(**integration), frozenset())
            lost += differences(without(route, "ApiId"), v2.get_route(**key), frozenset())
            if lost:
                raise Refused(f"Body: {route['RouteKey']}: the API does not show {', '.join(lost)}")


@resource("AWS::ApiGatewayV2::Stage")
def stage(aws: Aws, p: dict, name: str) -> Made:
    v2 = aws("apigatewayv2")
    routes = {r["RouteKey"] for r in v2.get_routes(ApiId=p["ApiId"])["Items"]}
    for key in p.get("RouteSettings", {}):
        if key not in routes:
            raise Refused(f"Unable to find Route by key {key} within the provided RouteSettings")
    send(v2.create_stage, p)
    return Made(p["StageName"], {**v2.get_stage(ApiId=p["ApiId"], StageName=p["StageName"]), "ApiId": p["ApiId"]})


@resource("AWS::ApiGatewayV2::DomainName")
def domain_name(aws: Aws, p: dict, name: str) -> Made:
    v2 = aws("apigatewayv2")
    send(v2.create_domain_name, p)
    regional = {"RegionalDomainName": f"d-{secrets.token_hex(5)}.execute-api.{aws.region}.amazonaws.com", "RegionalHostedZoneId": "Z3UWIKFBOOGXPP"}
    return Made(p["DomainName"], v2.get_domain_name(DomainName=p["DomainName"]), regional)


@resource("AWS::ApiGatewayV2::ApiMapping")
def api_mapping(aws: Aws, p: dict, name: str) -> Made:
    v2 = aws("apigatewayv2")
    v2.get_stage(ApiId=p["ApiId"], StageName=p["Stage"])
    made = send(v2.create_api_mapping, p)
    kept = v2.get_api_mapping(ApiMappingId=made["ApiMappingId"], DomainName=p["DomainName"])
    return Made(made["ApiMappingId"], {**kept, "DomainName": p["DomainName"]}, {"ApiMappingId": made["ApiMappingId"]})


# What is kept


@resource("AWS::DynamoDB::Table")
def table(aws: Aws, p: dict, name: str) -> Made:
    table_ = p.get("TableName", name)
    arn = stream = ""
    told: dict = {}
    # moto has all settings, and the ARNs that AWS would give; DynamoDB Local has
    # the data. Both are made of the same properties.
    for dynamodb in aws("dynamodb-local"), aws("dynamodb"):
        sent = without(p, "TableName", "PointInTimeRecoverySpecification", "TimeToLiveSpecification", "SSESpecification")
        if "StreamSpecification" in p:
            sent["StreamSpecification"] = {"StreamEnabled": True, **p["StreamSpecification"]}
        if "SSESpecification" in p:
            # The one word that CloudFormation and the API have apart.
            sse = p["SSESpecification"]
            sent["SSESpecification"] = {"Enabled": sse["SSEEnabled"], **without(sse, "SSEEnabled")}
        send(dynamodb.create_table, sent, TableName=table_)
        if "TimeToLiveSpecification" in p:
            send(dynamodb.update_time_to_live, {"TimeToLiveSpecification": p["TimeToLiveSpecification"]}, TableName=table_)
        told = dynamodb.describe_table(TableName=table_)["Table"]
        told |= {"BillingMode": told.get("BillingModeSummary", {}).get("BillingMode")}
        ttl = dynamodb.describe_time_to_live(TableName=table_)["TimeToLiveDescription"]
        told["TimeToLiveSpecification"] = {**ttl, "Enabled": ttl["TimeToLiveStatus"] == "ENABLED"}
        arn, stream = told["TableArn"], told.get("LatestStreamArn", "")
        if lost := differences(without(p, "PointInTimeRecoverySpecification", "SSESpecification"), told, frozenset()):
            raise Refused(f"{dynamodb.meta.endpoint_url}: the table does not show {', '.join(lost)}: {told}")
    kept = dict(told)
    if "SSESpecification" in p:
        kept["SSESpecification"] = {"SSEEnabled": told["SSEDescription"]["Status"] == "ENABLED", **told["SSEDescription"]}
    if "PointInTimeRecoverySpecification" in p:
        moto = aws("dynamodb")
        send(moto.update_continuous_backups, {"PointInTimeRecoverySpecification": p["PointInTimeRecoverySpecification"]}, TableName=table_)
        backups = moto.describe_continuous_backups(TableName=table_)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        kept["PointInTimeRecoverySpecification"] = {**backups, "PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryStatus"] == "ENABLED"}
    return Made(table_, kept, {"Arn": arn, "StreamArn": stream} if stream else {"Arn": arn})


@resource("AWS::S3::Bucket")
def bucket(aws: Aws, p: dict, name: str) -> Made:
    s3, bucket_ = aws("s3"), p.get("BucketName", name.lower()[:63])
    at = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    s3.create_bucket(Bucket=bucket_, **at)
    kept: dict = {"BucketName": bucket_}
    if "BucketEncryption" in p:
        here, there = "ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"
        rules = [{**without(r, here), there: r[here]} for r in p["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        send(s3.put_bucket_encryption, {"ServerSideEncryptionConfiguration": {"Rules": rules}}, Bucket=bucket_)
        told = s3.get_bucket_encryption(Bucket=bucket_)["ServerSideEncryptionConfiguration"]["Rules"]
        kept["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [{**r, here: r[there]} for r in told]}
    if "LifecycleConfiguration" in p:
        rules = [lifecycle(r) for r in p["LifecycleConfiguration"]["Rules"]]
        send(s3.put_bucket_lifecycle_configuration, {"LifecycleConfiguration": {"Rules": rules}}, Bucket=bucket_)
        told = s3.get_bucket_lifecycle_configuration(Bucket=bucket_)["Rules"]
        kept["LifecycleConfiguration"] = {"Rules": [{**r, "ExpirationInDays": r.get("Expiration", {}).get("Days")} for r in told]}
    if "OwnershipControls" in p:
        send(s3.put_bucket_ownership_controls, {"OwnershipControls": p["OwnershipControls"]}, Bucket=bucket_)
        kept["OwnershipControls"] = s3.get_bucket_ownership_controls(Bucket=bucket_)["OwnershipControls"]
    if "PublicAccessBlockConfiguration" in p:
        send(s3.put_public_access_block, {"PublicAccessBlockConfiguration": p["PublicAccessBlockConfiguration"]}, Bucket=bucket_)
        kept["PublicAccessBlockConfiguration"] = s3.get_public_access_block(Bucket=bucket_)["PublicAccessBlockConfiguration"]
    if "VersioningConfiguration" in p:
        send(s3.put_bucket_versioning, {"VersioningConfiguration": p["VersioningConfiguration"]}, Bucket=bucket_)
        kept["VersioningConfiguration"] = s3.get_bucket_versioning(Bucket=bucket_)
    if p.get("AccessControl") == "Private":
        s3.put_bucket_acl(Bucket=bucket_, ACL="private")
        kept["AccessControl"] = "Private"
    domain = f"{bucket_}.s3.amazonaws.com"
    return Made(bucket_, kept, {
        "Arn": f"arn:aws:s3:::{bucket_}", "DomainName": domain, "RegionalDomainName": f"{bucket_}.s3.{aws.region}.amazonaws.com",
        "DualStackDomainName": f"{bucket_}.s3.dualstack.{aws.region}.amazonaws.com",
    })


def lifecycle(rule: dict) -> dict:
    made = without(rule, "ExpirationInDays", "Prefix")
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule["ExpirationInDays"]}
    return {**made, "Filter": {"Prefix": rule.get("Prefix", "")}}


@resource("AWS::S3::BucketPolicy")
def bucket_policy(aws: Aws, p: dict, name: str) -> Made:
    s3 = aws("s3")
    s3.put_bucket_policy(Bucket=p["Bucket"], Policy=json.dumps(p["PolicyDocument"]))
    return Made(p["Bucket"], {"Bucket": p["Bucket"], "PolicyDocument": s3.get_bucket_policy(Bucket=p["Bucket"])["Policy"]})


@resource("AWS::SSM::Parameter")
def ssm_parameter(aws: Aws, p: dict, name: str) -> Made:
    ssm, parameter = aws("ssm"), p.get("Name", name)
    send(ssm.put_parameter, without(p, "Name"), Name=parameter)
    kept = ssm.get_parameter(Name=parameter)["Parameter"]
    return Made(parameter, kept, {"Type": kept["Type"], "Value": kept["Value"]})


@resource("AWS::ECR::Repository")
def ecr_repository(aws: Aws, p: dict, name: str) -> Made:
    ecr, repository = aws("ecr"), p.get("RepositoryName", name.lower())
    send(ecr.create_repository, without(p, "RepositoryName", "LifecyclePolicy", "RepositoryPolicyText"), repositoryName=repository)
    kept, = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    if "LifecyclePolicy" in p:
        send(ecr.put_lifecycle_policy, p["LifecyclePolicy"], repositoryName=repository)
        kept["lifecyclePolicy"] = ecr.get_lifecycle_policy(repositoryName=repository)
    if "RepositoryPolicyText" in p:
        ecr.set_repository_policy(repositoryName=repository, policyText=json.dumps(p["RepositoryPolicyText"]))
        kept["repositoryPolicyText"] = ecr.get_repository_policy(repositoryName=repository)["policyText"]
    return Made(repository, kept, {"Arn": kept["repositoryArn"], "RepositoryUri": kept["repositoryUri"]})


# Mail


@resource("AWS::SES::ConfigurationSet")
def configuration_set(aws: Aws, p: dict, name: str) -> Made:
    ses, set_ = aws("sesv2"), p.get("Name", name)
    send(ses.create_configuration_set, without(p, "Name"), ConfigurationSetName=set_)
    return Made(set_, {**ses.get_configuration_set(ConfigurationSetName=set_), "Name": set_})


@resource("AWS::SES::ConfigurationSetEventDestination")
def event_destination(aws: Aws, p: dict, name: str) -> Made:
    ses = aws("ses")
    destination = {"Name": name[-64:], **p["EventDestination"]}
    send(ses.create_configuration_set_event_destination, {**p, "EventDestination": destination})
    told = ses.describe_configuration_set(ConfigurationSetName=p["ConfigurationSetName"], ConfigurationSetAttributeNames=["eventDestinations"])
    kept, = (d for d in told.get("EventDestinations", []) if d["Name"] == destination["Name"])
    return Made(destination["Name"], {"ConfigurationSetName": p["ConfigurationSetName"], "EventDestination": kept}, {"Id": destination["Name"]})


@resource("AWS::SES::EmailIdentity")
def email_identity(aws: Aws, p: dict, name: str) -> Made:
    ses, identity = aws("sesv2"), p["EmailIdentity"]
    set_ = p.get("ConfigurationSetAttributes", {})
    if set_:
        ses.get_configuration_set(**set_)
    send(ses.create_email_identity, without(p, "ConfigurationSetAttributes"), **set_)
    told = ses.get_email_identity(EmailIdentity=identity)
    tokens = {}
    for i in (1, 2, 3):
        token = secrets.token_hex(16)
        tokens |= {f"DkimDNSTokenName{i}": f"{token}._domainkey.{identity}", f"DkimDNSTokenValue{i}": f"{token}.dkim.amazonses.com"}
    return Made(identity, {**told, "EmailIdentity": identity, "ConfigurationSetAttributes": told}, tokens)


# The portal's host

# Of the policies that AWS keeps: CachingDisabled and AllViewerExceptHostHeader.
POLICIES = {"4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-68738e2966ac"}


def policy_of_distributions(kind: str, operation: str) -> None:
    """A type that moto's CloudFront does not have. It is held to the parameters of
    its API, and distributions can name it."""

    @resource(f"AWS::CloudFront::{kind}")
    def policy(aws: Aws, p: dict, name: str) -> Made:
        check(getattr(aws("cloudfront"), operation), p)
        id_ = secrets.token_hex(18)
        POLICIES.add(id_)
        return Made(id_, p, {"Id": id_})


policy_of_distributions("CachePolicy", "create_cache_policy")
policy_of_distributions("OriginRequestPolicy", "create_origin_request_policy")
policy_of_distributions("ResponseHeadersPolicy", "create_response_headers_policy")


# Publishing copies a function from one stage to the other; moto has one only.
@resource("AWS::CloudFront::Function", "AutoPublish")
def cloudfront_function(aws: Aws, p: dict, name: str) -> Made:
    cloudfront = aws("cloudfront")
    send(cloudfront.create_function, without(p, "AutoPublish"))
    summary = cloudfront.describe_function(Name=p["Name"])["FunctionSummary"]
    arn = summary["FunctionMetadata"]["FunctionARN"]
    kept = {**summary, "FunctionCode": cloudfront.get_function(Name=p["Name"])["FunctionCode"].read()}
    return Made(arn, kept, {"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": "LIVE"})


@resource(
    "AWS::CloudFront::Distribution",
    "DistributionConfig.DefaultCacheBehavior.FunctionAssociations", "DistributionConfig.CacheBehaviors[].FunctionAssociations",
)
def distribution(aws: Aws, p: dict, name: str) -> Made:
    cloudfront, config = aws("cloudfront"), p["DistributionConfig"]
    behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])]
    for b in behaviors:
        for policy in "CachePolicyId", "OriginRequestPolicyId", "ResponseHeadersPolicyId":
            if policy in b and b[policy] not in POLICIES:
                raise Refused(f"The specified {policy} {b[policy]} does not exist")
        if b["TargetOriginId"] not in {o["Id"] for o in config["Origins"]}:
            raise Refused(f"There is no origin {b['TargetOriginId']}")
        for association in b.get("FunctionAssociations", []):
            cloudfront.describe_function(Name=association["FunctionARN"].split("/")[-1])
    if "WebACLId" in config:
        found = re.fullmatch("arn:aws:wafv2:us-east-1:[0-9]+:global/webacl/(.+)/(.+)", config["WebACLId"])
        if not found:
            raise Refused(f"The web ACL {config['WebACLId']} is not one for CloudFront")
        aws("wafv2").get_web_acl(Name=found[1], Id=found[2], Scope="CLOUDFRONT")

    def behavior(b: dict) -> dict:
        methods = {"AllowedMethods": {"Quantity": len(b["AllowedMethods"]), "Items": b["AllowedMethods"]}} if "AllowedMethods" in b else {}
        return {**b, **methods}

    def origin(o: dict) -> dict:
        made = without(o, "OriginCustomHeaders")
        if "OriginCustomHeaders" in o:
            made["CustomHeaders"] = o["OriginCustomHeaders"]
        if "CustomOriginConfig" in o:
            made["CustomOriginConfig"] = {"HTTPPort": 80, "HTTPSPort": 443, **o["CustomOriginConfig"]}
        return made

    sent = without(config, "IPV6Enabled", "Origins", "DefaultCacheBehavior", "CacheBehaviors") | {
        "IsIPV6Enabled": config.get("IPV6Enabled", False), "CallerReference": name,
        "DefaultCacheBehavior": behavior(config["DefaultCacheBehavior"]), "CacheBehaviors": [behavior(b) for b in config.get("CacheBehaviors", [])],
        "Origins": [origin(o) for o in config["Origins"]],
    }
    made = send(cloudfront.create_distribution, {"DistributionConfig": sent})["Distribution"]
    kept = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    kept["IPV6Enabled"] = kept.get("IsIPV6Enabled")
    for o in kept["Origins"]["Items"]:
        o["OriginCustomHeaders"] = o.get("CustomHeaders")
    return Made(made["Id"], {"DistributionConfig": kept}, {"Id": made["Id"], "DomainName": made["DomainName"]})


@resource("AWS::WAFv2::WebACL")
def web_acl(aws: Aws, p: dict, name: str) -> Made:
    waf = aws("wafv2")
    if p["Scope"] == "CLOUDFRONT" and aws.region != "us-east-1":
        raise Refused("The scope is not valid: web ACLs for CloudFront are in us-east-1")
    named = p.get("Name", name)
    made = send(waf.create_web_acl, without(p, "Name"), Name=named)["Summary"]
    kept = waf.get_web_acl(Name=named, Scope=p["Scope"], Id=made["Id"])["WebACL"]
    ref = f"{named}|{made['Id']}|{p['Scope']}"
    return Made(ref, {**kept, "Scope": p["Scope"]}, {"Arn": made["ARN"], "Id": made["Id"]})
