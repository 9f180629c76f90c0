#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generate.py --schema DIR --out DIR [--list inputs|folders|outputs]

Writes OUT/<name>.h for every file of the schema: one plain struct per message, with Decode, Encode,
Describe and equality for all of its versions. The code of ten APIs, or of a folder's records, shares
a .cc file: most of the time to compile one goes into the standard headers. error_codes_of.h tells of
each response where its error codes are. Files whose text does not change are left alone. --list only
prints paths, for CMake.

The code is straight-line: per struct a Read, a Write and a Show function that go through the fields
in order, with an `if` around those that not every version has. protocol/wire does the rest.
"""
import argparse
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import schema  # noqa: E402

LINE = 100
NEVER = 32767
CPP_TYPES = {'bool': 'bool', 'i8': 'std::int8_t', 'i16': 'std::int16_t', 'u16': 'std::uint16_t',
             'i32': 'std::int32_t', 'u32': 'std::uint32_t', 'i64': 'std::int64_t', 'f64': 'double',
             'uuid': 'Uuid', 'string': 'std::string', 'bytes': 'SharedBytes',
             'records': 'wire::Records'}
# The primitive's name in Reader::ReadX and Writer::WriteX; the last three take a wire::Form.
WIRE_NAMES = {'bool': 'Bool', 'i8': 'Int8', 'i16': 'Int16', 'u16': 'Uint16', 'i32': 'Int32',
              'u32': 'Uint32', 'i64': 'Int64', 'f64': 'Float64', 'uuid': 'Uuid',
              'string': 'String', 'bytes': 'Bytes', 'records': 'Records'}
SIZED = ('string', 'bytes', 'records')
FIXED_SIZES = {'bool': 1, 'i8': 1, 'i16': 2, 'u16': 2, 'i32': 4, 'u32': 4, 'i64': 8, 'f64': 8,
               'uuid': 16}
KEYWORDS = {'auto', 'bool', 'case', 'class', 'const', 'default', 'delete', 'enum', 'export',
            'namespace', 'new', 'operator', 'private', 'public', 'register', 'static', 'struct',
            'switch', 'template', 'this', 'typename', 'union', 'using', 'version', 'virtual'}


def snake(name):
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).lower()


def member(field):
    name = snake(field.name)
    return name + '_' if name in KEYWORDS - {'version'} else name


def json_name(field):
    """As Kafka's own JSON form of a message has it."""
    return field.name[0].lower() + field.name[1:]


def condition(versions, outer):
    """C++ for "version lies in `versions`", given that it lies in `outer`; '' if it always does."""
    if versions is None:
        return 'false'
    if versions[0] == versions[1] and versions != outer:
        return 'version == %d' % versions[0]
    terms = []
    if versions[0] > outer[0]:
        terms.append('version >= %d' % versions[0])
    if versions[1] < outer[1]:
        terms.append('version <= %d' % versions[1])
    return ' && '.join(terms)


def indent(lines, by='  '):
    return [by + line if line else line for line in lines]


class Layout:
    """A message with its structs in the order C++ needs: each before its first use."""

    def __init__(self, message):
        self.message = message
        self.structs = []  # (name, fields, versions, comment)
        self.by_name = {struct.name: struct for struct in message.structs}
        self._add(message.fields)
        for struct in message.structs:
            self._add_shared(struct)

    def _add(self, fields):
        for field in fields:
            if field.fields:
                self._add(field.fields)
                self.structs.append((field.base, field.fields, field.versions, []))
            elif field.base in self.by_name:
                self._add_shared(self.by_name[field.base])

    def _add_shared(self, struct):
        if all(name != struct.name for name, _, _, _ in self.structs):
            self._add(struct.fields)
            self.structs.append((struct.name, struct.fields, struct.versions, struct.comment))

    def fields_of(self, field):
        return field.fields or self.by_name[field.base].fields

    def first_flexible(self):
        first = self.message.first_flexible
        return NEVER if first is None else first

    def min_bytes(self, fields, version):
        """The size of the smallest encoding of a struct."""
        flexible = version >= self.first_flexible()
        size = 1 if flexible else 0  # the count of tagged fields
        for field in fields:
            tagged = field.tagged and field.tagged[0] <= version <= field.tagged[1]
            if field.versions[0] <= version <= field.versions[1] and not tagged:
                size += self.min_value_bytes(field, version)
        return size

    def min_value_bytes(self, field, version):
        compact = version >= self.first_flexible() and 'flex:none' not in field.flags
        if field.is_array or field.type in ('bytes', 'records'):
            return 1 if compact else 4
        if field.type == 'string':
            return 1 if compact else 2
        if field.type in FIXED_SIZES:
            return FIXED_SIZES[field.type]
        return 1 if field.null else self.min_bytes(self.fields_of(field), version)

    def min_element_bytes(self, field):
        """The size of an array's smallest element in any version, at least 1."""
        versions = range(field.versions[0], field.versions[1] + 1)
        if field.base in FIXED_SIZES:
            return FIXED_SIZES[field.base]
        if field.base in SIZED:
            return 1 if self.first_flexible() <= field.versions[1] else 2
        return max(1, min(self.min_bytes(self.fields_of(field), version) for version in versions))


# ------------------------------------------------------------------------------------- the header
def cpp_type(field):
    inner = CPP_TYPES.get(field.base, field.base)
    if field.is_array:
        inner = 'std::vector<%s>' % inner
    return 'std::optional<%s>' % inner if field.null else inner


def literal(field):
    """The default of a number, boolean or string as C++."""
    if field.base == 'bool':
        return field.default or 'false'
    if field.base in ('i64', 'i32', 'i16') and field.default:
        lowest = -(1 << (int(field.base[1:]) - 1))
        if int(field.default) == lowest:
            return 'std::numeric_limits<%s>::min()' % CPP_TYPES[field.base]
    return field.default or '0'


def initialiser(field):
    """What stands behind the member's name."""
    if field.default == 'null' or (field.type == 'records' and field.null):
        return ''
    if field.is_array:
        return '{std::in_place}' if field.null else ''
    if field.base not in schema.PRIMITIVES:
        return ' = %s{}' % field.base if field.null else ''
    if field.type == 'uuid':
        return ''
    if field.type in SIZED:
        if field.null:
            return ' = %s' % (field.default or cpp_type(field)[len('std::optional<'):-1] + '()')
        return ' = ' + field.default if field.default else ''
    return ' = ' + literal(field)


def doc(comment, pad):
    return ['%s// %s' % (pad, line) if line else pad + '//' for line in comment]


def version_note(field, outer):
    note = schema.format_versions(field.versions, outer)
    if note:
        note = 'v' + (note if note[0] != '-' else '%d%s' % (field.versions[0], note))
    if field.tag is not None:
        note = (note + ', tagged').lstrip(', ')
    return '  // ' + note if note else ''


def member_lines(fields, outer, pad):
    lines = []
    for field in fields:
        lines += doc(field.comment, pad)
        line = '%s%s %s%s;' % (pad, cpp_type(field), member(field), initialiser(field))
        note = version_note(field, outer)
        lines += [line + note] if len(line + note) <= LINE else [pad + note.strip(), line]
    return lines


def struct_lines(layout):
    message = layout.message
    lines = doc(message.api_comment if message.kind == 'request' else [], '')
    lines += doc(message.comment, '')
    lines += ['struct %s {' % message.name]
    lines.append('  static constexpr std::string_view kName = "%s";' % message.name)
    if message.key is not None:
        name = 'kApiKey' if message.kind in ('request', 'response') else 'kRecordKey'
        lines.append('  static constexpr std::int16_t %s = %d;' % (name, message.key))
    lines.append('  static constexpr std::int16_t kMinVersion = %d;' % message.valid[0])
    lines.append('  static constexpr std::int16_t kMaxVersion = %d;' % message.valid[1])
    first = message.first_flexible
    lines.append('  static constexpr std::int16_t kFirstFlexible = %s;'
                 % ('wire::kNeverFlexible' if first is None else first))
    for name, fields, versions, comment in layout.structs:
        lines += [''] + doc(comment, '  ') + ['  struct %s {' % name]
        lines += member_lines(fields, versions, '    ') + ['']
        lines += ['    bool operator==(const %s&) const = default;' % name, '  };']
    status = 'gneiss::Status' if any(s[0] == 'Status' for s in layout.structs) else 'Status'
    lines.append('')
    lines += member_lines(message.fields, message.valid, '  ')
    lines += [
        '',
        '  static Result<%s> Decode(wire::Reader& in, std::int16_t version);' % message.name,
        '  %s Encode(wire::Writer& out, std::int16_t version) const;' % status,
        '  std::string Describe(std::size_t bytes_max = wire::kDescribedBytesMax) const;',
        '  bool operator==(const %s&) const = default;' % message.name,
        '};']
    return lines


def header_text(source, layouts):
    body = []
    for layout in layouts:
        body += struct_lines(layout) + ['']
    includes = ['#include "protocol/wire/message.h"', '']
    if any('numeric_limits' in line for line in body):
        includes = ['#include <limits>', ''] + includes
    return '\n'.join(['// Generated from protocol/schema/%s. Do not edit.' % source, '#pragma once',
                      ''] + includes + ['namespace gneiss::protocol {', ''] + body
                     + ['}  // namespace gneiss::protocol', ''])


# --------------------------------------------------------------------------------------- the code
def guarded(pieces):
    """Joins (condition, lines, else lines), with one `if` for neighbours of equal condition."""
    out = []
    at = 0
    while at < len(pieces):
        test, lines, otherwise = pieces[at][0], [], []
        while at < len(pieces) and pieces[at][0] == test:
            lines, otherwise = lines + pieces[at][1], otherwise + pieces[at][2]
            at += 1
        if not test:
            out += lines
            continue
        if len(lines) == 1 and not otherwise and len(lines[0] + test) < LINE - 10:
            out.append('if (%s) %s' % (test, lines[0]))
        elif lines:
            out += ['if (%s) {' % test] + indent(lines)
            out += ['} else {'] + indent(otherwise) if otherwise else []
            out.append('}')
        elif otherwise:
            out += ['if (!(%s)) {' % test] + indent(otherwise) + ['}']
    return out


def call(prefix, arguments, suffix=''):
    """One call, broken after the bracket's arguments if it is too long for a line."""
    line = prefix + ', '.join(arguments) + suffix
    if len(line) <= LINE - 8:
        return [line]
    return [prefix + ', '.join(arguments[:-1]) + ',', '    ' + arguments[-1] + suffix]


class Code:
    """The Read, Write and Show functions of one message."""

    def __init__(self, layout):
        self.layout = layout
        self.message = layout.message

    def qualified(self, name):
        return name if name == self.message.name else '%s::%s' % (self.message.name, name)

    def form(self, field):
        return 'wire::Form::kClassic' if 'flex:none' in field.flags else 'form'

    def null(self, field):
        """The wire::Null argument: none where null is always legal."""
        test = condition(field.null, field.versions)
        return 'wire::NullIf(%s)' % test if test else None

    # One field. `tagged`: inside a tagged field, where presence is written differently.
    def read(self, field, tagged):
        out = 'out.' + member(field)
        if field.is_array:
            element = ('Read(in, version, element);' if field.base not in schema.PRIMITIVES else
                       'element = in.Read%s(%s);' % (WIRE_NAMES[field.base],
                                                     'form' if field.base in SIZED else ''))
            arguments = [self.form(field), str(self.layout.min_element_bytes(field))]
            if field.null:
                arguments.append(self.null(field) or 'wire::Null::kAllowed')
            arguments += [out, '[&](auto& element) { %s }' % element]
            return call('in.Read%sArray(' % ('Nullable' if field.null else ''), arguments, ');')
        if field.type in SIZED:
            arguments = [self.form(field)] + [a for a in [field.null and self.null(field)] if a]
            return ['%s = in.Read%s%s(%s);' % (out, 'Nullable' if field.null else '',
                                               WIRE_NAMES[field.type], ', '.join(arguments))]
        if field.type in schema.PRIMITIVES:
            return ['%s = in.Read%s();' % (out, WIRE_NAMES[field.type])]
        if not field.null:
            return ['Read(in, version, %s);' % out]
        self.require_always_nullable(field)
        return [out + '.reset();',
                'if (in.Read%sPresence()) {' % ('Tagged' if tagged else ''),
                '  %s = %s{};' % (out, self.qualified(field.base)),
                '  Read(in, version, *%s);' % out, '}']

    def write(self, field, tagged):
        value = 'value.' + member(field)
        if field.is_array:
            element = ('Write(out, version, element);' if field.base not in schema.PRIMITIVES else
                       'out.Write%s(%selement);' % (WIRE_NAMES[field.base],
                                                    'form, ' if field.base in SIZED else ''))
            arguments = [self.form(field)]
            if field.null:
                arguments.append(self.null(field) or 'wire::Null::kAllowed')
            arguments += [value, '[&](const auto& element) { %s }' % element]
            return call('out.Write%sArray(' % ('Nullable' if field.null else ''), arguments, ');')
        if field.type in SIZED:
            arguments = [self.form(field), value]
            arguments += [a for a in [field.null and self.null(field)] if a]
            return ['out.Write%s%s(%s);' % ('Nullable' if field.null else '',
                                            WIRE_NAMES[field.type], ', '.join(arguments))]
        if field.type in schema.PRIMITIVES:
            return ['out.Write%s(%s);' % (WIRE_NAMES[field.type], value)]
        if not field.null:
            return ['Write(out, version, %s);' % value]
        self.require_always_nullable(field)
        return ['out.Write%sPresence(%s.has_value());' % ('Tagged' if tagged else '', value),
                'if (%s) Write(out, version, *%s);' % (value, value)]

    def require_always_nullable(self, field):
        if field.null != field.versions:
            raise schema.SchemaError('%s.%s: a struct that is nullable in some versions only'
                                     % (self.message.name, field.name))

    def show(self, field):
        value = 'value.' + member(field)
        lines = ['out.Name("%s");' % json_name(field)]
        if field.base in schema.PRIMITIVES:
            return lines + ['out.Value(%s);' % value]
        if not field.is_array:
            if not field.null:
                return lines + ['Show(out, %s);' % value]
            return lines + call('out.Value(', [value, '[&](const auto& x) { Show(out, x); }'], ');')
        element = '[&](const auto& x) { Show(out, x); }'
        if field.null:
            element = '[&](const auto& array) { out.Value(array, %s); }' % element
        return lines + call('out.Value(', [value, element], ');')

    def is_default(self, field):
        value = 'value.' + member(field)
        if field.default == 'null' or (field.null and field.type == 'records'):
            return '!%s.has_value()' % value
        if field.base not in schema.PRIMITIVES and not field.is_array:
            return '%s == %s{}' % (value, self.qualified(field.base))
        if field.type == 'string' and field.default:
            return '%s == %s' % (value, field.default)
        if field.is_array or field.type in SIZED:
            return '%s && %s->empty()' % (value, value) if field.null else value + '.empty()'
        if field.type == 'uuid':
            return value + '.IsZero()'
        if field.type == 'bool':
            return value if field.default == 'true' else '!' + value
        return '%s == %s' % (value, literal(field))

    def is_set(self, field):
        text = self.is_default(field)
        if text.startswith('!'):
            return text[1:]
        for equal, unequal in ((' == ', ' != '),):
            if equal in text:
                return text.replace(equal, unequal)
        return '!(%s)' % text if ' ' in text else '!' + text

    # One struct.
    def read_lines(self, fields, outer):
        pieces = [(self.untagged_condition(field, outer), self.read(field, tagged=False), [])
                  for field in fields if field.tagged != field.versions]
        lines = guarded(pieces)
        if self.flexible_condition(outer) is None:
            return lines
        known = sorted((field for field in fields if field.tagged), key=lambda field: field.tag)
        tags = ['in.SkipTags();']
        if known:
            tags = ['for (auto left = in.ReadUnsignedVarint(); left > 0 && in.ok(); --left) {',
                    '  const wire::Reader::Tag tag = in.OpenTag();']
            for number, field in enumerate(known):
                test = condition(field.tagged, self.flexible_range(outer))
                tags.append('  %sif (tag.id == %d%s) {' % (
                    '} else ' if number else '', field.tag, ' && ' + test if test else ''))
                tags += indent(self.read(field, tagged=True), '    ')
            tags += ['  } else {', '    in.SkipTag();', '  }', '  in.CloseTag(tag);', '}']
        return lines + guarded([(self.flexible_condition(outer), tags, [])])

    def write_lines(self, fields, outer):
        pieces = []
        for field in fields:
            if field.tagged == field.versions:
                lines, test = [], condition(field.versions, outer)
            else:
                lines, test = self.write(field, tagged=False), self.untagged_condition(field, outer)
            absent = []
            if condition(field.versions, outer) and 'ign' not in field.flags:
                absent = call('out.RequireDefault(',
                              [self.is_default(field), '"%s"' % field.name, 'version'], ');')
            if field.tagged and field.tagged != field.versions:
                absent = []
            pieces.append((test, lines, absent))
        lines = guarded([piece for piece in pieces if piece[1] or piece[2]])
        if self.flexible_condition(outer) is None:
            return lines
        known = sorted((field for field in fields if field.tagged), key=lambda field: field.tag)
        tags = ['wire::TagSection tags(out);'] if known else ['out.WriteUnsignedVarint(0);']
        for field in known:
            test = condition(field.tagged, self.flexible_range(outer))
            tags.append('if (%s%s) {' % (test + ' && ' if test else '', self.is_set(field)))
            tags.append('  tags.Open(%d);' % field.tag)
            tags += indent(self.write(field, tagged=True)) + ['  tags.Close();', '}']
        return lines + guarded([(self.flexible_condition(outer), tags, [])])

    def untagged_condition(self, field, outer):
        test = condition(field.versions, outer)
        if not field.tagged:
            return test
        return ' && '.join(t for t in (test, '!(%s)' % condition(field.tagged, field.versions)) if t)

    def flexible_range(self, outer):
        return max(outer[0], self.layout.first_flexible()), outer[1]

    def flexible_condition(self, outer):
        """When a struct ends with tags; None for never."""
        first = self.layout.first_flexible()
        if first > outer[1]:
            return None
        return 'form == wire::Form::kCompact' if first > outer[0] else ''

    def function(self, head, lines, outer):
        """`head` has unused parameters' names struck out."""
        text = '\n'.join(lines)
        if re.search(r'\bform\b', text):
            first = self.layout.first_flexible()
            if first <= outer[0] or first > outer[1]:
                form = 'constexpr wire::Form form = wire::Form::%s;' % (
                    'kCompact' if first <= outer[0] else 'kClassic')
            else:
                form = 'const wire::Form form = wire::FormOf(version, %d);' % first
            lines = [form] + lines
            text += form
        for name in ('version', 'in', 'out', 'value', 'random'):
            if not re.search(r'(?<![.\w])%s\b' % name, text):
                head = re.sub(r' %s\b(?=[,)])' % name, '', head)
        if len(head) + 2 > LINE:
            head = ',\n          '.join(head.rsplit(', ', 1))
        return [head + ' {'] + indent(lines) + ['}', '']

    def lines(self):
        structs = [(name, fields, versions) for name, fields, versions, _ in self.layout.structs]
        structs.append((self.message.name, self.message.fields, self.message.valid))
        out = []
        for name, fields, versions in structs:
            type_ = self.qualified(name)
            out += self.function('void Read(wire::Reader& in, std::int16_t version, %s& out)'
                                 % type_, self.read_lines(fields, versions), versions)
            out += self.function('void Write(wire::Writer& out, std::int16_t version, const %s& '
                                 'value)' % type_, self.write_lines(fields, versions), versions)
            shown = ['out.Open();']
            for field in fields:
                shown += self.show(field)
            out += self.function('void Show(wire::Dump& out, const %s& value)' % type_,
                                 shown + ['out.Close();'], versions)
        return out


PUBLIC = '''\
Result<{0}> {0}::Decode(wire::Reader& in, std::int16_t {1}) {{
  GNEISS_RETURN_IF_ERROR(wire::CheckVersion<{0}>({1}));
  Result<{0}> message;
  Read(in, {1}, *message);
  GNEISS_RETURN_IF_ERROR(in.status());
  return message;
}}

Status {0}::Encode(wire::Writer& out, std::int16_t {1}) const {{
  GNEISS_RETURN_IF_ERROR(wire::CheckVersion<{0}>({1}));
  Write(out, {1}, *this);
  return out.status();
}}

std::string {0}::Describe(std::size_t bytes_max) const {{
  wire::Dump dump(bytes_max);
  Show(dump, *this);
  return dump.Take();
}}
'''


def source_text(units):
    """One .cc file; `units` are (header, [Layout])."""
    lines = ['// Generated from protocol/schema. Do not edit.']
    lines += ['#include "protocol/messages/%s"' % header for header, _ in units]
    lines += ['', '#include "protocol/wire/codec.h"', '', 'namespace gneiss::protocol {',
              'namespace {', '']
    layouts = [layout for _, of_unit in units for layout in of_unit]
    for layout in layouts:
        lines += Code(layout).lines()
    lines += ['}  // namespace', '']
    for layout in layouts:
        shadows = any(member(field) == 'version' for field in layout.message.fields)
        lines.append(PUBLIC.format(layout.message.name, 'at' if shadows else 'version'))
    return '\n'.join(lines + ['}  // namespace gneiss::protocol', ''])


# ------------------------------------------------------------------------------------ error codes
# As Kafka counts them: the one of a topic's configs is not among them.
ERROR_FIELDS = ('ErrorCode', 'PartitionErrorCode')


def error_visits(layout, fields, value):
    """Statements that visit every error code below `value`."""
    lines = []
    for field in fields:
        at = '%s.%s' % (value, member(field))
        if field.name in ERROR_FIELDS and field.type == 'i16':
            lines.append('visit(%s);' % at)
        if field.base in schema.PRIMITIVES:
            continue
        element = member(field) + '_part'
        inner = error_visits(layout, layout.fields_of(field), element)
        if not inner:
            continue
        part = '*' + at if field.null else at
        if field.is_array:
            block = ['for (const auto& %s : %s) {' % (element, part)] + indent(inner) + ['}']
        else:
            block = ['{', '  const auto& %s = %s;' % (element, part)] + indent(inner) + ['}']
        lines += ['if (%s) {' % at] + indent(block) + ['}'] if field.null else block
    return lines


ERRORS_HEAD = '''\
// Generated from protocol/schema. Do not edit.
#pragma once

namespace gneiss::protocol {

// ErrorCodesOf<R>::ForEach(response, visit) calls `visit` with every error code that the response R
// carries, of the whole and of its parts, kNone included. The response's own header is for the
// caller to include.
template <class Response>
struct ErrorCodesOf;
'''


def errors_text(layouts):
    out = [ERRORS_HEAD]
    for layout in layouts:
        name = layout.message.name
        lines = error_visits(layout, layout.message.fields, 'response')
        names = ('response', 'visit') if lines else ('', '')
        out += ['struct %s;' % name, 'template <>', 'struct ErrorCodesOf<%s> {' % name,
                '  template <class Response, class Visit>',
                '  static void ForEach(const Response& %s, const Visit& %s) {' % names]
        out[-1] = out[-1].replace('& ,', '&,').replace('& )', '&)')
        out += indent(lines, '    ') + ['  }', '};', '']
    return '\n'.join(out + ['}  // namespace gneiss::protocol', ''])


# ------------------------------------------------------------------------------------------- files
def load(folder):
    """[(schema file, stem of the header, [Layout])]; removed APIs have nothing to generate."""
    found = []
    for path in sorted(folder.rglob('*.gks')):
        source = path.relative_to(folder)
        messages = schema.parse(path.read_text(), str(source))
        stem = re.sub(r'^\d+_', '', str(source.with_suffix('')))
        layouts = [Layout(message) for message in messages if not message.removed]
        if layouts:
            found.append((str(source), stem, layouts))
    return found


def code_file(source):
    """The .cc file for a schema file: by tens of the API key, or by folder."""
    if '/' in source:
        return str(pathlib.Path(source).parent / 'records.cc')
    first = int(source[:3]) // 10 * 10
    return 'apis_%03d_%03d.cc' % (first, first + 9)


def units_of(folder):
    """{name of a .cc file: [(header, [Layout])]}"""
    units = {}
    for source, stem, layouts in load(folder):
        units.setdefault(code_file(source), []).append((stem + '.h', layouts))
    return units


def texts(folder):
    """{path below the output folder: content}"""
    out = {stem + '.h': header_text(source, layouts) for source, stem, layouts in load(folder)}
    for code, units in units_of(folder).items():
        out[code] = source_text(units)
    out['error_codes_of.h'] = errors_text([
        layout for _, _, layouts in load(folder) for layout in layouts
        if layout.message.kind == 'response'])
    return out


def write_if_changed(path, text):
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(description, make_texts):
    """The command line: writes what `make_texts(schema folder)` returns."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--schema', type=pathlib.Path, required=True)
    parser.add_argument('--out', type=pathlib.Path, required=True)
    parser.add_argument('--list', choices=('inputs', 'folders', 'outputs'))
    options = parser.parse_args()
    inputs = sorted(options.schema.rglob('*.gks'))
    if options.list == 'inputs':
        print(*inputs, sep='\n')
    elif options.list == 'folders':
        print(*sorted({path.parent for path in inputs}), sep='\n')
    elif options.list == 'outputs':
        print(*(options.out / name for name in make_texts(options.schema)), sep='\n')
    else:
        for name, text in make_texts(options.schema).items():
            write_if_changed(options.out / name, text)


if __name__ == '__main__':
    run(__doc__, texts)
