"""Templates of CloudFormation: what they may hold, in which order their
resources are made, and what their functions give."""

import graphlib
import json
import re
from typing import Any, Callable

import yaml

from errors import Refused

# The quotas of CloudFormation, https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_RESOURCES, MOST_OUTPUTS, MOST_BYTES = 500, 200, 1_000_000

SECTIONS = {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs"}
ATTRIBUTES = {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}

NOTHING = object()  # AWS::NoValue
VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^}]*)\}\}")


def parse(text: str) -> dict:
    if len(text.encode()) > MOST_BYTES:
        raise Refused(f"The template is larger than {MOST_BYTES} bytes")
    template = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    faults = [f"Invalid template property or properties [{s}]" for s in template.keys() - SECTIONS]
    resources = template.get("Resources") or {}
    if not resources:
        faults.append("At least one Resources member must be defined")
    for section, most in ("Resources", MOST_RESOURCES), ("Outputs", MOST_OUTPUTS):
        if len(template.get(section, {})) > most:
            faults.append(f"{len(template[section])} {section}, the limit is {most}")
    known = resources.keys() | template.get("Parameters", {}).keys()
    for name, resource in resources.items():
        faults += [f"{name}: unknown attribute {a}" for a in resource.keys() - ATTRIBUTES]
        faults += [f"{name}: undefined {r}" for r in dependencies(resource) - known]
    for name, output in template.get("Outputs", {}).items():
        faults += [f"output {name}: undefined {r}" for r in references(output) - known]
    if faults:
        raise Refused("Template format error: " + "; ".join(faults))
    order(template)
    return template


def order(template: dict) -> list[str]:
    """The names of the resources, each after those that it needs."""
    resources = template["Resources"]
    graph = {name: sorted(dependencies(resource) & resources.keys()) for name, resource in resources.items()}
    try:
        return list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as e:
        raise Refused(f"Circular dependency between resources: {e.args[1]}") from e


def dependencies(resource: dict) -> set[str]:
    depends = resource.get("DependsOn", [])
    return references(resource.get("Properties", {})) | set([depends] if isinstance(depends, str) else depends)


def references(value: Any) -> set[str]:
    """The names of the parameters and resources that a value refers to."""
    found: set[str] = set()
    if isinstance(value, list):
        found = found.union(*map(references, value))
    elif isinstance(value, dict):
        for key, arg in value.items():
            if key == "Ref":
                found.add(arg)
            elif key == "Fn::GetAtt":
                found.add(attribute(arg)[0])
            elif key == "Fn::Sub":
                text, own = (arg, {}) if isinstance(arg, str) else arg
                names = {name.split(".")[0] for literal, name in VARIABLE.findall(text) if not literal}
                found |= names - own.keys() | references(own)
            else:
                found |= references(arg)
    return {name for name in found if not name.startswith("AWS::")}


def attribute(arg: Any) -> tuple[str, str]:
    name, _, of = arg.partition(".") if isinstance(arg, str) else (arg[0], "", arg[1])
    return name, of


class Scope:
    """What the functions of a template can refer to while its stack is made."""

    def __init__(self, template: dict, given: dict[str, str], pseudo: dict[str, Any], exported: Callable[[str], Any]):
        self.template, self.exported = template, exported
        self.values = {**pseudo, "AWS::NoValue": NOTHING}
        self.attributes: dict[str, dict[str, Any]] = {}
        declared = template.get("Parameters", {})
        if unknown := given.keys() - declared.keys():
            raise Refused(f"Parameters: {sorted(unknown)} do not exist in the template")
        for name, parameter in declared.items():
            value = given.get(name, parameter.get("Default"))
            if value is None:
                raise Refused(f"Parameters: [{name}] must have values")
            if "AllowedValues" in parameter and value not in parameter["AllowedValues"]:
                raise Refused(f"Parameter {name} must be one of {parameter['AllowedValues']}")
            listed = parameter["Type"] == "CommaDelimitedList" or parameter["Type"].startswith("List<")
            self.values[name] = [v.strip() for v in str(value).split(",")] if listed else str(value)

    def made(self, name: str, ref: Any, attributes: dict[str, Any]) -> None:
        self.values[name], self.attributes[name] = ref, attributes

    def holds(self, condition: str | None) -> bool:
        return condition is None or self.condition(self.template["Conditions"][condition])

    def condition(self, value: Any) -> bool:
        (function, arg), = value.items()
        match function:
            case "Condition":
                return self.holds(arg)
            case "Fn::Equals":
                left, right = self.resolve(arg)
                return left == right
            case "Fn::Not":
                return not self.condition(arg[0])
            case "Fn::And":
                return all(map(self.condition, arg))
            case "Fn::Or":
                return any(map(self.condition, arg))
        raise Refused(f"Template error: {function} is no condition")

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [v for v in map(self.resolve, value) if v is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, arg), = value.items()
            if function == "Ref":
                return self.ref(arg)
            if function.startswith("Fn::"):
                return self.call(function, arg)
        resolved = {k: self.resolve(v) for k, v in value.items()}
        return {k: v for k, v in resolved.items() if v is not NOTHING}

    def ref(self, name: str) -> Any:
        if name not in self.values:
            raise Refused(f"Template error: unresolved reference to {name}")
        return self.values[name]

    def attribute(self, name: str, of: str) -> Any:
        if of not in self.attributes.get(name, {}):
            raise Refused(f"Template error: resource {name} does not support attribute type {of} in Fn::GetAtt")
        return self.attributes[name][of]

    def call(self, function: str, arg: Any) -> Any:
        match function:
            case "Fn::GetAtt":
                return self.attribute(*attribute(arg))
            case "Fn::If":
                return self.resolve(arg[1] if self.holds(arg[0]) else arg[2])
            case "Fn::Join":
                return arg[0].join(self.texts(function, self.resolve(arg[1])))
            case "Fn::Split":
                return self.resolve(arg[1]).split(arg[0])
            case "Fn::Select":
                return self.resolve(arg[1])[int(self.resolve(arg[0]))]
            case "Fn::Sub":
                return self.substitute(*([arg, {}] if isinstance(arg, str) else arg))
            case "Fn::ImportValue":
                return self.exported(self.resolve(arg))
            case "Fn::FindInMap":
                mapping, first, second = self.resolve(arg)
                return self.template["Mappings"][mapping][first][second]
        raise Refused(f"Template error: the emulator does not know {function}")

    def texts(self, function: str, values: list) -> list[str]:
        for v in values:
            if not isinstance(v, (str, int, float)):
                raise Refused(f"Template error: {function} of {v!r}")
        return [str(v) for v in values]

    def substitute(self, text: str, own: dict) -> str:
        def value(found: re.Match) -> str:
            literal, name = found.groups()
            if literal:
                return "${" + name + "}"
            of, _, what = name.partition(".")
            v = self.resolve(own[name]) if name in own else self.attribute(of, what) if what else self.ref(name)
            return self.texts("Fn::Sub", [v])[0]

        return VARIABLE.sub(value, text)


def dynamic(value: Any, look_up: Callable[[str, str], str]) -> Any:
    """A value in which dynamic references are replaced by what they name."""
    if isinstance(value, list):
        return [dynamic(v, look_up) for v in value]
    if isinstance(value, dict):
        return {k: dynamic(v, look_up) for k, v in value.items()}
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: look_up(*found.groups()), value)
    return value
