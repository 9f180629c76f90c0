#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""import_kafka_schemas.py --jars DIR --version X.Y.Z

Rewrites the schema files in this folder from the message definitions inside Kafka's published
jars (kafka-clients, -metadata, ...), for moving to another Kafka release. Our own comments stay
with the definition they belong to; the script names those whose definition is gone. It then reads
every file back and compares it, version by version, with what the jars say.
"""
import argparse
import itertools
import json
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'gen'))
import schema  # noqa: E402

# jar -> folder for its messages; APIs go to the top
FOLDERS = {'clients': 'data', 'metadata': 'metadata', 'group-coordinator': 'group',
           'transaction-coordinator': 'txn', 'share-coordinator': 'share', 'storage': 'storage',
           'raft': 'raft', 'streams': 'streams'}
KINDS = {'metadata': 'record', 'coordinator-key': 'key', 'coordinator-value': 'value'}
TYPES = {'int8': 'i8', 'int16': 'i16', 'uint16': 'u16', 'int32': 'i32', 'uint32': 'u32',
         'int64': 'i64', 'float64': 'f64'}
MESSAGE_ATTRIBUTES = {'type', 'name', 'validVersions', 'flexibleVersions', 'fields', 'apiKey',
                      'listeners', 'commonStructs', 'latestVersionUnstable'}
FIELD_ATTRIBUTES = {'name', 'type', 'versions', 'about', 'default', 'fields', 'nullableVersions',
                    'entityType', 'ignorable', 'mapKey', 'taggedVersions', 'tag', 'zeroCopy',
                    'flexibleVersions'}
LAST = 32767


def load_json(text):
    """Kafka's JSON has comments, which the standard forbids."""
    strip = r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/'
    return json.loads(re.sub(strip, lambda m: m.group(1) or '', text, flags=re.S))


def versions_of(text, outer):
    """Cut to what `outer` leaves; None if nothing."""
    if text is None or text == 'none' or outer is None:
        return None
    first, last = schema.parse_versions(text, (0, LAST))
    first, last = max(first, outer[0]), min(last, outer[1])
    return (first, last) if first <= last else None


def check_attributes(known, found, where):
    if unknown := set(found) - known:
        sys.exit('%s: attributes this script does not know: %s' % (where, sorted(unknown)))


def default_of(type_, value):
    """None where it is the type's own zero."""
    if value is None or value == '':
        return None
    if str(value) == 'null' and (type_.startswith('[]') or type_ not in schema.PRIMITIVES
                                 or type_ in ('string', 'bytes', 'records', 'uuid')):
        return 'null'
    if type_.startswith('[]') or type_ not in schema.PRIMITIVES:
        return None
    if type_ in ('string', 'bytes', 'records', 'uuid'):
        return json.dumps(value)
    if type_ == 'bool':
        return 'true' if str(value).lower() == 'true' else None
    if type_ == 'f64':
        return repr(float(value)) if float(value) else None
    number = int(str(value), 0)
    return str(number) if number else None


def fields_of(definitions, outer, where):
    fields = []
    for definition in definitions:
        check_attributes(FIELD_ATTRIBUTES, definition, where)
        versions = versions_of(definition.get('versions', definition.get('taggedVersions')), outer)
        if versions is None:
            continue  # only in versions that Kafka has removed
        base = definition['type'].removeprefix('[]')
        type_ = '[]' * (base != definition['type']) + TYPES.get(base, base)
        name = definition['name']
        field = schema.Field(name[0].upper() + name[1:], type_, versions)
        field.null = versions_of(definition.get('nullableVersions'), versions)
        field.tagged = versions_of(definition.get('taggedVersions'), versions)
        field.tag = definition['tag'] if field.tagged else None
        field.default = default_of(type_, definition.get('default'))
        field.entity = definition.get('entityType')
        for attribute, flag in (('ignorable', 'ign'), ('mapKey', 'key'), ('zeroCopy', 'zc')):
            if definition.get(attribute):
                field.flags.add(flag)
        if definition.get('flexibleVersions') == 'none':
            field.flags.add('flex:none')
        field.fields = fields_of(definition.get('fields', []), versions, where)
        fields.append(field)
    return fields


def message_of(definition, where):
    check_attributes(MESSAGE_ATTRIBUTES, definition, where)
    kind = KINDS.get(definition['type'], definition['type'])
    message = schema.Message(kind, definition['name'], definition.get('apiKey'))
    message.valid = versions_of(definition['validVersions'], (0, LAST))
    if message.removed:
        return message
    flexible = versions_of(definition.get('flexibleVersions'), message.valid)
    message.first_flexible = flexible[0] if flexible else None
    message.listeners = definition.get('listeners', [])
    if definition.get('latestVersionUnstable'):
        message.unstable = message.valid[1]
    message.fields = fields_of(definition.get('fields', []), message.valid, where)
    for common in definition.get('commonStructs', []):
        versions = versions_of(common['versions'], message.valid)
        if versions:
            struct = schema.Struct(common['name'], versions)
            struct.fields = fields_of(common['fields'], versions, where)
            message.structs.append(struct)
    return message


def read_jars(folder, version):
    """(folder, message) for each definition in the jars."""
    for jar, target in FOLDERS.items():
        with zipfile.ZipFile(folder / ('kafka-%s-%s.jar' % (jar, version))) as archive:
            for name in sorted(archive.namelist()):
                if not re.fullmatch(r'.*(message|metadata)/[^/]*\.json', name):
                    continue
                message = message_of(load_json(archive.read(name).decode()), name)
                if message.kind in ('request', 'response') or not message.removed:
                    yield target, message


def snake(name):
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).lower()


def group_into_files(found):
    """path -> list of messages that share the file: request and response, key and value."""
    files = {}
    for folder, message in found:
        if message.kind in ('request', 'response'):
            stem = snake(re.sub('(Request|Response)$', '', message.name))
            path = '%03d_%s.gks' % (message.key, stem)
        else:
            stem = snake(re.sub('(Key|Value)$', '', message.name)
                         if message.kind in ('key', 'value') else message.name)
            path = '%s/%s.gks' % (folder, stem)
        files.setdefault(path, []).append(message)
    for messages in files.values():
        messages.sort(key=lambda m: schema.KINDS.index(m.kind))
    return files


def definitions_of(messages):
    """(path inside the file, thing with a comment) for every definition."""
    def below(path, fields):
        for field in fields:
            yield path + (field.name,), field
            yield from below(path + (field.name,), field.fields)
    for message in messages:
        yield (message.name,), message
        yield from below((message.name,), message.fields)
        for struct in message.structs:
            yield (message.name, 'struct ' + struct.name), struct
            yield from below((message.name, 'struct ' + struct.name), struct.fields)


def keep_comments(path, messages):
    """Takes over the comments of the file that is about to be overwritten."""
    if not path.exists():
        return
    old = schema.parse(path.read_text(), path.name)
    new = dict(definitions_of(messages))
    for where, thing in definitions_of(old):
        if thing.comment and where not in new:
            print('%s: %s is gone, and with it the comment: %s'
                  % (path.name, '.'.join(where), ' '.join(thing.comment)))
        elif thing.comment:
            new[where].comment = thing.comment
    if old and old[0].api_comment:
        messages[0].api_comment = old[0].api_comment


def head_of(path):
    """The comments at the top of a file, up to their empty line."""
    lines = path.read_text().split('\n') if path.exists() else []
    head = list(itertools.takewhile(lambda line: not line or line.startswith('#'), lines))
    while head and head[-1]:
        head.pop()
    return '\n'.join(head) + '\n' if head else '# SPDX-License-Identifier: Apache-2.0\n\n'


def render(messages):
    if messages[0].kind == 'request':
        return '\n'.join(schema.format_api(*messages)) + '\n'
    return '\n\n'.join('\n'.join(schema.format_message(m)) for m in messages) + '\n'


def layout(message, version):
    """What one version looks like, for comparing."""
    def holds(versions):
        return versions is not None and versions[0] <= version <= versions[1]

    def of(fields):
        return [(f.name, f.type, f.default, sorted(f.flags), f.entity, holds(f.null),
                 f.tag if holds(f.tagged) else None, of(f.fields))
                for f in fields if holds(f.versions)]
    flexible = message.first_flexible is not None and version >= message.first_flexible
    return flexible, of(message.fields), [(s.name, of(s.fields)) for s in message.structs
                                          if holds(s.versions)]


def compare(path, messages, text):
    """The number of versions checked; exits on the first difference."""
    back = schema.parse(text, path)
    checked = 0
    for message, again in zip(messages, back, strict=True):
        if (message.name, message.key, message.valid, message.first_flexible) != \
                (again.name, again.key, again.valid, again.first_flexible):
            sys.exit('%s: the head of %s was not kept' % (path, message.name))
        for version in range(message.valid[0], message.valid[1] + 1) if message.valid else ():
            checked += 1
            if layout(message, version) != layout(again, version):
                sys.exit('%s: %s version %d was not kept' % (path, message.name, version))
    return checked


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jars', type=pathlib.Path, required=True)
    parser.add_argument('--version', required=True)
    parser.add_argument('--out', type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    files = group_into_files(list(read_jars(options.jars, options.version)))
    checked = 0
    for name, messages in sorted(files.items()):
        path = options.out / name
        keep_comments(path, messages)
        text = head_of(path) + render(messages)
        checked += compare(name, messages, text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in sorted(options.out.rglob('*.gks')):
        if str(path.relative_to(options.out)) not in files:
            print('%s: no longer in Kafka; remove it' % path.relative_to(options.out))
    print('%d files, %d messages, %d versions' % (
        len(files), sum(len(m) for m in files.values()), checked))


if __name__ == '__main__':
    main()
