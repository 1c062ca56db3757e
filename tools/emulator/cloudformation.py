"""CloudFormation: stacks, change sets and events behind its query API.

It makes resources by the services' own APIs, as AWS does, and only makes: a
change set of a stack that is there can be looked at, not executed.
"""

import datetime
import json
import re
import secrets
import threading
import traceback
import urllib.parse
import uuid
import xml.sax.saxutils
from dataclasses import dataclass, field
from typing import Any, Callable

from botocore.exceptions import BotoCoreError, ClientError

import template as templates
from errors import Refused
from resources import TYPES, Aws, make

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
UNCHANGED = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class Resource:
    logical: str
    kind: str
    physical: str = ""
    status: str = ""
    reason: str = ""


@dataclass
class Stack:
    name: str
    id: str
    region: str
    created: datetime.datetime
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    text: str = ""  # of the template
    given: dict[str, str] = field(default_factory=dict)
    tags: list[dict] = field(default_factory=list)
    protected: bool = False
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, dict] = field(default_factory=dict)
    events: list[dict] = field(default_factory=list)

    def told(self, status: str, reason: str = "", of: Resource | None = None) -> None:
        """Sets the status of the stack, or of a resource, and notes the event."""
        (of or self).status, (of or self).reason = status, reason
        self.events.insert(0, {
            "StackId": self.id, "EventId": str(uuid.uuid4()), "StackName": self.name,
            "LogicalResourceId": of.logical if of else self.name, "PhysicalResourceId": of.physical if of else self.id,
            "ResourceType": of.kind if of else "AWS::CloudFormation::Stack", "Timestamp": now(),
            "ResourceStatus": status, "ResourceStatusReason": reason or None,
        })

    def described(self) -> dict:
        return {
            "StackId": self.id, "StackName": self.name, "CreationTime": self.created, "StackStatus": self.status,
            "StackStatusReason": self.reason or None, "Description": self.template().get("Description"),
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.given.items()], "Tags": self.tags,
            "Outputs": [{"OutputKey": k, **v} for k, v in self.outputs.items()], "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "EnableTerminationProtection": self.protected, "DisableRollback": True,
        }

    def template(self) -> dict:
        return templates.parse(self.text) if self.text else {}


@dataclass
class ChangeSet:
    name: str
    id: str
    stack: Stack
    kind: str
    text: str
    given: dict[str, str]
    tags: list[dict]
    created: datetime.datetime
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    changes: list[dict] = field(default_factory=list)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def tagged(tags: list[dict]) -> dict[str, str]:
    return {t["Key"]: t["Value"] for t in tags}


def changes(old: dict, new: dict) -> list[dict]:
    """What makes the resources of one template those of another."""
    before, after = old.get("Resources", {}), new["Resources"]
    found = []
    for action, names in {
        "Add": [n for n in after if n not in before],
        "Modify": [n for n in after if n in before and after[n] != before[n]],
        "Remove": [n for n in before if n not in after],
    }.items():
        for name in names:
            change = {"Action": action, "LogicalResourceId": name, "ResourceType": (after.get(name) or before[name])["Type"]}
            if action == "Modify":
                sections = [s for s in templates.ATTRIBUTES if after[name].get(s) != before[name].get(s)]
                change |= {"Scope": sorted(sections), "Replacement": "Conditional"}
            found.append({"Type": "Resource", "ResourceChange": change})
    return found


class CloudFormation:
    """All stacks of the one account."""

    def __init__(self, aws: Callable[[str], Aws], account: str):
        self.aws, self.account = aws, account
        self.stacks: dict[str, Stack] = {}  # by id
        self.sets: dict[str, ChangeSet] = {}  # by id
        self.exports: dict[tuple[str, str], dict] = {}  # by region and name
        self.lock = threading.RLock()

    # The API, an operation a method.

    def CreateChangeSet(self, region: str, p: dict) -> dict:
        kind = p.get("ChangeSetType", "UPDATE")
        text = p.get("TemplateBody") or self.stored(region, p["TemplateURL"])
        new = templates.parse(text)
        for name, resource in new["Resources"].items():
            if resource["Type"] not in TYPES:
                raise Refused(f"Template format error: Unrecognized resource types: [{resource['Type']}] ({name})")
        of_iam = any(r["Type"].startswith("AWS::IAM::") for r in new["Resources"].values())
        if of_iam and not {"CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"} & set(p.get("Capabilities", [])):
            raise Refused("Requires capabilities : [CAPABILITY_NAMED_IAM]", "InsufficientCapabilitiesException")
        stack = self.named(region, p["StackName"])
        if kind == "CREATE":
            if stack and stack.status != "REVIEW_IN_PROGRESS":
                raise Refused(f"Stack [{stack.name}] already exists and cannot be created again.", "AlreadyExistsException")
            if not stack:
                if not re.fullmatch("[a-zA-Z][-a-zA-Z0-9]{0,127}", p["StackName"]):
                    raise Refused(f"{p['StackName']!r} is no name of a stack")
                stack = Stack(p["StackName"], self.arn(region, f"stack/{p['StackName']}/{uuid.uuid4()}"), region, now())
                self.stacks[stack.id] = stack
                stack.told("REVIEW_IN_PROGRESS", "User Initiated")
        elif not stack or stack.status == "REVIEW_IN_PROGRESS":
            raise Refused(f"Stack [{p['StackName']}] does not exist")
        old = stack.template()
        given = self.parameters(stack, p)
        templates.Scope(new, given, self.pseudo(stack), lambda _: "")
        made = ChangeSet(
            p["ChangeSetName"], self.arn(region, f"changeSet/{p['ChangeSetName']}/{uuid.uuid4()}"), stack, kind, text, given,
            p.get("Tags", []), now(), changes=changes(old, new),
        )
        if kind == "UPDATE" and (old, stack.given, tagged(stack.tags)) == (new, given, tagged(made.tags)):
            made.status, made.reason, made.execution = "FAILED", UNCHANGED, "UNAVAILABLE"
        self.sets[made.id] = made
        return {"Id": made.id, "StackId": stack.id}

    def DescribeChangeSet(self, region: str, p: dict) -> dict:
        c = self.change_set(region, p)
        return {
            "ChangeSetName": c.name, "ChangeSetId": c.id, "StackId": c.stack.id, "StackName": c.stack.name, "CreationTime": c.created,
            "ExecutionStatus": c.execution, "Status": c.status, "StatusReason": c.reason or None, "Changes": c.changes,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in c.given.items()], "Tags": c.tags,
            "ChangeSetType": c.kind, "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }

    def DeleteChangeSet(self, region: str, p: dict) -> dict:
        self.stack(region, p)
        for c in [c for c in self.sets.values() if self.is_meant(c, region, p)]:
            del self.sets[c.id]
        return {}

    def ExecuteChangeSet(self, region: str, p: dict) -> dict:
        c = self.change_set(region, p)
        if c.execution != "AVAILABLE":
            raise Refused(f"ChangeSet [{c.id}] cannot be executed in its current status of [{c.status}]", "InvalidChangeSetStatus")
        if c.kind != "CREATE":
            raise Refused("The emulator makes stacks, and does not change them. Begin with a fresh one.")
        c.execution = "EXECUTE_COMPLETE"
        self.create(c)
        return {}

    def DescribeStacks(self, region: str, p: dict) -> dict:
        stacks = [self.stack(region, p)] if p.get("StackName") else [s for s in self.stacks.values() if s.region == region]
        return {"Stacks": [s.described() for s in stacks]}

    def DescribeStackEvents(self, region: str, p: dict) -> dict:
        return {"StackEvents": self.stack(region, p).events}

    def DescribeStackResources(self, region: str, p: dict) -> dict:
        s = self.stack(region, p)
        return {"StackResources": [{
            "StackName": s.name, "StackId": s.id, "LogicalResourceId": r.logical, "PhysicalResourceId": r.physical,
            "ResourceType": r.kind, "Timestamp": s.created, "ResourceStatus": r.status, "ResourceStatusReason": r.reason or None,
        } for r in s.resources.values() if p.get("LogicalResourceId") in (None, r.logical)]}

    def ListStackResources(self, region: str, p: dict) -> dict:
        s = self.stack(region, p)
        return {"StackResourceSummaries": [{
            "LogicalResourceId": r.logical, "PhysicalResourceId": r.physical, "ResourceType": r.kind,
            "LastUpdatedTimestamp": s.created, "ResourceStatus": r.status, "ResourceStatusReason": r.reason or None,
        } for r in s.resources.values()]}

    def GetTemplate(self, region: str, p: dict) -> dict:
        return {"TemplateBody": self.stack(region, p).text, "StagesAvailable": ["Original", "Processed"]}

    def ListExports(self, region: str, p: dict) -> dict:
        return {"Exports": [e for (r, _), e in self.exports.items() if r == region]}

    def UpdateTerminationProtection(self, region: str, p: dict) -> dict:
        s = self.stack(region, p)
        s.protected = p["EnableTerminationProtection"] == "true"
        return {"StackId": s.id}

    def DeleteStack(self, region: str, p: dict) -> dict:
        s = self.named(region, p["StackName"])
        if s and s.protected:
            raise Refused(f"Stack [{s.name}] cannot be deleted while TerminationProtection is enabled")
        if s and s.status != "REVIEW_IN_PROGRESS":
            raise Refused("The emulator makes stacks, and does not delete them. Begin with a fresh one.")
        if s:
            del self.stacks[s.id]
        return {}

    # What they have in common.

    def named(self, region: str, name: str) -> Stack | None:
        return next((s for s in self.stacks.values() if s.region == region and name in (s.name, s.id)), None)

    def stack(self, region: str, p: dict) -> Stack:
        s = self.named(region, p["StackName"])
        if not s:
            raise Refused(f"Stack with id {p['StackName']} does not exist")
        return s

    def change_set(self, region: str, p: dict) -> ChangeSet:
        for c in self.sets.values():
            if self.is_meant(c, region, p):
                return c
        raise Refused(f"ChangeSet [{p['ChangeSetName']}] does not exist", "ChangeSetNotFound")

    def is_meant(self, c: ChangeSet, region: str, p: dict) -> bool:
        return p["ChangeSetName"] in (c.id, c.name) and c.stack is self.named(region, p.get("StackName", c.stack.id))

    def arn(self, region: str, resource: str) -> str:
        return f"arn:aws:cloudformation:{region}:{self.account}:{resource}"

    def stored(self, region: str, url: str) -> str:
        """A template in S3, by its address in either style."""
        parsed = urllib.parse.urlsplit(url)
        path = urllib.parse.unquote(parsed.path.lstrip("/"))
        if host := re.match(r"(.+)\.s3[.-]", parsed.netloc):
            bucket, key = host[1], path
        else:
            bucket, _, key = path.partition("/")
        return self.aws(region)("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    def parameters(self, stack: Stack, p: dict) -> dict[str, str]:
        given = {}
        for one in p.get("Parameters", []):
            key = one["ParameterKey"]
            given[key] = stack.given[key] if one.get("UsePreviousValue") == "true" else one["ParameterValue"]
        return given

    def pseudo(self, s: Stack) -> dict[str, Any]:
        return {
            "AWS::AccountId": self.account, "AWS::Region": s.region, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": s.name, "AWS::StackId": s.id, "AWS::NotificationARNs": [],
        }

    def exported(self, region: str, name: str) -> Any:
        if (region, name) not in self.exports:
            raise Refused(f"No export named {name} found.")
        return self.exports[region, name]["Value"]

    def create(self, c: ChangeSet) -> None:
        """Makes the resources of a stack, and its outputs."""
        s = c.stack
        s.text, s.given, s.tags = c.text, c.given, c.tags
        s.told("CREATE_IN_PROGRESS", "User Initiated")
        template = s.template()
        scope = templates.Scope(template, s.given, self.pseudo(s), lambda name: self.exported(s.region, name))
        try:
            for logical in templates.order(template):
                definition = template["Resources"][logical]
                if scope.holds(definition.get("Condition")):
                    self.make(s, scope, logical, definition)
            self.output(s, scope, template)
        except Refused as e:
            s.told("CREATE_FAILED", str(e))
        else:
            s.told("CREATE_COMPLETE")

    def make(self, s: Stack, scope: templates.Scope, logical: str, definition: dict) -> None:
        r = Resource(logical, definition["Type"])
        s.resources[logical] = r
        s.told("CREATE_IN_PROGRESS", of=r)
        aws = self.aws(s.region)
        try:
            properties = templates.dynamic(scope.resolve(definition.get("Properties", {})), aws.look_up)
            made = make(aws, r.kind, properties, f"{s.name}-{logical}-{secrets.token_hex(6).upper()}")
        except Exception as e:
            if not isinstance(e, (Refused, BotoCoreError, ClientError)):
                traceback.print_exc()
            s.told("CREATE_FAILED", str(e), of=r)
            raise Refused(f"The following resource(s) failed to create: [{logical}]. {e}") from e
        r.physical = made.ref
        scope.made(logical, made.ref, made.attributes)
        s.told("CREATE_COMPLETE", of=r)

    def output(self, s: Stack, scope: templates.Scope, template: dict) -> None:
        for key, o in template.get("Outputs", {}).items():
            if not scope.holds(o.get("Condition")):
                continue
            value = scope.resolve(o["Value"])
            if not isinstance(value, (str, int, float)):
                raise Refused(f"Template error: output {key} is {value!r}")
            s.outputs[key] = {"OutputValue": value, "Description": o.get("Description")}
            if "Export" in o:
                name = scope.resolve(o["Export"]["Name"])
                if (s.region, name) in self.exports:
                    raise Refused(f"Export with name {name} is already exported by stack {self.exports[s.region, name]['ExportingStackId']}.")
                self.exports[s.region, name] = {"ExportingStackId": s.id, "Name": name, "Value": value}
                s.outputs[key]["ExportName"] = name

    # The query protocol.

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        p = nested(urllib.parse.parse_qsl(body or environ.get("QUERY_STRING", ""), keep_blank_values=True))
        region = re.search(r"Credential=[^/]+/\d+/([^/]+)/", environ["HTTP_AUTHORIZATION"])[1]
        action = p.get("Action", "")
        try:
            operation = getattr(self, action, None) if action[:1].isupper() else None
            if operation is None:
                raise Refused(f"The emulator does not know {action}", "InvalidAction")
            with self.lock:
                status, tag, content = "200 OK", f"{action}Response", xml_of(f"{action}Result", operation(region, p))
        except Refused as e:
            status, tag, content = "400 Bad Request", "ErrorResponse", xml_of("Error", {"Type": "Sender", "Code": e.code, "Message": str(e)})
        start_response(status, [("Content-Type", "text/xml")])
        return [f"<{tag} xmlns='{NAMESPACE}'>{content}<RequestId>{uuid.uuid4()}</RequestId></{tag}>".encode()]


def nested(pairs: list[tuple[str, str]]) -> dict:
    """The parameters of a query: Tags.member.1.Key is in a list of objects."""
    root: dict = {}
    for key, value in pairs:
        *path, last = key.split(".")
        at = root
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value

    def lists(v: Any) -> Any:
        if not isinstance(v, dict):
            return v
        if v.keys() == {"member"}:
            members = v["member"]
            return [lists(members[i]) for i in sorted(members, key=int)] if isinstance(members, dict) else []
        return {k: lists(x) for k, x in v.items()}

    return {k: [] if v == "" and k in ("Tags", "Parameters", "Capabilities") else lists(v) for k, v in root.items()}


def xml_of(tag: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case dict():
            text = "".join(xml_of(k, v) for k, v in value.items())
        case list():
            text = "".join(xml_of("member", v) for v in value)
        case bool():
            text = json.dumps(value)
        case datetime.datetime():
            text = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            text = xml.sax.saxutils.escape(str(value))
    return f"<{tag}>{text}</{tag}>"
