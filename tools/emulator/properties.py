"""Properties of resources: held to CloudFormation's schemas, fitted to the
requests of the services' own APIs, and compared with what a service then says."""

import json
from typing import Any, Callable

from botocore.validate import ParamValidator
from cfnlint.jsonschema import StandardValidator
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from errors import Refused


def validate(kind: str, properties: dict, region: str) -> None:
    """Refuses what the schema of the type in this region does not allow."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    faults = [
        f"/{'/'.join(map(str, e.path))}: {e.message}"
        for e in StandardValidator(schema).iter_errors(properties)
    ]
    for path in schema.get("readOnlyProperties", []):
        name = path.removeprefix("/properties/")
        if name in properties:
            faults.append(f"/{name} can only be read")
    if faults:
        raise Refused("Properties validation failed: " + "; ".join(faults))


def send(operation: Callable, properties: dict, **more: Any) -> dict:
    """Calls an operation of a boto3 client with properties as its parameters.

    What the operation calls differently, or does not know, is a fault: a
    handler that leaves out a property says so.
    """
    name, shape = input_of(operation)
    return operation(**fitted(properties, shape, name), **more)


def check(operation: Callable, properties: dict) -> None:
    """Holds properties to the parameters of an operation, and does not call it."""
    name, shape = input_of(operation)
    faults = ParamValidator().validate(fitted(properties, shape, name), shape)
    if faults.has_errors():
        raise Refused(faults.generate_report())


def input_of(operation: Callable) -> tuple[str, Any]:
    client = operation.__self__
    name = client.meta.method_to_api_mapping[operation.__name__]
    return name, client.meta.service_model.operation_model(name).input_shape


def fitted(value: Any, shape: Any, path: str) -> Any:
    """A value in the shape of an API: names in its case, lists with their
    number where it wants that, documents as text."""
    match shape.type_name:
        case "structure" if isinstance(value, list) and "Quantity" in shape.members:
            return {"Quantity": len(value), "Items": fitted(value, shape.members["Items"], path)}
        case "structure":
            names = {name.lower(): name for name in shape.members}
            fit = {}
            for key, v in value.items():
                name = names.get(key.lower())
                if name is None:
                    raise Refused(f"{path}: no parameter for the property {key}")
                fit[name] = fitted(v, shape.members[name], f"{path}.{name}")
            if "Quantity" in shape.members and "Items" in fit:
                fit.setdefault("Quantity", len(fit["Items"]))
            return fit
        case "list":
            return [fitted(v, shape.member, path) for v in value]
        case "map":
            return {key: fitted(v, shape.value, f"{path}.{key}") for key, v in value.items()}
        case "string" if isinstance(value, (dict, list)):
            return json.dumps(value)
        case "string" if isinstance(value, (int, float)):
            return json.dumps(value)
        case "float" | "double" if isinstance(value, int):
            return float(value)
    return value


def differences(wanted: Any, kept: Any, forgotten: frozenset[str], path: str = "") -> list[str]:
    """The paths of the properties that a service does not show as they were given."""
    if path in forgotten:
        return []
    if isinstance(wanted, (dict, list)) and isinstance(kept, str):
        try:
            kept = json.loads(kept)
        except ValueError:
            return [path]
    if isinstance(wanted, dict):
        if not isinstance(kept, dict):
            return [path]
        names = {name.lower(): name for name in kept}
        faults = []
        for key, v in wanted.items():
            faults += differences(v, kept.get(names.get(key.lower())), forgotten, f"{path}.{key}" if path else key)
        return faults
    if isinstance(wanted, list):
        if isinstance(kept, dict) and "Quantity" in kept:
            kept = kept.get("Items", [])
        if not isinstance(kept, list) or len(kept) != len(wanted):
            return [path]
        left, faults = list(kept), []
        for v in wanted:
            fit = next((k for k in left if not differences(v, k, forgotten, path + "[]")), None)
            if fit is not None:
                left.remove(fit)
            else:
                faults += differences(v, left[0], forgotten, path + "[]")
        return faults
    return [] if same(wanted, kept) else [path]


def same(wanted: Any, kept: Any) -> bool:
    if isinstance(kept, bytes):
        kept = kept.decode()
    if isinstance(wanted, bool) or isinstance(kept, bool):
        return str(wanted).lower() == str(kept).lower()
    try:
        return float(wanted) == float(kept)
    except (TypeError, ValueError):
        return wanted == kept
